/*
 * Reading connections. N.B. no message here shows a value: any of them may be a secret, or the
 * beginning of one that was written in the wrong place.
 */
#include "store/connection.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "engine/arena.h"
#include "engine/err.h"
#include "engine/hint.h"
#include "engine/utf8.h"

int connection_id_check(const char *id, struct err *e)
{
	size_t len = strlen(id);

	if (len == 0 || len > CONNECTION_ID_MAX)
		return err_set(e, ERR_INVALID, "a connection's id has 1 to %d bytes, not %zu",
			CONNECTION_ID_MAX, len);
	for (size_t i = 0; i < len; i++)
		if (!isalnum((unsigned char)id[i]) && (unsigned char)id[i] < 0x80 &&
			(strchr("_-.:/\\#!()", id[i]) == NULL || (i == 0 && id[i] == '#')))
			return err_set(e, ERR_INVALID,
				"\"%s\" cannot be a connection's id: it takes letters, digits and "
				"_-.:/\\#!(), and does not begin with #",
				id);
	return utf8_valid(id, len) == len
		? 0
		: err_set(e, ERR_INVALID, "a connection's id must be UTF-8");
}

/* --- JSON --- */

/* A member that must be a string; NULL where it is missing or null. */
static int text_member(const struct value *object, const char *id, const char *key,
	const char **out, struct err *e)
{
	const struct value *v = value_member(object, key, strlen(key));

	*out = NULL;
	if (v == NULL || v->type == VALUE_NULL)
		return 0;
	if (v->type != VALUE_STRING)
		return err_set(e, ERR_INVALID, "connection %s: %s must be a string, not a %s", id,
			key, value_type_name(v->type));
	if (memchr(v->u.text, '\0', v->len) != NULL)
		return err_set(
			e, ERR_INVALID, "connection %s: %s cannot hold a NUL character", id, key);
	if (v->len > 0)
		*out = v->u.text;
	return 0;
}

static int port_read(const char *id, const char *text, int *port, struct err *e)
{
	char *end;
	long n = strtol(text, &end, 10);

	if (*text == '\0' || *end != '\0' || n < 1 || n > 65535)
		return err_set(e, ERR_INVALID,
			"connection %s: the port must be a number from 1 to 65535", id);
	*port = (int)n;
	return 0;
}

/* N.B. Airflow takes 0 for none. */
static bool is_no_port(const struct value *v)
{
	return v->type == VALUE_NULL || (v->type == VALUE_STRING && v->len == 0) ||
		(v->type == VALUE_NUMBER && strcmp(v->u.text, "0") == 0);
}

/* extra is an object, or a string that holds one, as Airflow exports it. */
static int extra_read(
	struct arena *a, const char *id, const struct value *v, struct value *out, struct err *e)
{
	struct err why;

	*out = value_null();
	if (v == NULL || v->type == VALUE_NULL || (v->type == VALUE_STRING && v->len == 0))
		return 0;
	if (v->type == VALUE_STRING) {
		if (value_parse_json(a, v->u.text, v->len, out, &why) != 0)
			return err_set(e, ERR_INVALID, "connection %s: extra is not JSON", id);
	} else {
		*out = *v;
	}
	if (out->type != VALUE_MAP)
		return err_set(e, ERR_INVALID, "connection %s: extra must be an object, not a %s",
			id, value_type_name(out->type));
	return 0;
}

/* What an object may say; Airflow's exports say conn_id and description too. */
static const char *const members[] = {"conn_id", "conn_type", "description", "host", "login",
	"password", "schema", "port", "extra", "extra_dejson"};

static int member_unknown(const char *id, const struct value_pair *p, struct err *e)
{
	struct hint h;

	if (connection_extra_is_key(p->key))
		return err_set(e, ERR_INVALID, "connection %s: %s belongs into extra", id, p->key);
	hint_begin(&h, p->key, p->key_len);
	for (size_t k = 0; k < sizeof(members) / sizeof(members[0]); k++)
		hint_offer(&h, members[k], strlen(members[k]));
	if (h.best != NULL)
		return err_set(e, ERR_INVALID,
			"connection %s: unknown key \"%.60s\"; did you mean \"%s\"?", id, p->key,
			h.best);
	return err_set(e, ERR_INVALID,
		"connection %s: unknown key \"%.60s\"; there are conn_type, description, host, "
		"port, "
		"login, password, schema and extra",
		id, p->key);
}

