/*
 * The real conductor in a simulated world: sim_conductor [SEEDS | soak | --seed N [--trace]]
 *
 * One seed makes a random DAG, of which two runs share a conductor, a store in memory and a host.
 * The daemon dies at any moment: before a batch is written, between that and the news of it,
 * between any two starts of a turn, while the host gets one. What it does after that has no effect.
 * Then another conductor takes up what is stored. The host knows nothing of this: it goes on, and
 * keeps the book that is looked at. In some worlds memory is short now and then, and what breaks
 * for that is taken up again. The same seed makes the same world, to the millisecond: time and
 * randomness are of the seed, too.
 */
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "engine/arena.h"
#include "engine/buf.h"
#include "engine/dag.h"
#include "engine/err.h"
#include "engine/hash.h"
#include "operators/registry.h"
#include "scheduler/broken_runs.h"
#include "scheduler/conductor.h"
#include "scheduler/edition.h"
#include "scheduler/env_source.h"
#include "tests/sim/fake_journal.h"
#include "tests/sim/fake_loop.h"
#include "tests/sim/sim_conductor.h"
#include "tests/sim/sim_memory.h"
#include "tests/unit/dag_kit.h"

#define SEEDS_DEFAULT 2000
#define STEPS_MAX 2000000 /* of one world; more means that it goes round in circles */
#define RUNS 2
#define PACE_MAX 40
#define QUIET_TURNS 4 /* of the loop, until nothing but a timer can be waited for */
#define QUIET_TIMERS 100 /* that do nothing, one behind the other: it goes round in circles */
#define CLOSE_TURNS 1000 /* of the loop, until a daemon has ended */

struct world w;

void broken(const char *what, const char *which)
{
	printf("not ok - seed %" PRIu64 ": %s %s\n# replay: tests/sim/sim_conductor --seed %" PRIu64
	       " --trace\n",
		w.seed, what, which, w.seed);
	exit(1);
}

/* FNV-1a */
void note(const char *fmt, ...)
{
	char line[256];
	va_list ap;
	int n = snprintf(line, sizeof(line), "%6" PRId64 "  ", fake_loop_time());

	va_start(ap, fmt);
	(void)vsnprintf(line + n, sizeof(line) - (size_t)n, fmt, ap);
	va_end(ap);
	w.trace = hash_text(w.trace, line);
	if (w.is_traced)
		puts(line);
}

