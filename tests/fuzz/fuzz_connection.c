/*
 * Connections: a URI, JSON, or a file of any format. What cannot be read is told; what can be read
 * is written as JSON, YAML and env, and read back the same. The first byte chooses.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "engine/arena.h"
#include "engine/buf.h"
#include "engine/err.h"
#include "engine/utf8.h"
#include "store/connection_file.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static int is_text(const char *s)
{
	return s == NULL || utf8_valid(s, strlen(s)) == strlen(s);
}

/* Whether the store would take it: what it refuses may change its looks in a file. */
static int can_be_kept(struct arena *a, const struct store_connection *s)
{
	const struct connection *c = &s->connection;
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
		is_text(c->schema) && is_text(s->description);
}

static int same_text(const char *a, const char *b)
{
	if (a == NULL || b == NULL)
		return (a == NULL || *a == '\0') && (b == NULL || *b == '\0');
	return strcmp(a, b) == 0;
}

static void must_be_same(const struct store_connection *x, const struct store_connection *y)
{
	const struct connection *a = &x->connection, *b = &y->connection;

	if (strcmp(a->id, b->id) != 0 || strcmp(a->type, b->type) != 0 || a->port != b->port ||
		!same_text(a->host, b->host) || !same_text(a->login, b->login) ||
		!same_text(a->password, b->password) || !same_text(a->schema, b->schema) ||
		!same_text(x->description, y->description) || !value_equal(&a->extra, &b->extra))
		abort();
}

/* The connections among the entries, in their order. *n: how many; NULL: no memory. */
static struct store_connection *said_of(
	struct arena *a, const struct connection_entry *entries, size_t *n)
{
	struct store_connection *list = arena_array(a, *n + 1, sizeof(*list));
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

static void round_trip(struct arena *a, const struct store_connection *list, size_t n)
{
	struct connection_entry *again;
	size_t n_again;
	struct buf out;
	struct err e;

	for (size_t i = 0; i < n; i++) {
		if (!can_be_kept(a, &list[i]))
			return;
		for (size_t k = 0; k < i; k++)
			if (strcmp(list[i].connection.id, list[k].connection.id) == 0)
				return;
	}
	for (int format = CONNECTION_JSON; format <= CONNECTION_ENV; format++) {
		buf_init(&out, 0);
		if (connection_file_write(a, (enum connection_format)format, list, n, &out) != 0 ||
			connection_file_read(a, "again", (enum connection_format)format,
				buf_str(&out), out.len, &again, &n_again, &e) != 0 ||
			n_again != n)
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
	struct arena *a = arena_create((size_t)64 << 20);
	struct store_connection one = {.description = NULL}, *list = NULL;
	struct connection_entry *entries = NULL;
	struct err e = {.text = ""};
	const char *text;
	size_t n = 0;
	int r;

	if (size == 0 || a == NULL) {
		arena_destroy(a);
		return 0;
	}
	text = arena_memdup(a, data + 1, size - 1);
	if (data[0] % 4 == 3) {
		r = connection_parse(a, "id", text, size - 1, &one.connection, &e);
		list = &one;
		n = 1;
	} else {
		r = connection_file_read(a, "file", (enum connection_format)(data[0] % 4), text,
			size - 1, &entries, &n, &e);
		list = said_of(a, entries, &n);
	}
	if (r != 0 && e.text[0] == '\0')
		abort();
	if (r == 0 && list != NULL)
		round_trip(a, list, n);
	arena_destroy(a);
	return 0;
}
