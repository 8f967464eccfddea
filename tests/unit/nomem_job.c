/* One allocation of a job after the other fails. */
#include "tests/unit/nomem_job.h"

#include <string.h>

#include "engine/err.h"
#include "tests/unit/nomem_kit.h"
#include "tests/unit/tap.h"

static long left = -1; /* allocations that still succeed; negative: all */
static bool has_failed; /* one did not */

bool nomem_fails(void)
{
	if (left < 0 || left-- > 0)
		return false;
	has_failed = true;
	return true;
}

void nomem_job_stop(void)
{
	left = -1;
}

void nomem_job_test(nomem_job *job, const char *name)
{
	struct buf want, got;
	int r = 0, usual;
	long n = 0;

	buf_init(&want, 0);
	buf_init(&got, 0);
	usual = job(&want);
	for (has_failed = true; has_failed; n++) {
		buf_reset(&got);
		has_failed = false;
		left = n;
		r = job(&got);
		if (r != ERR_NOMEM && (r != usual || strcmp(buf_str(&got), buf_str(&want)) != 0))
			break;
	}
	if (!OK(!has_failed && r == usual && n > 2, "%s, %ld allocations", name, n - 1))
		tap_note("without allocation %ld: %s\n%s\nwant:\n%s", n, err_text(r), buf_str(&got),
			buf_str(&want));
	buf_free(&want);
	buf_free(&got);
}
