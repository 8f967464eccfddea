/*
 * What lies sealed in the store, and the master key. The first byte chooses: bytes that nobody
 * sealed do not open, and the reason is told; bytes that were sealed open to what they were, and
 * with any of them changed they do not; a master key's text is taken whole, or not at all, and
 * means the same key in both of its spellings.
 */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "engine/arena.h"
#include "engine/buf.h"
#include "engine/err.h"
#include "store/master_key.h"
#include "store/seal.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const struct seal_key key = {.number = 7, .bytes = "0123456789abcdef0123456789abcde"};
static const struct seal_place place = {"tries", "1/2/3", "outputs"};

static void must_not_open(struct arena *a, const void *sealed, size_t len)
{
	struct err e = {.text = ""};
	const char *plain;
	size_t n;

	if (seal_open(&key, &place, sealed, len, a, &plain, &n, &e) != ERR_CORRUPT ||
		e.text[0] == '\0')
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

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct arena *a = arena_create((size_t)64 << 20);

	if (a != NULL && size > 0 && data[0] % 3 == 0)
		must_not_open(a, data + 1, size - 1);
	else if (a != NULL && size > 0 && data[0] % 3 == 1)
		sealed_and_opened(a, data + 1, size - 1);
	else if (a != NULL && size > 0)
		master_key(a, data + 1, size - 1);
	arena_destroy(a);
	return 0;
}
