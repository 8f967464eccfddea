/* Memory for large arenas: zeroed, aligned where huge pages could serve, and given back. */
#include <stdint.h>
#include <string.h>

#include "engine/arena.h"
#include "store/pages.h"
#include "tests/unit/tap.h"

#define MIB ((size_t)1 << 20)

static void block(size_t size, const char *what)
{
	unsigned char *p = pages_memory.alloc(size);
	int used = 0;

	if (!OK(p != NULL, "%s comes", what))
		return;
	for (size_t i = 0; i < size; i++)
		used += p[i] != 0;
	IS_INT(used, 0, "%s is zeroed", what);
	if (size % (2 * MIB) == 0)
		OK((uintptr_t)p % (2 * MIB) == 0, "%s is aligned for huge pages", what);
	memset(p, 0xaa, size);
	pages_memory.free(p, size);
}

int main(void)
{
	struct arena *a = arena_create_over(64 * MIB, &pages_memory);
	int n = 0;

	block(100, "a small block");
	block(4 * MIB, "a large block");
	block(4 * MIB, "the same once more");
	block(3 * MIB, "a block of an odd size");
	while (n < 1000 && arena_alloc(a, 65536) != NULL)
		n++;
	IS_INT(n, 1000, "an arena grows over them");
	OK(arena_alloc(a, 64 * MIB) == NULL, "up to its maximum");
	arena_destroy(a);
	return tap_done();
}
