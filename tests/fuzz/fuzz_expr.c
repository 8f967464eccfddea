/* Expressions: whatever parses can be evaluated; whatever does not says why, and where. */
#include <stdint.h>
#include <stdlib.h>

#include "engine/arena.h"
#include "engine/buf.h"
#include "engine/err.h"
#include "engine/expr.h"
#include "tests/unit/expr_world.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	bool has_item = size > 0 && (data[0] & 1) != 0;
	struct arena *a = arena_create((size_t)4 << 20); /* texts that grow cost time */
	struct err e = {0};
	struct value v;
	struct expr x;
	struct buf b;
	size_t where;
	int rc;

	buf_init(&b, 0);
	rc = expr_parse(a, (const char *)data, size, world_scope(has_item), &x, &where, &e);
	if (rc != 0 && (e.text[0] == '\0' || (where > size && where != EXPR_WHOLE)))
		abort();
	if (rc == 0) {
		rc = expr_eval(&x, world_env(), a, &v, &e);
		if (rc == 0)
			value_text(&v, &b);
		else if (e.text[0] == '\0')
			abort();
	}
	buf_free(&b);
	arena_destroy(a);
	return 0;
}
