/*
 * The daemon. Its parts stand in one struct, in the order in which they are opened; what is NULL is
 * not open, so that a start that fails half way, and an end, are closed by the same steps.
 *
 * It holds no logic of runs: the bag knows DAGs, the planner makes runs, the conductor drives them,
 * requests are what people ask for, and control is how they ask.
 */
#include "scheduler/daemon.h"

#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "engine/arena.h"
#include "engine/err.h"
#include "scheduler/bag.h"
#include "scheduler/broken_runs.h"
#include "scheduler/conductor.h"
#include "scheduler/control.h"
#include "scheduler/daemon_log.h"
#include "scheduler/lock.h"
#include "scheduler/log_cleaner.h"
#include "scheduler/metrics.h"
#include "scheduler/notify.h"
#include "scheduler/planner.h"
#include "scheduler/requests.h"
#include "store/journal.h"
#include "store/settings.h"
#include "store/store.h"
#include "store/store_run.h"

#define LOCK_WAIT_MS 10000 /* how long a command that holds home is waited for */
#define ACTOR "scheduler"

static const int caught[] = {SIGTERM, SIGINT, SIGHUP};
#define CAUGHT_COUNT (sizeof(caught) / sizeof(caught[0]))

struct daemon {
	struct daemon_options o;
	const char *home;
	struct store_options store_options;

	struct lock *lock;
	struct store *store; /* to read, by this thread */
	struct journal *journal; /* to write, by its own */
	struct conductor *conductor;
	struct broken_runs *broken;
	struct bag *bag;
	struct planner *planner;
	struct requests *requests;
	struct control *control;
	struct log_cleaner *log_cleaner;
	struct metrics *metrics;
	struct conductor_observer watch;
	struct bag_observer bag_watch;
	uv_signal_t signals[CAUGHT_COUNT];
	uv_timer_t watchdog;
	size_t n_handles; /* signals and watchdog */
	size_t step; /* of the end */
	bool is_ending, is_stalled; /* is_stalled: nothing can be stored just now */
	int status; /* why it ends */
	struct err why;
};

/* ---- the end: step by step; each says whether it will call on_step when it is done ---- */

static void on_step(void *ctx);

static bool end_runs(struct daemon *d)
{
	if (d->planner != NULL)
		planner_stop(d->planner);
	if (d->conductor != NULL)
		conductor_drain(d->conductor, on_step, d);
	return d->conductor != NULL;
}

static bool end_control(struct daemon *d)
{
	struct control *c = d->control;

	/* N.B. control first: it uses requests, and closes once these let go of who waits. */
	d->control = NULL;
	if (c != NULL)
		control_close(c, on_step, d);
	requests_destroy(d->requests);
	d->requests = NULL;
	return c != NULL;
}

static bool end_log_cleaner(struct daemon *d)
{
	struct log_cleaner *c = d->log_cleaner;

	d->log_cleaner = NULL;
	if (c != NULL)
		log_cleaner_close(c, on_step, d);
	return c != NULL;
}

static bool end_metrics(struct daemon *d)
{
	struct metrics *m = d->metrics;

	d->metrics = NULL;
	if (m != NULL)
		metrics_close(m, on_step, d);
	return m != NULL;
}

static bool end_planner(struct daemon *d)
{
	struct planner *p = d->planner;

	d->planner = NULL;
	if (p != NULL)
		planner_close(p, on_step, d);
	return p != NULL;
}

static bool end_broken(struct daemon *d)
{
	struct broken_runs *b = d->broken;

	d->broken = NULL;
	if (b != NULL)
		broken_runs_close(b, on_step, d);
	return b != NULL;
}

static bool end_conductor(struct daemon *d)
{
	struct conductor *c = d->conductor;

	d->conductor = NULL;
	if (c != NULL)
		conductor_close(c, on_step, d);
	return c != NULL;
}

static bool end_bag(struct daemon *d)
{
	struct bag *b = d->bag;

	d->bag = NULL;
	if (b != NULL)
		bag_close(b, on_step, d);
	return b != NULL;
}

