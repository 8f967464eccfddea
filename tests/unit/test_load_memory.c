/*
 * The loader where memory is short: each allocation of a load fails in turn, and each time it says
 * so and leaves nothing behind. The linker puts the functions here in the place of malloc's.
 */
#include "engine/load.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "engine/err.h"
#include "operators/specs.h"
#include "tests/unit/nomem_kit.h"
#include "tests/unit/tap.h"

static long left = -1; /* allocations until one fails; below 0: none does */

bool nomem_fails(void)
{
	if (left < 0)
		return false;
	return left-- == 0;
}

static const char good[] =
	"params: {city: {type: string, default: Bern, pattern: B, enum: [Bern, Bonn]}}\n"
	"schedule: [0 1 * * *, 0 2 * * *]\n"
	"environment: {A: $<params.city>}\n"
	"default_args: &d {operator: local, retries: 2}\n"
	"on_failure: [{url: \"http://u$<run.id>\", headers: {X: y}}, {command: x}]\n"
	"stages:\n"
	"  A:\n"
	"    when: $<params.city> != 'x'\n"
	"    tasks:\n"
	"      a: {command: \"echo $<params.city | upper>\", when: \"true and not false\"}\n"
	"      b: {for_each: [1, {x: [y]}, $<a.output.logs>], command: \"echo $<item>\"}\n"
	"  B:\n"
	"    default_args: {<<: *d, environment: {B: c}}\n"
	"    tasks:\n"
	"      c: {script: \"cat <<END\\n$<A.a.output.logs>\\nEND\\n\", arguments: [$<run.ds>]}\n"
	"      d: {depends_on: [c, A], command: x}\n";

static const char bad[] = "retrys: 1\nstages:\n  A:\n    tasks:\n      a: {operator: locl}\n"
			  "      b: {operator: local, depends_on: [c], command: $<x.y>}\n"
			  "      c: {operator: local, depends_on: [b], command: $<params.z>}\n";

/* Loads with the n-th allocation failing; whether it came to that. */
static bool load(const char *text, long n, int *rc)
{
	struct load_options options = {
		.ops = op_specs, .n_ops = op_specs_count, .default_id = "file"};
	struct diags *diags = diags_create("f.yaml");
	struct dag **dags = NULL;
	size_t n_dags = 0;
	bool has_failed;

	left = n;
	*rc = dag_load(text, strlen(text), &options, diags, &dags, &n_dags);
	has_failed = left < 0;
	left = -1;
	for (size_t i = 0; *rc == 0 && i < n_dags; i++)
		dag_destroy(dags[i]);
	if (*rc == 0)
		free(dags);
	diags_destroy(diags);
	return has_failed;
}

/* Walks through all allocations. N.B. what libraries can do without (a JIT, a message's text) may
 * fail unseen. */
static void test_each(const char *text, int usual)
{
	long n = 0, odd = 0, told = 0;
	int rc;

	for (; load(text, n, &rc); n++) {
		told += rc == ERR_NOMEM;
		odd += rc != ERR_NOMEM && rc != usual;
	}
	tap_note("%ld allocations, %ld told", n, told);
	IS_INT(rc, usual, "with all memory it ends as it should");
	IS_INT(odd, 0, "with less it says that memory is short, or does without");
	OK(told > n / 2 && n > 20, "most are told");
}

int main(void)
{
	test_each(good, 0);
	test_each(bad, ERR_INVALID);
	return tap_done();
}
