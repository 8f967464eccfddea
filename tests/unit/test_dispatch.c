/* Dispatch: who may start, in which order, and what is never forgotten. */
#include "engine/dispatch.h"

#include <stdio.h>
#include <string.h>

#include "tests/unit/tap.h"

static struct err err;

static int ask(struct dispatch *d, uint32_t run, uint32_t task, uint32_t pool, uint32_t slots,
	int32_t priority)
{
	struct dispatch_request q = {{run, task, 0}, pool, slots, priority};

	return dispatch_queue(d, &q, &err);
}

static void release(struct dispatch *d, uint32_t run, uint32_t task)
{
	struct dispatch_key key = {run, task, 0};

	dispatch_release(d, &key);
}

/* Whom dispatch lets start now: "run.task run.task"; a refusal begins with "!". */
static const char *drain(struct dispatch *d)
{
	static char text[1024];
	struct dispatch_key key;
	enum dispatch_answer what;
	size_t used = 0;

	text[0] = '\0';
	while ((what = dispatch_next(d, &key)) != DISPATCH_NOTHING)
		used += (size_t)snprintf(text + used, sizeof(text) - used, "%s%s%u.%u",
			used > 0 ? " " : "", what == DISPATCH_REFUSED ? "!" : "", key.run,
			key.task);
	return text;
}

static struct dispatch *make(uint32_t slots_0, uint32_t slots_1)
{
	struct dispatch *d = dispatch_create();

	dispatch_pool_set(d, 0, slots_0);
	dispatch_pool_set(d, 1, slots_1);
	dispatch_run_set(d, 1, 0);
	dispatch_run_set(d, 2, 2);
	return d;
}

static void test_order(void)
{
	struct dispatch *d = make(100, 100);

	ask(d, 1, 1, 0, 1, 0);
	ask(d, 1, 2, 0, 1, 5);
	ask(d, 2, 3, 0, 1, 0);
	ask(d, 1, 4, 1, 1, 5);
	ask(d, 1, 5, 0, 0, -1);
	IS_STR(drain(d), "1.2 1.4 1.1 2.3 1.5", "higher priority first, then who asked first");
	IS_STR(drain(d), "", "each once");
	dispatch_destroy(d);
}

static void test_pools(void)
{
	struct dispatch *d = make(2, 1);
	uint32_t slots;
	uint64_t held;
	size_t waiting;

	for (uint32_t t = 0; t < 4; t++)
		ask(d, 1, t, 0, 1, 0);
	ask(d, 1, 10, 1, 1, -9);
	IS_STR(drain(d), "1.0 1.1 1.10", "a full pool does not hold up another");
	release(d, 1, 0);
	release(d, 1, 0);
	IS_STR(drain(d), "1.2", "one out, one in, however often it is said");
	dispatch_pool_set(d, 0, 3);
	IS_STR(drain(d), "1.3", "a larger pool lets in more");
	dispatch_pool_set(d, 0, 1);
	ask(d, 1, 5, 0, 1, 0);
	release(d, 1, 1);
	release(d, 1, 2);
	IS_STR(drain(d), "", "a smaller one first empties");
	dispatch_pool_get(d, 0, &slots, &held, &waiting);
	OK(slots == 1 && held == 1 && waiting == 1, "and says how it stands");
	release(d, 1, 3);
	IS_STR(drain(d), "1.5", "and then goes on");
	dispatch_destroy(d);
}

static void test_slots(void)
{
	struct dispatch *d = make(4, 1);

	ask(d, 1, 0, 0, 3, 0);
	ask(d, 1, 1, 0, 3, 0);
	ask(d, 1, 2, 0, 1, 0);
	IS_STR(drain(d), "1.0", "small ones behind do not starve a large one");
	release(d, 1, 0);
	IS_STR(drain(d), "1.1 1.2", "whose turn comes");
	ask(d, 1, 3, 1, 2, 0);
	ask(d, 1, 4, 1, 1, 0);
	IS_STR(drain(d), "!1.3 1.4", "one that never fits is told, and holds up nobody");
	ask(d, 1, 5, 0, 4, 0);
	dispatch_pool_set(d, 0, 3);
	IS_STR(drain(d), "!1.5", "also where its pool has shrunk");
	dispatch_pool_set(d, 0, 0);
	ask(d, 1, 6, 0, 1, 0);
	IS_STR(drain(d), "", "a closed pool refuses nobody");
	dispatch_destroy(d);
}

static void test_runs(void)
{
	struct dispatch *d = make(100, 100);

	for (uint32_t t = 0; t < 4; t++)
		ask(d, 2, t, t % 2, 1, 9);
	ask(d, 1, 0, 0, 1, 0);
	IS_STR(drain(d), "2.0 2.1 1.0", "a run at its maximum does not hold up another");
	release(d, 2, 1);
	IS_STR(drain(d), "2.2", "and goes on as its tasks end");
	dispatch_run_set(d, 2, 5);
	IS_STR(drain(d), "2.3", "or its maximum grows");
	ask(d, 2, 7, 0, 1, 0);
	dispatch_run_drop(d, 2);
	IS_STR(drain(d), "", "a dropped run wants nothing");
	IS_INT(ask(d, 2, 8, 0, 1, 0), ERR_NOTFOUND, "and is unknown");
	dispatch_destroy(d);
}

