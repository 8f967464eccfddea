/* The form of requests. The fuzzer fuzz_request goes on from here. */
#include <string.h>

#include "engine/arena.h"
#include "engine/buf.h"
#include "engine/err.h"
#include "scheduler/request.h"
#include "tests/unit/tap.h"

static int parse(struct arena *a, const char *text, struct request *r, struct err *e)
{
	return request_parse(a, text, strlen(text), r, e);
}

static void test_read(struct arena *a)
{
	struct request r;
	struct err e;

	IS_INT(parse(a,
		       "{\"do\": \"clear\", \"dag_id\": \"d\", \"run_id\": \"r\", \"upstream\": "
		       "true}",
		       &r, &e),
		0, "a request is read");
	IS_INT(r.kind, REQUEST_CLEAR, "its kind");
	IS_STR(r.dag_id, "d", "its texts");
	OK(r.upstream && !r.downstream, "its truths");
	OK(r.task_regex == NULL && r.map_index == -1, "what was not said is not there");
	IS_INT(parse(a, "{\"do\": \"mark\", \"dag_id\": \"d\", \"run_id\": \"r\"}", &r, &e),
		ERR_INVALID, "a member that is missing is told");
	IS_STR(e.text, "mark needs \"state\"", "by its name");
	IS_INT(parse(a, "{\"do\": \"pause\", \"dag_id\": \"d\", \"slots\": 1}", &r, &e),
		ERR_INVALID, "one that does not belong too");
	IS_STR(e.text, "pause has no \"slots\"", "by its name");
	IS_INT(parse(a, "{\"do\": \"pool_set\", \"pool\": \"p\", \"slots\": -1}", &r, &e),
		ERR_INVALID, "a number has bounds");
	IS_INT(parse(a, "{\"do\": \"pause\", \"dag_id\": \"a\\u0000b\"}", &r, &e), ERR_INVALID,
		"a name has no NUL");
	IS_INT(parse(a, "{\"do\": \"trigger\", \"dag_id\": \"d\", \"conf\": 7}", &r, &e),
		ERR_INVALID, "a conf is an object");
}

static void test_write(struct arena *a)
{
	struct request r = {.kind = REQUEST_TRIGGER,
		.dag_id = "a \"b\"",
		.run_id = "r",
		.map_index = -1,
		.max_active_runs = -1,
		.slots = -1};
	struct buf b;

	buf_init(&b, 0);
	request_write(&r, &b);
	IS_STR(buf_str(&b), "{\"do\":\"trigger\",\"dag_id\":\"a \\\"b\\\"\",\"run_id\":\"r\"}\n",
		"a request is one line");
	buf_free(&b);
	(void)a;
}

static void test_run_ids(void)
{
	struct err e;
	char longest[300];

	memset(longest, 'x', sizeof(longest));
	longest[251] = '\0';
	IS_INT(request_run_id_check("manual__2026-01-01T00:00:00.123+00:00", &e), 0,
		"windrow's own run ids can be given");
	IS_INT(request_run_id_check("../../etc", &e), ERR_INVALID, "a path cannot");
	IS_INT(request_run_id_check("", &e), ERR_INVALID, "nor nothing");
	IS_INT(request_run_id_check(longest, &e), ERR_INVALID, "nor one that is too long");
}

int main(void)
{
	struct arena *a = arena_create(0);

	test_read(a);
	test_write(a);
	test_run_ids();
	arena_destroy(a);
	return tap_done();
}
