/*
 * From what tasks and stages say they wait for to the edges of the DAG, and its order.
 *
 * A stage as a whole is its tasks less its teardowns, which are nobody's upstream unless they are
 * named; one that has none stands for the stages before it. All of its tasks are waited for, so
 * that trigger rules see each of them. Where that would be many edges, a join stands between: see
 * dag.h.
 *
 * The tasks of a stage that wait for no other task of it wait for the stages that it follows; the
 * rest come behind these anyway.
 */
#include <stdlib.h>
#include <string.h>

#include "engine/graph.h"
#include "engine/load_impl.h"

#define JOIN_FACTOR 16 /* a join is made where it saves this many times its own edges */

/* Turning stages into edges. */
struct planner {
	struct loader *l;
	struct dag *dag;
	uint32_t *members; /* by stage: its tasks less its teardowns */
	uint64_t *followers; /* by stage: tasks that wait for all of it */
	uint32_t *join; /* by stage: the node of its join, or UINT32_MAX */
	uint32_t *stamp, now; /* stages seen by the walk under way */
	uint32_t
		*reached; /* stages with members that it came to, and those it must still look at */
	size_t n_reached;
	uint32_t *from, *to;
	size_t n_edges;
	uint64_t steps; /* all walks together */
	bool emits;
};

/* --- which stage follows which --- */

struct stage_edges {
	uint32_t *from, *to;
	size_t n;
};

static bool add_upstream(struct loader *l, uint32_t stage, struct stage_edges *e)
{
	const struct yaml_node *list = l->stage_nodes[stage].value[STAGE_KEY_DEPENDS_ON];
	bool is_good = true;

	if (list == NULL && stage > 0) {
		e->from[e->n] = stage - 1;
		e->to[e->n++] = stage;
	}
	for (uint32_t i = 0; list != NULL && i < list->n; i++) {
		uint32_t other = load_stage_find(l, list->items[i]);

		if (other == stage)
			load_error(l, yaml_node_pos(list->items[i]),
				"depends_on: the stage waits for itself: %s -> %s",
				l->dag->stages[stage].name, l->dag->stages[stage].name);
		if (other == stage || other == UINT32_MAX) {
			is_good = false;
			continue;
		}
		e->from[e->n] = other;
		e->to[e->n++] = stage;
	}
	return is_good;
}

static size_t count_stage_edges(struct loader *l)
{
	size_t n = 0;

	for (uint32_t s = 0; s < l->dag->n_stages; s++) {
		struct yaml_node **list = &l->stage_nodes[s].value[STAGE_KEY_DEPENDS_ON];

		l->place = (struct place){PLACE_STAGE, l->dag->stages[s].name};
		if (*list != NULL && (*list)->kind != YAML_LIST) {
			load_wrong(
				l, "depends_on", *list, "a list of stages, such as [Build, Test]");
			*list = NULL;
		}
		n += *list != NULL ? (*list)->n : 1;
	}
	return n;
}

static void tell_stage_cycle(struct loader *l, const uint32_t *cycle, size_t n)
{
	const struct yaml_node *list = l->stage_nodes[cycle[0]].value[STAGE_KEY_DEPENDS_ON];
	struct pos pos = l->dag->stages[cycle[0]].pos;

	for (uint32_t i = 0; list != NULL && i < list->n; i++)
		if (strcmp(list->items[i]->text, l->dag->stages[cycle[n - 1]].name) == 0)
			pos = yaml_node_pos(list->items[i]);
	l->place = (struct place){PLACE_DAG, NULL};
	load_cycle_text(l, pos, "stages", cycle, n);
}

/* Finds each stage's upstream. False where that is not possible, or goes round. */
static bool link_stages(struct loader *l)
{
	size_t room = count_stage_edges(l), n_cycle;
	struct stage_edges e = {0};
	struct dag *d = l->dag;
	const uint32_t *offset, *list, *order;
	bool is_good = true;
	int rc;

	e.from = arena_array(l->tree, room, sizeof(*e.from));
	e.to = arena_array(l->tree, room, sizeof(*e.to));
	if (e.from == NULL || e.to == NULL) {
		load_nomem(l);
		return false;
	}
	for (uint32_t s = 0; s < d->n_stages; s++) {
		l->place = (struct place){PLACE_STAGE, d->stages[s].name};
		is_good = add_upstream(l, s, &e) && is_good;
	}
	rc = graph_edges_build(l->arena, d->n_stages, e.to, e.from, e.n, &offset, &list);
	if (rc == 0)
		rc = graph_order(l->tree, d->n_stages, offset, list, &order, &n_cycle);
	if (rc == ERR_INVALID)
		tell_stage_cycle(l, order, n_cycle);
	else if (rc != 0)
		load_nomem(l);
	if (rc != 0)
		return false;
	for (uint32_t s = 0; s < d->n_stages; s++) {
		d->stages[s].upstream = list + offset[s];
		d->stages[s].n_upstream = offset[s + 1] - offset[s];
	}
	return is_good;
}

