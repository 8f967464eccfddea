/*
 * The bag while memory is short: one allocation of every so many fails, on the loop and on the
 * workers, while files come and go. It must come through, and once there is memory again know
 * everything that it should.
 */
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "engine/dag.h"
#include "scheduler/edition.h"
#include "tests/unit/bag_kit.h"
#include "tests/unit/nomem_kit.h"
#include "tests/unit/tap.h"

#define FILES 20

static atomic_uint one_in; /* allocation fails; 0: none does */
static atomic_uint drawn;
static atomic_uint n_failed;

/* N.B. which one fails is drawn, as the threads' order is no two times the same. */
bool nomem_fails(void)
{
	unsigned n = atomic_load(&one_in), x = atomic_fetch_add(&drawn, 2654435761U);

	x = (x ^ x >> 16) * 0x45d9f3bU;
	if (n == 0 || (x ^ x >> 16) % n != 0)
		return false;
	atomic_fetch_add(&n_failed, 1);
	return true;
}

/* The DAG is there, whatever its version, and is described so. */
struct described {
	const char *dag_id, *description;
};

static bool is_described(const void *arg)
{
	const struct described *want = arg;
	struct edition *ed;
	struct err e;
	bool is_it;

	if (bag_find(bag_world.bag, want->dag_id) == NULL ||
		bag_edition(bag_world.bag, want->dag_id, 0, &ed, &e) != 0)
		return false;
	is_it = ed->dag->description != NULL &&
		strcmp(ed->dag->description, want->description) == 0;
	edition_unref(ed);
	return is_it;
}

static bool is_gone(const void *id)
{
	const struct bag_dag *d = bag_find(bag_world.bag, id);

	return d == NULL || d->is_retired;
}

static void files_come(void)
{
	char name[32], text[128];

	for (int i = 0; i < FILES; i++) {
		(void)snprintf(name, sizeof(name), "f%d.yaml", i);
		(void)snprintf(text, sizeof(text), "description: f%d\n%s", i,
			i % 5 == 4 ? "tasks: [" : GOOD);
		bag_kit_put(name, text);
		bag_kit_run(4);
	}
	bag_kit_take_away("f0.yaml");
	bag_kit_put("f1.yaml", "description: x\n" GOOD);
	bag_kit_run(4);
}

static bool has_told;

static void test_round(unsigned rate)
{
	const struct described changed = {"f1", "x"}, last = {"f18", "f18"};

	bag_kit_begin();
	bag_kit_up(true);
	atomic_store(&one_in, rate);
	files_come();
	atomic_store(&one_in, 0);
	bag_scan_now(bag_world.bag);
	bag_kit_until(is_described, &changed, "a file that was changed");
	bag_kit_until(is_described, &last, "a new one");
	bag_kit_until(is_gone, "f0", "one that went");
	bag_kit_until(bag_kit_are_errors, "f19.yaml:", "one that is broken");
	bag_kit_down();
	bag_kit_up(true);
	OK(is_described(&changed) && is_described(&last) && is_gone("f0"),
		"and all of it is stored");
	has_told |= strstr(buf_str(&bag_world.notes), "memory or descriptors are short") != NULL;
	bag_kit_down();
	bag_kit_end();
}

int main(void)
{
	static const unsigned rates[] = {15, 40, 100, 300};

	for (size_t i = 0; i < sizeof(rates) / sizeof(rates[0]); i++) {
		atomic_store(&drawn, (unsigned)i * 7919U);
		test_round(rates[i]);
	}
	OK(has_told, "that a file could not be read is told");
	OK(atomic_load(&n_failed) > 0, "%u allocations failed", atomic_load(&n_failed));
	return tap_done();
}
