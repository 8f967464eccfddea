/*
 * The daemon's start: each part with what it needs of those before, and the daemon's own log of
 * what they tell.
 */
#include <unistd.h>

#include "engine/arena.h"
#include "engine/dag.h"
#include "engine/err.h"
#include "scheduler/daemon_impl.h"
#include "scheduler/daemon_log.h"
#include "scheduler/edition.h"
#include "scheduler/lock.h"
#include "scheduler/plan.h"
#include "store/secret.h"
#include "store/settings.h"
#include "store/store_run.h"

#define LOCK_WAIT_MS 10000 /* how long a command that holds home is waited for */
#define POOLS_TOLD_MAX 5 /* of one run, that nobody has sized */

/* ---- what is heard while it runs ---- */

/* The first task of a pool. */
static const char *user_of(const struct edition *ed, uint32_t pool)
{
	const struct run_plan *p = &ed->plan->run;

	for (uint32_t t = 0; t < p->n_tasks; t++)
		if (p->tasks[t].pool == pool)
			return ed->dag->tasks[t].id;
	return "";
}

/* A pool that nobody has sized may be a misspelled one: its tasks run, but nothing that was meant
 * bounds them. */
static void tell_pools(struct conductor *c, const struct runner *r)
{
	const struct edition *ed = runner_edition(r);
	uint32_t told = 0, slots;
	uint64_t held;
	size_t waiting;

	for (uint32_t i = 0; i < ed->plan->n_pools && told < POOLS_TOLD_MAX; i++) {
		const char *name = ed->plan->pools[i];

		if (conductor_pool_is_known(c, name) ||
			conductor_pool_get(c, name, &slots, &held, &waiting) != 0)
			continue;
		daemon_log(OP_WARNING,
			"%s: run %s: %s names the pool \"%s\", which nobody has sized: it has %u "
			"slots of its own; `windrow pools set` sizes it",
			runner_dag_id(r), runner_run_id(r), user_of(ed, i), name, slots);
		told++;
	}
}

/* That a secret could not be locked is told once, by the first task behind it: it is for tasks that
 * secrets are held. */
static void on_task(void *ctx, struct runner *r, const struct runner_change *c)
{
	struct daemon *d = ctx;
	char text[SECRET_REFUSAL_MAX];

	(void)r;
	(void)c;
	if (d->has_told_refusal || !secret_lock_refusal(text))
		return;
	d->has_told_refusal = true;
	daemon_log(OP_WARNING, "%s", text);
}

static void on_run(void *ctx, struct runner *r, const struct runner_run_change *c)
{
	struct daemon *d = ctx;

	if (c->state == c->old_state)
		return;
	daemon_log(c->state == RUN_FAILED ? OP_WARNING : OP_INFO, "%s: run %s is %s",
		runner_dag_id(r), runner_run_id(r), run_state_name(c->state));
	if (c->state == RUN_RUNNING)
		tell_pools(d->conductor, r);
}

static void on_broken(void *ctx, struct runner *r, const struct err *e)
{
	struct daemon *d = ctx;

	if (r == NULL)
		daemon_fail(d, e);
}

static void on_log_lost(
	void *ctx, struct runner *r, uint32_t task, uint32_t instance, const struct err *e)
{
	(void)ctx;
	(void)instance;
	daemon_log(OP_WARNING, "%s: run %s: what %s prints cannot be kept: %s", runner_dag_id(r),
		runner_run_id(r), runner_edition(r)->dag->tasks[task].id, e->text);
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

/* ---- the parts ---- */

static void on_read(void *ctx, int status, const struct err *e)
{
	struct daemon *d = ctx;

	if (status == ERR_CORRUPT) {
		store_condemn(d->store, e);
		if (d->journal != NULL) /* which meets it, and tells */
			(void)journal_commit(d->journal, NULL, NULL);
	} else if (status != 0) {
		daemon_log(OP_WARNING, "whether the store is sound is not known: %s", e->text);
	}
}

static int check_store(struct daemon *d, struct err *e)
{
	struct soundness_options o = {.loop = d->o.loop,
		.options = &d->store_options,
		.store = d->store,
		.ctx = d,
		.on_read = on_read};

	return soundness_check(&o, &d->soundness, e);
}

static int open_store(struct daemon *d, struct err *e)
{
	struct journal_options j = {.loop = d->o.loop,
		.store = &d->store_options,
		.is_lasting = true,
		.on_stall = daemon_stalled,
		.on_flow = daemon_flows,
		.ctx = d};
	uint64_t n = 0;
	int r = store_open(&d->store_options, &d->store, e);

	j.reader = d->store;
	if (r == 0)
		r = check_store(d, e);
	if (r == 0)
		r = store_outputs_seal(d->store, &n, e);
	if (n > 0)
		daemon_log(OP_INFO,
			"sealed what %llu tasks and tries have left: an older windrow had kept it "
			"plain",
			(unsigned long long)n);
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
		.on_task = on_task,
		.on_run = on_run,
		.on_log_lost = on_log_lost,
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
	struct requests_options q = {
		.conductor = d->conductor, .bag = d->bag, .journal = d->journal, .store = d->store};
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
		.instances = d->o.instances,
		.ctx = d,
		.on_note = on_part_note};

	return metrics_open(&o, &d->metrics, e);
}

static int (*const openers[])(struct daemon *d, struct err *e) = {open_store, open_bag,
	open_conductor, open_broken, open_planner, restore, open_control, open_log_cleaner,
	open_metrics};

/* N.B. who takes the lock's file away has taken away the lock. */
static int check_alone(const struct daemon *d, struct err *e)
{
	struct err none;
	int fd;

	if (control_connect(d->home, &fd, &none) != 0)
		return 0;
	(void)close(fd);
	return err_set(e, ERR_EXISTS,
		"a scheduler answers at %s/" CONTROL_NAME ", and does not hold " LOCK_NAME
		" beside it: was that file taken away? Stop that scheduler first",
		d->home);
}

int daemon_open(struct daemon *d, struct err *e)
{
	struct lock_holder holder;
	int r = lock_wait(d->home, LOCK_DAEMON, LOCK_WAIT_MS, &d->lock, &holder, e);

	if (r == 0)
		r = check_alone(d, e);
	for (size_t i = 0; r == 0 && i < sizeof(openers) / sizeof(openers[0]); i++)
		r = openers[i](d, e);
	return r;
}