static int members_check(const char *id, const struct value *object, struct err *e)
{
	for (size_t i = 0; i < object->len; i++) {
		bool is_known = false;

		for (size_t k = 0; k < sizeof(members) / sizeof(members[0]); k++)
			is_known |= strcmp(members[k], object->u.pairs[i].key) == 0;
		if (!is_known)
			return member_unknown(id, &object->u.pairs[i], e);
	}
	return 0;
}

int connection_from_value(struct arena *a, const char *id, const struct value *object,
	struct connection *out, struct err *e)
{
	struct connection c = {.id = id};
	const struct value *port;
	const char *type;
	int r;

	if (object->type != VALUE_MAP)
		return err_set(e, ERR_INVALID, "connection %s must be an object, not a %s", id,
			value_type_name(object->type));
	if ((r = members_check(id, object, e)) != 0 ||
		(r = text_member(object, id, "conn_type", &type, e)) != 0 ||
		(r = text_member(object, id, "host", &c.host, e)) != 0 ||
		(r = text_member(object, id, "login", &c.login, e)) != 0 ||
		(r = text_member(object, id, "password", &c.password, e)) != 0 ||
		(r = text_member(object, id, "schema", &c.schema, e)) != 0 ||
		(r = extra_read(a, id, value_member(object, "extra", 5), &c.extra, e)) != 0)
		return r;
	c.type = type == NULL ? "" : type;
	port = value_member(object, "port", 4);
	if (port != NULL && !is_no_port(port) &&
		(r = port_read(id,
			 port->type == VALUE_NUMBER || port->type == VALUE_STRING ? port->u.text
										  : "",
			 &c.port, e)) != 0)
		return r;
	*out = c;
	return 0;
}

/* --- URI --- */

