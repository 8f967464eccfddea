/*
 * What tries leave lies sealed in the store: nothing of it can be read in the file, it comes back
 * through rotations, by this process and by others, and what an older windrow left plain is sealed.
 */
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "engine/arena.h"
#include "engine/run.h"
#include "store/store_run.h"
#include "tests/unit/store_kit.h"
#include "tests/unit/tap.h"

#define SECRET "{\"response\":\"swordfish-in-the-response\"}"

static struct store_kit k;
static struct arena *arena;

static int put(struct store *s, uint32_t task, const char *outputs)
{
	const struct store_try t = {.run = 7,
		.task = task,
		.instance = task == 3 ? 2 : RUN_NO_INSTANCE,
		.try_number = 1,
		.execution_id = "x",
		.state = TASK_SUCCESS,
		.outputs = outputs};

	return store_try_put(s, &t, &k.e);
}

/* What a try has left; "none" where that is nothing; why not. */
static const char *get(struct store *s, uint32_t task)
{
	struct store_try *tries;
	size_t n;

	if (store_tries_of(s, arena, 7, &tries, &n, &k.e) != 0)
		return k.e.text;
	for (size_t i = 0; i < n; i++)
		if (tries[i].task == task)
			return tries[i].outputs == NULL ? "none" : tries[i].outputs;
	return "no such try";
}

/* Whether a word stands in any file of home. */
static bool is_in_files(const char *word)
{
	static const char *const names[] = {"windrow.db", "windrow.db-wal"};
	bool is_there = false;

	for (size_t i = 0; i < 2; i++) {
		size_t len = 0;
		char *bytes =
			access(kit_path(&k, names[i]), F_OK) == 0 ? kit_read(k.path, &len) : NULL;

		is_there |= bytes != NULL && memmem(bytes, len, word, strlen(word)) != NULL;
		free(bytes);
	}
	return is_there;
}

static bool sql_is(const char *sql, const char *wanted)
{
	char *text = kit_sql(&k, sql);
	bool is_so = strcmp(text, wanted) == 0;

	free(text);
	return is_so;
}

static void test_sealed(struct store *s)
{
	IS_INT(put(s, 1, SECRET), 0, "what a try has left is kept");
	IS_INT(put(s, 2, NULL), 0, "so is that it has left nothing");
	IS_INT(put(s, 3, "{}"), 0, "and that of an instance");
	IS_STR(get(s, 1), SECRET, "it comes back");
	IS_STR(get(s, 2), "none", "nothing comes back as nothing");
	IS_STR(get(s, 3), "{}", "and that of an instance as it was");
	OK(!is_in_files("swordfish"), "nothing of it stands in the store's files");
	IS_INT(put(s, 1, "{\"response\":2}"), 0, "it can be put anew");
	IS_STR(get(s, 1), "{\"response\":2}", "and is that then");
	IS_INT(put(s, 1, SECRET), 0, "and again");
	OK(sql_is("SELECT COUNT(*) FROM output_keys", "1"), "all under one key");
}

static const struct store_task mapped = {.run = 7,
	.task_id = "main.m",
	.row = {.task = 9, .instance = RUN_NO_INSTANCE, .state = TASK_RUNNING},
	.items = "[\"tuna-among-the-items\"]"};

/* The items of the task above, opened; why not. */
static const char *items(struct store *s)
{
	struct store_task *tasks;
	size_t n;

	if (store_tasks_of(s, arena, 7, &tasks, &n, &k.e) != 0)
		return k.e.text;
	if (n != 1 || tasks[0].items != NULL)
		return tasks[0].items;
	return store_task_items(s, arena, &tasks[0], &k.e) == 0 ? tasks[0].items : k.e.text;
}

static void test_items(struct store *s)
{
	uint64_t n;

	IS_INT(store_task_put(s, &mapped, &k.e), 0, "the items of a for_each are kept");
	IS_STR(items(s), mapped.items, "and come back");
	OK(!is_in_files("tuna-among"), "but cannot be read in the store's files");
	free(kit_sql(
		&k, "UPDATE task_instances SET items = '[\"tuna-among\"]', sealed_items = NULL"));
	IS_STR(items(s), "[\"tuna-among\"]", "plain ones from before are read");
	OK(store_outputs_seal(s, &n, &k.e) == 0 && n == 1, "until they are sealed");
	OK(!is_in_files("tuna-among"), "and then cannot be read by others");
	IS_STR(items(s), "[\"tuna-among\"]", "but by windrow");
}

