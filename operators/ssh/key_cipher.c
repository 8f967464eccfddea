/* OpenSSH's ciphers of private keys, by OpenSSL. */
#include "operators/ssh/key_cipher.h"

#include <openssl/core_names.h>
#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/params.h>
#include <string.h>

#include "engine/buf.h"
#include "engine/err.h"

enum kind { KIND_PLAIN, KIND_GCM, KIND_CHACHA };

struct key_cipher {
	const char *name, *openssl;
	enum kind kind;
	size_t key, iv;
};

static const struct key_cipher ciphers[] = {
	{"aes256-ctr", "AES-256-CTR", KIND_PLAIN, 32, 16},
	{"aes192-ctr", "AES-192-CTR", KIND_PLAIN, 24, 16},
	{"aes128-ctr", "AES-128-CTR", KIND_PLAIN, 16, 16},
	{"aes256-cbc", "AES-256-CBC", KIND_PLAIN, 32, 16},
	{"aes192-cbc", "AES-192-CBC", KIND_PLAIN, 24, 16},
	{"aes128-cbc", "AES-128-CBC", KIND_PLAIN, 16, 16},
	{"aes256-gcm@openssh.com", "id-aes256-GCM", KIND_GCM, 32, 12},
	{"aes128-gcm@openssh.com", "id-aes128-GCM", KIND_GCM, 16, 12},
	{"chacha20-poly1305@openssh.com", "ChaCha20", KIND_CHACHA, 64, 0},
};

const struct key_cipher *key_cipher_find(struct key_bytes name)
{
	for (size_t i = 0; i < sizeof(ciphers) / sizeof(ciphers[0]); i++)
		if (key_bytes_are(name, ciphers[i].name))
			return &ciphers[i];
	return NULL;
}

size_t key_cipher_key_len(const struct key_cipher *c)
{
	return c->key + c->iv;
}

/* How long a sealed text is a multiple of. */
static size_t block_len(const struct key_cipher *c)
{
	return c->kind == KIND_CHACHA ? 8 : 16;
}

/* One way or the other with AES. tag of NULL: there is none. */
static int aes(const struct key_cipher *c, bool is_seal, const unsigned char *key,
	struct key_bytes from, const unsigned char *tag, struct buf *out)
{
	EVP_CIPHER *cipher = EVP_CIPHER_fetch(NULL, c->openssl, NULL);
	EVP_CIPHER_CTX *ctx = EVP_CIPHER_CTX_new();
	unsigned char *to = (unsigned char *)out->data, rest[EVP_MAX_BLOCK_LENGTH];
	int n = 0, end = 0, r = ERR_NOMEM;

	if (cipher != NULL && ctx != NULL &&
		EVP_CipherInit_ex2(ctx, cipher, key, key + c->key, is_seal, NULL) == 1 &&
		EVP_CIPHER_CTX_set_padding(ctx, 0) == 1 &&
		(tag == NULL ||
			EVP_CIPHER_CTX_ctrl(ctx, EVP_CTRL_AEAD_SET_TAG, KEY_CIPHER_TAG,
				(void *)(uintptr_t)tag) == 1)) {
		r = EVP_CipherUpdate(ctx, to, &n, from.at, (int)from.len) == 1 &&
				(size_t)n == from.len
			? 0
			: ERR_INVALID;
		if (r == 0 && EVP_CipherFinal_ex(ctx, rest, &end) != 1)
			r = tag == NULL ? ERR_INVALID : ERR_DENIED;
	}
	EVP_CIPHER_CTX_free(ctx);
	EVP_CIPHER_free(cipher);
	out->len = r == 0 ? from.len : 0;
	return r;
}

/* A stream of ChaCha20 from block `counter` on, joined to the text. The nonce is all zero, as is
 * the packet number of a key in a file. */
static bool chacha(const unsigned char *key, unsigned char counter, const unsigned char *from,
	size_t len, unsigned char *to)
{
	unsigned char iv[16] = {counter};
	EVP_CIPHER_CTX *ctx = EVP_CIPHER_CTX_new();
	int n = 0;
	bool is_good = ctx != NULL && EVP_EncryptInit_ex(ctx, EVP_chacha20(), NULL, key, iv) == 1 &&
		EVP_EncryptUpdate(ctx, to, &n, from, (int)len) == 1;

	EVP_CIPHER_CTX_free(ctx);
	return is_good;
}

static bool poly1305(
	const unsigned char key[32], struct key_bytes text, unsigned char tag[KEY_CIPHER_TAG])
{
	EVP_MAC *mac = EVP_MAC_fetch(NULL, "POLY1305", NULL);
	EVP_MAC_CTX *ctx = mac == NULL ? NULL : EVP_MAC_CTX_new(mac);
	size_t n = 0;
	bool is_good = ctx != NULL && EVP_MAC_init(ctx, key, 32, NULL) == 1 &&
		EVP_MAC_update(ctx, text.at, text.len) == 1 &&
		EVP_MAC_final(ctx, tag, &n, KEY_CIPHER_TAG) == 1 && n == KEY_CIPHER_TAG;

	EVP_MAC_CTX_free(ctx);
	EVP_MAC_free(mac);
	return is_good;
}

/* N.B. of the two keys the second is for the lengths of packets, which a file has not. */
static int chacha_open(
	const unsigned char *key, struct key_bytes from, const unsigned char *tag, struct buf *out)
{
	static const unsigned char zeros[32];
	unsigned char poly[32], made[KEY_CIPHER_TAG];
	int r = ERR_NOMEM;

	if (chacha(key, 0, zeros, sizeof(zeros), poly) && poly1305(poly, from, made)) {
		r = CRYPTO_memcmp(made, tag, sizeof(made)) == 0 ? 0 : ERR_DENIED;
		if (r == 0 && !chacha(key, 1, from.at, from.len, (unsigned char *)out->data))
			r = ERR_NOMEM;
	}
	OPENSSL_cleanse(poly, sizeof(poly));
	out->len = r == 0 ? from.len : 0;
	return r;
}

int key_cipher_open(const struct key_cipher *c, const unsigned char *key, struct key_bytes from,
	struct key_bytes tag, struct buf *out)
{
	if (from.len % block_len(c) != 0 || (c->kind != KIND_PLAIN && tag.len < KEY_CIPHER_TAG))
		return ERR_INVALID;
	if (c->kind == KIND_CHACHA)
		return chacha_open(key, from, tag.at, out);
	return aes(c, false, key, from, c->kind == KIND_GCM ? tag.at : NULL, out);
}

int key_cipher_seal_ctr(const unsigned char *key, struct key_bytes from, struct buf *out)
{
	return aes(&ciphers[0], true, key, from, NULL, out);
}
