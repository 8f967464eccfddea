/*
 * Reading private keys of whatever format. What is wrong with a file is told as a person would see
 * it, for OpenSSL and libssh2 tell nothing of use.
 */
#include <openssl/bio.h>
#include <openssl/crypto.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <string.h>

#include "engine/buf.h"
#include "engine/err.h"
#include "operators/ssh/key_impl.h"

static const char *find(const char *text, size_t len, const char *what)
{
	return memmem(text, len, what, strlen(what));
}

static bool begins_with(const char *text, size_t len, const char *what)
{
	return len >= strlen(what) && memcmp(text, what, strlen(what)) == 0;
}

/* What is no private key, told by what it is. */
static int refuse_others(const char *what, const char *text, size_t len, struct err *e)
{
	if (find(text, len, "-cert-v01@openssh.com ") != NULL)
		return err_set(e, ERR_INVALID,
			"%s is a certificate; the private key that it was made for is wanted",
			what);
	if (begins_with(text, len, "ssh-") || begins_with(text, len, "ecdsa-sha2-") ||
		begins_with(text, len, "sk-") || find(text, len, "BEGIN PUBLIC KEY") != NULL ||
		find(text, len, "BEGIN SSH2 PUBLIC KEY") != NULL ||
		find(text, len, "BEGIN RSA PUBLIC KEY") != NULL)
		return err_set(e, ERR_INVALID,
			"%s holds a public key; the private one is wanted, which most often has "
			"the same name without .pub",
			what);
	if (find(text, len, "BEGIN CERTIFICATE") != NULL &&
		find(text, len, "PRIVATE KEY-----") == NULL)
		return err_set(
			e, ERR_INVALID, "%s holds an X.509 certificate, no private key", what);
	if (find(text, len, "PRIVATE KEY-----") == NULL)
		return err_set(e, ERR_INVALID,
			"%s holds no private key that is known here: PEM, OpenSSH and PuTTY are",
			what);
	if (find(text, len, "-----END") == NULL)
		return err_set(e, ERR_INVALID, "%s is cut off: its -----END line is missing", what);
	return 0;
}

/* OpenSSL asks for a passphrase; without one it must not ask the terminal. */
struct asked {
	const char *passphrase;
	bool was_asked;
};

static int on_ask(char *to, int size, int is_writing, void *ctx)
{
	struct asked *a = ctx;
	size_t len = a->passphrase == NULL ? 0 : strlen(a->passphrase);

	(void)is_writing;
	a->was_asked = true;
	if (a->passphrase == NULL || len > (size_t)size)
		return -1;
	memcpy(to, a->passphrase, len);
	return (int)len;
}

/*
 * Whether OpenSSL has met something that it has no algorithm for. Its errors are cleared. N.B. its
 * decoder says "unsupported" of whatever is no key, as of what a wrong passphrase leaves once in
 * 256 times: when the last byte happens to be a good padding.
 */
static bool is_unsupported(void)
{
	bool is = false;

	for (unsigned long code; (code = ERR_get_error()) != 0;) {
		int reason = ERR_GET_REASON(code);

		is |= (ERR_GET_LIB(code) == ERR_LIB_EVP &&
			      (reason == ERR_R_UNSUPPORTED ||
				      reason == EVP_R_UNSUPPORTED_ALGORITHM ||
				      reason == EVP_R_UNKNOWN_PBE_ALGORITHM)) ||
			(ERR_GET_LIB(code) == ERR_LIB_PEM &&
				reason == PEM_R_UNSUPPORTED_ENCRYPTION);
	}
	return is;
}

static int read_pem(const char *what, const char *text, size_t len, const char *passphrase,
	struct ssh_key **out, struct err *e)
{
	struct asked asked = {.passphrase = passphrase};
	BIO *bio = BIO_new_mem_buf(text, (int)len);
	EVP_PKEY *pkey = bio == NULL ? NULL : PEM_read_bio_PrivateKey(bio, NULL, on_ask, &asked);

	bool cannot = is_unsupported();

	BIO_free(bio);
	if (bio == NULL)
		return err_set(e, ERR_NOMEM, "%s", err_text(ERR_NOMEM));
	if (pkey != NULL)
		return key_wrap(what, pkey, out, e);
	if (asked.was_asked && passphrase == NULL)
		return err_set(
			e, ERR_DENIED, "%s is sealed by a passphrase, which is missing", what);
	if (asked.was_asked && cannot)
		return err_set(e, ERR_UNSUPPORTED,
			"%s is sealed in a way that is not known here any more; seal it anew: "
			"openssl pkey -provider legacy -provider default -in FILE -aes256 -out NEW",
			what);
	if (asked.was_asked)
		return err_set(e, ERR_DENIED, "the passphrase of %s is wrong", what);
	return err_set(e, ERR_INVALID, "%s is damaged: OpenSSL finds no key in it", what);
}

/* Decodes the base64 between the markers, blanks and line ends passed over. */
static bool armour_open(const char *text, size_t len, struct buf *out)
{
	const char *begin = find(text, len, KEY_OPENSSH_BEGIN), *end;
	EVP_ENCODE_CTX *ctx;
	bool is_good = false;
	int n = 0, rest = 0;

	if (begin == NULL)
		return false;
	begin += strlen(KEY_OPENSSH_BEGIN);
	end = find(begin, len - (size_t)(begin - text), KEY_OPENSSH_END);
	ctx = EVP_ENCODE_CTX_new();
	if (end != NULL && ctx != NULL && (size_t)(end - begin) < KEY_SECRET_ROOM) {
		EVP_DecodeInit(ctx);
		is_good = EVP_DecodeUpdate(ctx, (unsigned char *)out->data, &n,
				  (const unsigned char *)begin, (int)(end - begin)) >= 0 &&
			EVP_DecodeFinal(ctx, (unsigned char *)out->data + n, &rest) == 1;
		out->len = is_good ? (size_t)n + (size_t)rest : 0;
	}
	EVP_ENCODE_CTX_free(ctx);
	return is_good;
}

static int read_openssh(const char *what, const char *text, size_t len, const char *passphrase,
	struct ssh_key **out, struct err *e)
{
	struct buf inside;
	int r;

	key_secret_begin(&inside);
	if (buf_status(&inside) != 0)
		r = err_set(e, ERR_NOMEM, "%s", err_text(ERR_NOMEM));
	else if (!armour_open(text, len, &inside))
		r = err_set(e, ERR_INVALID, "%s is damaged: its text is no base64", what);
	else
		r = key_read_openssh(
			what, (const unsigned char *)inside.data, inside.len, passphrase, out, e);
	key_secret_end(&inside);
	return r;
}

int ssh_key_read(const char *what, const char *text, size_t len, const char *passphrase,
	struct ssh_key **out, struct err *e)
{
	int r;

	if (len > SSH_KEY_TEXT_MAX)
		return err_set(e, ERR_LIMIT, "%s has more than %zu KiB: that is no key", what,
			SSH_KEY_TEXT_MAX >> 10);
	while (len > 0 && strchr(" \t\r\n", *text) != NULL && *text != '\0') {
		text++;
		len--;
	}
	if (len == 0)
		return err_set(e, ERR_INVALID, "%s is empty", what);
	if (begins_with(text, len, "PuTTY-User-Key-File-"))
		return key_read_putty(what, text, len, passphrase, out, e);
	r = refuse_others(what, text, len, e);
	if (r != 0)
		return r;
	return find(text, len, KEY_OPENSSH_BEGIN) != NULL
		? read_openssh(what, text, len, passphrase, out, e)
		: read_pem(what, text, len, passphrase, out, e);
}
