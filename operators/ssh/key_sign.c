/* Signing with a private key, as authentication wants it; and certificates, held against the key
 * that they are of. */
#include <openssl/bn.h>
#include <openssl/ecdsa.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <string.h>

#include "engine/buf.h"
#include "engine/err.h"
#include "operators/ssh/key_impl.h"

#define SIGNATURE_MAX (SSH_KEY_RSA_BITS_MAX / 8)
#define CERTIFICATE_MARK "-cert-v01@openssh.com"

/* The digest that an algorithm signs with; NULL for Ed25519, which has its own. False: the key has
 * no such algorithm, or it is SHA-1's. */
static bool digest_find(
	const struct ssh_key *k, const char *algorithm, size_t len, const EVP_MD **out)
{
	struct key_bytes name = {(const unsigned char *)algorithm, len};
	const size_t mark = strlen(CERTIFICATE_MARK);

	if (len > mark && memcmp(algorithm + len - mark, CERTIFICATE_MARK, mark) == 0)
		name.len -= mark;
	*out = NULL;
	switch (k->type) {
	case SSH_KEY_ED25519:
		return true;
	case SSH_KEY_ECDSA:
		*out = key_curves[k->curve].bits == 256	   ? EVP_sha256()
			: key_curves[k->curve].bits == 384 ? EVP_sha384()
							   : EVP_sha512();
		return true;
	case SSH_KEY_RSA:
		*out = key_bytes_are(name, "rsa-sha2-512")    ? EVP_sha512()
			: key_bytes_are(name, "rsa-sha2-256") ? EVP_sha256()
							      : NULL;
		return *out != NULL;
	}
	return false;
}

/* OpenSSL's DER of an ECDSA signature as SSH's two numbers. */
static bool ecdsa_wire(const unsigned char *der, size_t len, struct buf *out)
{
	ECDSA_SIG *sig = d2i_ECDSA_SIG(NULL, &der, (long)len);
	const BIGNUM *n[2];

	if (sig == NULL)
		return false;
	ECDSA_SIG_get0(sig, &n[0], &n[1]);
	for (int i = 0; i < 2; i++)
		key_add_mpint(out, n[i]);
	ECDSA_SIG_free(sig);
	return true;
}

int ssh_key_sign(const struct ssh_key *k, const char *algorithm, size_t algorithm_len,
	const void *bytes, size_t len, struct buf *out, struct err *e)
{
	EVP_MD_CTX *ctx = EVP_MD_CTX_new();
	unsigned char sig[SIGNATURE_MAX];
	size_t n = sizeof(sig);
	const EVP_MD *md;
	bool is_good;

	if (!digest_find(k, algorithm, algorithm_len, &md)) {
		EVP_MD_CTX_free(ctx);
		return err_set(e, ERR_UNSUPPORTED,
			"the server takes no RSA signature of a kind that is safe (SHA-2)");
	}
	is_good = ctx != NULL && EVP_DigestSignInit(ctx, NULL, md, NULL, k->pkey) == 1 &&
		EVP_DigestSign(ctx, sig, &n, bytes, len) == 1;
	if (is_good && k->type == SSH_KEY_ECDSA)
		is_good = ecdsa_wire(sig, n, out);
	else if (is_good)
		buf_add(out, sig, n);
	EVP_MD_CTX_free(ctx);
	ERR_clear_error();
	if (!is_good || buf_status(out) != 0)
		return err_set(e, ERR_IO, "the key does not sign");
	return 0;
}

/* ---- certificates ---- */

/* Whether a certificate's public key is this: behind its type and its nonce stand the numbers that
 * the key's own blob has behind its type. */
static bool is_of(const struct buf *certificate, const struct buf *blob)
{
	struct key_reader c = {(const unsigned char *)certificate->data, certificate->len, false};
	struct key_reader k = {(const unsigned char *)blob->data, blob->len, false};

	(void)key_take_string(&c);
	(void)key_take_string(&c);
	(void)key_take_string(&k);
	return !c.is_short && !k.is_short && c.len > k.len && memcmp(c.at, k.at, k.len) == 0;
}

static bool base64_open(const char *text, size_t len, struct buf *out)
{
	EVP_ENCODE_CTX *ctx = EVP_ENCODE_CTX_new();
	unsigned char *to = (unsigned char *)buf_room(out, len);
	int n = 0, rest = 0;
	bool is_good = ctx != NULL && to != NULL;

	if (is_good) {
		EVP_DecodeInit(ctx);
		is_good =
			EVP_DecodeUpdate(ctx, to, &n, (const unsigned char *)text, (int)len) >= 0 &&
			EVP_DecodeFinal(ctx, to + n, &rest) == 1;
		out->len += is_good ? (size_t)n + (size_t)rest : 0;
	}
	EVP_ENCODE_CTX_free(ctx);
	return is_good;
}

int ssh_key_certificate_read(const char *what, const char *line, const char *of,
	const struct ssh_key *k, struct buf *out, struct err *e)
{
	const char *base64 = strchr(line, ' ');
	size_t len = base64 == NULL ? 0 : strcspn(base64 + 1, " \t\r\n");
	struct buf blob;
	int r = 0;

	if (base64 == NULL || len == 0 || strstr(line, CERTIFICATE_MARK) == NULL ||
		!base64_open(base64 + 1, len, out))
		return err_set(e, ERR_INVALID, "%s holds no OpenSSH certificate", what);
	buf_init(&blob, 0);
	ssh_key_public_blob(k, &blob);
	if (buf_status(&blob) != 0)
		r = err_set(e, ERR_NOMEM, "%s", err_text(ERR_NOMEM));
	else if (!is_of(out, &blob))
		r = err_set(
			e, ERR_INVALID, "%s is the certificate of another key than %s", what, of);
	buf_free(&blob);
	return r;
}
