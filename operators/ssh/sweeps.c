/* A table by hash. A host stands in one of a few places behind that of its hash; where they are all
 * taken, who was asked longest ago gives way. */
#include "operators/ssh/sweeps.h"

#include <stddef.h>

#include "engine/hash.h"

#define PLACES 16

bool sweeps_take(struct sweeps *s, const char *identity, uint64_t now, uint64_t every_ms)
{
	uint64_t host = hash_text(HASH_BEGIN, identity);
	size_t first = (size_t)(host >> 32), oldest = first % SWEEPS_KEPT;

	for (size_t i = 0; i < PLACES; i++) {
		size_t k = (first + i) % SWEEPS_KEPT;

		if (s->kept[k].at != 0 && s->kept[k].host == host) {
			if (now - s->kept[k].at < every_ms)
				return false;
			oldest = k;
			break;
		}
		if (s->kept[k].at < s->kept[oldest].at)
			oldest = k;
	}
	s->kept[oldest].host = host;
	s->kept[oldest].at = now;
	return true;
}
