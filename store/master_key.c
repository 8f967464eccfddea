/*
 * The master key's sources and its file. No message shows a key, or a part of one.
 *
 * N.B. the file is never changed in place: a new one is written, synced and renamed, so that at any
 * instant one whole key has the name.
 */
#include "store/master_key.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "engine/buf.h"
#include "engine/err.h"
#include "engine/hex.h"
#include "store/new_file.h"
#include "store/system_error.h"

#define HEX_SIZE ((size_t)SEAL_KEY_SIZE * 2)
#define BASE64_SIZE ((size_t)44)
#define FILE_MAX 256 /* bytes of a key's file, blanks and all */
#define CREDENTIAL "windrow-master-key"
#define KEY_FILE "master.key"

/* ---- where it comes from ---- */

static const char *env_get(char *const *env, const char *name)
{
	size_t len = strlen(name);

	for (; *env != NULL; env++)
		if (strncmp(*env, name, len) == 0 && (*env)[len] == '=' && (*env)[len + 1] != '\0')
			return *env + len + 1;
	return NULL;
}

static char *path_join(const char *folder, const char *name)
{
	struct buf b;

	buf_init(&b, 0);
	buf_addf(&b, "%s/%s", folder, name);
	return buf_steal(&b);
}

int master_source_find(const char *home, char *const *env, struct master_source *out, struct err *e)
{
	const char *file = env_get(env, "WINDROW_MASTER_KEY_FILE");
	const char *credentials = env_get(env, "CREDENTIALS_DIRECTORY");
	struct master_source s = {.text = env_get(env, "WINDROW_MASTER_KEY")};

	if (s.text != NULL) {
		*out = s;
		return 0;
	}
	if (file == NULL && credentials != NULL) {
		s.path = path_join(credentials, CREDENTIAL);
		s.is_guarded = true;
		if (s.path != NULL && access(s.path, F_OK) == 0) {
			*out = s;
			return 0;
		}
		free(s.path);
	}
	s.path = file != NULL ? strdup(file) : path_join(home, KEY_FILE);
	s.is_guarded = false;
	s.is_ours = true;
	if (s.path == NULL)
		return err_set(e, ERR_NOMEM, "%s", err_text(ERR_NOMEM));
	*out = s;
	return 0;
}

void master_source_free(struct master_source *s)
{
	free(s->path);
	s->path = NULL;
}

const char *master_source_name(const struct master_source *s)
{
	return s->path == NULL ? "WINDROW_MASTER_KEY" : s->path;
}

/* ---- what it says ---- */

/* N.B. a digest under the key, so that the name of a weak key helps nobody to guess it cheaply. */
static int name_key(struct master_key *k, struct err *e)
{
	static const unsigned char what[] = "windrow master key";
	unsigned char digest[EVP_MAX_MD_SIZE];
	unsigned int n;

	if (HMAC(EVP_sha256(), k->key.bytes, SEAL_KEY_SIZE, what, sizeof(what), digest, &n) == NULL)
		return err_set(e, ERR_NOMEM, "%s", err_text(ERR_NOMEM));
	(void)hex_write(k->id, digest, (MASTER_KEY_ID_SIZE - 1) / 2);
	k->key.number = 0;
	return 0;
}

