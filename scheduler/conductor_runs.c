/*
 * The conductor's books: its runners, in the order of their making, by DAG and run id, and by their
 * number in dispatch; and the numbers of pools.
 */
#include <stdlib.h>
#include <string.h>

#include "engine/dag.h"
#include "engine/hash.h"
#include "engine/strmap.h"
#include "scheduler/conductor_impl.h"
#include "scheduler/edition.h"
#include "store/clock.h"

/* ---- by DAG and run id ---- */

static struct runner **bucket(const struct conductor *c, const char *dag_id, const char *run_id)
{
	uint64_t h = hash_text(hash_text(HASH_BEGIN, dag_id), run_id);

	return &c->hashed[(h ^ h >> 17) & (c->n_hashed - 1)];
}

/* As many buckets as runners. */
static int buckets_reserve(struct conductor *c)
{
	size_t n = c->n_hashed == 0 ? 64 : c->n_hashed * 2;
	struct runner **list, **old = c->hashed;

	if (c->n_runners < c->n_hashed)
		return 0;
	list = calloc(n, sizeof(struct runner *));
	if (list == NULL)
		return ERR_NOMEM;
	c->hashed = list;
	c->n_hashed = n;
	for (struct runner *r = c->first; r != NULL; r = r->next) {
		struct runner **at = bucket(c, runner_dag_id(r), r->facts.run_id);

		r->next_hashed = *at;
		*at = r;
	}
	free(old);
	return 0;
}

struct runner *conductor_run_find(const struct conductor *c, const char *dag_id, const char *run_id)
{
	struct runner *r = c->n_hashed == 0 ? NULL : *bucket(c, dag_id, run_id);

	while (r != NULL &&
		(strcmp(runner_dag_id(r), dag_id) != 0 || strcmp(r->facts.run_id, run_id) != 0))
		r = r->next_hashed;
	return r;
}

struct runner *conductor_run_first(const struct conductor *c)
{
	return c->first;
}

struct runner *conductor_run_next(const struct runner *r)
{
	return r->next;
}

/* ---- seats ---- */

/* Room for one more seat, and for all of them free. */
static int seats_reserve(struct conductor *c)
{
	uint32_t cap = c->cap_seats == 0 ? 16 : c->cap_seats * 2;
	struct runner **seats;
	uint32_t *free_seats;

	if (c->n_free_seats > 0 || c->n_seats < c->cap_seats)
		return 0;
	if (c->n_seats >= DISPATCH_NUMBERS_MAX)
		return ERR_LIMIT;
	seats = realloc(c->seats, cap * sizeof(struct runner *));
	if (seats == NULL)
		return ERR_NOMEM;
	c->seats = seats;
	free_seats = realloc(c->free_seats, cap * sizeof(*free_seats));
	if (free_seats == NULL)
		return ERR_NOMEM;
	c->free_seats = free_seats;
	c->cap_seats = cap;
	return 0;
}

int conductor_seat(struct conductor *c, struct runner *r, struct err *e)
{
	struct runner **at;
	int status = seats_reserve(c);

	if (status == ERR_LIMIT)
		return err_set(e, status, "there are %u runs in memory already; no more fit",
			(unsigned)DISPATCH_NUMBERS_MAX);
	if (status == 0)
		status = buckets_reserve(c);
	r->seat = c->n_free_seats > 0 ? c->free_seats[c->n_free_seats - 1] : c->n_seats;
	if (status == 0)
		status = dispatch_run_set(
			c->dispatch, r->seat, r->edition->plan->run.max_active_tasks);
	if (status != 0)
		return err_set(e, status, "%s", err_text(status));
	if (c->n_free_seats > 0)
		c->n_free_seats--;
	else
		c->n_seats++;
	c->seats[r->seat] = r;
	r->prev = c->last;
	r->next = NULL;
	*(c->last == NULL ? &c->first : &c->last->next) = r;
	c->last = r;
	c->n_runners++;
	at = bucket(c, runner_dag_id(r), r->facts.run_id);
	r->next_hashed = *at;
	*at = r;
	return 0;
}

void conductor_unseat(struct conductor *c, struct runner *r)
{
	struct runner **at = bucket(c, runner_dag_id(r), r->facts.run_id);

	while (*at != r)
		at = &(*at)->next_hashed;
	*at = r->next_hashed;
	*(r->prev == NULL ? &c->first : &r->prev->next) = r->next;
	*(r->next == NULL ? &c->last : &r->next->prev) = r->prev;
	c->n_runners--;
	dispatch_run_drop(c->dispatch, r->seat);
	c->seats[r->seat] = NULL;
	c->free_seats[c->n_free_seats++] = r->seat;
	c->is_grant_due = true;
}

