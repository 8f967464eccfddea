/* A home with a store, for tests. */
#include "tests/unit/store_kit.h"

#include <dirent.h>
#include <fcntl.h>
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "tests/unit/tap.h"

#define BUSY_MS 300000 /* that a statement waits for who is writing */

void kit_begin(struct store_kit *k)
{
	const char *tmp = getenv("TMPDIR");

	memset(k, 0, sizeof(*k));
	(void)snprintf(k->folder, sizeof(k->folder), "%s/windrow-store.XXXXXX",
		tmp == NULL ? "/tmp" : tmp);
	if (mkdtemp(k->folder) == NULL)
		abort();
	if (snprintf(k->home, sizeof(k->home), "%s/home", k->folder) >= (int)sizeof(k->home))
		abort();
	k->options = (struct store_options){
		.home = k->home, .env = k->env, .actor = "test:anna", .may_create = true};
}

void kit_remove(const char *folder)
{
	char path[KIT_PATH_MAX * 3];
	DIR *d = opendir(folder);

	for (struct dirent *e; d != NULL && (e = readdir(d)) != NULL;) {
		if (strcmp(e->d_name, ".") == 0 || strcmp(e->d_name, "..") == 0)
			continue;
		(void)snprintf(path, sizeof(path), "%s/%s", folder, e->d_name);
		if (unlink(path) != 0)
			kit_remove(path);
	}
	if (d != NULL)
		(void)closedir(d);
	(void)rmdir(folder);
}

void kit_end(struct store_kit *k)
{
	kit_remove(k->folder);
}

const char *kit_path(struct store_kit *k, const char *name)
{
	(void)snprintf(k->path, sizeof(k->path), "%s/%s", k->home, name);
	return k->path;
}

struct store *kit_open(struct store_kit *k)
{
	struct store *s = NULL;

	if (!OK(store_open(&k->options, &s, &k->e) == 0, "the store opens"))
		tap_note("%s", k->e.text);
	return s;
}

/* N.B. a journal may be writing meanwhile: it is waited for, lest a change be passed over. */
int kit_secret_set(struct store_kit *k, struct store *s, const char *name, const char *value)
{
	const struct store_variable v = {.name = name, .value = value, .is_secret = true};

	return store_variable_set(s, &v, &k->e);
}

const char *kit_secret_get(struct store_kit *k, struct store *s, struct arena *a, const char *name)
{
	struct store_variable v;

	return store_variable_get(s, a, name, &v, &k->e) == 0 ? v.value : k->e.text;
}

char *kit_sql(struct store_kit *k, const char *sql)
{
	sqlite3_stmt *stmt = NULL;
	sqlite3 *db = NULL;
	char *text = NULL;
	int code = sqlite3_open(kit_path(k, "windrow.db"), &db);

	if (code == SQLITE_OK)
		code = sqlite3_busy_timeout(db, BUSY_MS);
	if (code == SQLITE_OK)
		code = sqlite3_prepare_v2(db, sql, -1, &stmt, NULL);
	if (code == SQLITE_OK)
		code = sqlite3_step(stmt);
	if (code != SQLITE_ROW && code != SQLITE_DONE) {
		tap_note("%s: %s", sql, sqlite3_errmsg(db));
		(void)fflush(stdout);
		abort();
	}
	if (code == SQLITE_ROW && sqlite3_column_text(stmt, 0) != NULL)
		text = strdup((const char *)sqlite3_column_text(stmt, 0));
	(void)sqlite3_finalize(stmt);
	(void)sqlite3_close(db);
	return text == NULL ? strdup("") : text;
}

char *kit_read(const char *path, size_t *len)
{
	FILE *f = fopen(path, "r");
	char *bytes = NULL;
	size_t room = 1 << 20;

	if (f == NULL || (bytes = malloc(room)) == NULL)
		abort();
	*len = fread(bytes, 1, room, f);
	(void)fclose(f);
	return bytes;
}

void kit_write(const char *path, const void *bytes, size_t len)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0600);

	if (fd < 0 || write(fd, bytes, len) != (ssize_t)len)
		abort();
	(void)close(fd);
}

void kit_copy(const char *from, const char *to)
{
	char path[KIT_PATH_MAX * 3];
	DIR *d = opendir(from);

	if (d == NULL || mkdir(to, 0700) != 0)
		abort();
	for (struct dirent *e; (e = readdir(d)) != NULL;) {
		size_t len;
		char *bytes;

		if (e->d_name[0] == '.')
			continue;
		(void)snprintf(path, sizeof(path), "%s/%s", from, e->d_name);
		bytes = kit_read(path, &len);
		(void)snprintf(path, sizeof(path), "%s/%s", to, e->d_name);
		kit_write(path, bytes, len);
		free(bytes);
	}
	(void)closedir(d);
}