static int hex_digit(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	c = (char)(c | 0x20);
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* Percent-decoded into the arena; NULL where a % is not followed by two digits, or by zero. */
static char *decode(struct arena *a, const char *text, size_t len, bool plus)
{
	char *out = arena_alloc(a, len + 1), *p = out;
	int high, low;

	if (out == NULL)
		return NULL;
	for (size_t i = 0; i < len; i++) {
		if (text[i] == '%') {
			high = i + 2 < len ? hex_digit(text[i + 1]) : -1;
			low = i + 2 < len ? hex_digit(text[i + 2]) : -1;
			if (high < 0 || low < 0 || (high == 0 && low == 0))
				return NULL;
			*p++ = (char)(high << 4 | low);
			i += 2;
		} else {
			*p++ = plus && text[i] == '+' ? ' ' : text[i];
		}
	}
	return out;
}

struct span {
	const char *at;
	size_t len;
};

/* Everything up to the first of `c`, which is skipped; all of it where it is not there. */
static struct span cut(struct span *s, char c)
{
	const char *p = memchr(s->at, c, s->len);
	struct span before = {s->at, p == NULL ? s->len : (size_t)(p - s->at)};
	size_t used = before.len + (p != NULL);

	s->at += used;
	s->len -= used;
	return before;
}

/* key=value&key=value into an object of strings; `__extra__` holds the whole of it as JSON. */
static int query_read(
	struct arena *a, const char *id, struct span query, struct value *out, struct err *e)
{
	struct value_pair *pairs;
	size_t n = 0, room = 1;
	struct value v;

	for (size_t i = 0; i < query.len; i++)
		room += query.at[i] == '&';
	pairs = arena_array(a, room, sizeof(*pairs));
	if (pairs == NULL)
		return err_set(e, ERR_NOMEM, "out of memory");
	while (query.len > 0) {
		struct span value = cut(&query, '&'), key = cut(&value, '=');
		const char *k = decode(a, key.at, key.len, true),
			   *t = decode(a, value.at, value.len, true);

		if (k == NULL || t == NULL)
			return err_set(e, ERR_INVALID,
				"connection %s: a %% in the URI is not followed by two digits", id);
		v = value_string(t, strlen(t));
		if (strcmp(k, "__extra__") == 0)
			return extra_read(a, id, &v, out, e);
		if (*k != '\0' || *t != '\0')
			pairs[n++] = (struct value_pair){k, strlen(k), v};
	}
	/* Of a key that stands there twice the last counts. */
	if (n > 0 && value_map(a, pairs, n, out) != 0)
		return err_set(e, ERR_NOMEM, "out of memory");
	return 0;
}

/* N.B. the last @ ends the login: an unescaped one in a password is what people write. */
static struct span credentials_cut(struct span *authority)
{
	struct span none = {authority->at, 0};

	for (size_t i = authority->len; i > 0; i--) {
		if (authority->at[i - 1] == '@') {
			struct span before = {authority->at, i - 1};

			authority->at += i;
			authority->len -= i;
			return before;
		}
	}
	return none;
}

static int uri_parse(
	struct arena *a, struct connection *c, const char *text, size_t len, struct err *e)
{
	const char *colon = memchr(text, ':', len), *port;
	char *type;
	struct span rest, authority, path, credentials, login, host;

	if (colon == NULL || (size_t)(text + len - colon) < 3 || memcmp(colon, "://", 3) != 0)
		return err_set(e, ERR_INVALID,
			"connection %s is neither JSON nor a URI such as "
			"ssh://login@host:22/?key_file=...",
			c->id);
	c->type = type = decode(a, text, (size_t)(colon - text), false);
	for (; type != NULL && *type != '\0'; type++)
		*type = (char)tolower((unsigned char)*type);
	rest = (struct span){colon + 3, (size_t)(text + len - colon) - 3};
	path = cut(&rest, '?');
	authority = cut(&path, '/');
	credentials = credentials_cut(&authority);
	login = cut(&credentials, ':');
	if (authority.len > 0 && authority.at[0] == '[') {
		authority.at++;
		authority.len--;
		host = cut(&authority, ']');
		(void)cut(&authority, ':');
	} else {
		host = cut(&authority, ':');
	}
	c->login = login.len > 0 ? decode(a, login.at, login.len, false) : NULL;
	c->password =
		credentials.len > 0 ? decode(a, credentials.at, credentials.len, false) : NULL;
	c->host = host.len > 0 ? decode(a, host.at, host.len, false) : NULL;
	c->schema = path.len > 0 ? decode(a, path.at, path.len, false) : NULL;
	if (c->type == NULL || (login.len > 0 && c->login == NULL) ||
		(credentials.len > 0 && c->password == NULL) || (host.len > 0 && c->host == NULL) ||
		(path.len > 0 && c->schema == NULL))
		return err_set(e, ERR_INVALID,
			"connection %s: a %% in the URI is not followed by two digits", c->id);
	if (authority.len > 0) {
		port = arena_memdup(a, authority.at, authority.len);
		if (port == NULL)
			return err_set(e, ERR_NOMEM, "out of memory");
		if (port_read(c->id, port, &c->port, e) != 0)
			return ERR_INVALID;
	}
	return query_read(a, c->id, rest, &c->extra, e);
}

int connection_parse(struct arena *a, const char *id, const char *text, size_t len,
	struct connection *out, struct err *e)
{
	struct connection c = {.id = id, .type = "", .extra = value_null()};
	struct value object;
	struct err why;
	int r;

	while (len > 0 && isspace((unsigned char)text[len - 1]))
		len--;
	for (; len > 0 && isspace((unsigned char)text[0]); len--)
		text++;
	if (len > CONNECTION_TEXT_MAX)
		return err_set(e, ERR_LIMIT, "connection %s is larger than a megabyte", id);
	if (len > 0 && text[0] == '{') {
		if (value_parse_json(a, text, len, &object, &why) != 0)
			return err_set(
				e, ERR_INVALID, "connection %s looks like JSON, but it is not", id);
		return connection_from_value(a, id, &object, out, e);
	}
	r = uri_parse(a, &c, text, len, e);
	if (r == 0)
		*out = c;
	return r;
}
