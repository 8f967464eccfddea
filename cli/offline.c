/*
 * A request without a daemon: the same code that the daemon would run, on a conductor that starts
 * and kills nothing. What it decides is stored, and the next daemon takes it up from there.
 *
 * N.B. where the store cannot be written (a full disk) the journal would try again for ever; a
 * person would rather be told. Then the command ends without waiting for it.
 */
#include "cli/offline.h"

#include <string.h>
#include <uv.h>

#include "cli/client.h"
#include "cli/command.h"
#include "cli/report.h"
#include "cli/settings.h"
#include "cli/stores.h"
#include "engine/arena.h"
#include "engine/err.h"
#include "scheduler/bag.h"
#include "scheduler/conductor.h"
#include "scheduler/lock.h"
#include "scheduler/requests.h"
#include "store/journal.h"
#include "store/store_run.h"

struct offline {
	uv_loop_t loop;
	struct settings *settings;
	struct store *store;
	struct journal *journal;
	struct conductor *conductor;
	struct bag *bag;
	struct bag_observer watching;
	struct conductor_observer observer;
	struct requests *requests;
	bool is_open, is_ready, is_answered, is_stalled;
	int open; /* that are being closed */
	struct arena *arena; /* of the answer */
	struct value answer;
	struct err error; /* code 0: none */
};

/* N.B. this may come from the loop when it is about to sleep. */
static void fail(struct offline *o, const struct err *e)
{
	if (o->error.code == 0)
		o->error = *e;
	uv_stop(&o->loop);
}

static void on_ready(void *ctx)
{
	struct offline *o = ctx;

	o->is_ready = true;
}

static void on_stall(void *ctx, const struct err *e)
{
	struct offline *o = ctx;

	o->is_stalled = true;
	fail(o, e);
}

/* N.B. its request may have been answered: what it decided is not stored. */
static void on_broken(void *ctx, struct runner *r, const struct err *e)
{
	struct err why;

	if (r != NULL) {
		(void)err_set(&why, e->code, "%s: run %s broke, and is as it was stored last: %s",
			runner_dag_id(r), runner_run_id(r), e->text);
		e = &why;
	}
	fail(ctx, e);
}

static void on_answer(void *ctx, const struct value *answer, const struct err *e)
{
	struct offline *o = ctx;

	o->is_answered = true;
	if (e != NULL)
		fail(o, e);
	else if (value_copy(o->arena, answer, &o->answer) != 0)
		(void)err_set(&o->error, ERR_NOMEM, "%s", err_text(ERR_NOMEM));
}

static int edition_get(
	void *ctx, const char *dag_id, uint32_t version, struct edition **out, struct err *e)
{
	const struct offline *o = ctx;

	return bag_edition(o->bag, dag_id, version, out, e);
}

/* ---- life ---- */

static int conductor_open(struct offline *o, struct err *e)
{
	struct conductor_options c = {.loop = &o->loop,
		.journal = o->journal,
		.store = o->store,
		.editions = {.ctx = o, .get = edition_get},
		.default_pool_slots = settings_number(o->settings, SETTING_DEFAULT_POOL_SLOTS),
		.is_offline = true};
	uint64_t last;
	int r = store_run_number_last(o->store, &last, e);

	if (r != 0)
		return r;
	c.first_run_number = last + 1;
	r = conductor_create(&c, &o->conductor, e);
	if (r != 0)
		return r;
	o->observer = (struct conductor_observer){.ctx = o, .on_broken = on_broken};
	conductor_observe(o->conductor, &o->observer);
	return 0;
}

static int bag_begin(struct offline *o, struct err *e)
{
	struct bag_options b = {.loop = &o->loop,
		.folder = settings_text(o->settings, SETTING_DAGS_FOLDER),
		.store = o->store,
		.journal = o->journal,
		.is_once = true,
		.observer = &o->watching};

	o->watching = (struct bag_observer){.ctx = o, .on_ready = on_ready};
	return bag_open(&b, &o->bag, e);
}

