/* Conditions: whatever compiles can be asked, alone and joined to itself, with the same answer. */
#include <stdint.h>
#include <stdlib.h>

#include "engine/arena.h"
#include "engine/cond.h"
#include "engine/err.h"
#include "engine/scan.h"
#include "tests/unit/expr_world.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

struct heard {
	size_t errors, len;
};

static void on_problem(void *ctx, bool is_warning, size_t at, const char *sentence)
{
	struct heard *h = ctx;

	if (at > h->len || sentence[0] == '\0')
		abort();
	h->errors += is_warning ? 0 : 1;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct arena *a = arena_create((size_t)256 << 20);
	struct scan *scan = scan_create();
	struct heard heard = {0, size};
	struct template_report report = {&heard, on_problem};
	bool truth = false, twice = false;
	struct err e = {0};
	struct cond *c;
	int rc;

	rc = cond_compile(a, scan, (const char *)data, size, world_scope(true), &report, &c);
	if ((rc == ERR_INVALID) != (heard.errors != 0))
		abort();
	if (rc == 0) {
		rc = cond_eval(c, world_env(), &truth, &e);
		if (rc != 0 && e.text[0] == '\0')
			abort();
		if (cond_eval(cond_join(a, c, c), world_env(), &twice, &e) != rc || twice != truth)
			abort();
	}
	scan_destroy(scan);
	arena_destroy(a);
	return 0;
}