/* --- what a stage as a whole stands for --- */

static void walk_from(struct planner *p, uint32_t stage)
{
	if (p->stamp[stage] == p->now)
		return;
	p->stamp[stage] = p->now;
	p->reached[p->n_reached++] = stage;
}

/* Goes on from the stages in `reached` through those without members, until only stages with
 * members stand there. */
static void walk(struct planner *p)
{
	size_t kept = 0;

	for (size_t i = 0; i < p->n_reached; i++) {
		const struct stage *s = &p->dag->stages[p->reached[i]];

		p->steps += 1 + s->n_upstream;
		if (p->members[p->reached[i]] > 0)
			p->reached[kept++] = p->reached[i];
		else
			for (size_t u = 0; u < s->n_upstream; u++)
				walk_from(p, s->upstream[u]);
	}
	p->n_reached = kept;
}

static void walk_begin(struct planner *p)
{
	p->now++;
	p->n_reached = 0;
}

static bool is_member(const struct planner *p, uint32_t task)
{
	return !p->dag->tasks[task].is_teardown;
}

static void emit(struct planner *p, uint32_t from, uint32_t to)
{
	p->from[p->n_edges] = from;
	p->to[p->n_edges++] = to;
}

/* A task waits for what the walk came to: counts that, or makes the edges. */
static void follow(struct planner *p, uint32_t task)
{
	for (size_t i = 0; i < p->n_reached; i++) {
		uint32_t s = p->reached[i];
		const struct stage *stage = &p->dag->stages[s];

		if (!p->emits)
			p->followers[s]++;
		else if (p->join[s] != UINT32_MAX)
			emit(p, p->join[s], task);
		else
			for (uint32_t t = 0; t < stage->n_tasks; t++)
				if (is_member(p, stage->first_task + t))
					emit(p, stage->first_task + t, task);
	}
}

static bool is_start(const struct planner *p, uint32_t task)
{
	return (p->l->task_flags[task] & TASK_FLAG_INNER) == 0;
}

/* All that waits for stages as a whole. False where it is too much. */
static bool follow_all(struct planner *p)
{
	const struct dag *d = p->dag;

	for (size_t i = 0; i < p->l->n_stage_links; i++) {
		walk_begin(p);
		walk_from(p, p->l->stage_links[i].stage);
		walk(p);
		follow(p, p->l->stage_links[i].task);
		p->steps += p->n_reached;
		if (p->steps > DAG_EDGES_MAX)
			return false;
	}
	for (uint32_t s = 0; s < d->n_stages; s++) {
		const struct stage *stage = &d->stages[s];

		walk_begin(p);
		for (size_t u = 0; u < stage->n_upstream && stage->n_tasks > 0; u++)
			walk_from(p, stage->upstream[u]);
		walk(p);
		for (uint32_t t = 0; t < stage->n_tasks && p->steps <= DAG_EDGES_MAX; t++) {
			if (!is_start(p, stage->first_task + t))
				continue;
			follow(p, stage->first_task + t);
			p->steps += p->n_reached;
		}
		if (p->steps > DAG_EDGES_MAX)
			return false;
	}
	return true;
}

/* Decides where joins stand, and counts all edges. */
static uint64_t plan_joins(struct planner *p)
{
	struct dag *d = p->dag;
	uint64_t total = p->l->n_links;

	for (uint32_t s = 0; s < d->n_stages; s++) {
		uint64_t single = p->members[s] * p->followers[s];
		uint64_t joined = p->members[s] + p->followers[s];

		p->join[s] = UINT32_MAX;
		if (single > JOIN_FACTOR * joined)
			p->join[s] = d->n_tasks + d->n_joins++;
		total += p->join[s] != UINT32_MAX ? joined : single;
	}
	return total;
}

