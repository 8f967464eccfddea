/* Nearest names: what a person meant is offered, and nothing far-fetched. */
#include "engine/hint.h"

#include <string.h>

#include "tests/unit/tap.h"

static const char *const keys[] = {
	"retries", "retry_delay", "depends_on", "when", "pool", "pool_slots", "list"};

static const char *meant(const char *word)
{
	struct hint h;

	hint_begin(&h, word, strlen(word));
	for (size_t i = 0; i < sizeof(keys) / sizeof(keys[0]); i++)
		hint_offer(&h, keys[i], strlen(keys[i]));
	return h.best == NULL ? "" : h.best;
}

static long long distance(const char *a, const char *b, unsigned max)
{
	return hint_distance(a, strlen(a), b, strlen(b), max);
}

static void test_meant(void)
{
	struct hint h;

	hint_begin_key(&h, "connection", 10);
	hint_offer(&h, "command", 7);
	hint_offer(&h, "ssh_conn_id", 11);
	IS_STR(h.best, "ssh_conn_id", "what another tool calls a key is known");
	hint_begin_key(&h, "needs", 5);
	hint_offer(&h, "pool", 4);
	OK(h.best == NULL, "and offered where there is that key alone");
	hint_begin_key(&h, "maxActiveRuns", 13);
	hint_offer(&h, "max_active_tasks", 16);
	hint_offer(&h, "max_active_runs", 15);
	IS_STR(h.best, "max_active_runs", "however it is spelled there");
	hint_begin_key(&h, "task_concurrency", 16);
	hint_offer(&h, "max_active_tis", 14);
	hint_offer(&h, "pool", 4);
	IS_STR(h.best, "pool", "and by what it does there");
	hint_begin(&h, "a", 1);
	hint_offer(&h, "b", 1);
	OK(h.best == NULL, "one letter is not another");
	hint_offer(&h, "A", 1);
	OK(h.best != NULL, "but for its case");
}

int main(void)
{
	char longer[600];

	IS_INT(distance("", "abc", 5), 3, "inserts");
	IS_INT(distance("abc", "", 5), 3, "deletes");
	IS_INT(distance("kitten", "sitting", 5), 3, "replaces and inserts");
	IS_INT(distance("lsit", "list", 5), 1, "a swap of neighbours is one step");
	IS_INT(distance("abcdef", "uvwxyz", 2), 3, "more than the maximum is the maximum + 1");
	IS_INT(distance("kitten", "sitting", 2), 3, "one more too");
	memset(longer, 'a', sizeof(longer));
	IS_INT(hint_distance(longer, 600, longer, 599, 3), 4, "too long a word is far from all");

	IS_STR(meant("retrys"), "retries", "retrys: retries");
	IS_STR(meant("Depends-On"), "depends_on", "case and dashes do not count");
	IS_STR(meant("lst"), "list", "a letter left out");
	IS_STR(meant("pools"), "pool", "the nearer of two");
	IS_STR(meant("wehn"), "when", "neighbours swapped");
	IS_STR(meant("banana"), "", "nothing is near: nothing is offered");
	IS_STR(meant(""), "", "an empty word is near to nothing");
	test_meant();
	return tap_done();
}
