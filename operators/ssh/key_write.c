/*
 * Writing private keys in OpenSSH's own format, open or sealed by a passphrase as ssh-keygen seals
 * them: AES in counter mode under a key that bcrypt derives.
 */
#include <openssl/core_names.h>
#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/rand.h>
#include <string.h>

#include "engine/buf.h"
#include "engine/err.h"
#include "operators/ssh/bcrypt_kdf.h"
#include "operators/ssh/key_cipher.h"
#include "operators/ssh/key_impl.h"

#define SEAL_KEY 32 /* bytes of the cipher's key, of its block, of the salt */
#define SEAL_BLOCK 16
#define SEAL_SALT 16
#define SEAL_ROUNDS 24 /* of bcrypt, as today's ssh-keygen */

static void add_private_ed25519(struct buf *out, const EVP_PKEY *pkey)
{
	unsigned char both[64];
	size_t n = 32;

	key_add_raw_public(out, pkey);
	if (EVP_PKEY_get_raw_private_key(pkey, both, &n) != 1 ||
		EVP_PKEY_get_raw_public_key(pkey, both + 32, &n) != 1)
		out->status = ERR_IO;
	else
		key_add_string(out, both, sizeof(both));
	OPENSSL_cleanse(both, sizeof(both));
}

static void add_private(struct buf *out, const struct ssh_key *k)
{
	static const char *const rsa[] = {OSSL_PKEY_PARAM_RSA_N, OSSL_PKEY_PARAM_RSA_E,
		OSSL_PKEY_PARAM_RSA_D, OSSL_PKEY_PARAM_RSA_COEFFICIENT1,
		OSSL_PKEY_PARAM_RSA_FACTOR1, OSSL_PKEY_PARAM_RSA_FACTOR2};

	key_add_text(out, ssh_key_algorithm(k));
	switch (k->type) {
	case SSH_KEY_ED25519:
		add_private_ed25519(out, k->pkey);
		break;
	case SSH_KEY_ECDSA:
		key_add_text(out, key_curves[k->curve].ssh);
		key_add_point(out, k->pkey);
		key_add_number(out, k->pkey, OSSL_PKEY_PARAM_PRIV_KEY);
		break;
	case SSH_KEY_RSA:
		for (size_t i = 0; i < sizeof(rsa) / sizeof(rsa[0]); i++)
			key_add_number(out, k->pkey, rsa[i]);
		break;
	}
}

/* The private part, padded for any cipher. */
static void add_private_part(struct buf *out, const struct ssh_key *k, const char *comment)
{
	uint32_t check = 0;

	if (RAND_bytes((unsigned char *)&check, sizeof(check)) != 1)
		out->status = ERR_IO;
	key_add_u32(out, check);
	key_add_u32(out, check);
	add_private(out, k);
	key_add_text(out, comment);
	for (char pad = 1; out->len % SEAL_BLOCK != 0; pad++)
		buf_addc(out, pad);
}

/* How the private part is sealed: the cipher's name, how its key is derived, and the key. */
static int add_seal(struct buf *out, const char *passphrase, unsigned char key[KEY_CIPHER_KEY_MAX])
{
	unsigned char salt[SEAL_SALT];
	struct buf options;
	int r;

	if (passphrase == NULL) {
		key_add_text(out, "none");
		key_add_text(out, "none");
		key_add_text(out, "");
		return 0;
	}
	if (RAND_bytes(salt, sizeof(salt)) != 1)
		return ERR_IO;
	r = bcrypt_kdf(passphrase, strlen(passphrase), salt, sizeof(salt), SEAL_ROUNDS, key,
		SEAL_KEY + SEAL_BLOCK);
	buf_init(&options, 0);
	key_add_string(&options, salt, sizeof(salt));
	key_add_u32(&options, SEAL_ROUNDS);
	key_add_text(out, "aes256-ctr");
	key_add_text(out, "bcrypt");
	key_add_string(out, buf_str(&options), options.len);
	key_join_status(out, &options);
	buf_free(&options);
	return r;
}

/* The file's inside: what is public, then the private part. */
static int add_inside(
	struct buf *out, const struct ssh_key *k, const char *comment, const char *passphrase)
{
	unsigned char key[KEY_CIPHER_KEY_MAX];
	struct buf blob, private, sealed;
	int r;

	buf_init(&blob, 0);
	key_secret_begin(&private);
	key_secret_begin(&sealed);
	ssh_key_public_blob(k, &blob);
	add_private_part(&private, k, comment);
	key_join_status(&private, &blob);
	key_join_status(&private, &sealed);
	buf_add(out, "openssh-key-v1", sizeof("openssh-key-v1"));
	r = buf_status(&private) != 0 ? buf_status(&private) : add_seal(out, passphrase, key);
	key_add_u32(out, 1);
	key_add_string(out, buf_str(&blob), blob.len);
	if (r == 0 && passphrase != NULL)
		r = key_cipher_seal_ctr(key,
			(struct key_bytes){(const unsigned char *)private.data, private.len},
			&sealed);
	if (r == 0)
		key_add_string(out, passphrase == NULL ? private.data : sealed.data, private.len);
	OPENSSL_cleanse(key, sizeof(key));
	key_secret_end(&sealed);
	key_secret_end(&private);
	buf_free(&blob);
	return r;
}

/* Base64 in lines of 70, between the markers. */
static void add_armour(struct buf *out, const struct buf *inside)
{
	struct buf text;

	key_secret_begin(&text);
	key_add_base64(&text, inside);
	buf_adds(out, KEY_OPENSSH_BEGIN "\n");
	for (size_t i = 0; i < text.len; i += 70) {
		buf_add(out, text.data + i, text.len - i < 70 ? text.len - i : 70);
		buf_addc(out, '\n');
	}
	buf_adds(out, KEY_OPENSSH_END "\n");
	key_join_status(out, &text);
	key_secret_end(&text);
}

int ssh_key_write(const struct ssh_key *k, const char *comment, const char *passphrase,
	struct buf *out, struct err *e)
{
	struct buf inside;
	int r;

	key_secret_begin(&inside);
	r = add_inside(&inside, k, comment, passphrase);
	if (r == 0 && buf_status(&inside) == 0)
		add_armour(out, &inside);
	key_join_status(out, &inside);
	key_secret_end(&inside);
	r = r == 0 ? buf_status(out) : r;
	return r == 0 ? 0 : err_set(e, r, "the key cannot be written: %s", err_text(r));
}
