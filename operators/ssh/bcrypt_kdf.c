/*
 * bcrypt_pbkdf, and the Blowfish under it.
 *
 * Blowfish begins with the digits of pi behind the point: eighteen words, then four tables of 256.
 * They are worked out here when first needed rather than written down, by Machin's formula.
 */
#include "operators/ssh/bcrypt_kdf.h"

#include <openssl/bn.h>
#include <openssl/crypto.h>
#include <openssl/sha.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "engine/err.h"

#define SUBKEYS 18
#define TABLES ((size_t)4 * 256)
#define WORDS (SUBKEYS + TABLES)
#define GUARD 64 /* bits more than wanted, for what rounding loses */
#define BLOCK 32 /* bytes that one hash gives */
#define SALT_MAX ((size_t)1024)

/* The subkeys, and behind them the tables. */
struct blowfish {
	uint32_t words[WORDS];
};

/* ---- pi ---- */

/* Adds factor * atan(1 / n), in units of `one`, to sum; subtracts where the factor is negative. */
static int atan_add(BIGNUM *sum, const BIGNUM *one, unsigned n, int factor)
{
	BIGNUM *power = BN_dup(one), *term = BN_new();
	int is_good =
		power != NULL && term != NULL && BN_mul_word(power, (BN_ULONG)abs(factor)) == 1;

	if (is_good)
		is_good = BN_div_word(power, n) != (BN_ULONG)-1;
	for (unsigned k = 1; is_good && !BN_is_zero(power); k += 2) {
		int is_plus = (k % 4 == 1) == (factor > 0);

		is_good = BN_copy(term, power) != NULL && BN_div_word(term, k) != (BN_ULONG)-1 &&
			(is_plus ? BN_add(sum, sum, term) : BN_sub(sum, sum, term)) == 1 &&
			BN_div_word(power, (BN_ULONG)n * n) != (BN_ULONG)-1;
	}
	BN_free(power);
	BN_free(term);
	return is_good;
}

/* The first words of pi's fraction: 243f6a88 85a308d3 ... */
static int pi_words(struct blowfish *b)
{
	BIGNUM *one = BN_new(), *pi = BN_new();
	unsigned char bytes[WORDS * 4];
	int is_good = one != NULL && pi != NULL && BN_set_word(pi, 0) == 1 &&
		BN_set_bit(one, (int)(WORDS * 32 + GUARD)) == 1 && atan_add(pi, one, 5, 16) &&
		atan_add(pi, one, 239, -4) && BN_rshift(pi, pi, GUARD) == 1 &&
		BN_mask_bits(pi, (int)(WORDS * 32)) == 1 &&
		BN_bn2binpad(pi, bytes, sizeof(bytes)) == (int)sizeof(bytes);

	for (size_t i = 0; is_good && i < WORDS; i++)
		b->words[i] = (uint32_t)bytes[4 * i] << 24 | (uint32_t)bytes[4 * i + 1] << 16 |
			(uint32_t)bytes[4 * i + 2] << 8 | bytes[4 * i + 3];
	BN_free(one);
	BN_free(pi);
	return is_good;
}

/* ---- Blowfish ---- */

static uint32_t mix(const struct blowfish *b, uint32_t x)
{
	const uint32_t *t = b->words + SUBKEYS;

	return ((t[x >> 24] + t[256 + (x >> 16 & 0xff)]) ^ t[512 + (x >> 8 & 0xff)]) +
		t[768 + (x & 0xff)];
}

static void encipher(const struct blowfish *b, uint32_t *left, uint32_t *right)
{
	uint32_t l = *left ^ b->words[0], r = *right;

	for (int i = 1; i <= 16; i += 2) {
		r ^= mix(b, l) ^ b->words[i];
		l ^= mix(b, r) ^ b->words[i + 1];
	}
	*left = r ^ b->words[17];
	*right = l;
}

/* Takes words out of 64 bytes, round and round. */
struct stream {
	const unsigned char *bytes;
	size_t at;
};

static uint32_t next_word(struct stream *s)
{
	const unsigned char *p = s->bytes + s->at;

	s->at = (s->at + 4) % SHA512_DIGEST_LENGTH;
	return (uint32_t)p[0] << 24 | (uint32_t)p[1] << 16 | (uint32_t)p[2] << 8 | p[3];
}

