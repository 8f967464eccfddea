/*
 * What lies sealed in the store, and the master key. The first byte chooses: bytes that nobody
 * sealed do not open, and the reason is told; bytes that were sealed open to what they were, and
 * with any of them changed they do not; nor do they in another place, or under another key, and
 * that is told apart; a master key's text is taken whole, or not at all, and means the same key in
 * both of its spellings, and in a file.
 */
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "engine/arena.h"
#include "engine/buf.h"
#include "engine/err.h"
#include "store/master_key.h"
#include "store/seal.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define MORE_FROM 192 /* of the first byte: the other three ways */
#define FILE_MOST 256 /* bytes of a master key's file */

static const struct seal_key key = {.number = 7, .bytes = "0123456789abcdef0123456789abcde"};
static const struct seal_place place = {"tries", "1/2/3", "outputs"};

/* Whether they do not, and the reason says why. */
static void must_not_open_as(struct arena *a, const struct seal_key *k, const struct seal_place *p,
	const void *sealed, size_t len, const char *why)
{
	struct err e = {.text = ""};
	const char *plain;
	size_t n;

	if (seal_open(k, p, sealed, len, a, &plain, &n, &e) != ERR_CORRUPT ||
		strstr(e.text, why) == NULL)
		abort();
}

static void must_not_open(struct arena *a, const void *sealed, size_t len)
{
	must_not_open_as(a, &key, &place, sealed, len, "the sealed outputs of \"1/2/3\" in tries ");
}

static void forged(struct arena *a, const uint8_t *data, size_t size)
{
	const uint8_t number[] = {0, 0, 0, (uint8_t)key.number};

	must_not_open(a, data, size);
	/* It says whose key it wants before it is known to be genuine: to find that key, no more.
	 */
	if ((seal_number(data, size) == key.number) !=
		(size >= SEAL_OVERHEAD && memcmp(data + 1, number, sizeof(number)) == 0))
		abort();
}

static void sealed_and_opened(struct arena *a, const uint8_t *data, size_t size)
{
	static const unsigned char nonce[SEAL_NONCE_SIZE] = "once";
	struct buf sealed;
	struct err e;
	const char *plain;
	size_t n;

	buf_init(&sealed, 0);
	if (seal_close_with(&key, &place, nonce, data, size, &sealed, &e) != 0 ||
		seal_number(sealed.data, sealed.len) != key.number ||
		seal_open(&key, &place, sealed.data, sealed.len, a, &plain, &n, &e) != 0 ||
		n != size || memcmp(plain, data, size) != 0 || plain[n] != '\0')
		abort();
	for (size_t i = 0; i < sealed.len; i += 1 + i / 8) {
		sealed.data[i] = (char)(sealed.data[i] ^ 0x20);
		must_not_open(a, sealed.data, sealed.len);
		sealed.data[i] = (char)(sealed.data[i] ^ 0x20);
	}
	must_not_open(a, sealed.data, sealed.len - 1);
	buf_free(&sealed);
}

/* The place's parts out of the text, which they are cut off of: NUL stands between them, and at the
 * end. */
static struct seal_place place_take(const char **text, const char *end)
{
	const char *parts[3];

	for (size_t i = 0; i < 3; i++) {
		parts[i] = *text;
		*text += strlen(*text);
		*text += *text < end;
	}
	return (struct seal_place){parts[0], parts[1], parts[2]};
}

/* What is sealed for one place and opened in another. */
static void moved(struct arena *a, const uint8_t *data, size_t size)
{
	const char *text = arena_memdup(a, data, size), *end = text + size;
	struct seal_place from, to;
	struct buf sealed;
	struct err e;
	const char *plain;
	size_t n;

	if (text == NULL)
		return;
	from = place_take(&text, end);
	to = place_take(&text, end);
	buf_init(&sealed, 0);
	if (seal_close(&key, &from, "hunter2", 7, &sealed, &e) != 0 ||
		memmem(sealed.data, sealed.len, "hunter2", 7) != NULL)
		abort();
	if (strcmp(from.table, to.table) != 0 || strcmp(from.row, to.row) != 0 ||
		strcmp(from.column, to.column) != 0)
		must_not_open_as(a, &key, &to, sealed.data, sealed.len,
			strlen(to.table) + strlen(to.row) + strlen(to.column) < sizeof(e.text) / 2
				? "belongs to another row"
				: "the sealed ");
	else if (seal_open(&key, &to, sealed.data, sealed.len, a, &plain, &n, &e) != 0 || n != 7 ||
		strcmp(plain, "hunter2") != 0)
		abort();
	buf_free(&sealed);
}

