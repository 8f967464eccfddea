/*
 * The extra of connections: how it is read, and of SSH connections which keys it has, and what each
 * may say. N.B. no message here shows a value: any of them may be a secret, or the beginning of one
 * that was written in the wrong place.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "engine/arena.h"
#include "engine/buf.h"
#include "engine/duration.h"
#include "engine/err.h"
#include "engine/hint.h"
#include "store/connection_impl.h"

#define SESSIONS_MAX 1000000 /* of max_sessions */

/* What a key of extra holds. */
enum extra_kind {
	EXTRA_TEXT,
	EXTRA_FLAG,
	EXTRA_TIME,
	EXTRA_COUNT,
	EXTRA_POLICY,
	EXTRA_OBJECT,
	EXTRA_LIST
};

static const struct extra_key {
	const char *name;
	enum extra_kind kind;
} ssh_extras[] = {
	{"key_file", EXTRA_TEXT},
	{"private_key", EXTRA_TEXT},
	{"private_key_passphrase", EXTRA_TEXT},
	{"conn_timeout", EXTRA_TIME},
	{"timeout", EXTRA_TIME},
	{"cmd_timeout", EXTRA_TIME},
	{"keepalive_interval", EXTRA_TIME},
	{"compress", EXTRA_FLAG},
	{"no_host_key_check", EXTRA_FLAG},
	{"allow_host_key_change", EXTRA_FLAG},
	{"host_key", EXTRA_TEXT},
	{"look_for_keys", EXTRA_FLAG},
	{"disabled_algorithms", EXTRA_OBJECT},
	{"ciphers", EXTRA_LIST},
	{"host_proxy_cmd", EXTRA_TEXT},
	{"keypair", EXTRA_TEXT},
	{"agent", EXTRA_FLAG},
	{"jump", EXTRA_TEXT},
	{"max_sessions", EXTRA_COUNT},
	{"host_key_policy", EXTRA_POLICY},
};

#define NAMES_MAX 512 /* bytes that all names take, with commas */
#define SSH_EXTRAS (sizeof(ssh_extras) / sizeof(ssh_extras[0]))

/* N.B. Airflow exports it as a string that holds an object. */
int connection_extra_read(
	struct arena *a, const char *id, const struct value *v, struct value *out, struct err *e)
{
	struct err why;

	*out = value_null();
	if (v == NULL || v->type == VALUE_NULL || (v->type == VALUE_STRING && v->len == 0))
		return 0;
	if (v->type == VALUE_STRING) {
		int r = value_parse_json(a, v->u.text, v->len, out, &why);

		if (r == ERR_NOMEM)
			return err_set(e, r, "%s", err_text(r));
		if (r != 0)
			return err_set(e, ERR_INVALID,
				"connection %s: extra must be a JSON object, as in {\"timeout\": "
				"10}; "
				"this is no JSON",
				id);
	} else {
		*out = *v;
	}
	if (out->type == VALUE_NULL)
		return 0;
	if (out->type != VALUE_MAP)
		return err_set(e, ERR_INVALID, "connection %s: extra must be an object, not a %s",
			id, value_type_name(out->type));
	return 0;
}

static const struct extra_key *key_find(const char *name, size_t len)
{
	for (size_t i = 0; i < SSH_EXTRAS; i++)
		if (strlen(ssh_extras[i].name) == len && memcmp(ssh_extras[i].name, name, len) == 0)
			return &ssh_extras[i];
	return NULL;
}

bool connection_extra_is_key(const char *key)
{
	return key_find(key, strlen(key)) != NULL;
}

/* All keys, into NAMES_MAX bytes. */
static const char *names_list(char *out)
{
	size_t n = 0;

	for (size_t i = 0; i < SSH_EXTRAS; i++)
		n += (size_t)snprintf(
			out + n, NAMES_MAX - n, "%s%s", i == 0 ? "" : ", ", ssh_extras[i].name);
	return out;
}

static int unknown(const struct connection *c, const struct value_pair *p, struct err *e)
{
	char names[NAMES_MAX];
	struct hint h;

	hint_begin(&h, p->key, p->key_len);
	for (size_t i = 0; i < SSH_EXTRAS; i++)
		hint_offer(&h, ssh_extras[i].name, strlen(ssh_extras[i].name));
	if (h.best != NULL)
		return err_set(e, ERR_INVALID,
			"connection %s: unknown key \"%.*s\" in extra; did you mean \"%s\"?", c->id,
			(int)p->key_len, p->key, h.best);
	return err_set(e, ERR_INVALID,
		"connection %s: unknown key \"%.*s\" in extra, which may say %s", c->id,
		(int)p->key_len, p->key, names_list(names));
}

/* Whether it is one of the words, in capitals or not. */
static bool is_one_of(const char *text, const char *const *words)
{
	for (; *words != NULL; words++)
		if (strcasecmp(text, *words) == 0)
			return true;
	return false;
}

