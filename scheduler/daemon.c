/*
 * The daemon. Its parts stand in one struct, in the order in which they are opened; what is NULL is
 * not open, so that a start that fails half way, and an end, are closed by the same steps.
 *
 * It holds no logic of runs: the bag knows DAGs, the planner makes runs, the conductor drives them,
 * requests are what people ask for, and control is how they ask.
 */
#include "scheduler/daemon.h"

#include <assert.h>
#include <signal.h>
#include <string.h>
#include <unistd.h>

#include "engine/err.h"
#include "scheduler/daemon_impl.h"
#include "scheduler/daemon_log.h"
#include "scheduler/lock.h"
#include "scheduler/notify.h"
#include "store/settings.h"

#define ACTOR "scheduler"
#define NS_PER_MS 1000000u

static const int caught[] = {SIGTERM, SIGINT, SIGHUP};
static_assert(sizeof(caught) / sizeof(caught[0]) == DAEMON_SIGNALS, "each has its handle");

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

static bool end_soundness(struct daemon *d)
{
	struct soundness *s = d->soundness;

	d->soundness = NULL;
	return soundness_close(s, on_step, d);
}

static bool end_handles(struct daemon *d)
{
	for (size_t i = 0; i < DAEMON_SIGNALS; i++)
		uv_close((uv_handle_t *)&d->signals[i], on_handle_closed);
	uv_close((uv_handle_t *)&d->watchdog, on_handle_closed);
	return true;
}

static bool (*const steps[])(struct daemon *d) = {end_runs, end_metrics, end_log_cleaner,
	end_control, end_planner, end_broken, end_conductor, end_bag, end_soundness, end_journal,
	end_handles};

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

void daemon_fail(struct daemon *d, const struct err *why)
{
	if (d->status == 0) {
		d->status = why->code;
		d->why = *why;
	}
	end(d);
}

/* ---- what is heard while it runs ---- */

/* As a crash would, which loses nothing: what is not stored is asked for again. */
static void leave_at_once(int number)
{
	daemon_log(OP_WARNING, "leaving at once");
	(void)signal(number, SIG_DFL);
	(void)raise(number);
}

void daemon_stalled(void *ctx, const struct err *e)
{
	struct daemon *d = ctx;

	d->is_stalled = true;
	daemon_log(OP_ERROR, "%s: %s",
		journal_error_is_final(e)
			? "nothing is stored any more, and nothing started, until the scheduler is "
			  "stopped, the store mended, and the scheduler started anew"
			: "nothing can be stored, so nothing is started until it can",
		e->text);
	if (d->control != NULL && journal_error_is_final(e))
		control_give_up(d->control, e);
	else if (d->control != NULL)
		control_tell_stall(d->control, e);
	if (d->is_ending)
		leave_at_once(SIGTERM);
}

void daemon_flows(void *ctx)
{
	struct daemon *d = ctx;

	d->is_stalled = false;
	daemon_log(OP_INFO, "storing works again; everything goes on");
	if (d->control != NULL)
		control_tell_stall(d->control, NULL);
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
	metrics_set(d->metrics, s);
	settings_destroy(s);
	bag_scan_now(d->bag);
	daemon_log(OP_INFO, "the settings were read again");
}

/* N.B. who asks for the end while it ends already, or while nothing can be stored, insists. */
static void on_end_wanted(struct daemon *d, int number)
{
	if (insist_count(&d->insist, number, uv_hrtime() / NS_PER_MS) == 0)
		return;
	if (d->is_ending || d->is_stalled) {
		leave_at_once(number);
		return;
	}
	daemon_log(OP_INFO,
		"stopping: nothing starts any more; what runs is left running, and is taken up at "
		"the next start");
	end(d);
}

static void on_signal(uv_signal_t *handle, int number)
{
	struct daemon *d = handle->data;

	if (number != SIGHUP)
		on_end_wanted(d, number);
	else if (!d->is_ending)
		settings_read_again(d);
}

static void on_watchdog(uv_timer_t *timer)
{
	struct daemon *d = timer->data;

	notify_send(d->o.env, "WATCHDOG=1");
}

static void handles_open(struct daemon *d)
{
	uint64_t every = notify_watchdog_ms(d->o.env);

	for (size_t i = 0; i < DAEMON_SIGNALS; i++) {
		(void)uv_signal_init(d->o.loop, &d->signals[i]);
		d->signals[i].data = d;
		(void)uv_signal_start(&d->signals[i], on_signal, caught[i]);
	}
	(void)uv_timer_init(d->o.loop, &d->watchdog);
	d->watchdog.data = d;
	if (every > 0)
		(void)uv_timer_start(&d->watchdog, on_watchdog, every, every);
	d->n_handles = DAEMON_SIGNALS + 1;
}

/* ---- the whole ---- */

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
	d.status = daemon_open(&d, &d.why);
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
