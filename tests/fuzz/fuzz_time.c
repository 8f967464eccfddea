/* Fuzzes times and durations: what parses comes back the same from its own formatting. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "engine/duration.h"
#include "engine/instant.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char text[INSTANT_TEXT_MAX], duration[DURATION_TEXT_MAX];
	int64_t t, again;

	if (instant_parse((const char *)data, size, NULL, &t, NULL, NULL) == 0 &&
		t >= INSTANT_MIN && t <= INSTANT_MAX) {
		instant_format(t, text);
		if (instant_parse(text, strlen(text), NULL, &again, NULL, NULL) != 0 || again != t)
			abort();
	}
	if (duration_parse((const char *)data, size, &t, NULL) == 0) {
		duration_format(t, duration);
		if (duration_parse(duration, strlen(duration), &again, NULL) != 0 || again != t)
			abort();
	}
	return 0;
}
