/*
 * The scopes of setups: which tasks need which setup.
 *
 * A task is in the scope of a setup where the setup lies above it, at any distance, and either has
 * no teardown or has one below the task. Teardowns are in no scope. For each setup this takes one
 * walk over what lies below it, and one over what lies above its teardowns.
 */
#include "engine/run_impl.h"

#include <stdlib.h>
#include <string.h>

#include "engine/arena.h"

/* Room for the search of scopes: who was reached from where, and the pairs found. */
struct search {
	uint8_t *mark; /* BELOW, ABOVE */
	uint32_t *below, *above; /* the tasks so marked, to be unmarked again */
	uint32_t *from, *to;
	size_t n, cap;
};

enum { BELOW = 1, ABOVE = 2 };

/* Marks all that lies along the edges behind the n tasks in found; how many there are then. */
static uint32_t flood(
	const struct run_edges *x, uint8_t *mark, uint8_t bit, uint32_t *found, uint32_t n)
{
	for (uint32_t i = 0; i < n; i++)
		for (uint32_t j = x->offset[found[i]]; j < x->offset[found[i] + 1]; j++)
			if (!(mark[x->list[j]] & bit)) {
				mark[x->list[j]] |= bit;
				found[n++] = x->list[j];
			}
	return n;
}

static int add_pair(struct search *s, uint32_t setup, uint32_t task, struct err *e)
{
	uint32_t *from, *to;
	size_t cap;

	if (s->n == RUN_SCOPE_MAX)
		return err_set(e, ERR_LIMIT,
			"plan: more than %d tasks in the scopes of setups, task %u's the last",
			RUN_SCOPE_MAX, setup);
	if (s->n == s->cap) {
		cap = s->cap == 0 ? 256 : s->cap * 2;
		if ((from = realloc(s->from, cap * sizeof(*from))) != NULL)
			s->from = from;
		if ((to = realloc(s->to, cap * sizeof(*to))) != NULL)
			s->to = to;
		if (from == NULL || to == NULL)
			return err_set(e, ERR_NOMEM, "out of memory");
		s->cap = cap;
	}
	s->from[s->n] = setup;
	s->to[s->n++] = task;
	return 0;
}

/* Marks what is above the setup's teardowns, them too; how much that is. */
static uint32_t mark_above(const struct run_plan *p, struct search *s, uint32_t setup)
{
	uint32_t n = 0;

	for (uint32_t i = p->down.offset[setup]; i < p->down.offset[setup + 1]; i++)
		if (p->tasks[p->down.list[i]].is_teardown)
			s->above[n++] = p->down.list[i];
	for (uint32_t i = 0; i < n; i++)
		s->mark[s->above[i]] |= ABOVE;
	return flood(&p->up, s->mark, ABOVE, s->above, n);
}

static int order_numbers(const void *a, const void *b)
{
	uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;

	return (x > y) - (x < y);
}

static void unmark(struct search *s, const uint32_t *list, uint32_t n)
{
	for (uint32_t i = 0; i < n; i++)
		s->mark[list[i]] = 0;
}

static int find_scope(const struct run_plan *p, struct search *s, uint32_t setup, struct err *e)
{
	uint32_t n_above = mark_above(p, s, setup), n_below;
	uint8_t wanted = n_above > 0 ? BELOW | ABOVE : BELOW;
	size_t first = s->n;
	int rc = 0;

	s->below[0] = setup;
	n_below = flood(&p->down, s->mark, BELOW, s->below, 1);
	/* N.B. the setup itself stands in `below`, but is not so marked. */
	for (uint32_t i = 1; i < n_below && rc == 0; i++)
		if ((s->mark[s->below[i]] & wanted) == wanted && !p->tasks[s->below[i]].is_teardown)
			rc = add_pair(s, setup, s->below[i], e);
	if (s->n > first)
		qsort(s->to + first, s->n - first, sizeof(*s->to), order_numbers);
	unmark(s, s->below, n_below);
	unmark(s, s->above, n_above);
	return rc;
}

/* The pairs as edges. Those in `by` order are sorted already, as setups come in order. */
static int make_edges(struct arena *a, uint32_t n_tasks, const uint32_t *by, const uint32_t *other,
	size_t n, struct run_edges *out)
{
	uint32_t *offset = arena_array(a, (size_t)n_tasks + 2, sizeof(*offset));
	uint32_t *list = arena_array(a, n + 1, sizeof(*list));

	if (offset == NULL || list == NULL)
		return ERR_NOMEM;
	for (size_t i = 0; i < n; i++)
		offset[by[i] + 2]++;
	for (uint32_t t = 0; t < n_tasks; t++)
		offset[t + 2] += offset[t + 1];
	for (size_t i = 0; i < n; i++)
		list[offset[by[i] + 1]++] = other[i];
	out->offset = offset;
	out->list = list;
	return 0;
}

static bool search_init(struct search *s, uint32_t n_tasks)
{
	s->mark = calloc(1, n_tasks);
	s->below = malloc(n_tasks * sizeof(*s->below));
	s->above = malloc(n_tasks * sizeof(*s->above));
	return s->mark != NULL && s->below != NULL && s->above != NULL;
}

/* Finds all pairs; *setup is the one under way at the end, or UINT32_MAX where there is none. N.B.
 * most plans have none, and need no room. */
static int search_all(const struct run_plan *p, struct search *s, uint32_t *setup, struct err *e)
{
	int rc = 0;

	*setup = UINT32_MAX;
	for (uint32_t t = 0; t < p->n_tasks && rc == 0; t++) {
		if (!p->tasks[t].is_setup)
			continue;
		*setup = t;
		if (s->mark == NULL && !search_init(s, p->n_tasks))
			return err_set(e, ERR_NOMEM, "out of memory");
		rc = find_scope(p, s, t, e);
	}
	return rc;
}

static void search_free(struct search *s)
{
	free(s->mark);
	free(s->below);
	free(s->above);
	free(s->from);
	free(s->to);
}

int run_scopes_find(struct run_plan *p, struct arena *a, struct err *e)
{
	struct search s = {0};
	uint32_t last;
	int rc = search_all(p, &s, &last, e);

	p->scope = p->scope_of = (struct run_edges){0};
	if (rc == 0 && last != UINT32_MAX &&
		(make_edges(a, p->n_tasks, s.from, s.to, s.n, &p->scope) != 0 ||
			make_edges(a, p->n_tasks, s.to, s.from, s.n, &p->scope_of) != 0))
		rc = err_set(e, ERR_NOMEM, "out of memory");
	search_free(&s);
	return rc;
}

int run_plan_scopes_check(const struct run_plan *p, uint32_t *setup)
{
	struct search s = {0};
	uint32_t last;
	struct err e;
	int rc = search_all(p, &s, &last, &e);

	if (rc == ERR_LIMIT)
		*setup = last;
	search_free(&s);
	return rc;
}
