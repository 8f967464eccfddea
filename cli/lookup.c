/* Variables and connections, for commands. */
#include "cli/lookup.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cli/connection_view.h"
#include "cli/report.h"
#include "cli/settings.h"
#include "engine/err.h"
#include "engine/mask.h"
#include "scheduler/env_source.h"
#include "store/connections.h"
#include "store/stored.h"

/* N.B. the secrets of extra are those that connection_view hides; lists and objects are left out.
 */
static int learn(struct mask *m, const struct connection *c)
{
	int r = c->password == NULL ? 0 : mask_add(m, c->password, strlen(c->password));

	for (size_t i = 0; c->extra.type == VALUE_MAP && i < c->extra.len && r == 0; i++) {
		const struct value_pair *p = &c->extra.u.pairs[i];

		if (p->value.type == VALUE_STRING && connection_view_is_secret(p->key))
			r = mask_add(m, p->value.u.text, p->value.len);
	}
	return r;
}

static int find_masking(
	void *ctx, struct arena *a, const char *id, struct connection *out, struct err *e)
{
	struct lookup *l = ctx;
	const struct connection_source *all = connections_source(l->connections);
	struct connection c;
	int r = all->find(all->ctx, a, id, &c, e);

	if (r != 0)
		return r;
	r = learn(l->mask, &c);
	if (r != 0)
		return err_set(
			e, r, "the secrets of connection %s cannot be masked: %s", id, err_text(r));
	*out = c;
	return 0;
}

static int keypair_masking(
	void *ctx, struct arena *a, const char *name, const char **key, size_t *len, struct err *e)
{
	struct lookup *l = ctx;
	const struct connection_source *all = connections_source(l->connections);
	int r = all->keypair(all->ctx, a, name, key, len, e);

	if (r == 0 && (r = mask_add(l->mask, *key, *len)) != 0)
		(void)err_set(
			e, r, "the key of keypair %s cannot be masked: %s", name, err_text(r));
	return r;
}

bool lookup_open(struct lookup *l, const char *home)
{
	struct err e;

	memset(l, 0, sizeof(*l));
	(void)err_set(&e, ERR_NOMEM, "%s", err_text(ERR_NOMEM));
	l->home = strdup(home);
	l->stored = l->home == NULL ? NULL : stored_create(l->home, environ);
	l->mask = mask_create();
	if (l->stored == NULL || l->mask == NULL ||
		connections_create(environ, l->home, stored_connections(l->stored), &l->connections,
			&e) != 0) {
		report_error("%s", e.text);
		return false;
	}
	l->masking = (struct connection_source){
		.ctx = l, .find = find_masking, .keypair = keypair_masking};
	l->ctx = (struct stored_source){.env = env_source(environ),
		.stored = l->stored,
		.connections = &l->masking,
		.mask = l->mask};
	l->source = stored_source(&l->ctx);
	return true;
}

bool lookup_home(struct lookup *l)
{
	struct settings *s = settings_or_report();
	bool is_open;

	memset(l, 0, sizeof(*l));
	is_open = s != NULL && lookup_open(l, settings_home_path(s));
	settings_destroy(s);
	return is_open;
}

void lookup_close(struct lookup *l)
{
	connections_destroy(l->connections);
	stored_destroy(l->stored);
	mask_destroy(l->mask);
	free(l->home);
	memset(l, 0, sizeof(*l));
}

void lookup_hide_secrets(struct lookup *l)
{
	l->ctx.hides_secrets = true;
}

const struct connection_source *lookup_connections(const struct lookup *l)
{
	return &l->masking;
}
