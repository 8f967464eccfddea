/*
 * Keys as OpenSSL holds them, and their public halves as SSH writes them.
 */
#include "operators/ssh/key.h"

#include <openssl/core_names.h>
#include <openssl/err.h>
#include <openssl/sha.h>
#include <openssl/x509.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "engine/buf.h"
#include "engine/err.h"
#include "operators/ssh/key_impl.h"
#include "operators/ssh/known_hosts.h"

#define SOUND_KEPT 16 /* keys */

const struct key_curve key_curves[3] = {
	{"nistp256", "ecdsa-sha2-nistp256", "prime256v1", 256},
	{"nistp384", "ecdsa-sha2-nistp384", "secp384r1", 384},
	{"nistp521", "ecdsa-sha2-nistp521", "secp521r1", 521},
};

static int openssl_failed(const char *doing, struct err *e)
{
	const char *reason = ERR_reason_error_string(ERR_peek_last_error());

	err_set(e, ERR_IO, "%s: OpenSSL says: %s", doing, reason == NULL ? "nothing" : reason);
	ERR_clear_error();
	return ERR_IO;
}

static int curve_find(const EVP_PKEY *pkey)
{
	char name[64];

	if (EVP_PKEY_get_group_name(pkey, name, sizeof(name), NULL) != 1)
		return -1;
	for (int i = 0; i < 3; i++)
		if (strcmp(name, key_curves[i].openssl) == 0)
			return i;
	return -1;
}

/* Digests of RSA keys that were found whole, by any thread. */
static struct {
	pthread_mutex_t lock;
	unsigned char digests[SOUND_KEPT][SHA256_DIGEST_LENGTH];
	size_t n, next;
} sound = {.lock = PTHREAD_MUTEX_INITIALIZER};

static bool private_digest(const EVP_PKEY *pkey, unsigned char out[SHA256_DIGEST_LENGTH])
{
	unsigned char *der = NULL;
	int len = i2d_PrivateKey(pkey, &der);
	bool is_made = len > 0 && EVP_Digest(der, (size_t)len, out, NULL, EVP_sha256(), NULL) == 1;

	if (len > 0)
		OPENSSL_clear_free(der, (size_t)len);
	ERR_clear_error();
	return is_made;
}

static bool is_known(const unsigned char *digest)
{
	bool is_found = false;

	(void)pthread_mutex_lock(&sound.lock);
	for (size_t i = 0; i < sound.n && !is_found; i++)
		is_found = memcmp(sound.digests[i], digest, sizeof(sound.digests[i])) == 0;
	(void)pthread_mutex_unlock(&sound.lock);
	return is_found;
}

static void know(const unsigned char *digest)
{
	(void)pthread_mutex_lock(&sound.lock);
	memcpy(sound.digests[sound.next], digest, sizeof(sound.digests[0]));
	sound.next = (sound.next + 1) % SOUND_KEPT;
	sound.n += sound.n < SOUND_KEPT;
	(void)pthread_mutex_unlock(&sound.lock);
}

static bool halves_belong(EVP_PKEY *pkey)
{
	EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new(pkey, NULL);
	bool is_sound = ctx != NULL && EVP_PKEY_pairwise_check(ctx) == 1;

	EVP_PKEY_CTX_free(ctx);
	ERR_clear_error();
	return is_sound;
}

/* Whether the halves of a key belong together. N.B. OpenSSL looks whether the factors of an RSA key
 * are primes, which takes a third of a second: too long for each of many connections. */
static bool is_whole(EVP_PKEY *pkey)
{
	unsigned char digest[SHA256_DIGEST_LENGTH];

	if (EVP_PKEY_get_base_id(pkey) != EVP_PKEY_RSA || !private_digest(pkey, digest))
		return halves_belong(pkey);
	if (is_known(digest))
		return true;
	if (!halves_belong(pkey))
		return false;
	know(digest);
	return true;
}

int key_wrap(const char *what, EVP_PKEY *pkey, struct ssh_key **out, struct err *e)
{
	struct ssh_key *k = calloc(1, sizeof(*k));
	int r = 0;

	if (k == NULL) {
		EVP_PKEY_free(pkey);
		return err_set(e, ERR_NOMEM, "%s", err_text(ERR_NOMEM));
	}
	k->pkey = pkey;
	switch (EVP_PKEY_get_base_id(pkey)) {
	case EVP_PKEY_ED25519:
		k->type = SSH_KEY_ED25519;
		break;
	case EVP_PKEY_EC:
		k->type = SSH_KEY_ECDSA;
		k->curve = curve_find(pkey);
		if (k->curve < 0)
			r = err_set(e, ERR_UNSUPPORTED,
				"%s is an ECDSA key on a curve that SSH does not know; it knows "
				"P-256, P-384 and P-521",
				what);
		break;
	case EVP_PKEY_RSA:
		k->type = SSH_KEY_RSA;
		if (EVP_PKEY_get_bits(pkey) > SSH_KEY_RSA_BITS_MAX)
			r = err_set(e, ERR_LIMIT, "%s is an RSA key of more than %d bits", what,
				SSH_KEY_RSA_BITS_MAX);
		break;
	default:
		r = err_set(e, ERR_UNSUPPORTED,
			"%s is a key of type %s; SSH takes Ed25519, ECDSA and RSA here", what,
			EVP_PKEY_get0_type_name(pkey) == NULL ? "unknown"
							      : EVP_PKEY_get0_type_name(pkey));
	}
	if (r == 0 && !is_whole(pkey))
		r = err_set(
			e, ERR_INVALID, "%s is damaged: its halves do not belong together", what);
	if (r != 0) {
		ssh_key_destroy(k);
		return r;
	}
	*out = k;
	return 0;
}

