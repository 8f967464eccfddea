/* Algorithms offered and left out. Lists are texts with commas between the names. */
#include "operators/ssh/algorithms.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "engine/arena.h"
#include "engine/buf.h"
#include "engine/err.h"
#include "engine/hint.h"
#include "engine/value.h"
#include "operators/ssh/target.h"
#include "store/connection.h"

/* A kind, by paramiko's name of it, and libssh2's methods of that kind. */
struct kind {
	const char *name;
	int methods[2]; /* -1: none */
};

static const struct kind kinds[SSH_ALGORITHM_COUNT] = {
	[SSH_ALGORITHM_KEX] = {"kex", {LIBSSH2_METHOD_KEX, -1}},
	[SSH_ALGORITHM_HOST_KEYS] = {"keys", {LIBSSH2_METHOD_HOSTKEY, -1}},
	[SSH_ALGORITHM_USER_KEYS] = {"pubkeys", {LIBSSH2_METHOD_SIGN_ALGO, -1}},
	[SSH_ALGORITHM_CIPHERS] = {"ciphers", {LIBSSH2_METHOD_CRYPT_CS, LIBSSH2_METHOD_CRYPT_SC}},
	[SSH_ALGORITHM_MACS] = {"macs", {LIBSSH2_METHOD_MAC_CS, LIBSSH2_METHOD_MAC_SC}},
	[SSH_ALGORITHM_COMPRESSION] = {"compression",
		{LIBSSH2_METHOD_COMP_CS, LIBSSH2_METHOD_COMP_SC}},
};

/* What RSA keys sign with; SHA-1 is never offered. */
#define SIGNATURES "rsa-sha2-512,rsa-sha2-256"

/* ---- reading ---- */

static int kind_find(const char *conn_id, const struct value_pair *p, struct err *e)
{
	struct hint h;

	hint_begin(&h, p->key, p->key_len);
	for (int i = 0; i < SSH_ALGORITHM_COUNT; i++) {
		if (strlen(kinds[i].name) == p->key_len &&
			memcmp(kinds[i].name, p->key, p->key_len) == 0)
			return i;
		hint_offer(&h, kinds[i].name, strlen(kinds[i].name));
	}
	return err_set(e, ERR_INVALID,
		"connection %s: disabled_algorithms has no \"%.*s\"; it has kex, keys, pubkeys, "
		"ciphers, macs, compression%s%s%s",
		conn_id, (int)p->key_len, p->key, h.best == NULL ? "" : "; did you mean ",
		h.best == NULL ? "" : h.best, h.best == NULL ? "" : "?");
}

/* what: the list's name, for messages. */
static int list_read(struct arena *a, const char *conn_id, const char *what, const struct value *v,
	const char **out, struct err *e)
{
	struct buf b;

	buf_init(&b, 4096);
	for (size_t i = 0; v->type == VALUE_LIST && i < v->len; i++) {
		const struct value *item = &v->u.items[i];

		if (item->type != VALUE_STRING || strcspn(item->u.text, ",") != item->len) {
			buf_free(&b);
			return err_set(e, ERR_INVALID,
				"connection %s: %s wants names, one a string", conn_id, what);
		}
		buf_addf(&b, "%s%s", i == 0 ? "" : ",", item->u.text);
	}
	*out = buf_status(&b) == 0 ? arena_memdup(a, buf_str(&b), b.len) : NULL;
	buf_free(&b);
	if (v->type != VALUE_LIST)
		return err_set(
			e, ERR_INVALID, "connection %s: %s wants a list of names", conn_id, what);
	return *out == NULL ? err_set(e, ERR_NOMEM, "%s", err_text(ERR_NOMEM)) : 0;
}

/* A member of extra; NULL where it says nothing. What is JSON in a URI stands there as text. */
static int member_read(struct arena *a, const struct connection *c, const char *key, char begin,
	struct value *parsed, const struct value **out, struct err *e)
{
	const struct value *v =
		c->extra.type == VALUE_MAP ? value_member(&c->extra, key, strlen(key)) : NULL;

	if (v != NULL && (v->type == VALUE_NULL || (v->type == VALUE_STRING && v->len == 0)))
		v = NULL;
	if (v != NULL && v->type == VALUE_STRING && (begin == '\0' || v->u.text[0] == begin)) {
		if (value_parse_json(a, v->u.text, v->len, parsed, e) != 0)
			return err_context(e, "connection %s: %s", c->id, key);
		v = parsed;
	}
	*out = v;
	return 0;
}

/* A list as Airflow has it, or names with commas between, as ssh does. */
static int ciphers_read(
	struct arena *a, const struct connection *c, struct ssh_target *t, struct err *e)
{
	const struct value *v;
	struct value parsed;
	int r = member_read(a, c, "ciphers", '[', &parsed, &v, e);

