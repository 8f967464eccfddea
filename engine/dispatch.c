/*
 * Dispatch: pools, maxima and priorities across runs.
 *
 * What one run waits for in one pool is a line: a heap of its entries. A pool has a heap of lines,
 * each ranked as its first entry is; and pools that can do something now are in a heap, ranked as
 * their first line is. Invariants, which settle() restores after each change:
 *  - a line is in its pool's heap exactly where it has an entry and its run is below its maximum;
 *  - a pool is among the ready exactly where its first entry fits into it now, or never will.
 *
 * It does not know what a task is, keeps no time and starts nothing.
 */
#include "engine/dispatch.h"

#include <stdlib.h>
#include <string.h>

#include "engine/rank_heap.h"

struct line;

/* A request: waiting in its line, or holding slots. */
struct entry {
	struct rank_node node; /* first: the line's heap gives entries back as nodes */
	struct dispatch_key key;
	uint32_t slots;
	struct line *line;
	bool is_holding;
	struct entry *prev, *next; /* others of the same run that hold */
};

struct line {
	struct rank_node node; /* first, as above */
	struct rank_heap entries;
	struct run_use *run;
	struct pool *pool;
	struct line *next; /* of the same run */
};

struct run_use {
	uint32_t max_active, n_active;
	struct line *lines;
	struct entry *holding;
};

struct pool {
	struct rank_node node; /* first, as above */
	struct rank_heap lines;
	uint32_t slots;
	uint64_t held;
	size_t waiting;
	size_t n_lines; /* all that there are, in the heap or not */
};

/* Entries by key: open addressing, linear, with deletion by moving back. Half full at most. N.B.
 * the hash stands beside the entry, so that passing over a slot does not fetch what it points to.
 */
struct slot {
	struct entry *entry; /* NULL: free */
	size_t hash;
};

struct table {
	struct slot *slots;
	size_t n, cap; /* cap: a power of two */
};

struct dispatch {
	struct pool **pools; /* by number; NULL where there is none */
	size_t n_pools;
	struct run_use **runs;
	size_t n_runs;
	struct rank_heap ready;
	struct table table;
	uint64_t arrivals;
};

static size_t hash(const struct dispatch_key *k)
{
	uint64_t x = (uint64_t)k->run << 32 ^ k->task;

	x = (x ^ (x >> 31)) * UINT64_C(0x9e3779b97f4a7c15);
	x = (x ^ (x >> 29) ^ k->instance) * UINT64_C(0xbf58476d1ce4e5b9);
	return (size_t)(x ^ (x >> 32));
}

static bool key_is(const struct dispatch_key *a, const struct dispatch_key *b)
{
	return a->run == b->run && a->task == b->task && a->instance == b->instance;
}

/* Where the key is, or where it would go. */
static size_t table_place(const struct table *t, const struct dispatch_key *key)
{
	size_t h = hash(key), i = h & (t->cap - 1);

	while (t->slots[i].entry != NULL &&
		(t->slots[i].hash != h || !key_is(&t->slots[i].entry->key, key)))
		i = (i + 1) & (t->cap - 1);
	return i;
}

static struct entry *table_find(const struct table *t, const struct dispatch_key *key)
{
	return t->cap == 0 ? NULL : t->slots[table_place(t, key)].entry;
}

/* A key that is not there yet. There is room. */
static void table_add(struct table *t, struct entry *e)
{
	t->slots[table_place(t, &e->key)] = (struct slot){e, hash(&e->key)};
	t->n++;
}

static int table_reserve(struct table *t)
{
	struct table bigger = {.cap = t->cap == 0 ? 64 : t->cap * 2};

	if (t->n < t->cap / 2)
		return 0;
	if ((bigger.slots = calloc(bigger.cap, sizeof(struct slot))) == NULL)
		return ERR_NOMEM;
	for (size_t i = 0; i < t->cap; i++)
		if (t->slots[i].entry != NULL)
			table_add(&bigger, t->slots[i].entry);
	free(t->slots);
	*t = bigger;
	return 0;
}

static void table_remove(struct table *t, const struct dispatch_key *key)
{
	size_t mask = t->cap - 1, hole = table_place(t, key);

	for (size_t i = (hole + 1) & mask; t->slots[i].entry != NULL; i = (i + 1) & mask) {
		size_t home = t->slots[i].hash & mask;

		if (((i - home) & mask) < ((i - hole) & mask))
			continue;
		t->slots[hole] = t->slots[i];
		hole = i;
	}
	t->slots[hole].entry = NULL;
	t->n--;
}

/* Puts a node into a heap, or moves it, to where the one ranks that stands first below it; takes it
 * out where that is NULL. There is room. */
static void place(struct rank_heap *h, struct rank_node *node, const struct rank_node *first)
{
	if (first == NULL) {
		if (node->place != RANK_NOWHERE)
			rank_heap_remove(h, node);
		return;
	}
	node->priority = first->priority;
	node->arrival = first->arrival;
	if (node->place == RANK_NOWHERE)
		rank_heap_add(h, node);
	else
		rank_heap_move(h, node);
}