/* What is sealed under a key of the bytes, and opened under another. */
static void other_key(struct arena *a, const uint8_t *data, size_t size)
{
	struct seal_key k = {.number = 0}, other;
	struct buf first, second;
	struct err e;

	memcpy(&k, data, size < sizeof(k) ? size : sizeof(k));
	buf_init(&first, 0);
	buf_init(&second, 0);
	if (seal_close(&k, &place, data, size, &first, &e) != 0 ||
		seal_close(&k, &place, data, size, &second, &e) != 0 || first.len != second.len ||
		memcmp(first.data, second.data, first.len) == 0 ||
		seal_number(first.data, first.len) != k.number)
		abort();
	other = k;
	other.number ^= 1;
	must_not_open_as(a, &other, &place, first.data, first.len, "under another key");
	other = k;
	other.bytes[size % SEAL_KEY_SIZE] ^= 1;
	must_not_open_as(a, &other, &place, first.data, first.len, "tampered with");
	buf_free(&first);
	buf_free(&second);
}

/* More than one secret may have. */
static void too_large(struct arena *a)
{
	static char bytes[SEAL_PLAIN_MAX + SEAL_OVERHEAD + 1] = {1, 0, 0, 0, 7};
	struct buf sealed;
	struct err e;

	buf_init(&sealed, 0);
	if (seal_close(&key, &place, bytes, SEAL_PLAIN_MAX + 1, &sealed, &e) != ERR_LIMIT ||
		sealed.len != 0)
		abort();
	must_not_open(a, bytes, sizeof(bytes));
	buf_free(&sealed);
}

static void master_key(struct arena *a, const uint8_t *data, size_t size)
{
	struct master_source s = {.text = arena_memdup(a, data, size)};
	struct master_key k, again;
	struct err e = {.text = ""};
	char hex[SEAL_KEY_SIZE * 2 + 1];

	if (master_key_read(&s, &k, &e) != 0) {
		if (strstr(e.text, "WINDROW_MASTER_KEY") == NULL)
			abort();
		return;
	}
	for (size_t i = 0; i < SEAL_KEY_SIZE; i++)
		(void)snprintf(hex + 2 * i, 3, "%02X", k.key.bytes[i]);
	s.text = hex;
	if (master_key_read(&s, &again, &e) != 0 || strcmp(k.id, again.id) != 0 ||
		memcmp(&k.key, &again.key, sizeof(k.key)) != 0)
		abort();
}

static char path[] = "/tmp/windrow-fuzz-key-XXXXXX";

static void leave(void)
{
	(void)unlink(path);
}

/* A file of these bytes, for its owner alone. */
static void file_write(const uint8_t *data, size_t size)
{
	static int fd = -1;

	if (fd < 0) {
		fd = mkostemp(path, O_CLOEXEC);
		if (fd < 0 || atexit(leave) != 0)
			abort();
	}
	if (pwrite(fd, data, size, 0) != (ssize_t)size || ftruncate(fd, (off_t)size) != 0)
		abort();
}

/* A file holds the key that its text is, and nothing else. */
static void master_file(struct arena *a, const uint8_t *data, size_t size)
{
	struct master_source s = {.text = arena_memdup(a, data, size)};
	struct master_key k, again;
	struct err e = {.text = ""};
	int is_text, is_read;

	if (s.text == NULL)
		return;
	is_text = memchr(data, '\0', size) == NULL && size <= FILE_MOST &&
		master_key_read(&s, &k, &e) == 0;
	file_write(data, size);
	e.text[0] = '\0';
	is_read = master_key_read_file(path, &again, &e) == 0;
	if (is_read != is_text || (!is_read && strstr(e.text, path) == NULL) ||
		(is_read && strcmp(k.id, again.id) != 0))
		abort();
}

static void (*const ways[])(struct arena *a, const uint8_t *data, size_t size) = {
	forged, sealed_and_opened, master_key, moved, other_key, master_file};

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct arena *a = arena_create((size_t)64 << 20);

	/* N.B. so that the inputs of before there were more than three ways mean the same. */
	if (a != NULL && size > 0)
		ways[data[0] % 3 + (data[0] < MORE_FROM ? 0 : 3)](a, data + 1, size - 1);
	if (a != NULL && size == 0)
		too_large(a);
	arena_destroy(a);
	return 0;
}
