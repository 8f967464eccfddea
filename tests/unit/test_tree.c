/* The live tree: what it shows, and how it fits. */
#include <stdio.h>
#include <string.h>

#include "cli/text.h"
#include "cli/tree.h"
#include "engine/buf.h"
#include "tests/unit/dag_kit.h"
#include "tests/unit/tap.h"

static const char three[] = "dag_id: demo\n"
			    "default_args: {operator: local, retries: 2}\n"
			    "stages:\n"
			    "  One: {tasks: {a: {command: x}, b: {command: x}}}\n"
			    "  Two: {tasks: {c: {command: x}, d: {command: x}}}\n"
			    "  Three: {tasks: {e: {command: x}}}\n";

static void set(
	struct run_view *v, const char *id, enum task_state state, int64_t now, const char *message)
{
	const struct task *t = dag_task_find(v->dag, id, strlen(id));
	struct runner_change c = {.task = t->number,
		.instance = RUN_NO_INSTANCE,
		.old_state = v->tasks[t->number].state,
		.state = state,
		.try_number = 1,
		.now = now,
		.retry_at = state == TASK_UP_FOR_RETRY ? now + 5000 : 0,
		.message = message,
		.log_path = ""};

	run_view_change(v, &c);
}

static void begin(struct run_view *v, const struct dag *d)
{
	if (run_view_init(v, d, "r") != 0)
		tap_ok(false, __FILE__, __LINE__, "memory");
	v->state = RUN_RUNNING;
	v->started_at = 1000;
}

static const char *drawn(const struct run_view *v, int64_t now, unsigned columns, unsigned rows)
{
	static struct buf b;
	const struct tree_style style = {.columns = columns, .rows = rows};

	buf_reset(&b);
	(void)tree_draw(v, now, &style, &b);
	text_make_ascii(&b);
	return buf_str(&b);
}

static void test_all(void)
{
	struct dag *d = dag_kit_load(three);
	struct run_view v;

	begin(&v, d);
	set(&v, "One.a", TASK_RUNNING, 1000, "");
	set(&v, "One.a", TASK_SUCCESS, 1940, "");
	set(&v, "One.b", TASK_RUNNING, 1000, "");
	run_view_line(&v, 1, RUN_NO_INSTANCE, "halfway\tthere", 13);
	IS_STR(drawn(&v, 3100, 60, 20),
		"* demo                                      running  2.1s\n"
		"* One                                       1/2\n"
		"  + a                                         940ms\n"
		"  * b                                         2.1s\n"
		"    | halfway\\tthere\n"
		". Two                                       0/2\n"
		"  . c\n"
		"  . d\n"
		". Three                                     0/1\n"
		"  . e\n"
		"[####--------------------] 1/5 done, 1 running\n",
		"states, times, and the last line of what runs, harmless");
	set(&v, "One.b", TASK_UP_FOR_RETRY, 3000, "it broke");
	OK(strstr(drawn(&v, 3100, 60, 20), "try 1 of 3  again in 4.9s\n    | it broke\n") != NULL,
		"a retry is announced, and why");
	set(&v, "One.b", TASK_FAILED, 4000, "it broke");
	OK(strstr(drawn(&v, 4000, 60, 20), "x One ") != NULL, "a failure shows on its stage");
	run_view_free(&v);
	dag_destroy(d);
}

static unsigned lines_of(const char *s)
{
	unsigned n = 0;

	for (; *s != '\0'; s++)
		n += *s == '\n';
	return n;
}

static bool is_within(const char *s, size_t columns)
{
	while (*s != '\0') {
		size_t len = strcspn(s, "\n");

		if (text_width(s, len) > columns)
			return false;
		s += len + 1;
	}
	return true;
}

