/*
 * The store for whoever only looks things up now and then, as a run does: opened when it is first
 * asked, and fine with not being there.
 */
#ifndef STORE_STORED_H
#define STORE_STORED_H

#include "store/store.h"

struct stored;

/* Makes one over the store in home; both arguments must outlive it. NULL: no memory. */
struct stored *stored_create(const char *home, char *const *env);
void stored_destroy(struct stored *s);

/* The stored connections and keypairs, as a source. It lives as long as the store. */
const struct connection_source *stored_connections(const struct stored *s);

/* As store_variable_get(); ERR_NOTFOUND too where there is no store. */
int stored_variable(struct stored *s, struct arena *a, const char *name, struct store_variable *out,
	struct err *e);

#endif
