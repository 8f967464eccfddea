/* Many processes that make a store at once, keep secrets in it and rotate its key. */
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "engine/arena.h"
#include "store/secret.h"
#include "store/vault.h"
#include "tests/unit/store_kit.h"
#include "tests/unit/tap.h"

#define WRITERS 6
#define SECRETS 15 /* that each of them keeps */

static struct store_kit k;
static struct arena *arena;

static int set(struct store *s, const char *name, const char *value)
{
	return kit_secret_set(&k, s, name, value);
}

static int rotate(struct store *s, const char *ignored, const char *too)
{
	struct store_rotation done;

	(void)ignored, (void)too;
	return store_rotate(s, NULL, &done, &k.e);
}

/* N.B. who waits for others is not served in turn: where the disk is slow some have to ask again.
 */
static int in_turn(int (*act)(struct store *s, const char *name, const char *value),
	struct store *s, const char *name)
{
	int r;

	do
		r = act(s, name, name);
	while (r == ERR_UNAVAILABLE);
	return r;
}

/* Makes the store, or finds it made, keeps secrets and reads each; now and then rotates. */
static void crowd_member(int who)
{
	struct store *s = NULL;
	char name[32];
	int bad = store_open(&k.options, &s, &k.e) != 0;

	arena = secret_arena_create(0); /* a fork has none of the secrets' memory */

	for (int i = 0; i < SECRETS && bad == 0; i++) {
		(void)snprintf(name, sizeof(name), "v%d.%d", who, i);
		bad = in_turn(set, s, name) != 0 ||
			strcmp(kit_secret_get(&k, s, arena, name), name) != 0;
		if (bad == 0 && i % 5 == who % 5)
			bad = in_turn(rotate, s, name) != 0;
	}
	if (bad != 0)
		tap_note("%d: %s", who, k.e.text);
	(void)fflush(NULL);
	_exit(bad);
}

static void test_crowd(void)
{
	pid_t children[WRITERS];
	int status, bad = 0, lost = 0;
	struct store *s;
	char name[32];

	(void)fflush(NULL);
	for (int i = 0; i < WRITERS; i++)
		if ((children[i] = fork()) == 0)
			crowd_member(i);
	for (int i = 0; i < WRITERS; i++) {
		(void)waitpid(children[i], &status, 0);
		bad += !WIFEXITED(status) || WEXITSTATUS(status) != 0;
	}
	IS_INT(bad, 0, "many can make a store at once, keep secrets in it, and rotate its keys");
	s = kit_open(&k);
	for (int i = 0; i < WRITERS * SECRETS; i++) {
		(void)snprintf(name, sizeof(name), "v%d.%d", i / SECRETS, i % SECRETS);
		lost += strcmp(kit_secret_get(&k, s, arena, name), name) != 0;
	}
	IS_INT(lost, 0, "and each secret is there in the end");
	store_close(s);
}

int main(void)
{
	arena = secret_arena_create(0);
	kit_begin(&k);
	test_crowd();
	kit_end(&k);
	arena_destroy(arena);
	return tap_done();
}
