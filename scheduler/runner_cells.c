/*
 * The runner's book. A cell is made when its task begins something, so that a large DAG of which
 * little runs costs little.
 */
#include "scheduler/runner_cells.h"

#include <stdlib.h>
#include <string.h>

#include "engine/arena.h"
#include "engine/err.h"
#include "engine/instant.h"
#include "scheduler/render.h"
#include "scheduler/try.h"

/* What is kept of a task. */
struct entry {
	struct cell *cell;
	struct cell **instances; /* of a for_each; NULL: none yet */
	uint32_t n_instances;
	struct arena *arena; /* of the items */
	struct value items; /* a list */
};

struct cells {
	uint32_t n_tasks;
	struct entry *entries;
	struct runner *runner;
	struct timers *timers;
	struct cell run; /* for the timer of the run itself */
};

/* ---- timers ---- */

/* Room for one more cell's timer. */
static int timers_reserve(struct timers *t)
{
	int r = rank_heap_reserve(&t->heap, t->n_cells + 1);

	if (r == 0)
		t->n_cells++;
	return r;
}

static void timer_stop(struct timers *t, struct cell *cell)
{
	if (cell->node.place != RANK_NOWHERE)
		rank_heap_remove(&t->heap, &cell->node);
}

static struct cell *cell_of(struct rank_node *node)
{
	return (struct cell *)((char *)node - offsetof(struct cell, node));
}

struct cell *timers_due(struct timers *t, int64_t now, struct run_event *ev)
{
	struct rank_node *top = rank_heap_top(&t->heap);
	struct cell *cell;

	if (top == NULL || (int64_t)top->arrival > now)
		return NULL;
	rank_heap_remove(&t->heap, top);
	cell = cell_of(top);
	*ev = (struct run_event){.kind = RUN_EV_TIMER,
		.now = now,
		.task = cell->task,
		.instance = cell->instance,
		.try_number = cell->timer_try,
		.timer = cell->timer};
	return cell;
}

int64_t timers_next(const struct timers *t)
{
	const struct rank_node *top = rank_heap_top(&t->heap);

	return top == NULL ? INT64_MAX : (int64_t)top->arrival;
}

void timers_free(struct timers *t)
{
	rank_heap_free(&t->heap);
}

/* ---- cells ---- */

struct cells *cells_create(uint32_t n_tasks, struct runner *r, struct timers *timers)
{
	struct cells *c = calloc(1, sizeof(*c));

	if (c == NULL)
		return NULL;
	c->n_tasks = n_tasks;
	c->runner = r;
	c->timers = timers;
	c->run = (struct cell){.runner = r, .task = RUN_NO_TASK, .instance = RUN_NO_INSTANCE};
	c->run.node.place = RANK_NOWHERE;
	c->entries = calloc(n_tasks, sizeof(*c->entries));
	if (c->entries == NULL || timers_reserve(timers) != 0) {
		free(c->entries);
		free(c);
		return NULL;
	}
	return c;
}

static void dirty_remove(struct cell *cell)
{
	if (cell->prev_dirty == NULL)
		return;
	*cell->prev_dirty = cell->next_dirty;
	if (cell->next_dirty != NULL)
		cell->next_dirty->prev_dirty = cell->prev_dirty;
	cell->next_dirty = NULL;
	cell->prev_dirty = NULL;
}

void cell_dirty_add(struct cell **list, struct cell *cell)
{
	if (cell->prev_dirty != NULL)
		return;
	cell->next_dirty = *list;
	cell->prev_dirty = list;
	if (*list != NULL)
		(*list)->prev_dirty = &cell->next_dirty;
	*list = cell;
}

struct cell *cell_dirty_take(struct cell **list)
{
	struct cell *cell = *list;

	if (cell != NULL)
		dirty_remove(cell);
	return cell;
}

static void each_cell(struct cells *c, void (*what)(struct cell *cell, void *ctx), void *ctx)
{
	for (uint32_t t = 0; t < c->n_tasks; t++) {
		struct entry *n = &c->entries[t];

		if (n->cell != NULL)
			what(n->cell, ctx);
		for (uint32_t i = 0; i < n->n_instances; i++)
			if (n->instances[i] != NULL)
				what(n->instances[i], ctx);
	}
}

static void free_one(struct cell *cell, void *ctx)
{
	struct cells *c = ctx;

	(void)try_close(cell->try, NULL);
	timer_stop(c->timers, cell);
	c->timers->n_cells--;
	dirty_remove(cell);
	free(cell->kept);
	free(cell);
}

void cells_destroy(struct cells *c)
{
	if (c == NULL)
		return;
	each_cell(c, free_one, c);
	timer_stop(c->timers, &c->run);
	c->timers->n_cells--;
	for (uint32_t t = 0; t < c->n_tasks; t++) {
		free(c->entries[t].instances);
		arena_destroy(c->entries[t].arena);
	}
	free(c->entries);
	free(c);
}

static struct cell **place_of(const struct cells *c, uint32_t task, uint32_t instance)
{
	struct entry *n = &c->entries[task];

	if (instance == RUN_NO_INSTANCE)
		return &n->cell;
	return instance < n->n_instances ? &n->instances[instance] : NULL;
}

struct cell *cells_find(const struct cells *c, uint32_t task, uint32_t instance)
{
	struct cell **place = place_of(c, task, instance);

	return place == NULL ? NULL : *place;
}