static bool end_journal(struct daemon *d)
{
	struct journal *j = d->journal;

	d->journal = NULL;
	if (j != NULL)
		journal_close(j, on_step, d);
	return j != NULL;
}

static void on_handle_closed(uv_handle_t *handle)
{
	struct daemon *d = handle->data;

	if (--d->n_handles == 0)
		on_step(d);
}

static bool end_handles(struct daemon *d)
{
	for (size_t i = 0; i < CAUGHT_COUNT; i++)
		uv_close((uv_handle_t *)&d->signals[i], on_handle_closed);
	uv_close((uv_handle_t *)&d->watchdog, on_handle_closed);
	return true;
}

static bool (*const steps[])(struct daemon *d) = {end_runs, end_metrics, end_log_cleaner,
	end_control, end_planner, end_broken, end_conductor, end_bag, end_journal, end_handles};

static void on_step(void *ctx)
{
	struct daemon *d = ctx;

	while (d->step < sizeof(steps) / sizeof(steps[0]))
		if (steps[d->step++](d))
			return;
	uv_stop(d->o.loop); /* operators are the caller's, and still open */
}

/* Begins the end, once. */
static void end(struct daemon *d)
{
	if (d->is_ending)
		return;
	d->is_ending = true;
	notify_send(d->o.env, "STOPPING=1");
	on_step(d);
}

static void fail(struct daemon *d, const struct err *why)
{
	if (d->status == 0) {
		d->status = why->code;
		d->why = *why;
	}
	end(d);
}

/* ---- what is heard while it runs ---- */

static void on_run(void *ctx, struct runner *r, const struct runner_run_change *c)
{
	(void)ctx;
	if (c->state != c->old_state)
		daemon_log(c->state == RUN_FAILED ? OP_WARNING : OP_INFO, "%s: run %s is %s",
			runner_dag_id(r), runner_run_id(r), run_state_name(c->state));
}

static void on_broken(void *ctx, struct runner *r, const struct err *e)
{
	struct daemon *d = ctx;

	if (r == NULL)
		fail(d, e);
}

static void on_callback(void *ctx, struct runner *r, enum op_level level, const char *text)
{
	(void)ctx;
	daemon_log(level, "%s: run %s: %s", runner_dag_id(r), runner_run_id(r), text);
}

static void on_left_out(void *ctx, const char *dag_id, const char *run_id, const struct err *e)
{
	(void)ctx;
	daemon_log(OP_ERROR, "%s: run %s cannot be taken up again, and is left as it is: %s",
		dag_id, run_id, e->text);
}

static void on_part_note(void *ctx, enum op_level level, const char *text)
{
	(void)ctx;
	daemon_log(level, "%s", text);
}

/* As a crash would, which loses nothing: what is not stored is asked for again. */
static void leave_at_once(int number)
{
	daemon_log(OP_WARNING, "leaving at once");
	(void)signal(number, SIG_DFL);
	(void)raise(number);
}

static void on_stall(void *ctx, const struct err *e)
{
	struct daemon *d = ctx;

	d->is_stalled = true;
	daemon_log(
		OP_ERROR, "nothing can be stored, so nothing is started until it can: %s", e->text);
	if (d->is_ending)
		leave_at_once(SIGTERM);
}

static void on_flow(void *ctx)
{
	struct daemon *d = ctx;

	d->is_stalled = false;
	daemon_log(OP_INFO, "storing works again; everything goes on");
}

/* ---- signals ---- */

static void settings_read_again(struct daemon *d)
{
	struct settings *s;
	struct err e;

	if (settings_load(d->o.env, &s, &e) != 0) {
		daemon_log(OP_ERROR, "the settings stay as they were: %s", e.text);
		return;
	}
	if (conductor_default_slots_set(
		    d->conductor, settings_number(s, SETTING_DEFAULT_POOL_SLOTS)) != 0)
		daemon_log(OP_ERROR, "the pools stay as they were: %s", err_text(ERR_NOMEM));
	if (strcmp(settings_text(s, SETTING_DAGS_FOLDER),
		    settings_text(d->o.settings, SETTING_DAGS_FOLDER)) != 0)
		daemon_log(OP_WARNING, "another dags folder counts from the next start on");
	bag_rescan_set(d->bag, settings_number(s, SETTING_DAG_DIR_LIST_INTERVAL));
	log_cleaner_set(d->log_cleaner, s);
	settings_destroy(s);
	bag_scan_now(d->bag);
	daemon_log(OP_INFO, "the settings were read again");
}

