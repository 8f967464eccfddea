/* Memory for arenas that grow large. It does not decide what is large: blocks grow with an arena.
 */
#include "store/pages.h"

#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/mman.h>

#define HUGE_PAGE ((size_t)2 << 20)

static bool is_huge(size_t size)
{
	return size >= HUGE_PAGE && size % HUGE_PAGE == 0;
}

/* Maps more than is wanted and gives back what stands around the part that is aligned. */
static void *aligned_map(size_t size)
{
	size_t before;
	char *p = mmap(
		NULL, size + HUGE_PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	if (p == MAP_FAILED)
		return NULL;
	before = (HUGE_PAGE - (uintptr_t)p % HUGE_PAGE) % HUGE_PAGE;
	if (before != 0)
		(void)munmap(p, before);
	(void)munmap(p + before + size, HUGE_PAGE - before);
	return p + before;
}

static void *pages_alloc(size_t size)
{
	void *p;

	if (!is_huge(size))
		return calloc(1, size);
	p = aligned_map(size);
	/* Only advice: where there are no huge pages, small ones serve. */
	if (p != NULL)
		(void)madvise(p, size, MADV_HUGEPAGE);
	return p;
}

static void pages_free(void *p, size_t size)
{
	if (is_huge(size))
		(void)munmap(p, size);
	else
		free(p);
}

const struct arena_memory pages_memory = {.alloc = pages_alloc, .free = pages_free};
