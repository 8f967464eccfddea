/*
 * Files of connections. N.B. no message shows more of a file than ids and keys: any value may be a
 * secret.
 */
#include "store/connection_file.h"

#include <stdbool.h>
#include <string.h>

#include "engine/arena.h"
#include "engine/buf.h"
#include "engine/err.h"
#include "engine/strmap.h"
#include "engine/utf8.h"
#include "store/yaml_value.h"

/* How many bytes of blanks and of comments, which both YAML and env have, the text begins with. */
static size_t opening_skip(const char *text, size_t len)
{
	size_t at = 0;

	for (;;) {
		at += strspn(text + at, " \t\r\n");
		if (at >= len || text[at] != '#')
			return at;
		at += strcspn(text + at, "\n");
	}
}

/* How many bytes a line begins with that shells want before a variable. */
static size_t export_skip(const char *line, size_t len)
{
	return len > 7 && memcmp(line, "export ", 7) == 0 ? 7 : 0;
}

enum connection_format connection_format_of(const char *path, const char *text, size_t len)
{
	const char *dot = strrchr(path, '.');
	size_t name, at;

	if (dot != NULL && strcmp(dot, ".json") == 0)
		return CONNECTION_JSON;
	if (dot != NULL && (strcmp(dot, ".yaml") == 0 || strcmp(dot, ".yml") == 0))
		return CONNECTION_YAML;
	if (dot != NULL && strcmp(dot, ".env") == 0)
		return CONNECTION_ENV;
	at = opening_skip(text, len);
	if (at < len && text[at] == '{')
		return memchr(text, '#', at) == NULL ? CONNECTION_JSON : CONNECTION_YAML;
	at += export_skip(text + at, len - at);
	name = at + strcspn(text + at, "=: \t\r\n");
	return name < len && text[name] == '=' ? CONNECTION_ENV : CONNECTION_YAML;
}

/* ---- reading ---- */

int connection_entry_refuse(struct arena *a, struct connection_entry *x, int r, struct err *e)
{
	if (r != ERR_INVALID && r != ERR_LIMIT)
		return r;
	x->fault = arena_strdup(a, e->text);
	return x->fault == NULL ? err_set(e, ERR_NOMEM, "%s", err_text(ERR_NOMEM)) : 0;
}

static int read_pair(
	struct arena *a, const struct value_pair *p, struct connection *out, struct err *e)
{
	const struct value *v = &p->value;
	const char *id = p->key;

	if (memchr(id, '\0', p->key_len) != NULL)
		return err_set(
			e, ERR_INVALID, "connection %s: an id cannot hold a NUL character", id);
	if (connection_id_variable(id, e) != 0)
		return ERR_INVALID;
	if (v->type == VALUE_LIST && v->len != 1)
		return err_set(e, ERR_INVALID,
			"connection %s is given %zu times: it must be given once", id, v->len);
	if (v->type == VALUE_LIST)
		v = &v->u.items[0];
	if (v->type == VALUE_STRING)
		return connection_parse(a, id, v->u.text, v->len, out, e);
	if (v->type == VALUE_MAP)
		return connection_from_value(a, id, v, out, e);
	return err_set(e, ERR_INVALID, "connection %s must be a URI or an object, not a %s", id,
		value_type_name(v->type));
}

static int read_map(struct arena *a, const char *name, const struct value *map,
	struct connection_entry **out, size_t *n, struct err *e)
{
	struct connection_entry *list;
	int r = 0;

	if (map->type == VALUE_NULL) {
		*n = 0;
		return 0;
	}
	if (map->type != VALUE_MAP)
		return err_set(e, ERR_INVALID,
			"%s: connections are given by their ids, as in `web: "
			"{conn_type: ssh, host: web1}`; this is a %s",
			name, value_type_name(map->type));
	list = arena_array(a, map->len + 1, sizeof(*list));
	if (list == NULL)
		return err_set(e, ERR_NOMEM, "%s", err_text(ERR_NOMEM));
	for (size_t i = 0; i < map->len && r == 0; i++) {
		list[i].said.id = map->u.pairs[i].key;
		r = read_pair(a, &map->u.pairs[i], &list[i].said, e);
		r = connection_entry_refuse(a, &list[i], r, e);
	}
	if (r != 0)
		return r;
	*out = list;
	*n = map->len;
	return 0;
}

/* A copy of what stands in double quotes, as a shell reads it. With a `"` in it that has no
 * backslash no shell wrote it, and it stays as it is. */
