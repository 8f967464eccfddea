/* Sealing: what opens, what does not, and what is said of each that does not. */
#include "store/seal.h"

#include <stdio.h>
#include <string.h>

#include "engine/arena.h"
#include "engine/buf.h"
#include "engine/err.h"
#include "tests/unit/tap.h"

static const struct seal_key key = {.number = 7, .bytes = "a key of thirty-one bytes, sure"};
static const struct seal_place place = {"variables", "token", "value"};

static struct arena *arena;
static struct err e;

/* Whether these bytes open here to "hunter2"; e tells why not. */
static bool opens(
	const struct seal_key *k, const struct seal_place *p, const void *sealed, size_t len)
{
	const char *plain = NULL;
	size_t plain_len = 0;

	return seal_open(k, p, sealed, len, arena, &plain, &plain_len, &e) == 0 && plain_len == 7 &&
		strcmp(plain, "hunter2") == 0;
}

static void test_round(const struct buf *sealed)
{
	struct buf again;

	OK(opens(&key, &place, sealed->data, sealed->len), "what was sealed opens");
	OK(sealed->len == 7 + SEAL_OVERHEAD, "and is as long as was said");
	OK(memmem(sealed->data, sealed->len, "hunter2", 7) == NULL, "it does not show the secret");
	buf_init(&again, 0);
	(void)seal_close(&key, &place, "hunter2", 7, &again, &e);
	OK(memcmp(sealed->data, again.data, again.len) != 0, "sealed twice it looks different");
	buf_reset(&again);
	IS_INT(seal_close(&key, &place, "", 0, &again, &e), 0, "nothing can be sealed");
	OK(again.len == SEAL_OVERHEAD, "too");
	buf_free(&again);
}

static void test_changed(struct buf *sealed)
{
	size_t held = 0, told = 0;

	for (size_t i = 0; i < sealed->len * 8; i++) {
		sealed->data[i / 8] = (char)(sealed->data[i / 8] ^ 1 << i % 8);
		held += !opens(&key, &place, sealed->data, sealed->len);
		told += e.code == ERR_CORRUPT && strstr(e.text, "\"token\" in variables") != NULL;
		sealed->data[i / 8] = (char)(sealed->data[i / 8] ^ 1 << i % 8);
	}
	OK(held == sealed->len * 8, "with any bit changed it does not open");
	OK(told == sealed->len * 8, "and the message says which it is");
	for (size_t n = 0; n < sealed->len; n++)
		if (opens(&key, &place, sealed->data, n))
			OK(false, "cut to %zu bytes it opens", n);
	sealed->data[sealed->len - 20] = (char)~sealed->data[sealed->len - 20];
	(void)opens(&key, &place, sealed->data, sealed->len);
	IS_STR(e.text,
		"the sealed value of \"token\" in variables was tampered with or damaged; set it "
		"anew, or bring back a backup of the store",
		"a changed row is told");
	sealed->data[sealed->len - 20] = (char)~sealed->data[sealed->len - 20];
}

static void test_moved(const struct buf *sealed)
{
	static const struct seal_place others[] = {{"variables", "other", "value"},
		{"connections", "token", "value"}, {"variables", "token", "password"},
		{"variablest", "oken", "value"}};

	for (size_t i = 0; i < sizeof(others) / sizeof(others[0]); i++) {
		OK(!opens(&key, &others[i], sealed->data, sealed->len),
			"it does not open for %s of %s in %s", others[i].column, others[i].row,
			others[i].table);
		OK(strstr(e.text, "belongs to another row") != NULL, "and the message says so");
	}
	(void)opens(&key, &others[0], sealed->data, sealed->len);
	IS_STR(e.text,
		"the sealed value of \"other\" in variables belongs to another row: somebody has "
		"swapped rows; set it anew, or bring back a backup of the store",
		"a swapped row is told");
}

static void test_other_key(const struct buf *sealed)
{
	struct seal_key other = key;

	other.number = 8;
	OK(!opens(&other, &place, sealed->data, sealed->len) &&
			strstr(e.text, "under another key (00000007, not 00000008)") != NULL,
		"a key of another number is told");
	other.number = 7;
	other.bytes[0] ^= 1;
	OK(!opens(&other, &place, sealed->data, sealed->len), "another key does not open it");
}

int main(void)
{
	struct buf sealed;

	arena = arena_create(0);
	buf_init(&sealed, 0);
	IS_INT(seal_close(&key, &place, "hunter2", 7, &sealed, &e), 0, "a secret can be sealed");
	test_round(&sealed);
	test_changed(&sealed);
	test_moved(&sealed);
	test_other_key(&sealed);
	buf_free(&sealed);
	arena_destroy(arena);
	return tap_done();
}
