/* The host of the simulated world, which knows nothing of crashes, and the operator that leads to
 * it. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "operators/specs.h"
#include "tests/sim/sim_conductor.h"
#include "tests/unit/op_kit.h"

/* How a try ends there: the same each time that it is asked. */
static int end_of(const char *what, uint32_t number)
{
	uint64_t h = w.seed * 31 + number;

	for (; *what != '\0'; what++)
		h = h * 31 + (unsigned char)*what;
	return mix(&h) % 5 == 0 ? 1 : 0;
}

static struct machine *machine_find(const char *id)
{
	for (size_t i = 0; i < w.n_machines; i++)
		if (strcmp(w.machines[i].id, id) == 0)
			return &w.machines[i];
	return NULL;
}

static void check_start(const char *what, uint32_t number)
{
	uint32_t n_active = 0;

	for (size_t i = 0; i < w.n_machines; i++) {
		const struct machine *m = &w.machines[i];

		n_active += m->phase != ENDED && strncmp(m->what, what, 2) == 0;
		if (strcmp(m->what, what) != 0)
			continue;
		if (m->number == number)
			broken("a try ran twice:", what);
		if (m->phase != ENDED)
			broken("a try began while the one before ran:", what);
		if (m->exit_code == 0 && !w.was_asked)
			broken("a result was lost:", what);
	}
	if (n_active >= w.limit && !w.was_asked)
		broken("more ran at once than may:", what);
}

static struct machine *machine_start(const char *id, const char *what, uint32_t number)
{
	struct machine *m = machine_find(id);

	if (m != NULL)
		return m;
	check_start(what, number);
	if (w.n_machines == MACHINES_MAX)
		broken("too many tries:", what);
	m = &w.machines[w.n_machines++];
	*m = (struct machine){.number = number, .exit_code = end_of(what, number)};
	(void)snprintf(m->id, sizeof(m->id), "%s", id);
	(void)snprintf(m->what, sizeof(m->what), "%s", what);
	return m;
}

/* ---- the operator ---- */

static struct op_try *watch_add(struct machine *m, const struct op_events *events, void *ctx)
{
	struct watch *k = calloc(1, sizeof(*k));

	if (k == NULL)
		abort();
	*k = (struct watch){
		.base = {.op = w.instance.op}, .machine = m, .events = events, .ctx = ctx};
	if (m != NULL)
		m->watch = k;
	return &k->base;
}

static int sim_start(struct op_instance *i, const struct op_job *job,
	const struct op_events *events, void *ctx, struct op_try **out, struct err *e)
{
	const struct op_bytes *command = &job->settings[LOCAL_KEY_COMMAND].text;
	struct machine *m = NULL;
	char what[160];

	(void)i;
	(void)e;
	(void)snprintf(what, sizeof(what), "%s %s %.*s", job->run_id, job->task_id,
		(int)command->len, command->data);
	if (!may_die(60))
		m = machine_start(job->execution_id, what, job->try_number);
	(void)may_die(60);
	*out = watch_add(m, events, ctx);
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
	struct machine *m = machine_find(job->execution_id);

	(void)i;
	(void)e;
	if (m == NULL && !w.is_dead && !w.was_asked)
		broken("attached to what never ran:", job->task_id);
	*out = watch_add(m, events, ctx);
	if (m == NULL)
		lost_add((struct watch *)*out);
	return 0;
}

static void sim_kill(struct op_try *t, enum op_kill why, int64_t grace_ms)
{
	struct machine *m = ((struct watch *)t)->machine;

	(void)why;
	(void)grace_ms;
	if (w.is_dead || m == NULL || m->phase == ENDED)
		return;
	m->phase = ENDED;
	m->exit_code = 137;
}

static void watch_free(struct watch *k)
{
	if (k->machine != NULL)
		k->machine->watch = NULL;
	for (size_t i = 0; i < w.n_lost; i++)
		if (w.lost[i] == k)
			w.lost[i--] = w.lost[--w.n_lost];
	free(k);
}

static void sim_abandon(struct op_try *t)
{
	watch_free((struct watch *)t);
}

const struct operator sim_operator = {
	.start = sim_start, .attach = sim_attach, .kill = sim_kill, .abandon = sim_abandon};

static void finish(struct watch *k)
{
	static const char response[] = "{\"n\": 7, \"list\": [1, 2, 3]}";
	struct op_result r = k->machine == NULL
		? op_kit_result(OP_LOST, -1, response)
		: op_kit_result(OP_EXITED, k->machine->exit_code, response);

	k->events->on_finished(k->ctx, &r);
	watch_free(k);
}

void host_step(void)
{
	struct machine *m = w.n_machines == 0 ? NULL : &w.machines[dice((uint32_t)w.n_machines)];

	if (w.n_lost > 0 && !w.is_dead)
		finish(w.lost[0]);
	if (m == NULL)
		return;
	if (dice(3) == 0 && m->phase != ENDED)
		m->phase++;
	if (m->watch == NULL || m->phase == WAITS || w.is_dead)
		return;
	if (!m->watch->has_told_start) {
		m->watch->has_told_start = true;
		m->watch->events->on_started(m->watch->ctx);
	} else if (m->phase == ENDED) {
		finish(m->watch);
	}
}

bool host_is_idle(void)
{
	for (size_t i = 0; i < w.n_machines; i++)
		if (w.machines[i].phase != ENDED || w.machines[i].watch != NULL)
			return false;
	return w.n_lost == 0;
}
