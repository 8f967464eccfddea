/*
 * Connections as URIs, as Airflow writes and reads them. N.B. no message here shows a value: any of
 * them may be a secret, or the beginning of one that was written in the wrong place.
 */
#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "engine/arena.h"
#include "engine/err.h"
#include "store/connection_impl.h"

static int hex_digit(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	c = (char)(c | 0x20);
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* Whether all that decode() makes of it is text, and no comment stands behind it. */
static int escapes_check(const char *id, const char *text, size_t len, struct err *e)
{
	for (size_t i = 0; i < len; i++) {
		int high = text[i] == '%' && len - i > 2 ? hex_digit(text[i + 1]) : -1;
		int low = text[i] == '%' && len - i > 2 ? hex_digit(text[i + 2]) : -1;

		if (text[i] == '%' && (high < 0 || low < 0))
			return err_set(e, ERR_INVALID,
				"connection %s: a %% in the URI is not followed by two hexadecimal "
				"digits; a %% itself is written %%25",
				id);
		if (text[i] == '#' && i > 0 && text[i - 1] == ' ')
			return err_set(e, ERR_INVALID,
				"connection %s: no comment may stand behind a URI; a # in it is "
				"written %%23",
				id);
		if (text[i] == '\0' || (high == 0 && low == 0))
			return err_set(e, ERR_INVALID,
				"connection %s: a URI cannot hold a NUL character", id);
	}
	return 0;
}

/* Percent-decoded into the arena; NULL: no memory. The escapes have been checked. */
static char *decode(struct arena *a, const char *text, size_t len, bool plus)
{
	char *out = arena_alloc(a, len + 1), *p = out;

	if (out == NULL)
		return NULL;
	for (size_t i = 0; i < len; i++) {
		if (text[i] == '%') {
			*p++ = (char)(hex_digit(text[i + 1]) << 4 | hex_digit(text[i + 2]));
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
			return err_set(e, ERR_NOMEM, "out of memory");
		v = value_string(t, strlen(t));
		if (strcmp(k, "__extra__") == 0)
			return connection_extra_read(a, id, &v, out, e);
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

/* What stands before the ://, as Airflow reads it. N.B. a URI's scheme has no _, so that it writes
 * - in its place. NULL: no memory. */
static const char *type_read(struct arena *a, const char *text, size_t len)
{
	char *type = decode(a, text, len, false);

	for (char *p = type; p != NULL && *p != '\0'; p++)
		*p = (char)(*p == '-' ? '_' : tolower((unsigned char)*p));
	return type != NULL && strcmp(type, "postgresql") == 0 ? "postgres" : type;
}

/* Takes `https://` off: Airflow writes a host that says its protocol as http://https://login@host.
 */
static struct span protocol_cut(struct span *rest)
{
	struct span protocol = {rest->at, 0};
	size_t n = 0;

	while (n < rest->len && isalnum((unsigned char)rest->at[n]))
		n++;
	if (n == 0 || rest->len - n < 3 || memcmp(rest->at + n, "://", 3) != 0)
		return protocol;
	protocol.len = n + 3;
	rest->at += protocol.len;
	rest->len -= protocol.len;
	return protocol;
}

/* The host, with its protocol where that was said. NULL: no memory. */
static const char *host_read(struct arena *a, struct span protocol, struct span host)
{
	const char *name = decode(a, host.at, host.len, false);

	if (name == NULL || protocol.len == 0)
		return name;
	return arena_printf(a, "%.*s%s", (int)protocol.len, protocol.at, name);
}

int connection_port_read(const char *id, const char *text, int *port, struct err *e)
{
	char *end;
	long n = strtol(text, &end, 10);

	if (*text == '\0' || *end != '\0' || n < 1 || n > 65535)
		return err_set(e, ERR_INVALID,
			"connection %s: the port must be a number from 1 to 65535", id);
	*port = (int)n;
	return 0;
}

/* Whether a scheme, and no quote or blank in front of one, stands there. */
static bool is_scheme(const char *text, size_t len)
{
	for (size_t i = 0; i < len; i++)
		if (!isalnum((unsigned char)text[i]) && memchr("+-._%", text[i], 5) == NULL)
			return false;
	return true;
}

/* Takes the type and what stands behind it off; a URI without one begins with //. */
static int type_cut(struct arena *a, struct connection *c, struct span *rest, struct err *e)
{
	const char *colon = memchr(rest->at, ':', rest->len);
	size_t n = 0;

	if (rest->len < 2 || memcmp(rest->at, "//", 2) != 0) {
		n = colon == NULL ? 0 : (size_t)(colon - rest->at);
		if (colon == NULL || rest->len - n < 3 || memcmp(colon, "://", 3) != 0 ||
			!is_scheme(rest->at, n))
			return err_set(e, ERR_INVALID,
				"connection %s is neither JSON nor a URI such as "
				"ssh://login@host:22/?key_file=...",
				c->id);
		c->type = type_read(a, rest->at, n);
		n++;
	}
	rest->at += n + 2;
	rest->len -= n + 2;
	return 0;
}

static int parse(struct arena *a, struct connection *c, const char *text, size_t len, struct err *e)
{
	const char *port;
	struct span rest = {text, len}, protocol, authority, path, credentials, login, host;

	if (type_cut(a, c, &rest, e) != 0)
		return ERR_INVALID;
	protocol = protocol_cut(&rest);
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
	c->host = host.len > 0 ? host_read(a, protocol, host) : NULL;
	c->schema = path.len > 0 ? decode(a, path.at, path.len, false) : NULL;
	if (c->type == NULL || (login.len > 0 && c->login == NULL) ||
		(credentials.len > 0 && c->password == NULL) || (host.len > 0 && c->host == NULL) ||
		(path.len > 0 && c->schema == NULL))
		return err_set(e, ERR_NOMEM, "out of memory");
	if (authority.len > 0) {
		port = arena_memdup(a, authority.at, authority.len);
		if (port == NULL)
			return err_set(e, ERR_NOMEM, "out of memory");
		if (connection_port_read(c->id, port, &c->port, e) != 0)
			return path.len == 0 || memchr(path.at, '@', path.len) == NULL
				? ERR_INVALID
				: err_set(e, ERR_INVALID,
					  "connection %s: a / ends the host and its port; in a "
					  "password it is written %%2F",
					  c->id);
	}
	return query_read(a, c->id, rest, &c->extra, e);
}

int connection_from_uri(struct arena *a, const char *id, const char *text, size_t len,
	struct connection *out, struct err *e)
{
	struct connection c = {.id = id, .type = "", .extra = value_null()};
	int r = escapes_check(id, text, len, e);

	if (r == 0)
		r = parse(a, &c, text, len, e);
	if (r == 0)
		*out = c;
	return r;
}