struct cell *cells_get(struct cells *c, uint32_t task, uint32_t instance)
{
	struct cell **place = place_of(c, task, instance);
	struct cell *cell;

	if (place == NULL || *place != NULL)
		return place == NULL ? NULL : *place;
	cell = calloc(1, sizeof(*cell));
	if (cell == NULL || timers_reserve(c->timers) != 0) {
		free(cell);
		return NULL;
	}
	cell->runner = c->runner;
	cell->task = task;
	cell->instance = instance;
	cell->node.place = RANK_NOWHERE;
	*place = cell;
	return cell;
}

struct cell_kept *cell_keep(struct cell *cell)
{
	if (cell->kept != NULL)
		return cell->kept;
	cell->kept = calloc(1, sizeof(*cell->kept));
	if (cell->kept != NULL)
		cell->kept->started_at = cell->kept->ended_at = cell->kept->try_started_at =
			INSTANT_NONE;
	return cell->kept;
}

/* ---- items ---- */

int cells_reserve(struct cells *c, uint32_t task, uint32_t n)
{
	struct entry *entry = &c->entries[task];
	struct cell **instances;

	if (n <= entry->n_instances)
		return 0;
	instances = realloc(entry->instances, n * sizeof(struct cell *));
	if (instances == NULL)
		return ERR_NOMEM;
	memset(instances + entry->n_instances, 0, (n - entry->n_instances) * sizeof(struct cell *));
	entry->instances = instances;
	entry->n_instances = n;
	return 0;
}

/* Takes items, which live in the arena, and the arena. */
static int items_take(struct cells *c, uint32_t task, const struct value *items, struct arena *a)
{
	struct entry *entry = &c->entries[task];

	if (items->len <= RUN_ITEMS_MAX && cells_reserve(c, task, (uint32_t)items->len) != 0)
		return ERR_NOMEM;
	arena_destroy(entry->arena);
	entry->arena = a;
	entry->items = *items;
	return 0;
}

int cells_expand(struct cells *c, const struct render *render, uint32_t *n, struct err *e)
{
	struct arena *a = arena_create(0);
	struct value items;
	int r;

	if (a == NULL)
		return err_set(e, ERR_NOMEM, "%s", err_text(ERR_NOMEM));
	r = render_items(render, a, &items, e);
	if (r == 0 && items_take(c, render->task, &items, a) != 0)
		r = err_set(e, ERR_NOMEM, "%s", err_text(ERR_NOMEM));
	if (r != 0)
		arena_destroy(a);
	else
		*n = items.len > UINT32_MAX ? UINT32_MAX : (uint32_t)items.len;
	return r;
}

int cells_items_restore(struct cells *c, uint32_t task, const char *json, struct err *e)
{
	struct arena *a = arena_create(0);
	struct value items;
	int r;

	if (a == NULL)
		return err_set(e, ERR_NOMEM, "%s", err_text(ERR_NOMEM));
	r = value_parse_json_exact(a, json, strlen(json), &items, e);
	if (r == ERR_INVALID || (r == 0 && items.type != VALUE_LIST))
		r = err_set(e, ERR_CORRUPT, "the items of task %u are stored as no list", task);
	if (r == 0 && items_take(c, task, &items, a) != 0)
		r = err_set(e, ERR_NOMEM, "%s", err_text(ERR_NOMEM));
	if (r != 0)
		arena_destroy(a);
	return r;
}

const struct value *cells_items(const struct cells *c, uint32_t task)
{
	return c->entries[task].arena == NULL ? NULL : &c->entries[task].items;
}

const struct value *cells_item(const struct cells *c, uint32_t task, uint32_t instance)
{
	const struct value *items = &c->entries[task].items;

	if (instance == RUN_NO_INSTANCE || instance >= items->len)
		return NULL;
	return &items->u.items[instance];
}

int cells_timer_set(struct cells *c, const struct run_action *a)
{
	struct cell *cell = a->task == RUN_NO_TASK ? &c->run : cells_get(c, a->task, a->instance);

	if (cell == NULL)
		return ERR_NOMEM;
	timer_stop(c->timers, cell);
	cell->timer = a->timer.timer;
	cell->timer_try = a->try_number;
	cell->node.arrival = a->timer.at > 0 ? (uint64_t)a->timer.at : 0;
	cell->node.priority = 0;
	rank_heap_add(&c->timers->heap, &cell->node);
	return 0;
}

void cells_timer_cancel(struct cells *c, const struct run_action *a)
{
	struct cell *cell = a->task == RUN_NO_TASK ? &c->run : cells_find(c, a->task, a->instance);

	if (cell != NULL && cell->timer == a->timer.timer)
		timer_stop(c->timers, cell);
}

struct kill_how {
	enum op_kill why;
	int64_t grace_ms;
};

static void kill_one(struct cell *cell, void *ctx)
{
	const struct kill_how *how = ctx;

	if (cell->try != NULL && !try_has_ended(cell->try))
		try_kill(cell->try, how->why, how->grace_ms);
}

void cells_kill_all(struct cells *c, enum op_kill why, int64_t grace_ms)
{
	struct kill_how how = {.why = why, .grace_ms = grace_ms};

	each_cell(c, kill_one, &how);
}

static void close_one(struct cell *cell, void *ctx)
{
	(void)ctx;
	(void)try_close(cell->try, NULL);
	cell->try = NULL;
}

void cells_close_all(struct cells *c)
{
	each_cell(c, close_one, NULL);
}
