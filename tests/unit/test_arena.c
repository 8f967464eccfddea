/* The arena: zeroed, aligned, bounded, and whole after a refusal. */
#include "engine/arena.h"

#include <stdint.h>
#include <string.h>

#include "tests/unit/tap.h"

int main(void)
{
	struct arena *a = arena_create(1 << 20);
	unsigned char *p, *q;
	size_t used, dirty = 0;

	p = arena_alloc(a, 100);
	for (size_t i = 0; i < 100; i++)
		dirty += p[i] != 0;
	IS_INT((long long)dirty, 0, "memory comes zeroed");
	OK((uintptr_t)arena_alloc(a, 1) % _Alignof(max_align_t) == 0, "memory is aligned");
	IS_STR(arena_strdup(a, "text"), "text", "a string is copied");
	IS_STR(arena_printf(a, "%d-%s", 7, "x"), "7-x", "a string is formatted");
	IS_STR(arena_memdup(a, "abc", 2), "ab", "a copy of bytes ends with a NUL");
	q = arena_alloc(a, 300000);
	OK(q != NULL, "a thing larger than a block fits");
	used = arena_used(a);
	OK(!arena_is_full(a) && !arena_is_short(a), "it is not full");
	OK(arena_alloc(a, 1 << 20) == NULL, "the maximum holds");
	OK(arena_is_full(a) && arena_is_short(a), "which can be asked for");
	IS_INT((long long)arena_used(a), (long long)used, "a refusal uses nothing");
	OK(arena_alloc(a, 10) != NULL, "the arena is usable after a refusal");
	OK(arena_array(a, SIZE_MAX / 2, 4) == NULL, "an overflowing array is refused");
	arena_destroy(a);
	arena_destroy(NULL);
	return tap_done();
}
