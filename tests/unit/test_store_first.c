/* Two find no store at the same moment: one makes it, the other goes on with that. */
#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "engine/arena.h"
#include "store/store.h"
#include "tests/unit/store_kit.h"
#include "tests/unit/tap.h"

static struct store_kit k;
static struct store *theirs; /* NULL: not made yet */
static bool is_looked_for; /* somebody has found no store */

int __real_access(const char *path, int mode);
int __wrap_access(const char *path, int mode);

/* Whoever finds no store is overtaken by another, who makes it and begins to use it. */
int __wrap_access(const char *path, int mode)
{
	const struct store_variable v = {.name = "by", .value = "them"};
	int status = __real_access(path, mode), number = errno;
	struct err e;

	if (status != 0 && !is_looked_for && strcmp(path, kit_path(&k, "windrow.db")) == 0) {
		is_looked_for = true;
		OK(store_open(&k.options, &theirs, &e) == 0 &&
				store_variable_set(theirs, &v, &e) == 0,
			"another makes the store meanwhile");
	}
	errno = number;
	return status;
}

int main(void)
{
	struct arena *arena = arena_create(0);
	struct store_variable v = {.value = NULL};
	struct store *s;

	kit_begin(&k);
	s = kit_open(&k);
	OK(theirs != NULL && s != NULL, "both have one");
	if (s != NULL)
		(void)store_variable_get(s, arena, "by", &v, &k.e);
	IS_STR(v.value, "them", "which is the same");
	store_close(theirs);
	store_close(s);
	arena_destroy(arena);
	kit_end(&k);
	return tap_done();
}
