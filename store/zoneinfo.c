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
#include <unistd.h>

#include "engine/arena.h"
#include "engine/err.h"
#include "engine/hint.h"
#include "store/system_error.h"

#define SYSTEM_FOLDER "/usr/share/zoneinfo"
#define NAME_SIZE 512 /* for a path below the folder */
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

/* The search for the nearest name. */
struct search {
	const struct zoneinfo *zones;
	struct hint hint;
	char best[NAME_SIZE];
};

static void offer(struct search *s, const char *name)
{
	hint_offer(&s->hint, name, strlen(name));
	if (s->hint.best == name)
		s->hint.best = strcpy(s->best, name);
}

/* Offers every zone below a folder. `prefix` is its name so far: "Europe/". */
static void offer_folder(struct search *s, const char *prefix, int depth)
{
	char path[4096], name[NAME_SIZE];
	struct dirent *d;
	DIR *dir;

	(void)snprintf(path, sizeof(path), "%s/%s", s->zones->folder, prefix);
	dir = opendir(path);
	while (dir != NULL && (d = readdir(dir)) != NULL) {
		(void)snprintf(name, sizeof(name), "%s%s", prefix, d->d_name);
		if (d->d_name[0] == '.' || !is_name(name) || strcmp(name, "posix") == 0 ||
			strcmp(name, "right") == 0)
			continue;
		if (d->d_type == DT_DIR && depth > 1 && strlen(name) + 1 < sizeof(name)) {
			strcat(name, "/");
			offer_folder(s, name, depth - 1);
		} else {
			offer(s, name);
		}
	}
	if (dir != NULL)
		(void)closedir(dir);
}

static int not_found(const struct zoneinfo *z, const char *name, struct err *e)
{
	struct search s = {.zones = z};

	hint_begin(&s.hint, name, strlen(name));
	offer_folder(&s, "", FOLDER_DEPTH);
	if (s.hint.best != NULL)
		return err_set(e, ERR_NOTFOUND,
			"there is no time zone \"%.64s\"; did you mean \"%s\"?", name, s.hint.best);
	return err_set(e, ERR_NOTFOUND,
		"there is no time zone \"%.64s\" in %s; write an IANA name such as Europe/London",
		name, z->folder);
}

/* Why a zone's file could not be opened or read. */
static int unread(const struct zoneinfo *z, const char *name, int error, struct err *e)
{
	if (error == ENOENT || error == ENOTDIR || error == EISDIR)
		return not_found(z, name, e);
	return err_set(e,
		error == EMFILE || error == ENFILE ? ERR_UNAVAILABLE
						   : system_error_code(error, ERR_IO),
		"the time zone %.64s cannot be read: %s", name, strerror(error));
}

/* The zone's file into buf, whole. */
static int file_read(const struct zoneinfo *z, const char *name, unsigned char *buf, size_t size,
	size_t *len, struct err *e)
{
	char path[4096];
	ssize_t n;
	int fd, error;

	(void)snprintf(path, sizeof(path), "%s/%s", z->folder, name);
	fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	if (fd < 0)
		return unread(z, name, errno, e);
	*len = 0;
	while ((n = read(fd, buf + *len, size - *len)) > 0)
		*len += (size_t)n;
	error = errno;
	(void)close(fd);
	return n == 0 ? 0 : unread(z, name, error, e);
}

static int zone_read(struct zoneinfo *z, const char *name, const struct zone **out, struct err *e)
{
	unsigned char *buf = malloc(ZONE_FILE_MAX + 1);
	struct known *k;
	size_t len;
	int r = buf == NULL ? err_set(e, ERR_NOMEM, "%s", err_text(ERR_NOMEM))
			    : file_read(z, name, buf, ZONE_FILE_MAX + 1, &len, e);

	if (r == 0)
		r = zone_parse(z->arena, name, buf, len, out, e);
	free(buf);
	if (r != 0)
		return r;
	k = arena_alloc(z->arena, sizeof(*k));
	if (k == NULL)
		return err_set(e, ERR_NOMEM, "%s", err_text(ERR_NOMEM));
	k->zone = *out;
	k->next = z->known;
	z->known = k;
	return 0;
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