	if (r != 0 || v == NULL)
		return r;
	if (v->type != VALUE_STRING)
		return list_read(a, c->id, "ciphers", v, &t->ciphers, e);
	t->ciphers = arena_memdup(a, v->u.text, v->len);
	return t->ciphers == NULL ? err_set(e, ERR_NOMEM, "%s", err_text(ERR_NOMEM)) : 0;
}

static int disabled_read(
	struct arena *a, const struct connection *c, struct ssh_target *t, struct err *e)
{
	const struct value *v;
	struct value parsed;
	char what[64];
	int r = member_read(a, c, "disabled_algorithms", '\0', &parsed, &v, e);

	if (r != 0 || v == NULL)
		return r;
	if (v->type != VALUE_MAP)
		return err_set(e, ERR_INVALID,
			"connection %s: disabled_algorithms wants an object: {\"kex\": [\"...\"]}",
			c->id);
	for (size_t i = 0; i < v->len && r == 0; i++) {
		int kind = kind_find(c->id, &v->u.pairs[i], e);

		if (kind < 0)
			return kind;
		(void)snprintf(what, sizeof(what), "disabled_algorithms: \"%s\"", kinds[kind].name);
		r = list_read(a, c->id, what, &v->u.pairs[i].value, &t->disabled[kind], e);
	}
	return r;
}

int algorithms_read(
	struct arena *a, const struct connection *c, struct ssh_target *t, struct err *e)
{
	int r = ciphers_read(a, c, t, e);

	return r != 0 ? r : disabled_read(a, c, t, e);
}

/* ---- applying ---- */

/* Whether a list has a name. */
static bool list_has(const char *list, const char *name, size_t len)
{
	while (list != NULL && *list != '\0') {
		size_t n = strcspn(list, ",");

		if (n == len && memcmp(list, name, len) == 0)
			return true;
		list += n + (list[n] == ',');
	}
	return false;
}

static void names_add(struct buf *out, const char *list, const char *disabled)
{
	while (*list != '\0') {
		size_t n = strcspn(list, ",");

		if (n > 0 && !list_has(disabled, list, n)) {
			buf_adds(out, out->len == 0 ? "" : ",");
			buf_add(out, list, n);
		}
		list += n + (list[n] == ',');
	}
}

/* All that libssh2 has of a method. */
static void supported_add(LIBSSH2_SESSION *ssh2, int method, const char *disabled, struct buf *out)
{
	const char **names = NULL;
	int n = libssh2_session_supported_algs(ssh2, method, &names);

	for (int i = 0; i < n; i++)
		names_add(out, names[i], disabled);
	if (n > 0)
		libssh2_free(ssh2, (void *)names);
}

static int method_set(LIBSSH2_SESSION *ssh2, int method, const char *wanted, const char *disabled,
	const char *kind, struct err *e)
{
	struct buf list;
	int r = 0;

	buf_init(&list, 0);
	if (wanted != NULL)
		names_add(&list, wanted, disabled);
	else
		supported_add(ssh2, method, disabled, &list);
	if (buf_status(&list) != 0)
		r = err_set(e, ERR_NOMEM, "%s", err_text(ERR_NOMEM));
	else if (list.len == 0)
		r = err_set(e, ERR_UNSUPPORTED, "disabled_algorithms leaves no %s", kind);
	else if (libssh2_session_method_pref(ssh2, method, list.data) != 0)
		r = err_set(
			e, ERR_UNSUPPORTED, "libssh2 has none of these %s: %s", kind, list.data);
	buf_free(&list);
	return r;
}

int algorithms_apply(LIBSSH2_SESSION *ssh2, const struct ssh_target *t, struct err *e)
{
	const char *const wanted[SSH_ALGORITHM_COUNT] = {
		[SSH_ALGORITHM_HOST_KEYS] = t->host_key_types,
		[SSH_ALGORITHM_CIPHERS] = t->ciphers,
		[SSH_ALGORITHM_USER_KEYS] =
			t->disabled[SSH_ALGORITHM_USER_KEYS] == NULL ? NULL : SIGNATURES,
		[SSH_ALGORITHM_COMPRESSION] = t->compress ? "zlib@openssh.com,zlib,none" : "none",
	};
	int r = 0;

	for (int i = 0; i < SSH_ALGORITHM_COUNT && r == 0; i++) {
		bool is_left_alone = t->disabled[i] == NULL &&
			(wanted[i] == NULL || i == SSH_ALGORITHM_COMPRESSION);

		for (int m = 0; m < 2 && r == 0 && !is_left_alone && kinds[i].methods[m] >= 0; m++)
			r = method_set(ssh2, kinds[i].methods[m], wanted[i], t->disabled[i],
				kinds[i].name, e);
		/* Ed25519 and ECDSA keys sign in one way alone. */
		if (r == ERR_UNSUPPORTED && i == SSH_ALGORITHM_USER_KEYS)
			r = 0;
	}
	return r;
}

bool algorithms_is_key_disabled(const struct ssh_target *t, const void *type, size_t len)
{
	return list_has(t->disabled[SSH_ALGORITHM_USER_KEYS], type, len);
}
