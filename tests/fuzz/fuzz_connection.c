/*
 * Connections: a URI, JSON, or a file of any format. What cannot be read is told, and no value is
 * ever shown, as any may be a secret; what can be read is written as JSON, YAML and env, known by
 * its looks, and read back the same. The first byte chooses.
 */
#include <ctype.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "engine/arena.h"
#include "engine/buf.h"
#include "engine/err.h"
#include "engine/utf8.h"
#include "store/connection_file.h"
#include "store/yaml_value.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define ONE 3 /* what the first byte chooses behind the formats: no file, but one connection */
#define BY_NAME_FROM 240 /* of the first byte: the format is what the file's name says */
#define TELLING "hunter2" /* in a value that no sentence says by accident */

static int is_text(const char *s)
{
	return s == NULL || utf8_valid(s, strlen(s)) == strlen(s);
}

/* Whether the store would take it: what it refuses may change its looks in a file. */
static int can_be_kept(struct arena *a, const struct connection *c)
{
	struct value again;
	struct buf b;
	int is_same;

	buf_init(&b, 0);
	value_json(&c->extra, &b);
	is_same = value_parse_json(a, buf_str(&b), b.len, &again, NULL) == 0 &&
		value_equal(&c->extra, &again);
	buf_free(&b);
	return is_same && connection_id_check(c->id, NULL) == 0 && is_text(c->type) &&
		is_text(c->host) && is_text(c->login) && is_text(c->password) &&
		is_text(c->schema) && is_text(c->description);
}

static int same_text(const char *a, const char *b)
{
	if (a == NULL || b == NULL)
		return (a == NULL || *a == '\0') && (b == NULL || *b == '\0');
	return strcmp(a, b) == 0;
}

/* An SSH connection is as right as it was before it was written. */
static void check_same(const struct connection *x, const struct connection *y)
{
	struct err e = {.text = ""};
	int r = connection_check(x, &e);

	if (r != connection_check(y, &e) || (r != 0 && strstr(e.text, x->id) == NULL))
		abort();
}

static void must_be_same(const struct connection *a, const struct connection *b)
{
	if (strcmp(a->id, b->id) != 0 || strcmp(a->type, b->type) != 0 || a->port != b->port ||
		!same_text(a->host, b->host) || !same_text(a->login, b->login) ||
		!same_text(a->password, b->password) || !same_text(a->schema, b->schema) ||
		!same_text(a->description, b->description) || !value_equal(&a->extra, &b->extra))
		abort();
	check_same(a, b);
}

/* ---- what messages show ---- */

static int tells(const char *text, size_t len)
{
	return memmem(text, len, TELLING, strlen(TELLING)) != NULL;
}

/* Whether a message may say it, as a key anywhere in v does, or one in the JSON that a text is. */
static int is_in_keys(struct arena *a, const struct value *v)
{
	struct value inner;
	int found = 0;

	if (v->type == VALUE_STRING)
		return tells(v->u.text, v->len) &&
			value_parse_json(a, v->u.text, v->len, &inner, NULL) == 0 &&
			inner.type == VALUE_MAP && is_in_keys(a, &inner);
	for (size_t i = 0; (v->type == VALUE_LIST || v->type == VALUE_MAP) && i < v->len; i++)
		found |= v->type == VALUE_LIST ? is_in_keys(a, &v->u.items[i])
					       : tells(v->u.pairs[i].key, v->u.pairs[i].key_len) ||
				is_in_keys(a, &v->u.pairs[i].value);
	return found;
}

/* Whether anything that the text says by name could be it: an id, or a key. */
static int is_named(struct arena *a, int way, const char *text, size_t len)
{
	struct value v;

	if (way == CONNECTION_ENV)
		return 0;
	if (way == CONNECTION_YAML)
		return yaml_value_parse(a, "file", text, len, &v, NULL) == 0 && is_in_keys(a, &v);
	return value_parse_json(a, text, len, &v, NULL) == 0 && is_in_keys(a, &v);
}

/* Of a line of an env file: its id, or a key of its JSON. */
static int is_in_line(struct arena *a, const char *text, size_t len, size_t number)
{
	const char *end = text + len, *eol, *equals, *value;
	struct value v;

	for (;; text = eol + 1) {
		eol = memchr(text, '\n', (size_t)(end - text));
		if (--number == 0 || eol == NULL)
			break;
	}
	len = (size_t)((eol == NULL ? end : eol) - text);
	while (len > 0 && isspace((unsigned char)text[len - 1]))
		len--;
	equals = memchr(text, '=', len);
	if (equals == NULL)
		return 0;
	value = equals + 1;
	while (value < text + len && isspace((unsigned char)*value))
		value++; /* what JSON takes for no blank, too */
	v = value_string(value, (size_t)(text + len - value));
	return tells(text, (size_t)(equals - text)) || is_in_keys(a, &v);
}

