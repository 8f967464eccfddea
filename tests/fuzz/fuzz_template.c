/* Templates in all modes; the first byte chooses. What has no dollar comes out as it went in, and
 * a problem is always told. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "engine/arena.h"
#include "engine/buf.h"
#include "engine/err.h"
#include "engine/scan.h"
#include "engine/template.h"
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
	unsigned choice = size > 0 ? data[0] : 0;
	const char *text = (const char *)data + (size > 0 ? 1 : 0);
	size_t len = size > 0 ? size - 1 : 0;
	struct heard heard = {0, len};
	struct template_report report = {&heard, on_problem};
	struct template *t;
	struct err e = {0};
	struct buf b;
	int rc;

	buf_init(&b, 0);
	rc = template_compile(a, scan, text, len, (enum template_mode)(choice % 3),
		(enum sh_dialect)(choice / 3 % 4), world_scope((choice & 64) != 0), &report, &t);
	if (rc == ERR_INVALID && heard.errors == 0)
		abort();
	if (rc == 0) {
		if (heard.errors != 0)
			abort();
		rc = template_render(t, world_env(), &b, &e);
		if (rc != 0 && (e.text[0] == '\0' || b.len != 0))
			abort();
		if (rc == 0 && (len == 0 || memchr(text, '$', len) == NULL) &&
			(b.len != len || (len != 0 && memcmp(b.data, text, len) != 0)))
			abort();
	}
	buf_free(&b);
	scan_destroy(scan);
	arena_destroy(a);
	return 0;
}
