/*
 * When the folder is looked at. One timer says when the next look is due: shortly after something
 * was heard of, so that what comes together is taken together; after a while where files are being
 * written; and now and then anyway, for what nobody told of. Looks never crowd out the rest: behind
 * one that took long, the next waits longer.
 */
#include <stdio.h>
#include <string.h>

#include "engine/err.h"
#include "scheduler/bag_impl.h"
#include "scheduler/folder_watch.h"

#define GATHER_MS 4 /* what comes within this time is looked at together */
#define SHORT_MS 25 /* a look that took no longer is not rested from */
#define REST_FACTOR 3 /* of what others took */
#define FAILED_MS 1000 /* between looks at a folder that cannot be read */
#define REST_MAX_MS 2000

static void on_timer(uv_timer_t *timer)
{
	bag_look(timer->data);
}

static uint64_t earlier(uint64_t a, uint64_t b)
{
	return a < b ? a : b;
}

/* When the next look is due. */
static void plan_look(struct bag *b)
{
	uint64_t took = b->look_ended - b->look_began;
	uint64_t rest =
		b->look_ended + (took <= SHORT_MS ? 0 : earlier(took * REST_FACTOR, REST_MAX_MS));
	uint64_t often = (uint64_t)b->o.rescan_s * 1000;
	uint64_t due = UINT64_MAX, now = uv_now(b->o.loop);

	if (b->is_closing || folder_look_is_looking(b->look))
		return;
	if (!b->o.is_once) {
		bool is_watched = b->watch != NULL && !b->is_unwatched && !b->has_blind_spots;
		uint64_t wait = is_watched ? often : earlier(often, BAG_POLL_MS);

		due = b->look_ended + (b->has_failed ? FAILED_MS : wait);
	}
	if (b->again_ms != 0)
		due = earlier(due, b->look_ended + b->again_ms);
	if (b->changed_at != 0)
		due = earlier(due, b->changed_at + GATHER_MS);
	if (due == UINT64_MAX)
		return;
	due = due < rest ? rest : due;
	(void)uv_timer_start(&b->timer, on_timer, due > now ? due - now : 0, 0);
}

void bag_look_due(void *ctx)
{
	struct bag *b = ctx;

	if (b->changed_at != 0)
		return;
	uv_update_time(b->o.loop);
	b->changed_at = uv_now(b->o.loop);
	plan_look(b);
}

uint64_t bag_scan_now(struct bag *b)
{
	bag_look_due(b);
	return b->n_looks + 1;
}

void bag_rescan_set(struct bag *b, uint32_t rescan_s)
{
	b->o.rescan_s = rescan_s;
	plan_look(b);
}

void bag_look(struct bag *b)
{
	uv_update_time(b->o.loop);
	b->look_began = uv_now(b->o.loop);
	b->changed_at = 0;
	bag_editions_trim(b);
	b->n_looks++;
	if (folder_look_start(b->look) != 0) {
		b->look_ended = b->look_began;
		b->again_ms = FOLDER_SETTLE_MS;
		plan_look(b);
	}
}

/* Each problem is told when it comes up. */
static void tell_problems(struct bag *b, const char *lines)
{
	while (lines != NULL && *lines != '\0') {
		size_t n = strcspn(lines, "\n");

		bag_note(b, OP_WARNING, "%.*s", (int)n, lines);
		lines += n + (lines[n] == '\n');
	}
}

static void tell_failure(struct bag *b, const struct err *failure)
{
	const char *why = failure == NULL ? "" : failure->text;
	char sentence[sizeof(b->folder_fault)];

	sentence[0] = '\0';
	if (failure != NULL)
		(void)snprintf(sentence, sizeof(sentence),
			"%s; DAGs stay as they are until it can be read", why);
	b->has_failed = failure != NULL;
	if (strcmp(why, b->folder_fault) == 0 || bag_faults_folder(b, sentence) != 0)
		return;
	if (failure != NULL)
		bag_note(b, OP_ERROR, "the dags folder %s: %s", b->folder, sentence);
	else
		bag_note(b, OP_INFO, "the dags folder %s can be read again", b->folder);
	(void)snprintf(b->folder_fault, sizeof(b->folder_fault), "%s", why);
}

static void tell_watch(struct bag *b)
{
	bool is_unwatched = b->watch != NULL && !folder_watch_is_whole(b->watch);

	if (is_unwatched && !b->is_unwatched)
		bag_note(b, OP_WARNING,
			"the dags folder %s cannot be watched as a whole: it is looked at every "
			"%d s (fs.inotify.max_user_watches limits what can be watched, and other "
			"machines' changes are not heard of)",
			b->folder, BAG_POLL_MS / 1000);
	b->is_unwatched = is_unwatched;
}

static void on_gone(void *ctx, const struct folder_file *f)
{
	bag_faults_forget(ctx, f);
}

static void on_looked(void *ctx, const struct folder_looked *l)
{
	struct bag *b = ctx;

	uv_update_time(b->o.loop);
	b->look_ended = uv_now(b->o.loop);
	if (b->is_closing) {
		folder_watch_close(b->watch);
		bag_close_finish(b);
		return;
	}
	tell_failure(b, l->failure);
	tell_problems(b, l->problems);
	if (l->failure == NULL) {
		tell_watch(b);
		b->has_blind_spots = l->has_blind_spots;
	}
	b->again_ms = l->again_ms;
	if (l->failure == NULL && (l->has_changed || b->stored != NULL || b->must_settle))
		bag_claims_settle(b);
	if (!b->is_ready && b->tellings == NULL)
		bag_be_ready(b);
	bag_looked(b);
	plan_look(b);
}

int bag_look_create(struct bag *b)
{
	const struct folder_look_options o = {.loop = b->o.loop,
		.folder = b->folder,
		.reader = b->reader,
		.watch = b->watch,
		.ctx = b,
		.on_gone = on_gone,
		.on_looked = on_looked};

	return folder_look_create(&o, &b->look);
}
