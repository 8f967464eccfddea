/*
 * Sealing. The place is bound twice: its digest stands in the header, so that a moved text can be
 * told from a damaged one; and the header is what GCM authenticates besides the bytes.
 *
 * N.B. nonces are random. Under one key that is sound for 2^32 sealed texts, which a store does not
 * reach; `windrow secrets rotate` makes a new key all the same.
 */
#include "store/seal.h"

#include <limits.h>
#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/rand.h>
#include <pthread.h>
#include <stdbool.h>
#include <string.h>

#include "engine/arena.h"
#include "engine/buf.h"
#include "engine/err.h"

#define VERSION 1
#define PLACE_AT 5
#define PLACE_SIZE 32
#define NONCE_AT (PLACE_AT + PLACE_SIZE)
#define NONCE_SIZE SEAL_NONCE_SIZE
#define TEXT_AT (NONCE_AT + NONCE_SIZE)
#define TAG_SIZE 16

_Static_assert(TEXT_AT + TAG_SIZE == SEAL_OVERHEAD, "the header's parts and the tag");
_Static_assert(SEAL_PLAIN_MAX + SEAL_OVERHEAD < INT_MAX, "OpenSSL counts in int");

int seal_random(void *p, size_t len, struct err *e)
{
	if (len <= INT_MAX && RAND_priv_bytes(p, (int)len) == 1)
		return 0;
	return err_set(e, ERR_IO, "the system gives no random bytes");
}

/* The algorithms, looked up once: to find them takes longer than to seal what a task has left. NULL
 * where there are none. */
static struct {
	EVP_CIPHER *cipher;
	EVP_MD *digest;
} algorithms;

static void algorithms_find(void)
{
	algorithms.cipher = EVP_CIPHER_fetch(NULL, "AES-256-GCM", NULL);
	algorithms.digest = EVP_MD_fetch(NULL, "SHA256", NULL);
}

static bool algorithms_are_there(void)
{
	static pthread_once_t once = PTHREAD_ONCE_INIT;

	(void)pthread_once(&once, algorithms_find);
	return algorithms.cipher != NULL && algorithms.digest != NULL;
}

/* N.B. each part's NUL goes in too, lest "ab", "c" and "a", "bc" be one place. */
static bool place_digest(const struct seal_place *p, unsigned char out[PLACE_SIZE])
{
	const char *parts[] = {p->table, p->row, p->column};
	EVP_MD_CTX *ctx = algorithms_are_there() ? EVP_MD_CTX_new() : NULL;
	bool is_done = ctx != NULL && EVP_DigestInit_ex(ctx, algorithms.digest, NULL) == 1;

	for (size_t i = 0; is_done && i < sizeof(parts) / sizeof(parts[0]); i++)
		is_done = EVP_DigestUpdate(ctx, parts[i], strlen(parts[i]) + 1) == 1;
	is_done = is_done && EVP_DigestFinal_ex(ctx, out, NULL) == 1;
	EVP_MD_CTX_free(ctx);
	return is_done;
}

static bool header_write(
	const struct seal_key *key, const struct seal_place *place, unsigned char *out)
{
	out[0] = VERSION;
	for (int i = 0; i < 4; i++)
		out[1 + i] = (unsigned char)(key->number >> (24 - 8 * i));
	return place_digest(place, out + PLACE_AT);
}

static EVP_CIPHER_CTX *cipher_begin(
	const struct seal_key *key, const unsigned char *header, bool is_sealing)
{
	EVP_CIPHER_CTX *ctx = algorithms_are_there() ? EVP_CIPHER_CTX_new() : NULL;
	int n;

	if (ctx != NULL &&
		EVP_CipherInit_ex(ctx, algorithms.cipher, NULL, key->bytes, header + NONCE_AT,
			is_sealing) == 1 &&
		EVP_CipherUpdate(ctx, NULL, &n, header, NONCE_AT) == 1)
		return ctx;
	EVP_CIPHER_CTX_free(ctx);
	return NULL;
}

int seal_close(const struct seal_key *key, const struct seal_place *place, const void *plain,
	size_t len, struct buf *out, struct err *e)
{
	unsigned char nonce[NONCE_SIZE];
	int r = seal_random(nonce, sizeof(nonce), e);

	return r == 0 ? seal_close_with(key, place, nonce, plain, len, out, e) : r;
}