static void test_rotation(struct store *s)
{
	struct store *other = kit_open(&k);
	struct store_rotation done;

	IS_STR(get(other, 1), SECRET, "another process reads it");
	IS_INT(store_rotate(other, NULL, &done, &k.e), 0, "and rotates");
	OK(done.n_sealed == 0, "whereby no secret of a person's was sealed anew");
	IS_STR(get(other, 1), SECRET, "it reads it after that");
	IS_STR(get(s, 1), SECRET, "and so does this one, which had the key");
	IS_INT(put(s, 4, "{\"n\":4}"), 0, "the next is kept");
	OK(sql_is("SELECT COUNT(*) FROM output_keys", "2"), "under a new key");
	IS_INT(put(other, 5, "{\"n\":5}"), 0, "that of the other process");
	OK(sql_is("SELECT COUNT(*) FROM output_keys", "2"), "under the same");
	IS_STR(get(other, 4), "{\"n\":4}", "each reads what the other kept");
	IS_STR(get(s, 5), "{\"n\":5}", "there and back");
	store_close(other);
	other = kit_open(&k);
	IS_STR(get(other, 1), SECRET, "whoever comes later reads what is older than the rotation");
	store_close(other);
}

/* A rotation whose new master key one of the processes does not have. */
static void test_left_behind(struct store *s)
{
	struct store *other = kit_open(&k);
	struct store_rotation done;
	size_t old_len, len;
	char *old = kit_read(kit_path(&k, "master.key"), &old_len), *new;

	IS_INT(put(s, 6, "{\"n\":6}"), 0, "a process has a key");
	IS_INT(store_rotate(other, NULL, &done, &k.e), 0, "another rotates");
	new = kit_read(kit_path(&k, "master.key"), &len);
	kit_write(k.path, old, old_len);
	IS_INT(put(s, 6, "{\"n\":66}"), 0,
		"the first goes on, though it has only the old master key");
	kit_write(kit_path(&k, "master.key"), new, len);
	IS_STR(get(other, 6), "{\"n\":66}", "and who has the new one reads it");
	store_close(other);
	free(old);
	free(new);
}

static void test_plain(struct store *s)
{
	uint64_t n;

	free(kit_sql(&k,
		"UPDATE tries SET outputs = '{\"old\":\"marlin-in-plain\"}', sealed = NULL "
		"WHERE task IN (1, 3)"));
	IS_STR(get(s, 1), "{\"old\":\"marlin-in-plain\"}", "what is plain from before is read");
	OK(is_in_files("marlin"), "and can be read by anybody");
	OK(store_outputs_seal(s, &n, &k.e) == 0 && n == 2, "until it is sealed");
	OK(!is_in_files("marlin"), "then no more");
	IS_STR(get(s, 1), "{\"old\":\"marlin-in-plain\"}", "but by windrow");
	IS_STR(get(s, 3), "{\"old\":\"marlin-in-plain\"}", "of instances too");
	OK(store_outputs_seal(s, &n, &k.e) == 0 && n == 0, "which is done once");
}

static void test_undone(void)
{
	struct store *s = kit_open(&k);

	free(kit_sql(&k, "DELETE FROM output_keys"));
	IS_INT(store_begin(s, &k.e), 0, "a transaction begins");
	IS_INT(put(s, 6, "{\"n\":6}"), 0, "in which a key is made");
	store_rollback(s);
	IS_INT(put(s, 6, "{\"n\":6}"), 0, "where it is undone, the next makes another");
	store_close(s);
	s = kit_open(&k);
	free(kit_sql(&k, "DELETE FROM tries WHERE task <> 6"));
	IS_STR(get(s, 6), "{\"n\":6}", "which is in the store");
	store_close(s);
}

static void test_wrong(void)
{
	struct store *s = kit_open(&k);
	size_t len;
	char *key;
	uint64_t n;

	(void)put(s, 7, "{\"n\":7}");
	free(kit_sql(&k,
		"UPDATE tries SET sealed = (SELECT sealed FROM tries WHERE task = 6) "
		"WHERE task = 7"));
	IS_STR(get(s, 7),
		"the sealed outputs of \"7/7/-1/1\" in tries belongs to another row: somebody has "
		"swapped rows; "
		"set it anew, or bring back a backup of the store",
		"what was moved from another try is told");
	store_close(s);
	key = kit_read(kit_path(&k, "master.key"), &len);
	(void)unlink(k.path);
	s = kit_open(&k);
	OK(strstr(get(s, 6), "the master key is missing") != NULL,
		"without the master key nothing is opened");
	store_close(s);
	kit_write(kit_path(&k, "master.key"), key, len);
	free(key);
	free(kit_sql(&k, "DELETE FROM output_keys"));
	s = kit_open(&k);
	OK(strstr(get(s, 7), "that the store does not have") != NULL,
		"so is what came from another store");
	store_close(s);
	(void)unlink(kit_path(&k, "master.key"));
	s = kit_open(&k);
	IS_INT(store_outputs_seal(s, &n, &k.e), ERR_DENIED, "and nothing is kept");
	IS_INT(put(s, 8, "{}"), ERR_DENIED, "least of all plain");
	OK(sql_is("SELECT COUNT(*) FROM tries WHERE task = 8", "0"), "not even in part");
	store_close(s);
}

int main(void)
{
	struct store *s;

	kit_begin(&k);
	arena = arena_create(0);
	s = kit_open(&k);
	test_sealed(s);
	test_rotation(s);
	test_items(s);
	test_left_behind(s);
	test_plain(s);
	store_close(s);
	test_undone();
	test_wrong();
	arena_destroy(arena);
	kit_end(&k);
	return tap_done();
}