static bool run_has_room(const struct run_use *u)
{
	return u->max_active == 0 || u->n_active < u->max_active;
}

static struct entry *pool_first(const struct pool *p)
{
	struct line *l = (struct line *)rank_heap_top(&p->lines);

	return l == NULL ? NULL : (struct entry *)rank_heap_top(&l->entries);
}

static void settle_pool(struct dispatch *d, struct pool *p)
{
	const struct entry *e = pool_first(p);
	bool is_ready = e != NULL && p->slots > 0 &&
		(e->slots > p->slots || p->held + e->slots <= p->slots);

	place(&d->ready, &p->node, is_ready ? &e->node : NULL);
}

static void settle(struct dispatch *d, struct line *l)
{
	place(&l->pool->lines, &l->node, run_has_room(l->run) ? rank_heap_top(&l->entries) : NULL);
	settle_pool(d, l->pool);
}

static void settle_run(struct dispatch *d, struct run_use *u)
{
	for (struct line *l = u->lines; l != NULL; l = l->next)
		settle(d, l);
}

/* Grows an array of pointers by number. */
static int reach(void ***list, size_t *n, uint32_t number)
{
	size_t want = *n < 8 ? 8 : *n;
	void **more;

	if (number < *n)
		return 0;
	if (number >= DISPATCH_NUMBERS_MAX)
		return ERR_LIMIT;
	while (want <= number)
		want *= 2;
	if ((more = realloc(*list, want * sizeof(void *))) == NULL)
		return ERR_NOMEM;
	memset(more + *n, 0, (want - *n) * sizeof(void *));
	*list = more;
	*n = want;
	return 0;
}

struct dispatch *dispatch_create(void)
{
	return calloc(1, sizeof(struct dispatch));
}

void dispatch_destroy(struct dispatch *d)
{
	if (d == NULL)
		return;
	for (size_t i = 0; i < d->n_runs; i++)
		dispatch_run_drop(d, (uint32_t)i);
	for (size_t i = 0; i < d->n_pools; i++)
		if (d->pools[i] != NULL) {
			rank_heap_free(&d->pools[i]->lines);
			free(d->pools[i]);
		}
	rank_heap_free(&d->ready);
	free(d->pools);
	free(d->runs);
	free(d->table.slots);
	free(d);
}

int dispatch_pool_set(struct dispatch *d, uint32_t pool, uint32_t slots)
{
	struct pool *p;
	void **list = (void **)d->pools;
	int rc;

	if (slots > DISPATCH_SLOTS_MAX)
		return ERR_LIMIT;
	rc = reach(&list, &d->n_pools, pool);
	d->pools = (struct pool **)list;
	if (rc != 0)
		return rc;
	if ((p = d->pools[pool]) == NULL) {
		if (rank_heap_reserve(&d->ready, d->n_pools) != 0)
			return ERR_NOMEM;
		if ((p = calloc(1, sizeof(*p))) == NULL)
			return ERR_NOMEM;
		p->node.place = RANK_NOWHERE;
		d->pools[pool] = p;
	}
	p->slots = slots;
	settle_pool(d, p);
	return 0;
}

int dispatch_run_set(struct dispatch *d, uint32_t run, uint32_t max_active)
{
	void **list = (void **)d->runs;
	int rc = reach(&list, &d->n_runs, run);

	d->runs = (struct run_use **)list;
	if (rc != 0)
		return rc;
	if (d->runs[run] == NULL && (d->runs[run] = calloc(1, sizeof(struct run_use))) == NULL)
		return ERR_NOMEM;
	d->runs[run]->max_active = max_active;
	settle_run(d, d->runs[run]);
	return 0;
}

static void entry_free(struct dispatch *d, struct entry *e)
{
	table_remove(&d->table, &e->key);
	free(e);
}

static void stop_waiting(struct entry *e)
{
	rank_heap_remove(&e->line->entries, &e->node);
	e->line->pool->waiting--;
}

static void start_holding(struct entry *e)
{
	struct run_use *u = e->line->run;

	e->is_holding = true;
	e->prev = NULL;
	e->next = u->holding;
	if (u->holding != NULL)
		u->holding->prev = e;
	u->holding = e;
	u->n_active++;
	e->line->pool->held += e->slots;
}

static void stop_holding(struct entry *e)
{
	struct run_use *u = e->line->run;

	if (e->prev != NULL)
		e->prev->next = e->next;
	else
		u->holding = e->next;
	if (e->next != NULL)
		e->next->prev = e->prev;
	u->n_active--;
	e->line->pool->held -= e->slots;
}

