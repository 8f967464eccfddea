/* What a person asks of pools: how many slots one has. */
#include <string.h>

#include "scheduler/conductor.h"
#include "scheduler/requests_impl.h"
#include "store/journal.h"
#include "store/store_run.h"

#define DEFAULT_POOL "default_pool"

/* What became of sizing a pool. */
static int sized(const char *name, int status, struct err *e)
{
	return status == 0 ? 0 : err_set(e, status, "the pool %s: %s", name, err_text(status));
}

static int pool_find(struct call *c, const char *name, bool *is_there, struct err *e)
{
	struct store_pool *pools;
	size_t n;
	int status = store_pools(c->requests->o.store, c->arena, &pools, &n, e);

	*is_there = false;
	for (size_t i = 0; i < n && status == 0; i++)
		*is_there |= strcmp(pools[i].name, name) == 0;
	return status;
}

int requests_pool_set(struct call *c, const struct request *r, struct err *e)
{
	struct store_pool p = {
		.name = r->pool, .slots = (uint32_t)r->slots, .description = r->description};
	struct fields f = {.arena = c->arena};
	int status = store_pool_check(&p, e);

	/* N.B. what the journal could never store would hold up everything behind it. */
	if (status != 0)
		return status;
	fields_text(&f, "pool", r->pool);
	fields_int(&f, "slots", r->slots);
	fields_text(&f, "description", r->description);
	status = fields_end(&f, &c->answer, e);
	if (status == 0)
		status = sized(
			r->pool, conductor_pool_set(c->requests->o.conductor, r->pool, p.slots), e);
	if (status == 0)
		status = journal_pool(c->requests->o.journal, &p);
	return status;
}

int requests_pool_delete(struct call *c, const struct request *r, struct err *e)
{
	struct requests *q = c->requests;
	struct fields f = {.arena = c->arena};
	bool is_there;
	int status = pool_find(c, r->pool, &is_there, e);

	if (status != 0)
		return status;
	if (strcmp(r->pool, DEFAULT_POOL) == 0)
		return err_set(e, ERR_ILLEGAL,
			DEFAULT_POOL " is always there; `windrow pools set` sizes it");
	if (!is_there)
		return err_set(e, ERR_NOTFOUND, "there is no pool %s", r->pool);
	fields_text(&f, "pool", r->pool);
	status = fields_end(&f, &c->answer, e);
	if (status == 0)
		status = sized(r->pool, conductor_pool_unset(q->o.conductor, r->pool), e);
	if (status == 0)
		status = journal_pool_delete(q->o.journal, r->pool);
	return status;
}
