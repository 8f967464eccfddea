/* Requests: what is read, written and read again is the same request, and what is refused says why.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "engine/arena.h"
#include "engine/buf.h"
#include "engine/err.h"
#include "scheduler/request.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct arena *a = arena_create(0);
	struct request r, again;
	struct buf first, second;
	struct err e = {0};

	buf_init(&first, 0);
	buf_init(&second, 0);
	if (request_parse(a, (const char *)data, size, &r, &e) == 0) {
		request_write(&r, &first);
		if (memchr(first.data, '\n', first.len) != first.data + first.len - 1)
			abort();
		if (request_parse(a, first.data, first.len, &again, &e) != 0)
			abort();
		request_write(&again, &second);
		if (again.kind != r.kind || first.len != second.len ||
			memcmp(first.data, second.data, first.len) != 0)
			abort();
		if (r.run_id != NULL && request_run_id_check(r.run_id, &e) == 0 &&
			strchr(r.run_id, '/') != NULL)
			abort();
	} else if (e.text[0] == '\0') {
		abort();
	}
	buf_free(&first);
	buf_free(&second);
	arena_destroy(a);
	return 0;
}
