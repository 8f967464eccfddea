/* What stands in a pipeline, and telling of it. */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli/import_codestream.h"

const struct yaml_node *codestream_member(const struct yaml_node *map, const char *key)
{
	for (uint32_t i = 0; map != NULL && map->kind == YAML_MAP && i < map->n; i++) {
		const struct yaml_node *v = map->pairs[i].value;

		if (strcmp(map->pairs[i].key->text, key) != 0)
			continue;
		return v->kind == YAML_SCALAR && (v->n == 0 || yaml_is_null(v)) ? NULL : v;
	}
	return NULL;
}

const char *codestream_member_text(const struct yaml_node *map, const char *key)
{
	const struct yaml_node *n = codestream_member(map, key);

	return n != NULL && n->kind == YAML_SCALAR ? n->text : NULL;
}

void codestream_note(struct codestream *c, const struct yaml_node *n, const char *fmt, ...)
{
	va_list ap;
	char *text = NULL;

	va_start(ap, fmt);
	if (vasprintf(&text, fmt, ap) < 0)
		c->is_short = true;
	else
		diag_warning(c->notes, yaml_node_pos(n), "%s", text);
	va_end(ap);
	free(text);
}

/* Whether nothing stands in it, however deep: {email: [], jira: []}. */
static bool is_nothing(const struct yaml_node *n)
{
	if (n->kind == YAML_SCALAR)
		return n->n == 0 || yaml_is_null(n);
	for (uint32_t i = 0; i < n->n; i++)
		if (!is_nothing(n->kind == YAML_LIST ? n->items[i] : n->pairs[i].value))
			return false;
	return true;
}

void codestream_note_unknown(
	struct codestream *c, const struct yaml_node *map, const char *const *known)
{
	for (uint32_t i = 0; map != NULL && map->kind == YAML_MAP && i < map->n; i++) {
		const struct yaml_node *key = map->pairs[i].key, *v = map->pairs[i].value;
		size_t k = 0;

		while (known[k] != NULL && strcmp(known[k], key->text) != 0)
			k++;
		if (known[k] == NULL && key->text[0] != '_' && !is_nothing(v))
			diag_warning(
				c->notes, yaml_node_pos(key), "`%s` was not taken over", key->text);
	}
}