static void must_not_show(struct arena *a, int way, const char *text, size_t len,
	const struct connection_entry *entries, size_t n, const char *message)
{
	/* N.B. YAML of a key that stands twice is no value that could be looked through. */
	int may_show = is_named(a, way, text, len) ||
		(way == CONNECTION_YAML && strstr(message, "\" stands here twice; ") != NULL);

	if (tells(message, strlen(message)) && !may_show)
		abort();
	for (size_t i = 0; i < n; i++)
		if (entries[i].fault != NULL && tells(entries[i].fault, strlen(entries[i].fault)) &&
			!may_show &&
			(way != CONNECTION_ENV || !is_in_line(a, text, len, entries[i].line)))
			abort();
}

/* ---- what is taken ---- */

/* Whether a text of an object, or a name, goes on behind what is read of it. */
static int goes_on(const char *text, size_t len)
{
	return strlen(text) != len;
}

/* Nothing that was taken is less than what the file says. N.B. extra may hold anything. */
static void must_be_whole(
	struct arena *a, const char *text, size_t len, const struct connection_entry *entries)
{
	struct value all;

	if (value_parse_json(a, text, len, &all, NULL) != 0 || all.type != VALUE_MAP)
		return;
	for (size_t i = 0; i < all.len; i++) {
		const struct value *v = &all.u.pairs[i].value;

		if (entries[i].fault != NULL)
			continue;
		if (goes_on(all.u.pairs[i].key, all.u.pairs[i].key_len))
			abort();
		for (size_t k = 0; v->type == VALUE_MAP && k < v->len; k++) {
			const struct value_pair *p = &v->u.pairs[k];

			if (goes_on(p->key, p->key_len) ||
				(p->value.type == VALUE_STRING &&
					goes_on(p->value.u.text, p->value.len) &&
					strncmp(p->key, "extra", 5) != 0))
				abort();
		}
	}
}

/* ---- and written ---- */

/* The connections among the entries, in their order. *n: how many; NULL: no memory. */
static struct connection *said_of(
	struct arena *a, const struct connection_entry *entries, size_t *n)
{
	struct connection *list = arena_array(a, *n + 1, sizeof(*list));
	size_t n_said = 0;

	for (size_t i = 0; list != NULL && i < *n; i++) {
		if (entries[i].fault == NULL)
			list[n_said++] = entries[i].said;
		else if (entries[i].fault[0] == '\0')
			abort();
	}
	*n = n_said;
	return list;
}

static void round_trip(struct arena *a, const struct connection *list, size_t n)
{
	struct connection_entry *again;
	size_t n_again;
	struct buf out;
	struct err e;

	for (size_t i = 0; i < n; i++) {
		if (!can_be_kept(a, &list[i]))
			return;
		for (size_t k = 0; k < i; k++)
			if (strcmp(list[i].id, list[k].id) == 0)
				return;
	}
	for (int format = CONNECTION_JSON; format <= CONNECTION_ENV; format++) {
		buf_init(&out, 0);
		if (connection_file_write(a, (enum connection_format)format, list, n, &out) != 0 ||
			connection_file_read(a, "again", (enum connection_format)format,
				buf_str(&out), out.len, &again, &n_again, &e) != 0 ||
			n_again != n)
			abort();
		/* N.B. an id with a colon may look like YAML's. */
		if (n > 0 && strchr(list[0].id, ':') == NULL &&
			(int)connection_format_of("file", buf_str(&out), out.len) != format)
			abort();
		for (size_t i = 0; i < n; i++)
			if (again[i].fault != NULL)
				abort();
			else
				must_be_same(&list[i], &again[i].said);
		buf_free(&out);
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const char *const names[] = {"c.json", "c.yaml", "c.yml", "c.env", "c"};
	struct arena *a = arena_create((size_t)64 << 20);
	struct connection one = {.description = NULL}, *list = NULL;
	struct connection_entry *entries = NULL;
	struct err e = {.text = ""};
	const char *text;
	int way, r;
	size_t n = 0;

	if (size == 0 || a == NULL) {
		arena_destroy(a);
		return 0;
	}
	text = arena_memdup(a, data + 1, size - 1);
	if (text == NULL)
		abort();
	way = data[0] % 4;
	if (data[0] >= BY_NAME_FROM)
		way = (int)connection_format_of(
			names[data[0] % (sizeof(names) / sizeof(names[0]))], text, size - 1);
	if (way == ONE) {
		r = connection_parse(a, "id", text, size - 1, &one, &e);
		list = &one;
		n = 1;
	} else {
		r = connection_file_read(
			a, "file", (enum connection_format)way, text, size - 1, &entries, &n, &e);
		if (r == 0 && way == CONNECTION_JSON && n > 0)
			must_be_whole(a, text, size - 1, entries);
	}
	if (r != 0 && e.text[0] == '\0')
		abort();
	must_not_show(a, way, text, size - 1, entries, r != 0 || way == ONE ? 0 : n,
		r == 0 ? "" : e.text);
	if (way != ONE)
		list = said_of(a, entries, &n);
	if (r == 0 && list != NULL)
		round_trip(a, list, n);
	arena_destroy(a);
	return 0;
}