static void on_signal(uv_signal_t *handle, int number)
{
	struct daemon *d = handle->data;

	if (number == SIGHUP) {
		if (!d->is_ending)
			settings_read_again(d);
	} else if (!d->is_ending && !d->is_stalled) {
		daemon_log(OP_INFO,
			"stopping: nothing starts any more; what runs is left running, and is "
			"taken up at the next start");
		end(d);
	} else {
		leave_at_once(number);
	}
}

static void on_watchdog(uv_timer_t *timer)
{
	struct daemon *d = timer->data;

	notify_send(d->o.env, "WATCHDOG=1");
}

static void handles_open(struct daemon *d)
{
	uint64_t every = notify_watchdog_ms(d->o.env);

	for (size_t i = 0; i < CAUGHT_COUNT; i++) {
		(void)uv_signal_init(d->o.loop, &d->signals[i]);
		d->signals[i].data = d;
		(void)uv_signal_start(&d->signals[i], on_signal, caught[i]);
	}
	(void)uv_timer_init(d->o.loop, &d->watchdog);
	d->watchdog.data = d;
	if (every > 0)
		(void)uv_timer_start(&d->watchdog, on_watchdog, every, every);
	d->n_handles = CAUGHT_COUNT + 1;
}

/* ---- the beginning ---- */

static int open_store(struct daemon *d, struct err *e)
{
	struct journal_options j = {.loop = d->o.loop,
		.store = &d->store_options,
		.on_stall = on_stall,
		.on_flow = on_flow,
		.ctx = d};
	int r = store_open(&d->store_options, &d->store, e);

	return r == 0 ? journal_open(&j, &d->journal, e) : r;
}

/* Pools that a person has sized. */
static int size_pools(struct daemon *d, struct err *e)
{
	struct arena *a = arena_create(0);
	struct store_pool *pools;
	size_t n = 0;
	int r = a == NULL ? err_set(e, ERR_NOMEM, "%s", err_text(ERR_NOMEM))
			  : store_pools(d->store, a, &pools, &n, e);

	for (size_t i = 0; i < n && r == 0; i++)
		if (conductor_pool_set(d->conductor, pools[i].name, pools[i].slots) != 0)
			r = err_set(e, ERR_NOMEM, "%s", err_text(ERR_NOMEM));
	arena_destroy(a);
	return r;
}

static int open_conductor(struct daemon *d, struct err *e)
{
	struct conductor_options c = {.loop = d->o.loop,
		.journal = d->journal,
		.store = d->store,
		.editions = {.ctx = d->bag, .get = bag_edition},
		.source = d->o.source,
		.instances = d->o.instances,
		.logs = d->o.logs,
		.default_pool_slots = settings_number(d->o.settings, SETTING_DEFAULT_POOL_SLOTS),
		.kill_grace_ms = OP_KILL_GRACE_MS};
	int r = store_run_number_last(d->store, &c.first_run_number, e);

	c.first_run_number++;
	if (r == 0)
		r = conductor_create(&c, &d->conductor, e);
	if (r != 0)
		return r;
	d->watch = (struct conductor_observer){.ctx = d,
		.on_run = on_run,
		.on_callback = on_callback,
		.on_broken = on_broken,
		.on_left_out = on_left_out};
	conductor_observe(d->conductor, &d->watch);
	return size_pools(d, e);
}

static int open_bag(struct daemon *d, struct err *e)
{
	struct bag_options b = {.loop = d->o.loop,
		.folder = settings_text(d->o.settings, SETTING_DAGS_FOLDER),
		.store = d->store,
		.journal = d->journal,
		.has_no_watch = !settings_truth(d->o.settings, SETTING_DAG_DIR_WATCH),
		.rescan_s = settings_number(d->o.settings, SETTING_DAG_DIR_LIST_INTERVAL)};

	d->bag_watch = (struct bag_observer){.ctx = d, .on_note = on_part_note};
	b.observer = &d->bag_watch;
	return bag_open(&b, &d->bag, e);
}