void ssh_key_destroy(struct ssh_key *k)
{
	if (k == NULL)
		return;
	EVP_PKEY_free(k->pkey);
	free(k);
}

static int curve_of_bits(unsigned bits, const char **curve, struct err *e)
{
	for (int i = 0; i < 3; i++)
		if (key_curves[i].bits == (bits == 0 ? 256 : bits)) {
			*curve = key_curves[i].openssl;
			return 0;
		}
	return err_set(e, ERR_INVALID, "ECDSA keys have 256, 384 or 521 bits, not %u", bits);
}

int ssh_key_generate(enum ssh_key_type type, unsigned bits, struct ssh_key **out, struct err *e)
{
	EVP_PKEY *pkey = NULL;
	const char *curve = NULL;

	if (type == SSH_KEY_ED25519 && bits != 0 && bits != 256)
		return err_set(e, ERR_INVALID, "Ed25519 keys have 256 bits, not %u", bits);
	if (type == SSH_KEY_ECDSA && curve_of_bits(bits, &curve, e) != 0)
		return ERR_INVALID;
	if (type == SSH_KEY_RSA && bits != 0 &&
		(bits < SSH_KEY_RSA_BITS_MIN || bits > SSH_KEY_RSA_BITS_MAX))
		return err_set(e, ERR_INVALID, "a new RSA key has %d to %d bits, not %u",
			SSH_KEY_RSA_BITS_MIN, SSH_KEY_RSA_BITS_MAX, bits);
	switch (type) {
	case SSH_KEY_ED25519:
		pkey = EVP_PKEY_Q_keygen(NULL, NULL, "ED25519");
		break;
	case SSH_KEY_ECDSA:
		pkey = EVP_PKEY_Q_keygen(NULL, NULL, "EC", curve);
		break;
	case SSH_KEY_RSA:
		pkey = EVP_PKEY_Q_keygen(
			NULL, NULL, "RSA", (size_t)(bits == 0 ? SSH_KEY_RSA_BITS_MIN : bits));
		break;
	}
	if (pkey == NULL)
		return openssl_failed("the key cannot be made", e);
	return key_wrap("the new key", pkey, out, e);
}

const char *ssh_key_algorithm(const struct ssh_key *k)
{
	switch (k->type) {
	case SSH_KEY_ED25519:
		return "ssh-ed25519";
	case SSH_KEY_ECDSA:
		return key_curves[k->curve].algorithm;
	case SSH_KEY_RSA:
		break;
	}
	return "ssh-rsa";
}

void ssh_key_public_blob(const struct ssh_key *k, struct buf *out)
{
	key_add_text(out, ssh_key_algorithm(k));
	switch (k->type) {
	case SSH_KEY_ED25519:
		key_add_raw_public(out, k->pkey);
		break;
	case SSH_KEY_ECDSA:
		key_add_text(out, key_curves[k->curve].ssh);
		key_add_point(out, k->pkey);
		break;
	case SSH_KEY_RSA:
		key_add_number(out, k->pkey, OSSL_PKEY_PARAM_RSA_E);
		key_add_number(out, k->pkey, OSSL_PKEY_PARAM_RSA_N);
		break;
	}
}

void ssh_key_public_line(const struct ssh_key *k, const char *comment, struct buf *out)
{
	struct buf blob;

	buf_init(&blob, 0);
	ssh_key_public_blob(k, &blob);
	buf_addf(out, "%s ", ssh_key_algorithm(k));
	if (buf_status(&blob) == 0)
		key_add_base64(out, &blob);
	buf_addf(out, "%s%s\n", *comment == '\0' ? "" : " ", comment);
	key_join_status(out, &blob);
	buf_free(&blob);
}

void ssh_key_summary(const struct ssh_key *k, const char *comment, struct buf *out)
{
	static const char *const names[] = {
		[SSH_KEY_ED25519] = "ED25519", [SSH_KEY_ECDSA] = "ECDSA", [SSH_KEY_RSA] = "RSA"};
	struct buf blob;

	buf_init(&blob, 0);
	ssh_key_public_blob(k, &blob);
	buf_addf(out, "%d ", k->type == SSH_KEY_ED25519 ? 256 : EVP_PKEY_get_bits(k->pkey));
	if (buf_status(&blob) == 0)
		host_key_fingerprint(out, (const unsigned char *)blob.data, blob.len);
	buf_addf(out, " %s (%s)", *comment == '\0' ? "no comment" : comment, names[k->type]);
	key_join_status(out, &blob);
	buf_free(&blob);
}
