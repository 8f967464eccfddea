/*
 * Runs on a store whose power is cut again and again: the real conductor, journal and store, on a
 * disk that loses what was not synced, and a host that goes on meanwhile. What comes back is a run
 * that goes on: no try starts twice, none that ended is forgotten, outputs are what they were.
 * Where calls fail and power stays, nothing starts meanwhile, and the run goes on by itself.
 *
 *   WINDROW_SEED  of the moments   WINDROW_CUTS  how many worlds (160)
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "engine/dag.h"
#include "operators/registry.h"
#include "scheduler/conductor.h"
#include "scheduler/edition.h"
#include "scheduler/env_source.h"
#include "store/journal.h"
#include "tests/unit/dag_kit.h"
#include "tests/unit/machine_kit.h"
#include "tests/unit/store_kit.h"
#include "tests/unit/tap.h"
#include "tests/vfs/faulty.h"

#define TRIES 12 /* what the DAG makes when each task runs once; one fails at first */
#define OPERATORS_MAX 16
#define STALLED_TURNS 20 /* of the loop, while nothing can be stored */
#define LIVES_MAX 500 /* of one world; more means that it does not go on */

static const char yaml[] =
	"dag_id: t\n"
	"default_args: {operator: local, command: x, retries: 1, retry_delay: 0s}\n"
	"tasks:\n"
	"  a: {}\n"
	"  b: {command: 'b ${main.a.output.response.n}', depends_on: [a]}\n"
	"  c: {command: 'c ${main.b.output.response.n}', depends_on: [b]}\n"
	"  list: {}\n"
	"  each: {for_each: '${main.list.output.response.list}', command: 'e $<item>', "
	"depends_on: [list]}\n"
	"  fails: {command: fails, depends_on: [a]}\n"
	"  d: {depends_on: [c, each, fails]}\n"
	"  e: {depends_on: [d]}\n"
	"  f: {command: 'f ${main.b.output.response.n}', depends_on: [d]}\n";

struct world {
	struct store_kit kit;
	uint64_t dice;
	uv_loop_t loop;
	struct store *store;
	struct journal *journal;
	struct conductor *conductor;
	struct conductor_observer observer;
	struct op_instance instance;
	struct op_instance *instances[OPERATORS_MAX];
	struct render_source source;
	struct machines machines;
	size_t n_cuts, n_stalls;
	unsigned fails; /* calls that do */
	bool is_dead, is_closed, may_stall, is_stalled;
	char wrong[sizeof(((struct err *)0)->text) + 64];
};

static struct world w;

static void wrong(const char *what, const char *which)
{
	if (w.wrong[0] == '\0')
		(void)snprintf(w.wrong, sizeof(w.wrong), "%s %s", what, which);
}

