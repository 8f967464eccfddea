/*
 * The extra of an SSH connection, as JSON. What is refused is told by its key, and no value is ever
 * shown: any of them may be a secret. What is taken can be used: a time is one, a number of
 * sessions too, and each list of disabled algorithms is one of names, none of which is offered.
 */
#include <libssh2.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "engine/arena.h"
#include "engine/duration.h"
#include "engine/err.h"
#include "operators/ssh/algorithms.h"
#include "operators/ssh/target.h"
#include "store/connection.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define TELLING "secret" /* in a value that no sentence says by accident */

/* Whether a key anywhere in v says it too. */
static int is_in_keys(const struct value *v, const char *text)
{
	int found = 0;

	for (size_t i = 0; (v->type == VALUE_LIST || v->type == VALUE_MAP) && i < v->len; i++) {
		const struct value *inner =
			v->type == VALUE_LIST ? &v->u.items[i] : &v->u.pairs[i].value;

		found |= is_in_keys(inner, text) ||
			(v->type == VALUE_MAP && strstr(v->u.pairs[i].key, text) != NULL);
	}
	return found;
}

static void must_not_show(const struct value *all, const struct value *v, const char *sentence)
{
	if (v->type == VALUE_STRING && strstr(v->u.text, TELLING) != NULL &&
		strstr(sentence, v->u.text) != NULL && !is_in_keys(all, v->u.text))
		abort();
	for (size_t i = 0; v->type == VALUE_LIST && i < v->len; i++)
		must_not_show(all, &v->u.items[i], sentence);
	for (size_t i = 0; v->type == VALUE_MAP && i < v->len; i++)
		must_not_show(all, &v->u.pairs[i].value, sentence);
}

static void check_used(struct arena *a, const struct connection *c)
{
	static const char *const times[] = {
		"conn_timeout", "timeout", "cmd_timeout", "keepalive_interval"};
	const char *text;
	int64_t ms;

	for (size_t i = 0; i < sizeof(times) / sizeof(times[0]); i++) {
		text = connection_extra_text(a, c, times[i]);
		if (text != NULL && duration_parse(text, strlen(text), &ms, NULL) != 0)
			abort();
	}
	text = connection_extra_text(a, c, "max_sessions");
	if (text != NULL && strtol(text, NULL, 10) < 1)
		abort();
	(void)connection_extra_bool(c, "compress");
	for (size_t i = 0; c->extra.type == VALUE_MAP && i < c->extra.len; i++) {
		const struct value_pair *p = &c->extra.u.pairs[i];

		text = connection_extra_text(a, c, p->key);
		if (!connection_extra_is_key(p->key) ||
			(p->value.type == VALUE_STRING &&
				strlen(text == NULL ? "" : text) != p->value.len))
			abort();
	}
}

/* ---- what is offered to a host ---- */

static const struct ssh_target *offering;

/* Whether a list, of names with commas between, has the name. */
static int list_has(const char *list, const char *name, size_t len)
{
	const char *at = list;

	for (; at != NULL && (at = strstr(at, name)) != NULL; at++)
		if ((at == list || at[-1] == ',') && (at[len] == ',' || at[len] == '\0'))
			return 1;
	return 0;
}

static int kind_of(int method)
{
	static const int kinds[] = {[LIBSSH2_METHOD_KEX] = SSH_ALGORITHM_KEX,
		[LIBSSH2_METHOD_HOSTKEY] = SSH_ALGORITHM_HOST_KEYS,
		[LIBSSH2_METHOD_CRYPT_CS] = SSH_ALGORITHM_CIPHERS,
		[LIBSSH2_METHOD_CRYPT_SC] = SSH_ALGORITHM_CIPHERS,
		[LIBSSH2_METHOD_MAC_CS] = SSH_ALGORITHM_MACS,
		[LIBSSH2_METHOD_MAC_SC] = SSH_ALGORITHM_MACS,
		[LIBSSH2_METHOD_COMP_CS] = SSH_ALGORITHM_COMPRESSION,
		[LIBSSH2_METHOD_COMP_SC] = SSH_ALGORITHM_COMPRESSION,
		[LIBSSH2_METHOD_SIGN_ALGO] = SSH_ALGORITHM_USER_KEYS};

	return kinds[method];
}

int __real_libssh2_session_method_pref(LIBSSH2_SESSION *session, int method, const char *list);
int __wrap_libssh2_session_method_pref(LIBSSH2_SESSION *session, int method, const char *list);

/* Between windrow and libssh2. */
int __wrap_libssh2_session_method_pref(LIBSSH2_SESSION *session, int method, const char *list)
{
	const char *disabled = offering->disabled[kind_of(method)];
	char *copy = strdup(list), *rest = copy;

	for (const char *name; (name = strsep(&rest, ",")) != NULL;)
		if (*name == '\0' || list_has(disabled, name, strlen(name)))
			abort();
	free(copy);
	return __real_libssh2_session_method_pref(session, method, list);
}

static void offer(const struct ssh_target *t)
{
	static LIBSSH2_SESSION *session;
	struct err e = {.text = ""};
	int r;

	if (session == NULL)
		session = libssh2_session_init();
	offering = t;
	r = algorithms_apply(session, t, &e);
	if (r != 0 && (r != ERR_UNSUPPORTED || e.text[0] == '\0'))
		abort();
}

static void check_algorithms(struct arena *a, const struct connection *c, struct err *e)
{
	struct ssh_target t = {.conn_id = c->id};

	e->text[0] = '\0';
	if (algorithms_read(a, c, &t, e) != 0) {
		if (strstr(e->text, c->id) == NULL)
			abort();
		must_not_show(&c->extra, &c->extra, e->text);
		return;
	}
	for (int i = 0; i < SSH_ALGORITHM_COUNT; i++)
		if (t.disabled[i] != NULL && strlen(t.disabled[i]) > 4096)
			abort();
	if (t.ciphers != NULL && strlen(t.ciphers) > CONNECTION_TEXT_MAX)
		abort();
	if (algorithms_is_key_disabled(&t, "ssh-ed25519", 11) !=
		list_has(t.disabled[SSH_ALGORITHM_USER_KEYS], "ssh-ed25519", 11))
		abort();
	t.compress = connection_extra_bool(c, "compress");
	t.host_key_types = connection_extra_text(a, c, "host_key");
	offer(&t);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct arena *a = arena_create((size_t)64 << 20);
	struct connection c = {.id = "the-one", .type = "ssh", .origin = "a file"};
	struct err e = {.text = ""};

	if (a != NULL && value_parse_json(a, (const char *)data, size, &c.extra, &e) == 0) {
		e.text[0] = '\0';
		if (connection_check(&c, &e) == 0)
			check_used(a, &c);
		else if (strstr(e.text, c.id) == NULL)
			abort();
		must_not_show(&c.extra, &c.extra, e.text);
		check_algorithms(a, &c, &e);
	}
	arena_destroy(a);
	return 0;
}
