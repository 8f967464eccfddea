/*
 * The chain of sources of connections. Each is asked anew each time, so that what a person changes
 * counts for the next task.
 */
#include "store/connections.h"

#include <stdlib.h>
#include <string.h>

#include "engine/arena.h"
#include "engine/err.h"

#define ENV_PREFIX "WINDROW_CONN_"

struct connections {
	struct connection_source source;
	const struct connection_source *stored;
	char *const *env;
	const char *home;
};

/* The letter of a variable's name that stands for one of an id: no shell can export a variable with
 * a - or a dot in its name. */
static char env_letter(char c)
{
	if (c >= 'a' && c <= 'z')
		return (char)(c - 'a' + 'A');
	return c == '-' || c == '.' ? '_' : c;
}

/* The value of $WINDROW_CONN_<ID>, or NULL. */
static const char *env_find(char *const *env, const char *id)
{
	size_t prefix = strlen(ENV_PREFIX), n = strlen(id), i;

	for (; *env != NULL; env++) {
		if (strncmp(*env, ENV_PREFIX, prefix) != 0)
			continue;
		for (i = 0; i < n && (*env)[prefix + i] == env_letter(id[i]); i++)
			;
		if (i == n && (*env)[prefix + n] == '=')
			return *env + prefix + n + 1;
	}
	return NULL;
}

static int find(void *ctx, struct arena *a, const char *id, struct connection *out, struct err *e)
{
	const struct connections *c = ctx;
	const char *text = env_find(c->env, id);
	int r;

	if (text != NULL) {
		r = connection_parse(a, id, text, strlen(text), out, e);
		out->origin = "the environment";
		return r;
	}
	if (c->stored != NULL) {
		r = c->stored->find(c->stored->ctx, a, id, out, e);
		if (r != ERR_NOTFOUND)
			return r;
	}
	return err_set(e, ERR_NOTFOUND,
		"there is no connection \"%s\": neither $" ENV_PREFIX
		"%s nor %s/" CONNECTIONS_FILE_NAME " says what it is",
		id, id, c->home);
}

int connections_create(char *const *env, const char *home, const struct connection_source *stored,
	struct connections **out, struct err *e)
{
	struct connections *c = calloc(1, sizeof(*c));

	if (c == NULL)
		return err_set(e, ERR_NOMEM, "out of memory");
	c->source = (struct connection_source){.ctx = c, .find = find};
	c->stored = stored;
	c->env = env;
	c->home = home;
	*out = c;
	return 0;
}

void connections_destroy(struct connections *c)
{
	free(c);
}

const struct connection_source *connections_source(const struct connections *c)
{
	return &c->source;
}
