/*
 * The hot paths whose instructions are counted: begin makes what a path needs, work is what is
 * counted, end frees it. What goes wrong in one ends the program.
 */
#ifndef TESTS_COUNTS_PATH_H
#define TESTS_COUNTS_PATH_H

#include <stddef.h>

struct path {
	const char *name;
	void *(*begin)(int which); /* what work and end are handed */
	int which; /* of the several that share these functions */
	void (*work)(void *it);
	void (*end)(void *it);
};

/* The paths of one part of the engine, up to one without a name. */
extern const struct path paths_conductor[], paths_load[], paths_machine[], paths_store[],
	paths_text[];

/* Says what went wrong and ends the program. */
_Noreturn void path_fail(const char *what);

/* Zeroed memory; free() frees it. */
void *path_alloc(size_t size);

#endif