static int requests_begin(struct offline *o, struct err *e)
{
	struct requests_options r = {.conductor = o->conductor,
		.bag = o->bag,
		.journal = o->journal,
		.store = o->store,
		.is_offline = true};

	return requests_create(&r, &o->requests, e);
}

static int begin(struct offline *o, const struct stores_options *s, struct err *e)
{
	struct store_options so = s->store;
	struct journal_options j = {.loop = &o->loop, .store = &so, .on_stall = on_stall, .ctx = o};
	int r;

	so.may_create = true;
	r = store_open(&so, &o->store, e);
	if (r == 0)
		r = journal_open(&j, &o->journal, e);
	if (r == 0)
		r = conductor_open(o, e);
	if (r == 0)
		r = bag_begin(o, e);
	if (r == 0)
		r = requests_begin(o, e);
	return r;
}

static void on_closed(void *ctx)
{
	struct offline *o = ctx;

	o->open--;
}

/* Lets the loop run until all that is being closed is. False: that waits for what cannot be stored.
 */
static bool wait_closed(struct offline *o)
{
	while (o->open > 0 && !o->is_stalled)
		(void)uv_run(&o->loop, UV_RUN_ONCE);
	return !o->is_stalled;
}

/* N.B. what waits for the store when it stalls stays as it is: the program is about to end. */
static void end(struct offline *o)
{
	if (o->is_stalled)
		return;
	requests_destroy(o->requests);
	o->open = (o->bag != NULL) + (o->conductor != NULL);
	if (o->bag != NULL)
		bag_close(o->bag, on_closed, o);
	conductor_close(o->conductor, on_closed, o);
	if (!wait_closed(o))
		return;
	o->open = o->journal != NULL;
	if (o->journal != NULL)
		journal_close(o->journal, on_closed, o);
	if (!wait_closed(o))
		return;
	(void)uv_run(&o->loop, UV_RUN_NOWAIT);
	stores_close(o->store);
	(void)uv_loop_close(&o->loop);
}

/* Lets the loop run until it is said, or nothing more will come. */
static void run_until(struct offline *o, const bool *is_done)
{
	while (!*is_done && o->error.code == 0 && uv_run(&o->loop, UV_RUN_ONCE) != 0)
		continue;
	if (!*is_done && o->error.code == 0)
		(void)err_set(&o->error, ERR_BUG, "nobody answers");
}

static void do_one(struct offline *o, const struct stores_options *s, const struct request *r)
{
	struct err e;

	if (begin(o, s, &e) != 0) {
		fail(o, &e);
		return;
	}
	o->is_open = true;
	run_until(o, &o->is_ready);
	if (o->error.code != 0)
		return;
	requests_do(o->requests, r, on_answer, o);
	run_until(o, &o->is_answered);
}

int offline_ask(const struct stores_options *s, const struct request *r, struct arena *a,
	struct value *answer, bool is_last, bool *is_held)
{
	static struct offline o; /* it outlives this call where the store stalls */
	struct lock_holder holder;
	struct lock *lock;
	struct err e;
	int status = lock_take(s->home, LOCK_COMMAND, &lock, &holder, &e);

	o = (struct offline){.arena = a};
	*is_held = status == ERR_EXISTS;
	if (*is_held && !is_last)
		return EXIT_DONE;
	if (status != 0) {
		report_error("%s%s", e.text, *is_held ? ", and does not answer" : "");
		return EXIT_UNREACHABLE;
	}
	o.settings = settings_or_report();
	status = o.settings == NULL ? EXIT_FAILED : EXIT_DONE;
	if (status == EXIT_DONE && uv_loop_init(&o.loop) == 0) {
		do_one(&o, s, r);
		end(&o);
		status = o.error.code == 0 ? EXIT_DONE : client_error(&o.error);
		/* Whatever keeps the store from being used. */
		if (!o.is_open || o.is_stalled)
			status = EXIT_UNREACHABLE;
		*answer = o.answer;
	}
	settings_destroy(o.settings);
	lock_release(lock);
	return status;
}
