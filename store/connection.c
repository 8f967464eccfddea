/*
 * Reading connections. N.B. no message here shows a value: any of them may be a secret, or the
 * beginning of one that was written in the wrong place.
 */
#include "store/connection_impl.h"

#include <ctype.h>
#include <string.h>

#include "engine/arena.h"
#include "engine/err.h"
#include "engine/hint.h"
#include "engine/utf8.h"

int connection_id_variable(const char *id, struct err *e)
{
	static const char variable[] = "AIRFLOW_CONN_";
	char name[CONNECTION_ID_MAX + 1];
	size_t n = 0;

	if (strncmp(id, variable, strlen(variable)) != 0)
		return 0;
	for (const char *p = id + strlen(variable); *p != '\0' && n < CONNECTION_ID_MAX; p++)
		name[n++] = (char)tolower((unsigned char)*p);
	name[n] = '\0';
	return err_set(e, ERR_INVALID,
		"%s is a variable of Airflow's environment: write the id of the connection, as in "
		"%s",
		id, name);
}

int connection_id_check(const char *id, struct err *e)
{
	size_t len = strlen(id);

	if (len == 0 || len > CONNECTION_ID_MAX)
		return err_set(e, ERR_INVALID, "a connection's id has 1 to %d bytes, not %zu",
			CONNECTION_ID_MAX, len);
	if (strstr(id, "://") != NULL) /* N.B. it may hold a password */
		return err_set(e, ERR_INVALID,
			"a URI is no connection's id; `connections add ID --conn-uri URI` takes "
			"both");
	for (size_t i = 0; i < len; i++)
		if (!isalnum((unsigned char)id[i]) && (unsigned char)id[i] < 0x80 &&
			(strchr("_-.:/\\#!()", id[i]) == NULL || (i == 0 && id[i] == '#')))
			return err_set(e, ERR_INVALID,
				"\"%s\" cannot be a connection's id: it takes letters, digits and "
				"_-.:/\\#!(), and does not begin with #",
				id);
	if (utf8_valid(id, len) != len)
		return err_set(e, ERR_INVALID, "a connection's id must be UTF-8");
	return connection_id_variable(id, e);
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
		return err_set(e, ERR_INVALID, "connection %s: %s must be a string, not a %s%s", id,
			key, value_type_name(v->type),
			v->type == VALUE_NUMBER || v->type == VALUE_BOOL ? ": put it in quotes"
									 : "");
	if (memchr(v->u.text, '\0', v->len) != NULL)
		return err_set(
			e, ERR_INVALID, "connection %s: %s cannot hold a NUL character", id, key);
	if (v->len > 0)
		*out = v->u.text;
	return 0;
}

/* N.B. Airflow takes 0 for none. */
static bool is_no_port(const struct value *v)
{
	return v->type == VALUE_NULL || (v->type == VALUE_STRING && v->len == 0) ||
		(v->type == VALUE_NUMBER && strcmp(v->u.text, "0") == 0);
}

/* What an object may say, as Airflow exports it. */
static const char *const members[] = {"conn_id", "conn_type", "description", "host", "login",
	"password", "schema", "port", "extra", "extra_dejson"};

/* Whether the bytes are this text. N.B. in JSON they may hold a NUL. */
static bool is_text(const char *text, const char *bytes, size_t len)
{
	return strlen(text) == len && memcmp(text, bytes, len) == 0;
}

static int member_unknown(const char *id, const struct value_pair *p, struct err *e)
{
	struct hint h;

	if (strlen(p->key) != p->key_len)
		return err_set(
			e, ERR_INVALID, "connection %s: a key cannot hold a NUL character", id);
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
		const struct value_pair *p = &object->u.pairs[i];
		bool is_known = false;

		for (size_t k = 0; k < sizeof(members) / sizeof(members[0]); k++)
			is_known |= is_text(members[k], p->key, p->key_len);
		if (!is_known)
			return member_unknown(id, p, e);
	}
	return 0;
}

/* Airflow also writes extra as an object, under another name. */
static const struct value *extra_of(const struct value *object)
{
	const struct value *v = value_member(object, "extra", 5);

	return v == NULL || v->type == VALUE_NULL ? value_member(object, "extra_dejson", 12) : v;
}

int connection_from_value(struct arena *a, const char *id, const struct value *object,
	struct connection *out, struct err *e)
{
	struct connection c = {.id = id};
	const struct value *port;
	const char *type, *said;
	int r;

	if (object->type != VALUE_MAP)
		return err_set(e, ERR_INVALID, "connection %s must be an object, not a %s", id,
			value_type_name(object->type));
	if ((r = members_check(id, object, e)) != 0 ||
		(r = text_member(object, id, "conn_id", &said, e)) != 0 ||
		(r = text_member(object, id, "conn_type", &type, e)) != 0 ||
		(r = text_member(object, id, "description", &c.description, e)) != 0 ||
		(r = text_member(object, id, "host", &c.host, e)) != 0 ||
		(r = text_member(object, id, "login", &c.login, e)) != 0 ||
		(r = text_member(object, id, "password", &c.password, e)) != 0 ||
		(r = text_member(object, id, "schema", &c.schema, e)) != 0 ||
		(r = connection_extra_read(a, id, extra_of(object), &c.extra, e)) != 0)
		return r;
	if (said != NULL && strcmp(said, id) != 0)
		return err_set(e, ERR_INVALID,
			"connection %s: its conn_id is another; they must be the same", id);
	c.type = type == NULL ? "" : type;
	port = value_member(object, "port", 4);
	if (port != NULL && !is_no_port(port) &&
		(r = connection_port_read(id,
			 (port->type == VALUE_NUMBER || port->type == VALUE_STRING) &&
					 strlen(port->u.text) == port->len
				 ? port->u.text
				 : "",
			 &c.port, e)) != 0)
		return r;
	*out = c;
	return 0;
}

int connection_parse(struct arena *a, const char *id, const char *text, size_t len,
	struct connection *out, struct err *e)
{
	struct value object;
	struct err why;
	int r;

	while (len > 0 && isspace((unsigned char)text[len - 1]))
		len--;
	for (; len > 0 && isspace((unsigned char)text[0]); len--)
		text++;
	if (len > CONNECTION_TEXT_MAX)
		return err_set(e, ERR_LIMIT, "connection %s is larger than a megabyte", id);
	if (len == 0 || text[0] != '{')
		return connection_from_uri(a, id, text, len, out, e);
	r = value_parse_json(a, text, len, &object, &why);
	if (r == ERR_NOMEM)
		return err_set(e, r, "%s", err_text(r));
	if (r != 0)
		return err_set(e, ERR_INVALID, "connection %s looks like JSON, but it is not: %s",
			id, why.text);
	return connection_from_value(a, id, &object, out, e);
}

int connection_copy(struct arena *a, const struct connection *c, struct connection *out)
{
	const char **texts[] = {&out->id, &out->type, &out->host, &out->login, &out->schema,
		&out->password, &out->description, &out->origin};

	*out = *c;
	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++)
		if (*texts[i] != NULL && (*texts[i] = arena_strdup(a, *texts[i])) == NULL)
			return ERR_NOMEM;
	return value_copy(a, &c->extra, &out->extra);
}