static char *unquoted(struct arena *a, const char *text, size_t *len)
{
	char *copy = arena_memdup(a, text, *len);
	size_t n = 0;

	for (size_t i = 0; i < *len; i++) {
		if (text[i] == '"')
			return copy;
		i += text[i] == '\\';
	}
	for (size_t i = 0; copy != NULL && i < *len; i++) {
		if (text[i] == '\\' && i + 1 < *len && memchr("\\\"$`", text[i + 1], 4) != NULL)
			i++;
		copy[n++] = text[i];
	}
	*len = n;
	return copy;
}

/* One line of an env file, without the blanks around it. A value may stand in quotes, as shells
 * want it. */
static int read_line(
	struct arena *a, const char *line, size_t len, struct connection *out, struct err *e)
{
	size_t n = export_skip(line, len);
	const char *equals, *value;
	char *id;

	line += n;
	len -= n;
	equals = memchr(line, '=', len);
	if (equals == NULL || equals == line)
		return err_set(e, ERR_INVALID, "a line is ID=URI or ID=JSON");
	id = arena_memdup(a, line, (size_t)(equals - line));
	if (id == NULL)
		return err_set(e, ERR_NOMEM, "%s", err_text(ERR_NOMEM));
	out->id = id;
	if (connection_id_variable(id, e) != 0)
		return ERR_INVALID;
	value = equals + 1;
	n = (size_t)(line + len - value);
	if (n >= 2 && (*value == '"' || *value == '\'') && value[n - 1] == *value) {
		value++;
		n -= 2;
		if (value[-1] == '"' && (value = unquoted(a, value, &n)) == NULL)
			return err_set(e, ERR_NOMEM, "%s", err_text(ERR_NOMEM));
	}
	return connection_parse(a, id, value, n, out, e);
}

/* Tells of two entries of one id: which of them is the right one nobody can say. */
static int refuse_twice(
	struct arena *a, struct connection_entry *first, struct connection_entry *second)
{
	static const char sentence[] = "connection %s stands in line %zu too: leave one of the two";

	first->fault = arena_printf(a, sentence, first->said.id, second->line);
	second->fault = arena_printf(a, sentence, first->said.id, first->line);
	return first->fault == NULL || second->fault == NULL ? ERR_NOMEM : 0;
}

static int refuse_all_twice(struct arena *a, struct connection_entry *list, size_t n)
{
	struct strmap *ids = strmap_create(n);
	int r = ids == NULL ? ERR_NOMEM : 0;

	for (size_t i = 0; i < n && r == 0; i++) {
		const char *id = list[i].said.id;

		if (*id == '\0')
			continue;
		r = strmap_add(ids, id, strlen(id), (uint32_t)i);
		if (r == ERR_EXISTS)
			r = refuse_twice(a, &list[strmap_find(ids, id, strlen(id))], &list[i]);
	}
	strmap_destroy(ids);
	return r;
}

static int read_lines(struct arena *a, const char *text, size_t len, struct connection_entry *list,
	size_t *n, struct err *e)
{
	const char *end = text + len, *eol;
	int r = 0;

	for (size_t number = 1; text < end && r == 0; text = eol + 1, number++) {
		const char *line = text, *stop;

		eol = memchr(text, '\n', (size_t)(end - text));
		if (eol == NULL)
			eol = end;
		for (stop = eol; stop > line && memchr(" \t\r", stop[-1], 3) != NULL;)
			stop--;
		while (line < stop && (*line == ' ' || *line == '\t'))
			line++;
		if (line == stop || *line == '#')
			continue;
		list[*n].line = number;
		list[*n].said.id = "";
		r = read_line(a, line, (size_t)(stop - line), &list[*n].said, e);
		r = connection_entry_refuse(a, &list[(*n)++], r, e);
	}
	return r;
}

static int read_env(struct arena *a, const char *text, size_t len, struct connection_entry **out,
	size_t *n, struct err *e)
{
	struct connection_entry *list;
	size_t room = 2, count = 0;
	int r;

	for (size_t i = 0; i < len; i++)
		room += text[i] == '\n';
	list = arena_array(a, room, sizeof(*list));
	if (list == NULL)
		return err_set(e, ERR_NOMEM, "%s", err_text(ERR_NOMEM));
	r = read_lines(a, text, len, list, &count, e);
	if (r == 0 && refuse_all_twice(a, list, count) != 0)
		r = err_set(e, ERR_NOMEM, "%s", err_text(ERR_NOMEM));
	if (r != 0)
		return r;
	*out = list;
	*n = count;
	return 0;
}