int seal_close_with(const struct seal_key *key, const struct seal_place *place,
	const unsigned char *nonce, const void *plain, size_t len, struct buf *out, struct err *e)
{
	unsigned char *to, end[TAG_SIZE];
	EVP_CIPHER_CTX *ctx = NULL;
	int n, r;

	if (len > SEAL_PLAIN_MAX)
		return err_set(e, ERR_LIMIT, "a secret of more than %zu MiB", SEAL_PLAIN_MAX >> 20);
	to = (unsigned char *)buf_room(out, len + SEAL_OVERHEAD);
	if (to == NULL)
		return err_set(e, ERR_NOMEM, "%s", err_text(ERR_NOMEM));
	memcpy(to + NONCE_AT, nonce, NONCE_SIZE);
	r = err_set(e, ERR_NOMEM, "%s", err_text(ERR_NOMEM));
	if (!header_write(key, place, to))
		goto out;
	ctx = cipher_begin(key, to, true);
	if (ctx == NULL || EVP_CipherUpdate(ctx, to + TEXT_AT, &n, plain, (int)len) != 1 ||
		EVP_CipherFinal_ex(ctx, end, &n) != 1 ||
		EVP_CIPHER_CTX_ctrl(ctx, EVP_CTRL_GCM_GET_TAG, TAG_SIZE, to + TEXT_AT + len) != 1)
		goto out;
	out->len += len + SEAL_OVERHEAD;
	r = 0;
out:
	EVP_CIPHER_CTX_free(ctx);
	return r;
}

static int damaged(const struct seal_place *p, struct err *e)
{
	return err_set(e, ERR_CORRUPT,
		"the sealed %s of \"%s\" in %s was tampered with or damaged; set it anew, or bring "
		"back a backup of the store",
		p->column, p->row, p->table);
}

/* What stands before the bytes; what is wrong there is told once it is known to be genuine. */
static uint32_t number_of(const unsigned char *sealed)
{
	return (uint32_t)sealed[1] << 24 | (uint32_t)sealed[2] << 16 | (uint32_t)sealed[3] << 8 |
		sealed[4];
}

uint32_t seal_number(const void *sealed, size_t len)
{
	return len < SEAL_OVERHEAD ? 0 : number_of(sealed);
}

int seal_open(const struct seal_key *key, const struct seal_place *place, const void *sealed,
	size_t sealed_len, struct arena *a, const char **plain, size_t *len, struct err *e)
{
	unsigned char here[PLACE_SIZE], end[TAG_SIZE], tag[TAG_SIZE];
	const unsigned char *from = sealed;
	EVP_CIPHER_CTX *ctx;
	unsigned char *to;
	size_t n_plain;
	int n;
	bool is_genuine;

	if (sealed_len < SEAL_OVERHEAD || sealed_len - SEAL_OVERHEAD > SEAL_PLAIN_MAX ||
		from[0] != VERSION)
		return damaged(place, e);
	if (number_of(from) != key->number)
		return err_set(e, ERR_CORRUPT,
			"the sealed %s of \"%s\" in %s was sealed under another key (%08x, not "
			"%08x): it came from another store, or from before a rotation",
			place->column, place->row, place->table, number_of(from), key->number);
	n_plain = sealed_len - SEAL_OVERHEAD;
	to = arena_alloc(a, n_plain + 1);
	ctx = to == NULL || !place_digest(place, here) ? NULL : cipher_begin(key, from, false);
	if (ctx == NULL)
		return err_set(e, ERR_NOMEM, "%s", err_text(ERR_NOMEM));
	memcpy(tag, from + TEXT_AT + n_plain, TAG_SIZE);
	is_genuine = EVP_CipherUpdate(ctx, to, &n, from + TEXT_AT, (int)n_plain) == 1 &&
		EVP_CIPHER_CTX_ctrl(ctx, EVP_CTRL_GCM_SET_TAG, TAG_SIZE, tag) == 1 &&
		EVP_CipherFinal_ex(ctx, end, &n) == 1;
	EVP_CIPHER_CTX_free(ctx);
	if (is_genuine && CRYPTO_memcmp(here, from + PLACE_AT, PLACE_SIZE) == 0) {
		*plain = (const char *)to;
		*len = n_plain;
		return 0;
	}
	OPENSSL_cleanse(to, n_plain);
	if (!is_genuine)
		return damaged(place, e);
	return err_set(e, ERR_CORRUPT,
		"the sealed %s of \"%s\" in %s belongs to another row: somebody has swapped rows; "
		"set it anew, or bring back a backup of the store",
		place->column, place->row, place->table);
}