/* splitmix64 */
static uint64_t roll(void)
{
	uint64_t z = w.dice += UINT64_C(0x9e3779b97f4a7c15);

	z = (z ^ z >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
	z = (z ^ z >> 27) * UINT64_C(0x94d049bb133111eb);
	return z ^ z >> 31;
}

/* ---- the host ---- */

/* The first try of one task fails. */
static struct machine *run_on(const struct op_job *job)
{
	struct machine *m = machine_add(&w.machines, job);

	if (m == NULL)
		abort();
	m->exit_code = strstr(m->what, "fails") != NULL && m->number == 1 ? 1 : 0;
	for (const struct machine *other = w.machines.list; other < m; other++) {
		if (strcmp(other->what, m->what) != 0)
			continue;
		if (other->number == m->number)
			wrong("a try ran twice:", m->what);
		if (other->phase != MACHINE_ENDED || other->exit_code == 0)
			wrong("a try was forgotten:", m->what);
	}
	return m;
}

static int watch(const struct op_job *job, struct machine *m, const struct op_events *events,
	void *ctx, struct op_try **out)
{
	if (m != NULL && m->watch != NULL)
		wrong("two at once look at", job->task_id);
	*out = watch_add(&w.instance, m, events, ctx);
	return 0;
}

static int host_start(struct op_instance *i, const struct op_job *job,
	const struct op_events *events, void *ctx, struct op_try **out, struct err *e)
{
	struct machine *m = machine_find(&w.machines, job->execution_id);

	(void)i;
	(void)e;
	if (m == NULL && !w.is_dead)
		m = run_on(job);
	return watch(job, m, events, ctx, out);
}

static int host_attach(struct op_instance *i, const struct op_job *job,
	const struct op_events *events, void *ctx, struct op_try **out, struct err *e)
{
	struct machine *m = machine_find(&w.machines, job->execution_id);

	(void)i;
	(void)e;
	if (m == NULL && !w.is_dead)
		wrong("attached to what never ran:", job->task_id);
	return watch(job, m, events, ctx, out);
}

static void host_kill(struct op_try *t, enum op_kill why, int64_t grace_ms)
{
	(void)t;
	(void)why;
	(void)grace_ms;
	wrong("killed:", "nobody asked for that");
}

static void host_abandon(struct op_try *t)
{
	watch_free((struct watch *)t);
}

static const struct operator host = {
	.start = host_start, .attach = host_attach, .kill = host_kill, .abandon = host_abandon};

/* Something happens there. False: nothing could. */
static bool host_step(void)
{
	size_t n = w.machines.n, first = n == 0 ? 0 : (size_t)(roll() % n);

	for (size_t i = 0; i < n; i++) {
		struct machine *m = &w.machines.list[(first + i) % n];

		if (m->watch == NULL)
			continue;
		if (m->phase == MACHINE_ENDED)
			watch_finish(m->watch);
		else if (m->watch->has_told_start || roll() % 4 == 0)
			m->phase = MACHINE_ENDED;
		else
			watch_start(m->watch);
		return true;
	}
	return false;
}

/* ---- the daemon ---- */

static int edition_get(
	void *ctx, const char *dag_id, uint32_t version, struct edition **out, struct err *e)
{
	(void)ctx;
	(void)dag_id;
	return edition_create(dag_kit_load(yaml), version, "", out, e);
}

static void on_broken(void *ctx, struct runner *r, const struct err *e)
{
	(void)ctx;
	(void)r;
	wrong("a run broke:", e->text);
}

static void on_left_out(void *ctx, const char *dag_id, const char *run_id, const struct err *e)
{
	(void)ctx;
	(void)dag_id;
	(void)run_id;
	w.is_dead = faulty_is_cut(); /* while it was looked at */
	if (!w.is_dead)
		wrong("a run was left out:", e->text);
}

static void on_stall(void *ctx, const struct err *e)
{
	(void)ctx;
	(void)e;
	if (w.may_stall)
		w.is_stalled = true;
	else
		w.is_dead = true;
}

static void on_flow(void *ctx)
{
	(void)ctx;
	w.is_stalled = false;
}

static void on_closed(void *ctx)
{
	(void)ctx;
	w.is_closed = true;
}

/* The state of the stored run; RUN_QUEUED where there is none. */
static enum run_state stored_state(bool *is_there)
{
	char *state = kit_sql(&w.kit, "SELECT state FROM runs");
	enum run_state s = strcmp(state, "success") == 0 ? RUN_SUCCESS
		: strcmp(state, "failed") == 0		 ? RUN_FAILED
							 : RUN_QUEUED;

	*is_there = state[0] != '\0';
	free(state);
	return s;
}

/* The run there is, or a new one; it goes on. */
static void run_begin(void)
{
	struct runner *r = conductor_run_find(w.conductor, "t", "r");
	struct run_facts facts = {
		.run_id = "r", .conf = {.type = VALUE_MAP}, .params = {.type = VALUE_MAP}};
	struct run_spec spec = {.facts = &facts, .run_type = "manual", .seed = 1};
	struct err e;

	if (r == NULL) {
		(void)edition_get(NULL, "t", 1, &spec.edition, &e);
		if (conductor_run_add(w.conductor, &spec, &r, &e) != 0)
			abort();
		edition_unref(spec.edition);
	}
	if (runner_state(r) == RUN_QUEUED)
		runner_start(r);
}

static int daemon_open(void)
{
	struct journal_options j = {.loop = &w.loop,
		.store = &w.kit.options,
		.is_lasting = roll() % 8 == 0,
		.on_stall = on_stall,
		.on_flow = on_flow};
	struct conductor_options c = {.loop = &w.loop,
		.editions = {.get = edition_get},
		.source = &w.source,
		.instances = w.instances,
		.first_run_number = 1,
		.default_pool_slots = 10,
		.kill_grace_ms = 1000};
	int r = store_open(&w.kit.options, &w.store, &w.kit.e);

	if (r == 0)
		r = journal_open(&j, &w.journal, &w.kit.e);
	if (r != 0)
		return r;
	c.store = w.store;
	c.journal = w.journal;
	if (conductor_create(&c, &w.conductor, &w.kit.e) != 0)
		abort();
	w.observer =
		(struct conductor_observer){.on_broken = on_broken, .on_left_out = on_left_out};
	conductor_observe(w.conductor, &w.observer);
	return conductor_restore(w.conductor, &w.kit.e);
}

/* A daemon that cannot store while it ends leaves at once; the journal of one that cannot leave is
 * to believe that it has written. */
static void pretend_where_dead(bool *is_pretending)
{
	if (!w.is_dead || *is_pretending)
		return;
	*is_pretending = true;
	faulty_pretend();
	(void)journal_commit(w.journal, NULL, NULL); /* wakes it */
}

static void daemon_close(void)
{
	bool is_pretending = false;

	w.is_closed = w.conductor == NULL;
	pretend_where_dead(&is_pretending);
	if (w.conductor != NULL)
		conductor_close(w.conductor, on_closed, NULL);
	while (!w.is_closed) {
		(void)uv_run(&w.loop, UV_RUN_ONCE);
		pretend_where_dead(&is_pretending);
	}
	if (w.journal != NULL)
		journal_close(w.journal, NULL, NULL);
	(void)uv_run(&w.loop, UV_RUN_DEFAULT);
	store_close(w.store);
	w.conductor = NULL;
	w.journal = NULL;
	w.store = NULL;
}

/* Something happens on the host, or else the journal is waited for. */
static void turn(void)
{
	bool is_quiet = roll() % 4 == 0 || !host_step();

	(void)uv_run(
		&w.loop, is_quiet && journal_waiting(w.journal) > 0 ? UV_RUN_ONCE : UV_RUN_NOWAIT);
}

/* Nothing can be stored: whatever happens, nothing starts. Then the disk is mended, and the journal
 * woken, which would wait a second. */
static void sit_out(void)
{
	size_t n = w.machines.n;

	for (int i = 0; i < STALLED_TURNS; i++) {
		(void)host_step();
		(void)uv_run(&w.loop, UV_RUN_NOWAIT);
	}
	if (w.machines.n != n)
		wrong("while nothing could be stored was started:", w.machines.list[n].what);
	w.n_stalls++;
	faulty_mend();
	(void)journal_commit(w.journal, NULL, NULL);
	while (w.is_stalled)
		(void)uv_run(&w.loop, UV_RUN_ONCE);
}

static bool is_going_on(void)
{
	return !w.is_dead && w.wrong[0] == '\0' && conductor_run_first(w.conductor) != NULL;
}

/* One life: until the run is over, or the power, or something is wrong. */
static void live(void)
{
	w.is_dead = w.is_stalled = false;
	if (daemon_open() == 0 && !w.is_dead) {
		faulty_fail(w.fails, 1 + roll() % 60, UINT64_MAX);
		run_begin();
		while (is_going_on()) {
			turn();
			if (!w.is_stalled)
				continue;
			sit_out();
			faulty_fail(w.fails, 1 + roll() % 60, UINT64_MAX);
		}
		faulty_mend();
	} else if (!faulty_is_cut()) {
		wrong("it does not open:", w.kit.e.text);
	}
	daemon_close();
}

static void home_anew(void)
{
	struct store *s = NULL;

	faulty_restart(0);
	kit_remove(w.kit.home);
	if (store_open(&w.kit.options, &s, &w.kit.e) != 0)
		wrong("no store was made:", w.kit.e.text);
	store_close(s);
	w.machines.n = 0;
}

static void world_live(uint64_t seed)
{
	enum run_state state = RUN_QUEUED;
	bool is_there;
	int version;

	w.dice = seed;
	home_anew();
	for (int i = 0; i < LIVES_MAX && state == RUN_QUEUED && w.wrong[0] == '\0'; i++) {
		faulty_cut(1 + roll() % 150);
		live();
		w.n_cuts += faulty_is_cut();
		faulty_restart(roll());
		if (store_check(&w.kit.options, &version, &w.kit.e) != 0)
			wrong("the check:", w.kit.e.text);
		state = stored_state(&is_there);
		if (!is_there && w.machines.n > 0)
			wrong("the run is gone:", w.machines.list[0].what);
	}
	if (state != RUN_SUCCESS)
		wrong("the run does not succeed", "");
	if (w.machines.n != TRIES)
		wrong("not every task ran", "once");
}

/* The disk fails again and again, and is mended: one life is enough. */
static void world_fails(uint64_t seed)
{
	static const unsigned calls[] = {FAULTY_WRITE, FAULTY_ROOM, FAULTY_SYNC};
	bool is_there;

	w.dice = seed;
	home_anew();
	w.may_stall = true;
	w.fails = calls[seed % 3];
	live();
	w.may_stall = false;
	w.fails = 0;
	if (stored_state(&is_there) != RUN_SUCCESS)
		wrong("the run does not succeed", "");
	if (w.machines.n != TRIES)
		wrong("not every task ran", "once");
}

int main(void)
{
	static char *env[] = {NULL};
	const char *given = getenv("WINDROW_SEED"), *cuts = getenv("WINDROW_CUTS");
	uint64_t seed = given == NULL ? 1 : strtoull(given, NULL, 10);
	long n = cuts == NULL ? 160 : strtol(cuts, NULL, 10);

	faulty_install();
	kit_begin(&w.kit);
	(void)uv_loop_init(&w.loop);
	w.instance.op = &host;
	for (size_t i = 0; i < operators_count; i++)
		w.instances[i] = &w.instance;
	w.source = env_source(env);
	for (long i = 0; i < n && w.wrong[0] == '\0'; i++, seed++) {
		bool is_cut = i % 2 == 0;

		(is_cut ? world_live : world_fails)(seed);
		if (OK(w.wrong[0] == '\0', "a run goes on behind %s",
			    is_cut ? "cuts of power" : "failures of its disk"))
			continue;
		tap_note("WINDROW_SEED=%" PRIu64 ": %s", seed, w.wrong);
		for (size_t m = 0; m < w.machines.n; m++)
			tap_note("%s, try %u", w.machines.list[m].what, w.machines.list[m].number);
	}
	OK(w.n_cuts > 0, "power was cut %zu times", w.n_cuts);
	OK(w.n_stalls > 0, "the disk failed %zu times", w.n_stalls);
	IS_INT(uv_loop_close(&w.loop), 0, "nothing is left open on the loop");
	kit_end(&w.kit);
	return tap_done();
}