void conductor_books_free(struct conductor *c)
{
	free(c->hashed);
	free(c->seats);
	free(c->free_seats);
	free(c->is_sized);
	for (uint32_t i = 0; i < c->n_pools; i++)
		free(c->pool_names[i]);
	free(c->pool_names);
}

void conductor_tell_added(struct conductor *c, struct runner *r)
{
	struct conductor_observer *next;

	for (struct conductor_observer *o = c->observers; o != NULL; o = next) {
		next = o->next;
		if (o->on_added != NULL)
			o->on_added(o->ctx, r);
	}
}

int conductor_run_add(
	struct conductor *c, const struct run_spec *spec, struct runner **out, struct err *e)
{
	struct runner *r;
	int status;

	if (conductor_run_find(c, spec->edition->dag->dag_id, spec->facts->run_id) != NULL)
		return err_set(e, ERR_EXISTS, "%s has a run %s already", spec->edition->dag->dag_id,
			spec->facts->run_id);
	status = runner_create(c, spec, &r, e);
	if (status != 0)
		return status;
	status = conductor_seat(c, r, e);
	if (status != 0) {
		runner_free(r);
		return status;
	}
	if (c->o.journal != NULL) {
		r->number = c->next_number++;
		r->queued_at = clock_wall_ms();
		r->made_in = c->n_batches;
		runner_store_run(r);
	}
	if (out != NULL)
		*out = r;
	conductor_tell_added(c, r);
	return 0;
}

/* ---- pools ---- */

/* Room for one more pool, with its name. */
static int pool_room(struct conductor *c, const char *name)
{
	bool *is_sized = realloc(c->is_sized, c->n_pools + 1);
	char **names;

	if (is_sized == NULL)
		return ERR_NOMEM;
	c->is_sized = is_sized;
	c->is_sized[c->n_pools] = false;
	names = realloc(c->pool_names, (c->n_pools + 1) * sizeof(char *));
	if (names == NULL)
		return ERR_NOMEM;
	c->pool_names = names;
	names[c->n_pools] = strdup(name);
	return names[c->n_pools] == NULL ? ERR_NOMEM : 0;
}

const char *conductor_pool_name(const struct conductor *c, uint32_t number)
{
	return number < c->n_pools ? c->pool_names[number] : NULL;
}

int conductor_pool_number(struct conductor *c, const char *name, uint32_t *out)
{
	size_t len = strlen(name);
	uint32_t number = strmap_find(c->pools, name, len);
	int status = 0;

	if (number == STRMAP_NONE) {
		number = c->n_pools;
		status = pool_room(c, name);
		if (status != 0)
			return status;
		status = dispatch_pool_set(c->dispatch, number, c->o.default_pool_slots);
		/* N.B. the map keeps no copy of a name. */
		if (status == 0)
			status = strmap_add(c->pools, c->pool_names[number], len, number);
		if (status == 0)
			c->n_pools++;
		else
			free(c->pool_names[number]);
	}
	if (status == 0)
		*out = number;
	return status;
}

int conductor_pool_set(struct conductor *c, const char *name, uint32_t slots)
{
	uint32_t number;
	int status = conductor_pool_number(c, name, &number);

	if (status == 0)
		status = dispatch_pool_set(c->dispatch, number, slots);
	if (status == 0)
		c->is_grant_due = c->is_sized[number] = true;
	return status;
}

int conductor_pool_unset(struct conductor *c, const char *name)
{
	int status = conductor_pool_set(c, name, c->o.default_pool_slots);

	if (status == 0)
		c->is_sized[strmap_find(c->pools, name, strlen(name))] = false;
	return status;
}

bool conductor_pool_is_known(const struct conductor *c, const char *name)
{
	uint32_t number = strmap_find(c->pools, name, strlen(name));

	return strcmp(name, DAG_DEFAULT_POOL) == 0 ||
		(number != STRMAP_NONE && c->is_sized[number]);
}

int conductor_default_slots_set(struct conductor *c, uint32_t slots)
{
	int status = 0;

	c->o.default_pool_slots = slots;
	for (uint32_t i = 0; i < c->n_pools && status == 0; i++)
		if (!c->is_sized[i])
			status = dispatch_pool_set(c->dispatch, i, slots);
	c->is_grant_due = true;
	return status;
}

int conductor_pool_get(const struct conductor *c, const char *name, uint32_t *slots, uint64_t *held,
	size_t *waiting)
{
	uint32_t number = strmap_find(c->pools, name, strlen(name));

	if (number == STRMAP_NONE)
		return ERR_NOTFOUND;
	return dispatch_pool_get(c->dispatch, number, slots, held, waiting);
}