static int hex_digit(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	c = (char)(c | 0x20);
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

static bool read_hex(const char *text, unsigned char *out)
{
	for (size_t i = 0; i < SEAL_KEY_SIZE; i++) {
		int high = hex_digit(text[2 * i]), low = hex_digit(text[2 * i + 1]);

		if (high < 0 || low < 0)
			return false;
		out[i] = (unsigned char)(high << 4 | low);
	}
	return true;
}

static bool read_base64(const char *text, unsigned char *out)
{
	unsigned char whole[BASE64_SIZE / 4 * 3];
	bool is_one = EVP_DecodeBlock(whole, (const unsigned char *)text, (int)BASE64_SIZE) ==
			(int)sizeof(whole) &&
		text[BASE64_SIZE - 1] == '=' && text[BASE64_SIZE - 2] != '=';

	if (is_one)
		memcpy(out, whole, SEAL_KEY_SIZE);
	explicit_bzero(whole, sizeof(whole));
	return is_one;
}

static int key_parse(const char *what, const char *text, struct master_key *out, struct err *e)
{
	size_t len = strcspn(text, " \t\r\n");
	bool is_one = text[len + strspn(text + len, " \t\r\n")] == '\0';

	if (is_one && len == HEX_SIZE)
		is_one = read_hex(text, out->key.bytes);
	else
		is_one = is_one && len == BASE64_SIZE && read_base64(text, out->key.bytes);
	if (!is_one)
		return err_set(e, ERR_INVALID,
			"%s holds no master key: that is 32 bytes in base64, as `openssl rand "
			"-base64 32` prints them",
			what);
	return name_key(out, e);
}

static int check_file(int fd, const char *path, bool is_guarded, struct err *e)
{
	struct stat st;

	if (fstat(fd, &st) != 0)
		return err_set(e, ERR_IO, "the master key %s: %s", path, strerror(errno));
	if (!S_ISREG(st.st_mode))
		return err_set(e, ERR_INVALID, "the master key %s is not a plain file", path);
	if (is_guarded)
		return 0;
	if (st.st_uid != geteuid() && st.st_uid != 0)
		return err_set(e, ERR_DENIED,
			"the master key %s belongs to another user, who could change it; make it "
			"your own",
			path);
	if ((st.st_mode & 077) != 0)
		return err_set(e, ERR_DENIED,
			"the master key %s can be read or changed by others (mode %04o): chmod 600 "
			"it; and where somebody may have seen it, `windrow secrets rotate` makes a "
			"new one",
			path, (unsigned)(st.st_mode & 07777));
	return 0;
}

static int read_file(const char *path, bool is_guarded, struct master_key *out, struct err *e)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
	char text[FILE_MAX + 2];
	ssize_t n;
	int r;

	if (fd < 0)
		return err_set(e, errno == ENOENT ? ERR_NOTFOUND : system_error_code(errno, ERR_IO),
			"cannot read the master key %s: %s", path, strerror(errno));
	r = check_file(fd, path, is_guarded, e);
	if (r == 0) {
		n = read(fd, text, FILE_MAX + 1);
		text[n < 0 ? 0 : n] = '\0';
		/* N.B. of a file that holds more a part may look like a key. */
		if (n > FILE_MAX || strlen(text) != (size_t)n)
			text[0] = '\0';
		r = n < 0 ? err_set(e, ERR_IO, "cannot read the master key %s: %s", path,
				    strerror(errno))
			  : key_parse(path, text, out, e);
		explicit_bzero(text, sizeof(text));
	}
	(void)close(fd);
	return r;
}

int master_key_read_file(const char *path, struct master_key *out, struct err *e)
{
	return read_file(path, false, out, e);
}

int master_key_read(const struct master_source *s, struct master_key *out, struct err *e)
{
	if (s->text != NULL)
		return key_parse(master_source_name(s), s->text, out, e);
	return read_file(s->path, s->is_guarded, out, e);
}

/* ---- the file and what waits beside it ---- */

static char *next_path(const struct master_source *s, const char *id)
{
	struct buf b;

	buf_init(&b, 0);
	buf_addf(&b, "%s.%s", s->path, id);
	return buf_steal(&b);
}

int master_key_read_wanted(
	const struct master_source *s, const char *id, struct master_key *out, struct err *e)
{
	char had[MASTER_KEY_ID_SIZE] = "";
	int r = master_key_read(s, out, e);
	struct err ignored;
	char *next;

	if (r == 0 && strcmp(out->id, id) == 0)
		return 0;
	if (r != 0 && r != ERR_NOTFOUND)
		return r;
	if (r == 0)
		memcpy(had, out->id, sizeof(had));
	next = s->is_ours ? next_path(s, id) : NULL;
	if (next != NULL && read_file(next, false, out, &ignored) == 0 &&
		strcmp(out->id, id) == 0) {
		free(next);
		(void)master_key_adopt(s, id, &ignored);
		return 0;
	}
	/* Its owner may have put it in place between the two looks. */
	if (s->is_ours && master_key_read(s, out, &ignored) == 0 && strcmp(out->id, id) == 0) {
		free(next);
		return 0;
	}
	free(next);
	explicit_bzero(&out->key, sizeof(out->key));
	/* N.B. not ERR_NOTFOUND: what is looked up is there, and must not be taken for missing. */
	if (r == ERR_NOTFOUND)
		return err_set(e, ERR_DENIED,
			"the master key is missing: the store's secrets are sealed under key %s, "
			"and %s is not there; put it back from your backup "
			"(docs/secrets.md tells what is left to do where there is none)",
			id, s->path);
	return err_set(e, ERR_DENIED,
		"wrong master key: %s holds key %s, but the store's secrets are sealed under key "
		"%s",
		master_source_name(s), had, id);
}

