/*
 * Messages between the engine and its launcher. Of any bytes messages are taken only once they are
 * whole; each holds all the strings that it says it has, and nothing else: written anew it is the
 * same, byte for byte.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "engine/buf.h"
#include "engine/err.h"
#include "operators/wire.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_message(const char *frame, size_t len, struct wire_reader r)
{
	struct wire_message m = r.m;
	const char *text;
	struct buf anew;
	size_t start, n;
	uint32_t count = 0;

	buf_init(&anew, 0);
	wire_begin(&anew, &m, &start);
	while ((text = wire_string_next(&r, &n)) != NULL) {
		if (text < frame || n >= (size_t)(frame + len - text) || text[n] != '\0')
			abort();
		wire_string(&anew, start, text, n);
		count++;
	}
	wire_end(&anew, start);
	if (count != m.n_strings || anew.len != len || memcmp(anew.data, frame, len) != 0)
		abort();
	buf_free(&anew);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *bytes =
		malloc(size + 1); /* of its own length, so that a look past its end is found */
	size_t at = 0;
	int64_t n = 1;

	if (bytes == NULL)
		abort();
	if (size > 0)
		memcpy(bytes, data, size);
	while (at < size && n > 0) {
		struct wire_reader r, early;

		n = wire_read(bytes + at, size - at, &r);
		if (n < 0 && n != ERR_CORRUPT)
			abort();
		if (n <= 0)
			break;
		if ((size_t)n > size - at || (size_t)n > WIRE_FRAME_MAX)
			abort();
		for (size_t part = 0; part < (size_t)n; part += 1 + part / 4)
			if (wire_read(bytes + at, part, &early) != 0)
				abort();
		check_message(bytes + at, (size_t)n, r);
		at += (size_t)n;
	}
	free(bytes);
	return 0;
}