void dispatch_run_drop(struct dispatch *d, uint32_t run)
{
	struct run_use *u = run < d->n_runs ? d->runs[run] : NULL;
	struct line *l;

	if (u == NULL)
		return;
	while (u->holding != NULL) {
		struct entry *e = u->holding;

		stop_holding(e);
		entry_free(d, e);
	}
	while ((l = u->lines) != NULL) {
		struct entry *e;

		while ((e = (struct entry *)rank_heap_top(&l->entries)) != NULL) {
			stop_waiting(e);
			entry_free(d, e);
		}
		settle(d, l);
		l->pool->n_lines--;
		u->lines = l->next;
		rank_heap_free(&l->entries);
		free(l);
	}
	free(u);
	d->runs[run] = NULL;
}

/* The run's line in a pool, made where there is none. NULL: no memory. */
static struct line *line_get(struct run_use *u, struct pool *p)
{
	struct line *l;

	for (l = u->lines; l != NULL; l = l->next)
		if (l->pool == p)
			return l;
	if (rank_heap_reserve(&p->lines, p->n_lines + 1) != 0)
		return NULL;
	if ((l = calloc(1, sizeof(*l))) == NULL)
		return NULL;
	l->node.place = RANK_NOWHERE;
	l->run = u;
	l->pool = p;
	l->next = u->lines;
	u->lines = l;
	p->n_lines++;
	return l;
}

/* Checks a request and makes its entry, in the table but neither waiting nor holding. */
static int entry_make(
	struct dispatch *d, const struct dispatch_request *q, struct entry **out, struct err *e)
{
	struct run_use *u = q->key.run < d->n_runs ? d->runs[q->key.run] : NULL;
	struct pool *p = q->pool < d->n_pools ? d->pools[q->pool] : NULL;
	struct entry *n;
	struct line *l;

	if (u == NULL)
		return err_set(e, ERR_NOTFOUND, "dispatch: run %u is not known", q->key.run);
	if (p == NULL)
		return err_set(e, ERR_NOTFOUND, "dispatch: there is no pool %u", q->pool);
	if (table_find(&d->table, &q->key) != NULL)
		return err_set(e, ERR_EXISTS, "dispatch: task %u of run %u is in line already",
			q->key.task, q->key.run);
	if (d->table.n >= DISPATCH_ENTRIES_MAX)
		return err_set(
			e, ERR_LIMIT, "dispatch: more than %d tasks at once", DISPATCH_ENTRIES_MAX);
	if ((l = line_get(u, p)) == NULL || table_reserve(&d->table) != 0 ||
		rank_heap_reserve(&l->entries, l->entries.n + 1) != 0 ||
		(n = calloc(1, sizeof(*n))) == NULL)
		return err_set(e, ERR_NOMEM, "out of memory");
	n->node.place = RANK_NOWHERE;
	n->node.priority = q->priority;
	n->node.arrival = d->arrivals++;
	n->key = q->key;
	n->slots = q->slots == 0 ? 1 : q->slots;
	n->line = l;
	table_add(&d->table, n);
	*out = n;
	return 0;
}

int dispatch_queue(struct dispatch *d, const struct dispatch_request *q, struct err *e)
{
	struct entry *n;
	int rc = entry_make(d, q, &n, e);

	if (rc != 0)
		return rc;
	rank_heap_add(&n->line->entries, &n->node);
	n->line->pool->waiting++;
	settle(d, n->line);
	return 0;
}

int dispatch_hold(struct dispatch *d, const struct dispatch_request *q, struct err *e)
{
	struct entry *n;
	int rc = entry_make(d, q, &n, e);

	if (rc != 0)
		return rc;
	start_holding(n);
	settle_run(d, n->line->run);
	return 0;
}

void dispatch_unqueue(struct dispatch *d, const struct dispatch_key *key)
{
	struct entry *n = table_find(&d->table, key);
	struct line *l;

	if (n == NULL || n->is_holding)
		return;
	l = n->line;
	stop_waiting(n);
	entry_free(d, n);
	settle(d, l);
}

void dispatch_release(struct dispatch *d, const struct dispatch_key *key)
{
	struct entry *n = table_find(&d->table, key);
	struct run_use *u;

	if (n == NULL || !n->is_holding)
		return;
	u = n->line->run;
	stop_holding(n);
	entry_free(d, n);
	settle_run(d, u);
}

enum dispatch_answer dispatch_next(struct dispatch *d, struct dispatch_key *key)
{
	struct pool *p = (struct pool *)rank_heap_top(&d->ready);
	struct entry *n;
	struct line *l;

	if (p == NULL)
		return DISPATCH_NOTHING;
	n = pool_first(p);
	l = n->line;
	*key = n->key;
	stop_waiting(n);
	if (n->slots > p->slots) {
		entry_free(d, n);
		settle(d, l);
		return DISPATCH_REFUSED;
	}
	start_holding(n);
	settle_run(d, l->run);
	return DISPATCH_GRANTED;
}

int dispatch_pool_get(
	const struct dispatch *d, uint32_t pool, uint32_t *slots, uint64_t *held, size_t *waiting)
{
	const struct pool *p = pool < d->n_pools ? d->pools[pool] : NULL;

	if (p == NULL)
		return ERR_NOTFOUND;
	*slots = p->slots;
	*held = p->held;
	*waiting = p->waiting;
	return 0;
}