static bool planner_init(struct planner *p)
{
	struct arena *a = p->l->tree;
	uint32_t n = p->dag->n_stages;

	p->members = arena_array(a, n, sizeof(*p->members));
	p->followers = arena_array(a, n, sizeof(*p->followers));
	p->join = arena_array(a, n, sizeof(*p->join));
	p->stamp = arena_array(a, n, sizeof(*p->stamp));
	p->reached = arena_array(a, n, sizeof(*p->reached));
	if (p->members == NULL || p->followers == NULL || p->join == NULL || p->stamp == NULL ||
		p->reached == NULL)
		return false;
	for (uint32_t t = 0; t < p->dag->n_tasks; t++)
		p->members[p->dag->tasks[t].stage] += is_member(p, t);
	return true;
}

/* The tasks into the joins, and the edges that tasks say. */
static bool emit_rest(struct planner *p)
{
	struct dag *d = p->dag;
	uint32_t *joins = arena_array(p->l->arena, d->n_joins, sizeof(*joins));

	if (joins == NULL)
		return false;
	for (uint32_t s = 0; s < d->n_stages; s++) {
		const struct stage *stage = &d->stages[s];

		if (p->join[s] == UINT32_MAX)
			continue;
		joins[p->join[s] - d->n_tasks] = s;
		for (uint32_t t = 0; t < stage->n_tasks; t++)
			if (is_member(p, stage->first_task + t))
				emit(p, stage->first_task + t, p->join[s]);
	}
	d->joins = joins;
	for (size_t i = 0; i < p->l->n_links; i++)
		emit(p, p->l->links[i].from, p->l->links[i].to);
	return true;
}

/* The order of nodes without the joins. */
static void keep_order(struct loader *l, const uint32_t *order)
{
	uint32_t n_nodes = l->dag->n_tasks + l->dag->n_joins, n = 0;
	uint32_t *tasks = arena_array(l->arena, l->dag->n_tasks, sizeof(*tasks));

	if (tasks == NULL) {
		load_nomem(l);
		return;
	}
	for (uint32_t i = 0; i < n_nodes; i++)
		if (order[i] < l->dag->n_tasks)
			tasks[n++] = order[i];
	l->dag->order = tasks;
}

static void order_nodes(struct planner *p)
{
	struct dag *d = p->dag;
	struct loader *l = p->l;
	uint32_t n = d->n_tasks + d->n_joins;
	const uint32_t *order;
	size_t n_cycle;
	int rc;

	rc = graph_edges_build(
		l->arena, n, p->to, p->from, p->n_edges, &d->upstream.offset, &d->upstream.list);
	if (rc == 0)
		rc = graph_edges_turn(l->arena, n, d->upstream.offset, d->upstream.list,
			&d->downstream.offset, &d->downstream.list);
	if (rc == 0)
		rc = graph_order(
			l->tree, n, d->upstream.offset, d->upstream.list, &order, &n_cycle);
	if (rc == ERR_INVALID)
		load_cycle(l, order, n_cycle);
	else if (rc != 0)
		load_nomem(l);
	else
		keep_order(l, order);
	if (rc == 0 && l->failed == 0)
		load_limits(l);
}

/* Tasks that wait for others of their stage; the others have the stage's trigger_rule. */
static void mark_inner(struct loader *l)
{
	struct dag *d = l->dag;

	for (size_t i = 0; i < l->n_links; i++)
		if (d->tasks[l->links[i].from].stage == d->tasks[l->links[i].to].stage)
			l->task_flags[l->links[i].to] |= TASK_FLAG_INNER;
	for (uint32_t t = 0; t < d->n_tasks; t++) {
		int rule = l->stage_nodes[d->tasks[t].stage].rule;

		if (rule >= 0 && l->task_flags[t] == 0)
			d->tasks[t].trigger_rule = (enum trigger_rule)rule;
	}
}

void load_graph(struct loader *l)
{
	struct planner p = {.l = l, .dag = l->dag};
	uint64_t room;

	if (l->dag->stages == NULL || l->failed != 0 || !link_stages(l) || l->failed != 0)
		return;
	l->place = (struct place){PLACE_DAG, NULL};
	load_reach(l);
	mark_inner(l);
	if (!planner_init(&p)) {
		load_nomem(l);
		return;
	}
	if (!follow_all(&p) || (room = plan_joins(&p)) > DAG_EDGES_MAX) {
		load_error(l, l->dag->pos, "the tasks have more than %d edges between them",
			DAG_EDGES_MAX);
		return;
	}
	p.from = malloc(((size_t)room + 1) * sizeof(*p.from));
	p.to = malloc(((size_t)room + 1) * sizeof(*p.to));
	p.emits = true;
	p.steps = 0;
	if (p.from == NULL || p.to == NULL || !follow_all(&p) || !emit_rest(&p))
		load_nomem(l);
	else
		order_nodes(&p);
	free(p.from);
	free(p.to);
}
