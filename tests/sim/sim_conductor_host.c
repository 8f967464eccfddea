/* The host of the simulated world, which knows nothing of crashes, and the operator that leads to
 * it. */
#include <stdlib.h>
#include <string.h>

#include "tests/sim/sim_conductor.h"
#include "tests/sim/sim_memory.h"

/* How a try ends there: the same each time that it is asked. */
static int end_of(const char *what, uint32_t number)
{
	uint64_t h = w.seed * 31 + number;

	for (; *what != '\0'; what++)
		h = h * 31 + (unsigned char)*what;
	return mix(&h) % 5 == 0 ? 1 : 0;
}

bool is_callback(const struct machine *m)
{
	return strstr(m->what, ".on_") != NULL;
}

/* Of a callback that has been asked for now: the same is never asked for under two ids. */
static void check_callback(const struct machine *m)
{
	for (const struct machine *other = w.machines.list; other < m; other++)
		if (strcmp(other->what, m->what) == 0 && other->number == m->number && !w.was_asked)
			broken("a callback was begun anew:", m->what);
}

/* Of a try that has been asked for now, beside all others there were. */
static void check_start(const struct machine *m)
{
	uint32_t n_active = 0;

	if (is_callback(m)) {
		check_callback(m);
		return;
	}
	for (const struct machine *other = w.machines.list; other < m; other++) {
		n_active += other->phase != MACHINE_ENDED &&
			strncmp(other->what, m->what, 2) == 0 && !is_callback(other);
		if (strcmp(other->what, m->what) != 0)
			continue;
		if (other->number == m->number)
			broken("a try ran twice:", m->what);
		if (other->phase != MACHINE_ENDED)
			broken("a try began while the one before ran:", m->what);
		if (other->exit_code == 0 && !w.was_asked)
			broken("a result was lost:", m->what);
	}
	if (n_active >= w.limit && !w.was_asked)
		broken("more ran at once than may:", m->what);
}

static struct machine *machine_start(const struct op_job *job)
{
	struct machine *m = machine_find(&w.machines, job->execution_id);

	if (m != NULL)
		return m;
	m = machine_add(&w.machines, job);
	if (m == NULL)
		broken("too many tries:", job->task_id);
	m->exit_code = end_of(m->what, m->number);
	check_start(m);
	note("%s begins, try %u", m->what, m->number);
	return m;
}

/* ---- the operator ---- */

static int sim_start(struct op_instance *i, const struct op_job *job,
	const struct op_events *events, void *ctx, struct op_try **out, struct err *e)
{
	struct machine *m = NULL;

	(void)e;
	sim_memory_spare();
	if (!may_die(60))
		m = machine_start(job);
	(void)may_die(60);
	*out = watch_add(i, m, events, ctx);
	sim_memory_resume();
	return 0;
}

/* The host knows nothing of it, and will say so. */
static void lost_add(struct watch *k)
{
	if (w.n_lost == LOST_MAX)
		abort();
	w.lost[w.n_lost++] = k;
}

static int sim_attach(struct op_instance *i, const struct op_job *job,
	const struct op_events *events, void *ctx, struct op_try **out, struct err *e)
{
	struct machine *m = machine_find(&w.machines, job->execution_id);

	(void)e;
	if (m == NULL && !w.is_dead && !w.was_asked)
		broken("attached to what never ran:", job->task_id);
	sim_memory_spare();
	*out = watch_add(i, m, events, ctx);
	sim_memory_resume();
	note("%s is attached to", m == NULL ? "what never ran" : m->what);
	if (m == NULL)
		lost_add((struct watch *)*out);
	return 0;
}

static void sim_kill(struct op_try *t, enum op_kill why, int64_t grace_ms)
{
	struct machine *m = ((struct watch *)t)->machine;

	(void)why;
	(void)grace_ms;
	if (w.is_dead || m == NULL || m->phase == MACHINE_ENDED)
		return;
	m->phase = MACHINE_ENDED;
	m->exit_code = 137;
	note("%s is killed", m->what);
}

static void lost_remove(const struct watch *k)
{
	for (size_t i = 0; i < w.n_lost; i++)
		if (w.lost[i] == k)
			w.lost[i--] = w.lost[--w.n_lost];
}

static void sim_abandon(struct op_try *t)
{
	lost_remove((struct watch *)t);
	watch_free((struct watch *)t);
}

const struct operator sim_operator = {
	.start = sim_start, .attach = sim_attach, .kill = sim_kill, .abandon = sim_abandon};

/* The first of those of which nothing is known is told so. */
static void lost_finish(void)
{
	struct watch *k = w.lost[0];

	lost_remove(k);
	watch_finish(k);
}

void host_step(void)
{
	struct machine *m =
		w.machines.n == 0 ? NULL : &w.machines.list[dice((uint32_t)w.machines.n)];

	if (w.n_lost > 0 && !w.is_dead)
		lost_finish();
	if (m == NULL)
		return;
	if (dice(3) == 0 && m->phase != MACHINE_ENDED)
		m->phase++;
	if (m->watch == NULL || m->phase == MACHINE_WAITS || w.is_dead)
		return;
	if (!m->watch->has_told_start) {
		note("%s tells its start", m->what);
		watch_start(m->watch);
	} else if (m->phase == MACHINE_ENDED) {
		note("%s tells its end, %d", m->what, m->exit_code);
		watch_finish(m->watch);
	}
}

bool host_is_idle(void)
{
	for (size_t i = 0; i < w.machines.n; i++)
		if (w.machines.list[i].phase != MACHINE_ENDED || w.machines.list[i].watch != NULL)
			return false;
	return w.n_lost == 0;
}
