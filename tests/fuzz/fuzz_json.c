/* JSON: what is read, written and read again is the same; so is what was written pretty, and a
 * copy. Numbers keep their spelling, so the second writing is byte for byte the first. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "engine/arena.h"
#include "engine/buf.h"
#include "engine/err.h"
#include "engine/value.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct arena *a = arena_create(0);
	struct value v, again, pretty, copy;
	struct buf first, second;
	struct err e = {0};

	buf_init(&first, 0);
	buf_init(&second, 0);
	if (value_parse_json(a, (const char *)data, size, &v, &e) == 0) {
		value_json(&v, &first);
		if (value_parse_json(a, first.data, first.len, &again, &e) != 0)
			abort();
		value_json(&again, &second);
		if (first.len != second.len || memcmp(first.data, second.data, first.len) != 0)
			abort();
		buf_reset(&second);
		value_json_pretty(&v, &second);
		if (value_parse_json(a, second.data, second.len, &pretty, &e) != 0)
			abort();
		if (value_copy(a, &v, &copy) != 0 || !value_equal(&v, &again) ||
			!value_equal(&pretty, &v) || !value_equal(&copy, &v))
			abort();
	} else if (e.text[0] == '\0') {
		abort();
	}
	buf_free(&first);
	buf_free(&second);
	arena_destroy(a);
	return 0;
}