static void test_requests(void)
{
	struct dispatch *d = make(1, 1);
	struct dispatch_request q = {{1, 7, 0}, 0, 1, 0};
	struct dispatch_key key = {1, 0, 0};

	IS_INT(ask(d, 1, 0, 9, 1, 0), ERR_NOTFOUND, "an unknown pool");
	IS_INT(ask(d, 1, 0, 0, 1, 0), 0, "a request");
	IS_INT(ask(d, 1, 0, 0, 1, 0), ERR_EXISTS, "twice");
	dispatch_unqueue(d, &key);
	dispatch_unqueue(d, &key);
	IS_STR(drain(d), "", "taken back");
	IS_INT(dispatch_hold(d, &q, &err), 0, "who was found running holds its slots");
	ask(d, 1, 0, 0, 1, 0);
	dispatch_unqueue(d, &q.key);
	IS_STR(drain(d), "", "and others wait for them");
	release(d, 1, 7);
	IS_STR(drain(d), "1.0", "until it ends");
	IS_INT(dispatch_pool_set(d, 0, DISPATCH_SLOTS_MAX + 1U), ERR_LIMIT, "too many slots");
	IS_INT(dispatch_pool_set(d, DISPATCH_NUMBERS_MAX, 1), ERR_LIMIT, "too high a number");
	dispatch_destroy(d);
	dispatch_destroy(NULL);
}

/* The same requests against a list that is searched from end to end. */
#define N 400

struct slow {
	struct dispatch_request q;
	uint64_t arrival;
	bool is_waiting, is_holding;
};

static uint32_t dice(uint32_t *seed, uint32_t n)
{
	*seed = *seed * 1664525 + 1013904223;
	return (*seed >> 8) % n;
}

static uint64_t held_in(const struct slow *s, uint32_t pool)
{
	uint64_t n = 0;

	for (int i = 0; i < N; i++)
		n += s[i].is_holding && s[i].q.pool == pool ? s[i].q.slots : 0;
	return n;
}

static uint32_t active_of(const struct slow *s, uint32_t run)
{
	uint32_t n = 0;

	for (int i = 0; i < N; i++)
		n += s[i].is_holding && s[i].q.key.run == run;
	return n;
}

static bool is_first(const struct slow *a, const struct slow *b)
{
	if (b == NULL || a->q.priority != b->q.priority)
		return b == NULL || a->q.priority > b->q.priority;
	return a->arrival < b->arrival;
}

/* The first of each pool whose run has room, if it fits; of these the first. */
static struct slow *slow_next(struct slow *s, const uint32_t *slots, const uint32_t *maximum)
{
	struct slow *best = NULL;

	for (uint32_t pool = 0; pool < 3; pool++) {
		struct slow *first = NULL;

		for (int i = 0; i < N; i++)
			if (s[i].is_waiting && s[i].q.pool == pool &&
				active_of(s, s[i].q.key.run) < maximum[s[i].q.key.run] &&
				is_first(&s[i], first))
				first = &s[i];
		if (first != NULL && held_in(s, pool) + first->q.slots <= slots[pool] &&
			is_first(first, best))
			best = first;
	}
	return best;
}

static bool compare(uint32_t seed)
{
	static struct slow s[N];
	const uint32_t slots[3] = {5, 9, 30}, maximum[4] = {1, 4, 7, 100};
	struct dispatch *d = dispatch_create();
	struct dispatch_key key;
	bool same = true;

	memset(s, 0, sizeof(s));
	for (uint32_t i = 0; i < 4; i++) {
		if (i < 3)
			dispatch_pool_set(d, i, slots[i]);
		dispatch_run_set(d, i, maximum[i]);
	}
	for (uint64_t n = 0; n < 3000 && same; n++) {
		uint32_t i = dice(&seed, N);
		struct slow *w = &s[i], *want;

		if (w->is_holding) {
			dispatch_release(d, &w->q.key);
			w->is_holding = false;
		} else if (w->is_waiting && dice(&seed, 3) == 0) {
			dispatch_unqueue(d, &w->q.key);
			w->is_waiting = false;
		} else if (!w->is_waiting) {
			w->q = (struct dispatch_request){{dice(&seed, 4), i, 0}, dice(&seed, 3),
				1 + dice(&seed, 5), (int32_t)dice(&seed, 4)};
			w->arrival = n;
			w->is_waiting = dispatch_queue(d, &w->q, &err) == 0;
		}
		while (same && (want = slow_next(s, slots, maximum)) != NULL) {
			same = dispatch_next(d, &key) == DISPATCH_GRANTED &&
				key.run == want->q.key.run && key.task == want->q.key.task;
			want->is_waiting = false;
			want->is_holding = true;
		}
		same = same && dispatch_next(d, &key) == DISPATCH_NOTHING;
	}
	dispatch_destroy(d);
	return same;
}

int main(void)
{
	test_order();
	test_pools();
	test_slots();
	test_runs();
	test_requests();
	for (uint32_t seed = 1; seed <= 5; seed++)
		OK(compare(seed), "thousands of random requests are served as by hand, seed %u",
			seed);
	return tap_done();
}
