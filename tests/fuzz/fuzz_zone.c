/* Fuzzes zone files: what parses must answer for any time, with spans that hold the time. */
#include <stdint.h>
#include <stdlib.h>

#include "engine/arena.h"
#include "engine/instant.h"
#include "engine/zone.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const int64_t times[] = {
		INSTANT_MIN / 1000, -5000000000, -1, 0, 1774746000, 4102444800, INSTANT_MAX / 1000};
	struct arena *a = arena_create(16 << 20);
	const struct zone *z;
	struct zone_span s;

	if (a != NULL && zone_parse(a, "fuzz", data, size, &z, NULL) == 0) {
		for (size_t i = 0; i < sizeof(times) / sizeof(times[0]); i++) {
			s = zone_span_at(z, times[i]);
			if (s.from > times[i] || s.to <= times[i])
				abort();
			if (zone_latest_wall(z, times[i]) < times[i] + s.offset)
				abort();
			if (zone_first(z, times[i] + s.offset) > times[i])
				abort();
		}
	}
	arena_destroy(a);
	return 0;
}
