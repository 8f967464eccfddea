/* Taking keys and passwords out of a connection. */
#include "cli/connection_variant.h"

#include <string.h>

#include "engine/arena.h"
#include "engine/err.h"

static bool is_login(const char *key)
{
	static const char *const keys[] = {"agent", "key_file", "keypair", "look_for_keys",
		"private_key", "private_key_passphrase"};

	for (size_t i = 0; i < sizeof(keys) / sizeof(keys[0]); i++)
		if (strcmp(keys[i], key) == 0)
			return true;
	return false;
}

static int find(void *ctx, struct arena *a, const char *id, struct connection *out, struct err *e)
{
	const struct connection_variant *v = ctx;
	struct connection c;
	int r = v->all->find(v->all->ctx, a, id, &c, e);
	struct value_pair *pairs;
	size_t n = 0;

	if (r != 0)
		return r;
	/* N.B. a jump host is to be reached as ever, and is no place for the password of another.
	 */
	if (strcmp(id, v->id) != 0) {
		*out = c;
		return 0;
	}
	c.password = v->password;
	pairs = arena_array(a, c.extra.len + 1, sizeof(*pairs));
	if (pairs == NULL)
		return err_set(e, ERR_NOMEM, "%s", err_text(ERR_NOMEM));
	for (size_t i = 0; c.extra.type == VALUE_MAP && i < c.extra.len; i++)
		if (v->has_keys || !is_login(c.extra.u.pairs[i].key))
			pairs[n++] = c.extra.u.pairs[i];
	if (!v->has_keys)
		pairs[n++] = (struct value_pair){"look_for_keys", 13, value_bool(false)};
	c.extra = (struct value){.type = VALUE_MAP, .len = n, .u.pairs = pairs};
	*out = c;
	return 0;
}

static int keypair(
	void *ctx, struct arena *a, const char *name, const char **key, size_t *len, struct err *e)
{
	const struct connection_variant *v = ctx;

	return v->all->keypair == NULL
		? err_set(e, ERR_NOTFOUND, "there are no stored keypairs here")
		: v->all->keypair(v->all->ctx, a, name, key, len, e);
}

struct connection_source connection_variant_source(struct connection_variant *v)
{
	return (struct connection_source){.ctx = v, .find = find, .keypair = keypair};
}