/* The key schedule, salted where salt is not NULL. Both are as long as a SHA-512. */
static void expand(struct blowfish *b, const unsigned char *salt, const unsigned char *key)
{
	struct stream k = {key, 0}, s = {salt, 0};
	uint32_t l = 0, r = 0;

	for (size_t i = 0; i < SUBKEYS; i++)
		b->words[i] ^= next_word(&k);
	for (size_t i = 0; i < WORDS; i += 2) {
		if (salt != NULL) {
			l ^= next_word(&s);
			r ^= next_word(&s);
		}
		encipher(b, &l, &r);
		b->words[i] = l;
		b->words[i + 1] = r;
	}
}

/* ---- the derivation ---- */

static void hash(const struct blowfish *begin, struct blowfish *b, const unsigned char *pass,
	const unsigned char *salt, unsigned char out[BLOCK])
{
	static const unsigned char text[SHA512_DIGEST_LENGTH + 1] =
		"OxychromaticBlowfishSwatDynamite"
		"OxychromaticBlowfishSwatDynamite";
	struct stream s = {text, 0};
	uint32_t words[BLOCK / 4];

	*b = *begin;
	expand(b, salt, pass);
	for (int i = 0; i < 64; i++) {
		expand(b, NULL, salt);
		expand(b, NULL, pass);
	}
	for (size_t i = 0; i < BLOCK / 4; i++)
		words[i] = next_word(&s);
	for (int i = 0; i < 64; i++)
		for (size_t k = 0; k < BLOCK / 4; k += 2)
			encipher(b, &words[k], &words[k + 1]);
	for (size_t i = 0; i < BLOCK; i++)
		out[i] = (unsigned char)(words[i / 4] >> (i % 4 * 8));
	OPENSSL_cleanse(words, sizeof(words));
}

/* What is worked with, so that it can be wiped as a whole. */
struct work {
	struct blowfish begin, state;
	unsigned char pass[SHA512_DIGEST_LENGTH], salt[SHA512_DIGEST_LENGTH];
	unsigned char counted[SALT_MAX + 4];
	unsigned char last[BLOCK], sum[BLOCK];
};

/* Block number `count` of the key, in w->sum. */
static void block(struct work *w, size_t salt_len, uint32_t count, unsigned rounds)
{
	for (int i = 0; i < 4; i++)
		w->counted[salt_len + (size_t)i] = (unsigned char)(count >> (24 - 8 * i));
	(void)SHA512(w->counted, salt_len + 4, w->salt);
	hash(&w->begin, &w->state, w->pass, w->salt, w->last);
	memcpy(w->sum, w->last, BLOCK);
	for (unsigned i = 1; i < rounds; i++) {
		(void)SHA512(w->last, BLOCK, w->salt);
		hash(&w->begin, &w->state, w->pass, w->salt, w->last);
		for (size_t k = 0; k < BLOCK; k++)
			w->sum[k] ^= w->last[k];
	}
}

int bcrypt_kdf(const char *passphrase, size_t len, const unsigned char *salt, size_t salt_len,
	unsigned rounds, unsigned char *key, size_t key_len)
{
	size_t stride = (key_len + BLOCK - 1) / BLOCK;
	struct work *w;

	if (rounds < 1 || rounds > BCRYPT_KDF_ROUNDS_MAX || key_len < 1 ||
		key_len > BCRYPT_KDF_KEY_MAX || salt_len < 1 || salt_len > SALT_MAX)
		return ERR_INVALID;
	w = calloc(1, sizeof(*w));
	if (w == NULL || !pi_words(&w->begin)) {
		free(w);
		return ERR_NOMEM;
	}
	(void)SHA512((const unsigned char *)passphrase, len, w->pass);
	memcpy(w->counted, salt, salt_len);
	/* The blocks do not follow each other: each gives every stride-th byte. */
	for (size_t count = 0; count < stride; count++) {
		block(w, salt_len, (uint32_t)count + 1, rounds);
		for (size_t i = 0; i * stride + count < key_len; i++)
			key[i * stride + count] = w->sum[i];
	}
	OPENSSL_cleanse(w, sizeof(*w));
	free(w);
	return 0;
}
