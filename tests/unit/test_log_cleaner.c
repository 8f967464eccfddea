/* Which logs go, by age and by size, and which stay whatever the rules say. */
#include "scheduler/log_cleaner.h"

#include <fcntl.h>
#include <ftw.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "engine/err.h"
#include "engine/strmap.h"
#include "tests/unit/tap.h"

#define DAY ((int64_t)24 * 60 * 60 * 1000)
#define NOW (20000 * DAY)

static char root[PATH_MAX];
static char path[PATH_MAX + 256];

static const char *at(const char *name)
{
	(void)snprintf(path, sizeof(path), "%s/%s", root, name);
	return path;
}

/* A file of so many bytes, written so many days ago. */
static void file(const char *name, size_t bytes, int64_t days)
{
	const struct timespec t = {.tv_sec = (NOW - days * DAY) / 1000};
	const struct timespec times[2] = {t, t};
	FILE *f;

	(void)at(name);
	for (char *slash = path; (slash = strchr(slash + 1, '/')) != NULL; *slash = '/') {
		*slash = '\0';
		(void)mkdir(path, 0755);
	}
	f = fopen(path, "w");
	if (f == NULL)
		abort();
	for (size_t i = 0; i < bytes; i++)
		(void)fputc('x', f);
	(void)fclose(f);
	(void)utimensat(AT_FDCWD, path, times, 0);
}

static bool is_there(const char *name)
{
	return access(at(name), F_OK) == 0;
}

static struct log_cleaned clean(int64_t days, uint64_t bytes, const struct strmap *kept)
{
	struct log_clean_rules rules = {
		.now = NOW, .max_age_ms = days * DAY, .max_bytes = bytes, .kept = kept};
	struct log_cleaned out = {0};
	struct err e;

	if (log_clean(root, &rules, &out, &e) != 0)
		printf("# %s\n", e.text);
	return out;
}

static int on_entry(const char *name, const struct stat *s, int type, struct FTW *f)
{
	(void)s;
	(void)type;
	(void)f;
	return remove(name);
}

static void test_age(void)
{
	struct log_cleaned c;

	file("dag_id=a/run_id=1/task_id=A.x/attempt=1.log", 1000, 40);
	file("dag_id=a/run_id=2/task_id=A.x/attempt=1.log", 1000, 40);
	file("dag_id=a/run_id=2/task_id=A.x/attempt=2.log", 1000, 2);
	file("dag_id=b/run_id=1/task_id=A.x/map_index=0/attempt=1.log", 500, 31);
	file("dag_id=b/run_id=2/task_id=A.x/attempt=1.log", 500, 90);
	file("dag_id=b/run_id=2/task_id=A.x/.attempt=1.mark", 62, 90);
	c = clean(30, UINT64_MAX, NULL);
	IS_INT((long long)c.runs, 2, "the logs of old runs go");
	IS_INT((long long)c.bytes, 1500, "all of their bytes");
	IS_INT((long long)c.bytes_left, 2562, "and the rest is counted");
	OK(!is_there("dag_id=a/run_id=1") && !is_there("dag_id=b/run_id=1"), "with their folders");
	OK(is_there("dag_id=a/run_id=2/task_id=A.x/attempt=1.log"),
		"a run that wrote lately keeps what it wrote first");
	OK(is_there("dag_id=b/run_id=2/task_id=A.x/attempt=1.log"),
		"one that may still be running is left alone, however silent");
	IS_INT((long long)clean(30, UINT64_MAX, NULL).runs, 0, "and there is nothing more to do");
}

static void test_size(void)
{
	struct strmap *kept = strmap_create(4);
	struct log_cleaned c;

	file("dag_id=c/run_id=1/task_id=A.x/attempt=1.log", 4000, 5);
	file("dag_id=c/run_id=2/task_id=A.x/attempt=1.log", 4000, 4);
	file("dag_id=c/run_id=3/task_id=A.x/attempt=1.log", 4000, 3);
	(void)strmap_add(kept, "dag_id=c/run_id=1", 17, 0);
	c = clean(30, 11000, kept);
	IS_INT((long long)c.runs, 1, "where all is too large, runs go until it fits");
	OK(!is_there("dag_id=c/run_id=2"), "the oldest of those that may");
	OK(is_there("dag_id=c/run_id=1/task_id=A.x/attempt=1.log"), "a run in memory stays");
	OK(is_there("dag_id=c/run_id=3/task_id=A.x/attempt=1.log"), "younger ones stay");
	OK(c.bytes_left == 10562 && c.bytes == 4000, "and that was counted");
	strmap_destroy(kept);
	c = clean(1, UINT64_MAX, NULL);
	OK(!is_there("dag_id=c"), "a DAG's folder goes with its last run");
}

static void test_nothing(void)
{
	struct log_clean_rules rules = {.now = NOW, .max_age_ms = DAY, .max_bytes = 1};
	struct log_cleaned out;
	struct err e;

	IS_INT(log_clean(at("nowhere"), &rules, &out, &e), 0,
		"a folder that is not there is clean");
	file("stray", 100, 100);
	IS_INT((long long)clean(1, 1, NULL).runs, 0, "a file that is no log");
	OK(is_there("stray"), "stays");
}

int main(void)
{
	const char *tmp = getenv("TMPDIR");

	(void)snprintf(root, sizeof(root), "%s/windrow-XXXXXX", tmp == NULL ? "/tmp" : tmp);
	if (mkdtemp(root) == NULL)
		return 99;
	test_age();
	test_size();
	test_nothing();
	(void)nftw(root, on_entry, 16, FTW_DEPTH | FTW_PHYS);
	return tap_done();
}