int master_key_make(struct master_key *out, struct err *e)
{
	int r = seal_random(out->key.bytes, SEAL_KEY_SIZE, e);

	return r == 0 ? name_key(out, e) : r;
}

static int write_key(const char *path, const struct master_key *k)
{
	unsigned char text[BASE64_SIZE + 2];
	const size_t len = BASE64_SIZE + 1;
	ssize_t n;
	int fd, r = -1;

	(void)EVP_EncodeBlock(text, k->key.bytes, SEAL_KEY_SIZE);
	text[BASE64_SIZE] = '\n';
	fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600);
	if (fd >= 0) {
		n = write(fd, text, len);
		if (n == (ssize_t)len)
			r = fsync(fd);
		else if (n >= 0)
			errno = ENOSPC;
		if (close(fd) != 0)
			r = -1;
	}
	explicit_bzero(text, sizeof(text));
	return r == 0 ? new_file_settle(path) : -1;
}

/* Whether a file that is there already holds this key. One whose writer did not come to its end is
 * taken away. */
static bool is_written(const char *path, const struct master_key *k)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
	struct master_key there;
	struct err ignored;
	bool is_whole = fd >= 0 && read_file(path, false, &there, &ignored) == 0 &&
		strcmp(there.id, k->id) == 0 && fsync(fd) == 0 && new_file_settle(path) == 0;

	explicit_bzero(&there, sizeof(there));
	if (fd >= 0)
		(void)close(fd);
	if (!is_whole)
		(void)unlink(path);
	return is_whole;
}

int master_key_write_next(const struct master_source *s, const struct master_key *k, struct err *e)
{
	char *path = next_path(s, k->id);
	int r;

	if (path == NULL)
		return err_set(e, ERR_NOMEM, "%s", err_text(ERR_NOMEM));
	r = write_key(path, k);
	if (r != 0 && errno == EEXIST)
		r = is_written(path, k) ? 0 : write_key(path, k);
	if (r != 0) {
		r = err_set(e, system_error_code(errno, ERR_IO),
			"cannot write the new master key %s: %s", path, strerror(errno));
		(void)unlink(path);
	}
	free(path);
	return r;
}

int master_key_adopt(const struct master_source *s, const char *id, struct err *e)
{
	char *path = next_path(s, id);
	int r = 0;

	if (path == NULL)
		return err_set(e, ERR_NOMEM, "%s", err_text(ERR_NOMEM));
	if (rename(path, s->path) != 0 && errno != ENOENT)
		r = err_set(e, ERR_IO, "the new master key waits at %s: cannot rename it to %s: %s",
			path, s->path, strerror(errno));
	else
		(void)new_file_settle(s->path);
	free(path);
	return r;
}

/* Whether name is BASE.ID. */
static bool is_next(const char *name, const char *base)
{
	size_t len = strlen(base);

	if (strncmp(name, base, len) != 0 || name[len] != '.')
		return false;
	name += len + 1;
	return strlen(name) == MASTER_KEY_ID_SIZE - 1 &&
		strspn(name, "0123456789abcdef") == MASTER_KEY_ID_SIZE - 1;
}

/* Reads the key of this name in the folder; one that was written by half is taken away, as nothing
 * was ever sealed under it. */
static bool take_next(const char *folder, const char *name, struct master_key *out)
{
	const char *id = strrchr(name, '.') + 1;
	char *path = path_join(folder, name);
	struct err ignored;
	int r = path == NULL ? ERR_NOMEM : read_file(path, false, out, &ignored);
	bool is_whole = r == 0 && strcmp(out->id, id) == 0;

	if (r == ERR_INVALID || (r == 0 && !is_whole))
		(void)unlink(path);
	free(path);
	return is_whole;
}

bool master_key_find_next(const struct master_source *s, const char *except, struct master_key *out)
{
	const char *slash = strrchr(s->path, '/');
	const char *base = slash == NULL ? s->path : slash + 1;
	char *folder =
		slash == NULL ? strdup(".") : strndup(s->path, (size_t)(slash - s->path) + 1);
	DIR *d = folder == NULL ? NULL : opendir(folder);
	bool is_found = false;

	for (struct dirent *entry; d != NULL && !is_found && (entry = readdir(d)) != NULL;)
		if (is_next(entry->d_name, base) &&
			strcmp(entry->d_name + strlen(base) + 1, except) != 0)
			is_found = take_next(folder, entry->d_name, out);
	if (d != NULL)
		(void)closedir(d);
	free(folder);
	return is_found;
}
