/*
 * Zone files by name. A name is made of letters, digits, _ - + and /, without a part that begins
 * with a dot, so that it cannot leave the folder. A zone that was read stays, as DAGs point to it.
 */
#include "store/zoneinfo.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "engine/arena.h"
#include "engine/err.h"
#include "engine/hint.h"

#define SYSTEM_FOLDER "/usr/share/zoneinfo"
#define FOLDER_DEPTH 3 /* America/Argentina/Buenos_Aires */

struct known {
	struct known *next;
	const struct zone *zone;
};

struct zoneinfo {
	struct arena *arena;
	const char *folder;
	struct known *known;
};

struct zoneinfo *zoneinfo_create(const char *folder)
{
	struct zoneinfo *z = calloc(1, sizeof(*z));

	if (folder == NULL)
		folder = getenv("TZDIR");
	if (folder == NULL || *folder == '\0')
		folder = SYSTEM_FOLDER;
	if (z == NULL)
		return NULL;
	z->arena = arena_create(0);
	if (z->arena == NULL || (z->folder = arena_strdup(z->arena, folder)) == NULL) {
		zoneinfo_destroy(z);
		return NULL;
	}
	return z;
}

void zoneinfo_destroy(struct zoneinfo *z)
{
	if (z == NULL)
		return;
	arena_destroy(z->arena);
	free(z);
}

const char *zoneinfo_folder(const struct zoneinfo *z)
{
	return z->folder;
}

static bool is_name(const char *name)
{
	static const char allowed[] =
		"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_-+/.";
	size_t len = strlen(name);

	return len > 0 && len <= ZONE_NAME_MAX && strspn(name, allowed) == len && name[0] != '/' &&
		name[0] != '.' && strstr(name, "/.") == NULL && strstr(name, "//") == NULL;
}

/* Offers every zone below a folder to the hint. `prefix` is its name so far: "Europe/". */
static void hints_offer(struct zoneinfo *z, const char *prefix, int depth, struct hint *h)
{
	char path[4096], name[512];
	struct dirent *d;
	DIR *dir;

	(void)snprintf(path, sizeof(path), "%s/%s", z->folder, prefix);
	dir = opendir(path);
	while (dir != NULL && (d = readdir(dir)) != NULL) {
		(void)snprintf(name, sizeof(name), "%s%s", prefix, d->d_name);
		if (d->d_name[0] == '.' || !is_name(name) || strcmp(name, "posix") == 0 ||
			strcmp(name, "right") == 0)
			continue;
		if (d->d_type == DT_DIR && depth > 1 && strlen(name) + 1 < sizeof(name)) {
			strcat(name, "/");
			hints_offer(z, name, depth - 1, h);
		} else {
			char *copy = arena_strdup(z->arena, name);

			if (copy != NULL)
				hint_offer(h, copy, strlen(copy));
		}
	}
	if (dir != NULL)
		(void)closedir(dir);
}

static int not_found(struct zoneinfo *z, const char *name, struct err *e)
{
	struct hint h;

	hint_begin(&h, name, strlen(name));
	hints_offer(z, "", FOLDER_DEPTH, &h);
	if (h.best != NULL)
		return err_set(e, ERR_NOTFOUND,
			"there is no time zone \"%.64s\"; did you mean \"%.*s\"?", name,
			(int)h.best_len, h.best);
	return err_set(e, ERR_NOTFOUND,
		"there is no time zone \"%.64s\" in %s; write an IANA name such as Europe/London",
		name, z->folder);
}

/* The file's bytes into buf, whole. */
static int file_read(const char *path, unsigned char *buf, size_t size, size_t *len)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	struct stat st;
	ssize_t n = -1;

	if (fd < 0)
		return ERR_NOTFOUND;
	*len = 0;
	if (fstat(fd, &st) == 0 && S_ISREG(st.st_mode)) {
		while ((n = read(fd, buf + *len, size - *len)) > 0)
			*len += (size_t)n;
	}
	(void)close(fd);
	return n == 0 ? 0 : ERR_NOTFOUND;
}

static int zone_read(struct zoneinfo *z, const char *name, const struct zone **out, struct err *e)
{
	unsigned char *buf = malloc(ZONE_FILE_MAX + 1);
	struct known *k = arena_alloc(z->arena, sizeof(*k));
	char path[4096];
	size_t len;
	int r = ERR_NOMEM;

	if (buf == NULL || k == NULL) {
		err_set(e, ERR_NOMEM, "out of memory for the zone %s", name);
		goto out;
	}
	(void)snprintf(path, sizeof(path), "%s/%s", z->folder, name);
	r = file_read(path, buf, ZONE_FILE_MAX + 1, &len);
	if (r != 0) {
		r = not_found(z, name, e);
		goto out;
	}
	r = zone_parse(z->arena, name, buf, len, out, e);
	if (r == 0) {
		k->zone = *out;
		k->next = z->known;
		z->known = k;
	}
out:
	free(buf);
	return r;
}

static int zone_find(void *ctx, const char *name, const struct zone **out, struct err *e)
{
	struct zoneinfo *z = ctx;

	if (strcmp(name, "UTC") == 0) {
		*out = zone_utc();
		return 0;
	}
	for (struct known *k = z->known; k != NULL; k = k->next) {
		if (strcmp(zone_name(k->zone), name) == 0) {
			*out = k->zone;
			return 0;
		}
	}
	return is_name(name) ? zone_read(z, name, out, e) : not_found(z, name, e);
}

struct zone_source zoneinfo_source(struct zoneinfo *z)
{
	return (struct zone_source){z, zone_find};
}