static void test_fit(void)
{
	struct dag *d = dag_kit_load(three);
	struct run_view v;
	const char *s;
	bool is_short = true, is_narrow = true;

	begin(&v, d);
	set(&v, "One.a", TASK_RUNNING, 1000, "");
	set(&v, "One.a", TASK_SUCCESS, 1940, "");
	set(&v, "One.b", TASK_RUNNING, 1000, "");
	set(&v, "One.b", TASK_SUCCESS, 1940, "");
	set(&v, "Two.c", TASK_RUNNING, 1000, "");
	run_view_line(&v, 2, RUN_NO_INSTANCE, "output", 6);
	s = drawn(&v, 3100, 60, 10);
	OK(strstr(s, "output") == NULL && strstr(s, "  + a") != NULL,
		"first the output of what runs is left out");
	s = drawn(&v, 3100, 60, 8);
	OK(strstr(s, "  + a") == NULL && strstr(s, "+ One ") != NULL && strstr(s, "  . e") != NULL,
		"then the tasks of stages that are done");
	s = drawn(&v, 3100, 60, 7);
	OK(strstr(s, "  . e") == NULL && strstr(s, ". Three") != NULL && strstr(s, "  . d") != NULL,
		"then those of stages that have not begun");
	s = drawn(&v, 3100, 60, 6);
	OK(strstr(s, "  . d") == NULL && strstr(s, "  * c") != NULL, "then all that does not run");
	s = drawn(&v, 3100, 60, 4);
	OK(strstr(s, "* Two") != NULL && strstr(s, "and 2 more stages") != NULL,
		"at last quiet stages, counted");
	for (unsigned rows = 1; rows < 14; rows++)
		is_short = is_short && lines_of(drawn(&v, 3100, 60, rows)) <= rows;
	OK(is_short, "there are never more lines than rows");
	for (unsigned columns = 1; columns < 70; columns++)
		is_narrow = is_narrow && is_within(drawn(&v, 3100, columns, 0), columns);
	OK(is_narrow, "no line is ever wider than the terminal");
	run_view_free(&v);
	dag_destroy(d);
}

static void test_times(void)
{
	char text[TREE_TIME_SIZE];

	IS_STR(tree_time(0, text), "0ms", "nothing");
	IS_STR(tree_time(999, text), "999ms", "milliseconds");
	IS_STR(tree_time(59999, text), "59.9s", "seconds, never rounded up to a minute");
	IS_STR(tree_time(65000, text), "1m05s", "minutes");
	IS_STR(tree_time(7380000, text), "2h03m", "hours");
	IS_STR(tree_time(-5, text), "0ms", "a clock that was set back");
}

static void test_instances(void)
{
	struct dag *d =
		dag_kit_load("tasks: {each: {operator: local, command: x, for_each: [1, 2, 3]}}\n");
	struct runner_change c = {.task = 0, .log_path = "", .message = "", .n_items = 3};
	struct run_view v;

	begin(&v, d);
	c.instance = RUN_NO_INSTANCE;
	c.state = TASK_RUNNING;
	c.now = 1000;
	run_view_change(&v, &c);
	c.n_items = 0;
	c.instance = 1;
	c.old_state = TASK_RUNNING;
	c.state = TASK_FAILED;
	c.message = "two is bad";
	run_view_change(&v, &c);
	OK(strstr(drawn(&v, 1500, 70, 0), "500ms  1/3  1 failed") != NULL,
		"instances are counted on their task");
	run_view_free(&v);
	dag_destroy(d);
}

static void test_tail(void)
{
	struct run_tail t = {0};
	size_t len;

	for (int i = 0; i < RUN_VIEW_TAIL + 3; i++) {
		size_t at = t.n++ % RUN_VIEW_TAIL;

		t.lines[at][0] = (char)('a' + i);
		t.len[at] = 1;
	}
	IS_INT(run_tail_line(&t, 2, 0, &len)[0], 'l', "the last lines, oldest first");
	IS_INT(run_tail_line(&t, 2, 1, &len)[0], 'm', "to the newest");
	OK(run_tail_line(&t, 2, 2, &len) == NULL, "and no more");
	IS_INT(run_tail_line(&t, 99, 0, &len)[0], 'd', "no more than are kept");
	OK(run_tail_line(NULL, 2, 0, &len) == NULL, "none of no output");
}

int main(void)
{
	test_all();
	test_fit();
	test_times();
	test_instances();
	test_tail();
	return tap_done();
}
