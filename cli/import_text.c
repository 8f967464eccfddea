/* What the importers share: names that are right here, text that is no expression, maps in the
 * making. */
#include <string.h>

#include "cli/import.h"
#include "engine/arena.h"
#include "engine/buf.h"
#include "engine/err.h"
#include "engine/strmap.h"

static bool is_letter(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_';
}

static bool is_name_char(char c)
{
	return is_letter(c) || (c >= '0' && c <= '9');
}

/* ---- maps ---- */

void *import_grow(struct arena *a, void *list, size_t n, size_t *cap, size_t size)
{
	void *bigger;

	if (n < *cap)
		return list;
	bigger = arena_array(a, *cap == 0 ? 8 : *cap * 2, size);
	if (bigger == NULL)
		return NULL;
	if (n > 0)
		memcpy(bigger, list, n * size);
	*cap = *cap == 0 ? 8 : *cap * 2;
	return bigger;
}

int import_end(const struct arena *a, int r, struct err *e)
{
	if (r == ERR_LIMIT || (r == ERR_NOMEM && a != NULL && arena_is_full(a)))
		return err_set(e, ERR_LIMIT,
			"what it would become is more than %zu MiB; import it in parts",
			IMPORT_TEXT_MAX >> 20);
	return r == 0 ? 0 : err_set(e, r, "%s", err_text(r));
}

void import_map_add(struct import_map *m, const char *key, struct value value)
{
	struct value_pair *list = import_grow(m->arena, m->list, m->n, &m->cap, sizeof(*m->list));

	if (list == NULL || value.type == VALUE_NULL) {
		m->is_short = true;
		return;
	}
	m->list = list;
	m->list[m->n++] = (struct value_pair){.key = key, .key_len = strlen(key), .value = value};
}

void import_map_text(struct import_map *m, const char *key, const char *text)
{
	if (key == NULL || text == NULL)
		m->is_short = true;
	else
		import_map_add(m, key, value_string(text, strlen(text)));
}

struct value import_map_value(struct import_map *m)
{
	struct value v;

	if (!m->is_short && value_map(m->arena, m->list, m->n, &v) == 0)
		return v;
	m->is_short = true;
	return value_null();
}

/* ---- names ---- */

/* Writes the name that a text would have were it alone. */
static void name_make(char made[IMPORT_NAME_MAX + 1], const char *text, size_t len)
{
	size_t n = 0;

	for (size_t i = 0; i < len && n < IMPORT_NAME_MAX; i++) {
		if (n == 0 && !is_letter(text[i]) && is_name_char(text[i]))
			made[n++] = '_';
		if (is_name_char(text[i]) || (text[i] == '-' && n > 0))
			made[n++] = text[i];
		else if (n > 0 && made[n - 1] != '_')
			made[n++] = '_';
		if (n > IMPORT_NAME_MAX)
			n = IMPORT_NAME_MAX;
	}
	while (n > 1 && made[n - 1] == '_')
		n--;
	made[n] = '\0';
}

static const char *name_keep(struct import_names *names, const char *name)
{
	struct import_name *list =
		import_grow(names->arena, names->list, names->n, &names->cap, sizeof(*names->list));

	if (list == NULL)
		return NULL;
	names->list = list;
	if (strmap_add(names->map, name, strlen(name), (uint32_t)names->n) != 0)
		return NULL;
	names->list[names->n++] = (struct import_name){.name = name, .last = 1};
	return name;
}

const char *import_name(struct import_names *names, const char *text, size_t len)
{
	char made[IMPORT_NAME_MAX + 1];
	const char *name, *base;
	uint32_t first;

	name_make(made, text, len);
	base = name = arena_strdup(names->arena, made[0] == '\0' ? "job" : made);
	if (names->map == NULL)
		names->map = strmap_create(0);
	if (name == NULL || names->map == NULL)
		return NULL;
	first = strmap_find(names->map, name, strlen(name));
	while (name != NULL && strmap_find(names->map, name, strlen(name)) != STRMAP_NONE)
		name = arena_printf(names->arena, "%s_%u", base, ++names->list[first].last);
	return name == NULL ? NULL : name_keep(names, name);
}

void import_names_free(struct import_names *names)
{
	strmap_destroy(names->map);
}

const char *import_alias(struct import_aliases *a, const char *key, const char *text, bool *is_new)
{
	struct import_names *names = &a->names;
	const char *kept, *name;
	uint32_t at;

	if (a->keys == NULL)
		a->keys = strmap_create(0);
	if (a->keys == NULL)
		return NULL;
	at = strmap_find(a->keys, key, strlen(key));
	*is_new = at == STRMAP_NONE;
	if (!*is_new)
		return names->list[at].name;
	kept = arena_strdup(names->arena, key);
	name = kept == NULL ? NULL : import_name(names, text, strlen(text));
	if (name == NULL || strmap_add(a->keys, kept, strlen(kept), (uint32_t)(names->n - 1)) != 0)
		return NULL;
	return name;
}

void import_aliases_free(struct import_aliases *a)
{
	strmap_destroy(a->keys);
	import_names_free(&a->names);
}

/* ---- text ---- */

/* Whether `${` stands before what could be a path here: a name and a dot. */
static bool looks_like_path(const char *p, const char *end)
{
	while (p < end && *p == ' ')
		p++;
	if (p == end || !is_letter(*p))
		return false;
	while (p < end && (is_name_char(*p) || *p == '-'))
		p++;
	return p < end && *p == '.';
}

void import_text_add(struct buf *out, const char *text, size_t len)
{
	const char *end = text + len;

	for (const char *p = text; p < end; p++) {
		/* N.B. two dollars before a brace stand for one, whatever is in it. */
		bool is_behind_dollar = out->len > 0 && out->data[out->len - 1] == '$';

		if (*p == '$' && p + 1 < end &&
			(p[1] == '<' ||
				(p[1] == '{' && (is_behind_dollar || looks_like_path(p + 2, end)))))
			buf_addc(out, '$');
		buf_addc(out, *p);
	}
}

const char *import_text_keep(struct arena *a, struct buf *b)
{
	const char *text = buf_status(b) == 0 ? arena_memdup(a, buf_str(b), b->len) : NULL;

	buf_free(b);
	return text;
}
