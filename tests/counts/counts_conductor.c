/* The engine's whole work for a run, but for what operators and the store do. */
#include "bench/swift.h"
#include "bench/texts.h"
#include "engine/buf.h"
#include "tests/counts/path.h"
#include "tests/unit/dag_kit.h"

#define TASKS 300

static void *run_begin(int which)
{
	struct swift *s;
	struct buf b;

	buf_init(&b, 0);
	text_make(&b, &texts[which], TASKS);
	s = swift_create(dag_kit_load(buf_str(&b)));
	buf_free(&b);
	return s;
}

static void run_work(void *it)
{
	swift_run(it);
}

static void run_end(void *it)
{
	swift_destroy(it);
}

const struct path paths_conductor[] = {{"run_chain", run_begin, TEXT_CHAIN, run_work, run_end},
	{"run_wide", run_begin, TEXT_WIDE, run_work, run_end},
	{"run_mixed", run_begin, TEXT_MIXED, run_work, run_end}, {0}};
