/* The settings file: sections of keys with plain values, and nothing else. */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "engine/arena.h"
#include "engine/err.h"
#include "engine/yaml_tree.h"
#include "store/dags_folder.h"
#include "store/settings_impl.h"
#include "store/yaml_value.h"

/* A file being read. */
struct reading {
	struct settings *s;
	char *const *env;
	struct err *e;
};

/* Sets the error, FILE:LINE:COLUMN in front. */
static int refuse(const struct reading *r, const struct yaml_node *at, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));

static int refuse(const struct reading *r, const struct yaml_node *at, const char *fmt, ...)
{
	char text[512];
	va_list ap;

	va_start(ap, fmt);
	(void)vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	return err_set(r->e, ERR_INVALID, "%s:%u:%u: %s", r->s->file, at->line, at->column, text);
}

static int take_pair(
	struct reading *r, const struct yaml_node *section, const struct yaml_pair *pair)
{
	const struct yaml_node *key = pair->key, *value = pair->value;
	char *origin;
	struct err why;
	int id = setting_find(section->text, section->n, key->text, key->n, &why);

	if (id < 0)
		return refuse(r, key, "%s", why.text);
	if (value->kind != YAML_SCALAR || strlen(value->text) != value->n)
		return refuse(r, value, "%s.%s takes %s", setting_defs[id].section,
			setting_defs[id].key, settings_wanted(id));
	origin = arena_printf(r->s->arena, "%s:%u:%u", r->s->file, key->line, key->column);
	if (origin == NULL)
		return err_set(r->e, ERR_NOMEM, "out of memory");
	return settings_set(r->s, id, value->text, origin, r->s->home, r->env, r->e);
}

static int take_section(struct reading *r, const struct yaml_pair *pair)
{
	const struct yaml_node *name = pair->key, *keys = pair->value;
	struct err why;
	int status = 0;

	if (!settings_is_section(name->text, name->n)) {
		(void)setting_find(name->text, name->n, "", 0, &why);
		return refuse(r, name, "%s", why.text);
	}
	if (yaml_is_null(keys)) /* all its settings are commented out */
		return 0;
	if (keys->kind != YAML_MAP)
		return refuse(
			r, keys, "a section holds settings, as in `core: {dags_folder: dags}`");
	for (uint32_t i = 0; i < keys->n && status == 0; i++)
		status = take_pair(r, name, &keys->pairs[i]);
	return status;
}

static int take_root(struct reading *r, const struct yaml_node *root)
{
	int status = 0;

	if (root == NULL || yaml_is_null(root))
		return 0; /* nothing but comments is fine */
	if (root->kind != YAML_MAP)
		return refuse(r, root, "settings are sections, as in `core: {dags_folder: dags}`");
	for (uint32_t i = 0; i < root->n && status == 0; i++)
		status = take_section(r, &root->pairs[i]);
	return status;
}

int settings_text_take(
	struct settings *s, char *const *env, const char *text, size_t len, struct err *e)
{
	struct reading r = {.s = s, .env = env, .e = e};
	struct arena *a = arena_create(0);
	const struct yaml_node *root;
	int status = a == NULL ? err_set(e, ERR_NOMEM, "out of memory")
			       : yaml_value_root(a, s->file, text, len, &root, e);

	if (status == 0)
		status = take_root(&r, root);
	arena_destroy(a);
	return status;
}

int settings_file_take(struct settings *s, char *const *env, struct err *e)
{
	char *text;
	size_t len;
	int status = dags_folder_read(s->file, SETTINGS_FILE_MAX, &text, &len, e);

	if (status == ERR_NOTFOUND)
		return 0;
	if (status != 0) {
		(void)err_context(e, "the settings file %s", s->file);
		return status;
	}
	s->has_file = true;
	status = settings_text_take(s, env, text, len, e);
	free(text);
	return status;
}