uint64_t mix(uint64_t *state)
{
	uint64_t z = *state += UINT64_C(0x9e3779b97f4a7c15);

	z = (z ^ z >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
	z = (z ^ z >> 27) * UINT64_C(0x94d049bb133111eb);
	return z ^ z >> 31;
}

uint32_t dice(uint32_t n)
{
	return (uint32_t)(mix(&w.state) % n);
}

static void die(void)
{
	w.is_dead = true;
	w.n_crashes++;
	note("the daemon dies");
	fake_journal_kill(w.journal);
}

bool may_die(uint32_t one_in)
{
	if (!w.is_dead && dice(one_in) == 0)
		die();
	return w.is_dead;
}

/* ---- the daemon ---- */

static int edition_get(
	void *ctx, const char *dag_id, uint32_t version, struct edition **out, struct err *e)
{
	struct dag *d;
	int r;

	(void)ctx;
	(void)dag_id;
	sim_memory_spare();
	d = dag_kit_load(buf_str(&w.yaml));
	sim_memory_resume();
	r = edition_create(d, version, "", out, e);
	if (r != 0)
		dag_destroy(d);
	return r;
}

static void on_finished(void *ctx, struct runner *r, enum run_state state)
{
	(void)ctx;
	if (!w.is_dead)
		note("run %s is over: %s", runner_run_id(r), run_state_name(state));
}

static void on_broken(void *ctx, struct runner *r, const struct err *e)
{
	(void)ctx;
	if (!w.is_short || e->code != ERR_NOMEM)
		broken("a run broke:", e->text);
	note("%s breaks", r == NULL ? "the conductor" : runner_run_id(r));
	if (r == NULL)
		die();
}

static void on_note(void *ctx, enum op_level level, const char *text)
{
	(void)ctx;
	(void)level;
	if (strstr(text, "cannot be taken up") != NULL && !w.is_dead)
		broken("a run is given up:", text);
	note("%s", text);
}

static void on_left_out(void *ctx, const char *dag_id, const char *run_id, const struct err *e)
{
	(void)ctx;
	(void)dag_id;
	(void)run_id;
	broken("a run was left out:", e->text);
}

static void broken_open(void)
{
	const struct broken_runs_options o = {
		.loop = &w.loop, .conductor = w.conductor, .wait_ms = 10, .on_note = on_note};
	struct err e;

	if (broken_runs_open(&o, &w.broken, &e) != 0)
		abort();
}

static void daemon_open(void)
{
	struct conductor_options o = {.loop = &w.loop,
		.journal = w.journal,
		.store = fake_journal_store(w.journal),
		.editions = {.get = edition_get},
		.source = &w.source,
		.instances = w.instances,
		.first_run_number = 1,
		.default_pool_slots = 100,
		.kill_grace_ms = 1000};
	struct err e;

	sim_memory_spare();
	if (conductor_create(&o, &w.conductor, &e) != 0)
		abort();
	w.observer = (struct conductor_observer){
		.on_finished = on_finished, .on_broken = on_broken, .on_left_out = on_left_out};
	conductor_observe(w.conductor, &w.observer);
	broken_open();
	if (conductor_restore(w.conductor, &e) != 0)
		broken("nothing was restored:", e.text);
	sim_memory_resume();
}

static void on_closed(void *ctx)
{
	(void)ctx;
	w.is_closed = true;
}

static void daemon_close(void)
{
	fake_journal_kill(w.journal);
	sim_memory_spare();
	broken_runs_close(w.broken, NULL, NULL);
	w.is_closed = false;
	conductor_close(w.conductor, on_closed, NULL);
	while (fake_journal_answer(w.journal))
		;
	for (int i = 0; i < CLOSE_TURNS && !w.is_closed; i++)
		(void)uv_run(&w.loop, UV_RUN_NOWAIT);
	if (!w.is_closed)
		broken("a daemon does not end:", "it is waited for");
	w.conductor = NULL;
	w.is_dead = false;
	fake_journal_revive(w.journal);
	sim_memory_resume();
}

static bool is_stored(const char *run_id, bool must_be_over)
{
	struct store_run run;
	struct err e;

	return store_run_find(fake_journal_store(w.journal), NULL, "t", run_id, &run, &e) == 0 &&
		(!must_be_over || run_state_is_over((enum run_state)run.state));
}

/* Asks for the runs that are not stored; whether all of them are over. */
static bool ask_runs(void)
{
	bool are_over = true;

	sim_memory_spare();
	for (int i = 0; i < RUNS; i++) {
		char run_id[2] = {(char)('a' + i), '\0'};
		struct run_facts facts = {.run_id = run_id,
			.conf = {.type = VALUE_MAP},
			.params = {.type = VALUE_MAP}};
		struct run_spec spec = {.facts = &facts, .run_type = "manual", .seed = 1};
		struct runner *r = conductor_run_find(w.conductor, "t", run_id);
		struct err e;

		are_over &= is_stored(run_id, true) && r == NULL;
		if (r == NULL && !is_stored(run_id, false)) {
			(void)edition_get(NULL, "t", 1, &spec.edition, &e);
			if (conductor_run_add(w.conductor, &spec, &r, &e) != 0)
				abort();
			edition_unref(spec.edition);
		}
		if (r != NULL && runner_state(r) == RUN_QUEUED)
			runner_start(r);
	}
	sim_memory_resume();
	return are_over;
}

/* Now and then somebody asks for something. */
static void person_step(void)
{
	struct runner *r = conductor_run_first(w.conductor);
	uint32_t task = dice(w.n_tasks);
	struct runner_clear c = {.tasks = &task, .n_tasks = 1, .downstream = true};

	if (r == NULL || runner_state(r) != RUN_RUNNING)
		return;
	w.was_asked = true;
	note("somebody asks for something");
	if (dice(3) == 0)
		runner_cancel(r, false);
	else
		(void)runner_clear(r, &c);
}

/* ---- the world ---- */

static void dag_make(void)
{
	w.n_tasks = 1 + dice(TASKS_MAX);
	w.limit = 1 + dice(4);
	w.pace = 1 + dice(PACE_MAX);
	buf_init(&w.yaml, 0);
	buf_addf(&w.yaml,
		"dag_id: t\nmax_active_tasks: %u\n"
		"default_args: {operator: local, retry_delay: %s}\ntasks:\n",
		w.limit, dice(2) == 0 ? "0s" : "20ms");
	for (uint32_t t = 0; t < w.n_tasks; t++) {
		uint32_t up = t == 0 ? 0 : dice(t), other = t == 0 ? 0 : dice(t);
		bool has_up = t > 0 && dice(4) > 0, is_list = has_up && dice(4) == 0;

		is_list &= !w.is_for_each[up];
		w.is_for_each[t] = is_list;
		buf_addf(&w.yaml, "  t%u:\n    retries: %u\n", t, dice(3));
		if (w.is_short && t % 2 == 0)
			buf_adds(&w.yaml,
				"    on_success: {command: tell}\n"
				"    on_failure: {command: tell}\n");
		if (is_list)
			buf_addf(&w.yaml,
				"    for_each: '${main.t%u.output.response.list}'\n"
				"    command: 'i $<item>'\n",
				up);
		else if (has_up && !w.is_for_each[up])
			buf_addf(&w.yaml, "    command: 'v ${main.t%u.output.response.n}'\n", up);
		else
			buf_adds(&w.yaml, "    command: 'x'\n");
		if (has_up)
			buf_addf(&w.yaml, "    depends_on: [t%u%s]\n", up, "");
		if (has_up && other != up && dice(2) == 0) {
			w.yaml.len -= 2;
			buf_addf(&w.yaml, ", t%u]\n", other);
		}
	}
}

static void world_open(uint64_t seed, bool is_traced)
{
	static const uint32_t rates[] = {1000, 300, 100}; /* one allocation of so many */
	static char *env[] = {NULL};

	memset(&w, 0, sizeof(w));
	w.seed = w.state = seed;
	w.is_traced = is_traced;
	w.is_short = seed % 4 == 0;
	sim_memory_begin(seed, w.is_short ? rates[seed / 4 % 3] : 0);
	sim_memory_spare();
	fake_loop_begin();
	(void)uv_loop_init(&w.loop);
	w.journal = fake_journal_create();
	w.instance.op = &sim_operator;
	for (size_t i = 0; i < operators_count; i++)
		w.instances[i] = &w.instance;
	w.source = env_source(env);
	dag_make();
	sim_memory_resume();
}

static void world_close(void)
{
	daemon_close();
	(void)uv_run(&w.loop, UV_RUN_DEFAULT);
	if (uv_loop_close(&w.loop) != 0)
		broken("something is left open", "on the loop");
	fake_journal_destroy(w.journal);
	buf_free(&w.yaml);
}

/* The oldest batch is written, or is told to have been. */
static bool write_step(void)
{
	bool is_done = fake_journal_write(w.journal);

	if (is_done)
		note("a batch is stored");
	return is_done;
}

static bool answer_step(void)
{
	bool is_done = fake_journal_answer(w.journal);

	if (is_done)
		note("the daemon has heard of a batch");
	return is_done;
}

/* Whether a run waits for somebody to start it, as one does that was taken up so. */
static bool is_queued(void)
{
	for (const struct runner *r = conductor_run_first(w.conductor); r != NULL;
		r = conductor_run_next(r))
		if (runner_state(r) == RUN_QUEUED)
			return true;
	return false;
}

/* Nothing happens outside: what is left to happen is the conductor's, now or in time. */
static void wait_for_it(void)
{
	for (int n = 0; n < QUIET_TIMERS; n++) {
		for (int i = 0; i < QUIET_TURNS; i++) {
			(void)uv_run(&w.loop, UV_RUN_NOWAIT);
			if (w.is_dead || write_step() || !host_is_idle() || is_queued() ||
				conductor_run_first(w.conductor) == NULL)
				return;
		}
		if (!fake_loop_skip())
			break;
	}
	broken("a run is stuck:", "nothing happens any more");
}

/* What is stored of a run that is over is over, too. */
static void check_stored(const char *run_id)
{
	struct arena *a = arena_create(0);
	struct store_task *list = NULL;
	struct store_run run;
	struct err e;
	size_t n = 0;

	if (a == NULL ||
		store_run_find(fake_journal_store(w.journal), a, "t", run_id, &run, &e) != 0 ||
		store_tasks_of(fake_journal_store(w.journal), a, run.number, &list, &n, &e) != 0)
		abort();
	for (size_t i = 0; i < n; i++)
		if (!task_state_is_over((enum task_state)list[i].row.state) &&
			(list[i].row.state != TASK_NONE || !w.was_asked)) /* a cancelled one */
			broken("the run is stored as over, and not its task:", list[i].task_id);
	arena_destroy(a);
}

static void check_end(void)
{
	sim_memory_begin(0, 0);
	check_stored("a");
	check_stored("b");
	for (size_t i = 0; i < w.machines.n; i++)
		if (w.machines.list[i].phase != MACHINE_ENDED && !is_callback(&w.machines.list[i]))
			broken("the runs are over, and it runs:", w.machines.list[i].what);
}

static void loop_step(void)
{
	if (dice(w.pace) == 0)
		fake_loop_forward(1);
	(void)uv_run(&w.loop, UV_RUN_NOWAIT);
}

/* A hash of all that happened. */
static uint64_t simulate(uint64_t seed, bool is_traced, size_t *n_crashes, size_t *n_tries)
{
	world_open(seed, is_traced);
	daemon_open();
	while (!ask_runs()) {
		if (++w.n_steps > STEPS_MAX)
			broken("it goes round", "in circles");
		switch (dice(8)) {
		case 0:
			if (!may_die(40))
				(void)write_step();
			(void)may_die(40);
			break;
		case 1:
			if (!w.is_dead)
				(void)answer_step();
			break;
		case 2:
			if (dice(200) == 0)
				person_step();
			if (dice(10) == 0 && !w.is_dead) /* as who looks after DAGs does */
				(void)journal_commit(w.journal, NULL, NULL);
			break;
		case 3:
		case 4:
			loop_step();
			break;
		default:
			host_step();
			break;
		}
		if (w.is_dead) {
			daemon_close();
			daemon_open();
		} else if (host_is_idle() && !write_step() && !answer_step()) {
			wait_for_it();
		}
	}
	check_end();
	note("all is over in %zu steps", w.n_steps);
	*n_crashes += w.n_crashes;
	*n_tries += w.machines.n;
	world_close();
	return w.trace;
}

int main(int argc, char **argv)
{
	bool is_soak = argc > 1 && strcmp(argv[1], "soak") == 0;
	uint64_t seeds = SEEDS_DEFAULT, seed, trace;
	size_t n_crashes = 0, n_tries = 0;

	if (argc > 2 && strcmp(argv[1], "--seed") == 0) {
		seed = strtoull(argv[2], NULL, 10);
		trace = simulate(
			seed, argc > 3 && strcmp(argv[3], "--trace") == 0, &n_crashes, &n_tries);
		printf("ok - seed %" PRIu64 ": %zu tries, %zu crashes, trace %016" PRIx64 "\n",
			seed, n_tries, n_crashes, trace);
		return 0;
	}
	if (argc > 1 && !is_soak)
		seeds = strtoull(argv[1], NULL, 10);
	for (seed = 1; is_soak || seed <= seeds; seed++)
		(void)simulate(seed, false, &n_crashes, &n_tries);
	printf("ok 1 - %" PRIu64 " seeds: %zu tries, %zu crashes, %" PRIu64
	       " allocations that failed\n1..1\n",
		seeds, n_tries, n_crashes, sim_memory_failed());
	return 0;
}