static const char *const yes[] = {"true", "yes", "1", NULL};
static const char *const no[] = {"false", "no", "0", "", NULL};

static bool is_count(const char *text)
{
	char *end;
	long n = strtol(text, &end, 10);

	return *text != '\0' && *end == '\0' && n >= 1 && n <= SESSIONS_MAX;
}

/* What the value should be, where it is not. N.B. in a URI all are strings. */
static const char *fault(enum extra_kind kind, const struct value *v)
{
	bool is_text = v->type == VALUE_STRING, is_number = v->type == VALUE_NUMBER;
	int64_t ms;

	switch (kind) {
	case EXTRA_TEXT:
		return is_text ? NULL : "a string";
	case EXTRA_FLAG:
		return v->type == VALUE_BOOL ||
				(is_text && (is_one_of(v->u.text, yes) || is_one_of(v->u.text, no)))
			? NULL
			: "true or false";
	case EXTRA_TIME:
		return (is_text || is_number) && duration_parse(v->u.text, v->len, &ms, NULL) == 0
			? NULL
			: "a number of seconds, or a time such as 90s or 5m";
	case EXTRA_COUNT:
		return (is_text || is_number) && is_count(v->u.text) ? NULL
								     : "a whole number from 1 on";
	case EXTRA_POLICY:
		return is_text &&
				(strcmp(v->u.text, "strict") == 0 ||
					strcmp(v->u.text, "accept-new") == 0)
			? NULL
			: "strict or accept-new";
	case EXTRA_OBJECT:
		return is_text || v->type == VALUE_MAP ? NULL : "an object";
	case EXTRA_LIST:
		return is_text || v->type == VALUE_LIST ? NULL : "a list";
	}
	return NULL;
}

bool connection_is_ssh(const struct connection *c)
{
	return strcasecmp(c->type, "ssh") == 0 || strcasecmp(c->type, "sftp") == 0;
}

/* Whether a text in v would end before its end. */
static bool has_nul(const struct value *v)
{
	bool found = v->type == VALUE_STRING && memchr(v->u.text, '\0', v->len) != NULL;

	for (size_t i = 0; v->type == VALUE_LIST && i < v->len && !found; i++)
		found = has_nul(&v->u.items[i]);
	for (size_t i = 0; v->type == VALUE_MAP && i < v->len && !found; i++)
		found = has_nul(&v->u.pairs[i].value);
	return found;
}

/* Whether a member says as much as none. N.B. Airflow's forms leave an empty text where nothing was
 * put in. */
static bool is_nothing(const struct value *v)
{
	return v->type == VALUE_NULL || (v->type == VALUE_STRING && v->len == 0);
}

int connection_check(const struct connection *c, struct err *e)
{
	const char *wanted;

	if (c->extra.type != VALUE_MAP)
		return 0;
	for (size_t i = 0; i < c->extra.len; i++) {
		const struct value_pair *p = &c->extra.u.pairs[i];
		const struct extra_key *k = key_find(p->key, p->key_len);

		if (k == NULL)
			return unknown(c, p, e);
		if (has_nul(&p->value))
			return err_set(e, ERR_INVALID,
				"connection %s: %s in extra cannot hold a NUL character", c->id,
				k->name);
		wanted = is_nothing(&p->value) ? NULL : fault(k->kind, &p->value);
		if (wanted != NULL)
			return err_set(e, ERR_INVALID, "connection %s: %s in extra must be %s",
				c->id, k->name, wanted);
	}
	return 0;
}

static const struct value *extra_member(const struct connection *c, const char *key)
{
	const struct value *v;

	if (c->extra.type != VALUE_MAP)
		return NULL;
	v = value_member(&c->extra, key, strlen(key));
	return v == NULL || is_nothing(v) ? NULL : v;
}

const char *connection_extra_text(struct arena *a, const struct connection *c, const char *key)
{
	const struct value *v = extra_member(c, key);
	struct buf b;
	char *text;

	if (v == NULL)
		return NULL;
	/* N.B. it may be a secret, which is to be in the arena alone. */
	if (v->type == VALUE_STRING)
		return arena_memdup(a, v->u.text, v->len);
	buf_init(&b, CONNECTION_TEXT_MAX);
	value_text(v, &b);
	text = buf_status(&b) == 0 ? arena_memdup(a, buf_str(&b), b.len) : arena_refuse(a);
	buf_free(&b);
	return text;
}

bool connection_extra_bool(const struct connection *c, const char *key)
{
	const struct value *v = extra_member(c, key);

	if (v == NULL)
		return false;
	return v->type == VALUE_BOOL ? v->truth
				     : v->type == VALUE_STRING && is_one_of(v->u.text, yes);
}