/* N.B. the planner before runs are restored: it hears of each. */
static int open_planner(struct daemon *d, struct err *e)
{
	struct planner_options p = {.loop = d->o.loop,
		.bag = d->bag,
		.conductor = d->conductor,
		.store = d->store,
		.ctx = d,
		.on_note = on_part_note};

	return planner_create(&p, &d->planner, e);
}

static int open_broken(struct daemon *d, struct err *e)
{
	struct broken_runs_options b = {.loop = d->o.loop,
		.conductor = d->conductor,
		.wait_ms = BROKEN_RUNS_WAIT_MS,
		.ctx = d,
		.on_note = on_part_note};

	return broken_runs_open(&b, &d->broken, e);
}

static int restore(struct daemon *d, struct err *e)
{
	size_t n = 0;
	int status = conductor_restore(d->conductor, e);

	for (struct runner *r = conductor_run_first(d->conductor); r != NULL;
		r = conductor_run_next(r))
		n++;
	if (n > 0)
		daemon_log(OP_INFO, "%zu run%s taken up where %s stopped", n,
			n == 1 ? " was" : "s were", n == 1 ? "it" : "they");
	return status;
}

static int open_control(struct daemon *d, struct err *e)
{
	struct requests_options q = {.conductor = d->conductor,
		.bag = d->bag,
		.journal = d->journal,
		.store = d->store,
		.default_pool_slots = settings_number(d->o.settings, SETTING_DEFAULT_POOL_SLOTS)};
	struct control_options c = {.loop = d->o.loop, .home = d->home};
	int r = requests_create(&q, &d->requests, e);

	c.requests = d->requests;
	return r == 0 ? control_open(&c, &d->control, e) : r;
}

static int open_log_cleaner(struct daemon *d, struct err *e)
{
	struct log_cleaner_options o = {.loop = d->o.loop,
		.folder = d->o.logs,
		.conductor = d->conductor,
		.settings = d->o.settings,
		.ctx = d,
		.on_note = on_part_note};

	return log_cleaner_open(&o, &d->log_cleaner, e);
}

static int open_metrics(struct daemon *d, struct err *e)
{
	struct metrics_options o = {.loop = d->o.loop,
		.settings = d->o.settings,
		.conductor = d->conductor,
		.bag = d->bag,
		.journal = d->journal,
		.ctx = d,
		.on_note = on_part_note};

	return metrics_open(&o, &d->metrics, e);
}

static int (*const openers[])(struct daemon *d, struct err *e) = {open_store, open_bag,
	open_conductor, open_broken, open_planner, restore, open_control, open_log_cleaner,
	open_metrics};

static int open_all(struct daemon *d, struct err *e)
{
	struct lock_holder holder;
	int r = lock_wait(d->home, LOCK_DAEMON, LOCK_WAIT_MS, &d->lock, &holder, e);

	for (size_t i = 0; r == 0 && i < sizeof(openers) / sizeof(openers[0]); i++)
		r = openers[i](d, e);
	return r;
}

static void tell_ready(struct daemon *d)
{
	notify_send(d->o.env, "READY=1");
	daemon_log(OP_INFO, "the scheduler runs on %s; its DAGs are in %s", d->home,
		settings_text(d->o.settings, SETTING_DAGS_FOLDER));
}

int daemon_run(const struct daemon_options *o, struct err *e)
{
	struct daemon d = {.o = *o, .home = settings_home_path(o->settings)};

	d.store_options = (struct store_options){
		.home = d.home, .env = o->env, .actor = ACTOR, .may_create = true};
	(void)uv_loop_configure(o->loop, UV_METRICS_IDLE_TIME);
	handles_open(&d);
	d.status = open_all(&d, &d.why);
	if (d.status == 0)
		tell_ready(&d);
	else
		end(&d);
	(void)uv_run(o->loop, UV_RUN_DEFAULT);
	store_close(d.store);
	lock_release(d.lock);
	*e = d.why;
	return d.status;
}
