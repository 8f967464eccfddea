/* The store, opened late. N.B. nothing here makes one, or changes it. */
#include "store/stored.h"

#include <stdlib.h>

#include "engine/err.h"

struct stored {
	struct connection_source source;
	struct store_options options;
	struct store *store; /* NULL: not opened yet */
};

/* N.B. whatever keeps a store from being opened, who wants something of it cannot reach it. */
static int open_late(struct stored *s, struct err *e)
{
	int r = s->store != NULL ? 0 : store_open(&s->options, &s->store, e);

	if (r != 0 && r != ERR_NOTFOUND && r != ERR_NOMEM)
		r = e->code = ERR_UNAVAILABLE;
	return r;
}

static int find(void *ctx, struct arena *a, const char *id, struct connection *out, struct err *e)
{
	struct stored *s = ctx;
	int r = open_late(s, e);

	return r == 0 ? store_connection_get(s->store, a, id, out, e) : r;
}

static int keypair(
	void *ctx, struct arena *a, const char *name, const char **key, size_t *len, struct err *e)
{
	struct stored *s = ctx;
	int r = open_late(s, e);

	if (r == ERR_NOTFOUND)
		return err_set(e, r, "there is no keypair %s: nothing is stored yet", name);
	return r == 0 ? store_keypair_private(s->store, a, name, key, len, e) : r;
}

struct stored *stored_create(const char *home, char *const *env)
{
	struct stored *s = calloc(1, sizeof(*s));

	if (s == NULL)
		return NULL;
	s->options = (struct store_options){.home = home, .env = env, .actor = ""};
	s->source = (struct connection_source){.ctx = s, .find = find, .keypair = keypair};
	return s;
}

void stored_destroy(struct stored *s)
{
	if (s == NULL)
		return;
	store_close(s->store);
	free(s);
}

const struct connection_source *stored_connections(const struct stored *s)
{
	return &s->source;
}

int stored_variable(struct stored *s, struct arena *a, const char *name, struct store_variable *out,
	struct err *e)
{
	int r = open_late(s, e);

	if (r == ERR_NOTFOUND)
		return err_set(e, r, "there is no variable %s", name);
	return r == 0 ? store_variable_get(s->store, a, name, out, e) : r;
}