int connection_file_read(struct arena *a, const char *name, enum connection_format format,
	const char *text, size_t len, struct connection_entry **out, size_t *n, struct err *e)
{
	struct value map;
	int r;

	if (format == CONNECTION_ENV)
		return read_env(a, text, len, out, n, e);
	if (format == CONNECTION_JSON) {
		r = value_parse_json(a, text, len, &map, e);
		if (r != 0)
			(void)err_context(e, "%s", name);
	} else {
		r = yaml_value_parse(a, name, text, len, &map, e);
	}
	return r == 0 ? read_map(a, name, &map, out, n, e) : r;
}

/* ---- writing ---- */

#define FIELDS 8

/* A connection as Airflow exports it: extra is a string that holds JSON. */
static int object_of(struct arena *a, const struct connection *c, struct value *out)
{
	struct value_pair pairs[FIELDS];
	struct value extra = value_null(), port = value_null();
	struct buf text;
	int r = 0;

	if (c->extra.type == VALUE_MAP) {
		buf_init(&text, 0);
		value_json(&c->extra, &text);
		r = buf_status(&text);
		extra = value_cstring(arena_memdup(a, buf_str(&text), text.len));
		if (r == 0 && extra.type == VALUE_NULL)
			r = ERR_NOMEM;
		if (text.data != NULL)
			explicit_bzero(text.data, text.cap);
		buf_free(&text);
	}
	if (r == 0 && c->port != 0)
		r = value_int_make(a, c->port, &port);
	pairs[0] = value_pair_of("conn_type", value_cstring(c->type));
	pairs[1] = value_pair_of("description", value_cstring(c->description));
	pairs[2] = value_pair_of("login", value_cstring(c->login));
	pairs[3] = value_pair_of("password", value_cstring(c->password));
	pairs[4] = value_pair_of("host", value_cstring(c->host));
	pairs[5] = value_pair_of("port", port);
	pairs[6] = value_pair_of("schema", value_cstring(c->schema));
	pairs[7] = value_pair_of("extra", extra);
	return r == 0 ? value_map(a, pairs, FIELDS, out) : r;
}

/* Characters that may stand in JSON as they are, but not in YAML, or as the end of a line there. */
static bool is_odd_in_yaml(uint32_t c)
{
	return (c >= 0x7f && c <= 0x9f) || c == 0x2028 || c == 0x2029 || c == 0xfeff ||
		c == 0xfffe || c == 0xffff;
}

/* Adds the JSON of a value so that it is YAML too. Odd characters stand in strings alone. */
static void add_yaml(struct buf *out, const struct value *v)
{
	struct buf json;
	uint32_t c = 0;

	buf_init(&json, 0);
	value_json(v, &json);
	if (buf_status(&json) != 0)
		out->status = buf_status(&json);
	for (size_t i = 0, n; buf_status(&json) == 0 && i < json.len; i += n) {
		n = utf8_decode(json.data + i, json.len - i, &c);
		if (n > 0 && is_odd_in_yaml(c))
			buf_addf(out, "\\u%04x", c);
		else
			buf_add(out, json.data + i, n == 0 ? 1 : n);
		n = n == 0 ? 1 : n;
	}
	if (json.data != NULL)
		explicit_bzero(json.data, json.cap);
	buf_free(&json);
}

/* N.B. JSON is YAML too, but for those characters, so that a YAML file is a line `"ID": {...}` for
 * each. */
int connection_file_write(struct arena *a, enum connection_format format,
	const struct connection *list, size_t n, struct buf *out)
{
	struct value_pair *pairs = arena_array(a, n + 1, sizeof(*pairs));
	struct value map, id;
	int r = 0;

	if (pairs == NULL)
		return ERR_NOMEM;
	for (size_t i = 0; i < n && r == 0; i++) {
		pairs[i] = value_pair_of(list[i].id, value_null());
		r = object_of(a, &list[i], &pairs[i].value);
	}
	if (r == 0 && format == CONNECTION_JSON) {
		r = value_map(a, pairs, n, &map);
		if (r == 0) {
			value_json_pretty(&map, out);
			buf_addc(out, '\n');
		}
	}
	for (size_t i = 0; i < n && r == 0 && format != CONNECTION_JSON; i++) {
		id = value_cstring(pairs[i].key);
		if (format == CONNECTION_YAML)
			add_yaml(out, &id);
		else
			buf_adds(out, pairs[i].key);
		buf_adds(out, format == CONNECTION_YAML ? ": " : "=");
		if (format == CONNECTION_YAML)
			add_yaml(out, &pairs[i].value);
		else
			value_json(&pairs[i].value, out);
		buf_addc(out, '\n');
	}
	return r == 0 ? buf_status(out) : r;
}
