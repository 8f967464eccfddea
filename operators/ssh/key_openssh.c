/*
 * Reading OpenSSH's own format of private keys: `openssh-key-v1`.
 *
 *	magic, cipher, key derivation and its options, number of keys, public blob, private part
 *
 * The private part, once opened, is two equal check numbers, the key, its comment, and padding.
 */
#include <openssl/bn.h>
#include <openssl/core_names.h>
#include <openssl/crypto.h>
#include <openssl/param_build.h>
#include <string.h>

#include "engine/buf.h"
#include "engine/err.h"
#include "operators/ssh/bcrypt_kdf.h"
#include "operators/ssh/key_cipher.h"
#include "operators/ssh/key_impl.h"

#define MAGIC "openssh-key-v1"

static int damaged(const char *what, struct err *e)
{
	return err_set(e, ERR_INVALID, "%s is damaged: its inside is no OpenSSH key", what);
}

static int wrap_or_damaged(const char *what, EVP_PKEY *pkey, struct ssh_key **out, struct err *e)
{
	return pkey == NULL ? damaged(what, e) : key_wrap(what, pkey, out, e);
}

static int read_ed25519(const char *what, struct key_reader *r, struct ssh_key **out, struct err *e)
{
	struct key_bytes public = key_take_string(r), both = key_take_string(r);

	if (r->is_short || public.len != 32 || both.len != 64 ||
		memcmp(both.at + 32, public.at, 32) != 0)
		return damaged(what, e);
	return wrap_or_damaged(
		what, EVP_PKEY_new_raw_private_key(EVP_PKEY_ED25519, NULL, both.at, 32), out, e);
}

/* Makes a key of parameters, which are freed. NULL where OpenSSL refuses them. */
static EVP_PKEY *from_params(const char *type, OSSL_PARAM_BLD *build)
{
	OSSL_PARAM *params = OSSL_PARAM_BLD_to_param(build);
	EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new_from_name(NULL, type, NULL);
	EVP_PKEY *pkey = NULL;

	if (params != NULL && ctx != NULL && EVP_PKEY_fromdata_init(ctx) == 1 &&
		EVP_PKEY_fromdata(ctx, &pkey, EVP_PKEY_KEYPAIR, params) != 1)
		pkey = NULL;
	EVP_PKEY_CTX_free(ctx);
	OSSL_PARAM_free(params);
	return pkey;
}

static int read_ecdsa(const char *what, struct key_reader *r, const struct key_curve *curve,
	struct ssh_key **out, struct err *e)
{
	struct key_bytes name = key_take_string(r), point = key_take_string(r),
			 number = key_take_string(r);
	OSSL_PARAM_BLD *build;
	EVP_PKEY *pkey = NULL;
	BIGNUM *n;

	if (r->is_short || !key_bytes_are(name, curve->ssh))
		return damaged(what, e);
	build = OSSL_PARAM_BLD_new();
	n = BN_secure_new();
	if (build != NULL && n != NULL && BN_bin2bn(number.at, (int)number.len, n) != NULL &&
		OSSL_PARAM_BLD_push_utf8_string(
			build, OSSL_PKEY_PARAM_GROUP_NAME, curve->openssl, 0) == 1 &&
		OSSL_PARAM_BLD_push_octet_string(
			build, OSSL_PKEY_PARAM_PUB_KEY, point.at, point.len) == 1 &&
		OSSL_PARAM_BLD_push_BN(build, OSSL_PKEY_PARAM_PRIV_KEY, n) == 1)
		pkey = from_params("EC", build);
	OSSL_PARAM_BLD_free(build);
	BN_clear_free(n);
	return wrap_or_damaged(what, pkey, out, e);
}

/* The numbers of an RSA key in the file's order, and two that are worked out. */
enum rsa_number { RSA_N, RSA_E, RSA_D, RSA_IQMP, RSA_P, RSA_Q, RSA_DMP1, RSA_DMQ1, RSA_COUNT };

static bool rsa_work_out(BIGNUM *const n[RSA_COUNT])
{
	BN_CTX *ctx = BN_CTX_secure_new();
	BIGNUM *less = BN_secure_new();
	bool is_done = ctx != NULL && less != NULL && BN_sub(less, n[RSA_P], BN_value_one()) == 1 &&
		!BN_is_zero(less) && BN_mod(n[RSA_DMP1], n[RSA_D], less, ctx) == 1 &&
		BN_sub(less, n[RSA_Q], BN_value_one()) == 1 && !BN_is_zero(less) &&
		BN_mod(n[RSA_DMQ1], n[RSA_D], less, ctx) == 1;

	BN_clear_free(less);
	BN_CTX_free(ctx);
	return is_done;
}

static int read_rsa(const char *what, struct key_reader *r, struct ssh_key **out, struct err *e)
{
	static const char *const names[RSA_COUNT] = {
		[RSA_N] = OSSL_PKEY_PARAM_RSA_N,
		[RSA_E] = OSSL_PKEY_PARAM_RSA_E,
		[RSA_D] = OSSL_PKEY_PARAM_RSA_D,
		[RSA_IQMP] = OSSL_PKEY_PARAM_RSA_COEFFICIENT1,
		[RSA_P] = OSSL_PKEY_PARAM_RSA_FACTOR1,
		[RSA_Q] = OSSL_PKEY_PARAM_RSA_FACTOR2,
		[RSA_DMP1] = OSSL_PKEY_PARAM_RSA_EXPONENT1,
		[RSA_DMQ1] = OSSL_PKEY_PARAM_RSA_EXPONENT2,
	};
	OSSL_PARAM_BLD *build = OSSL_PARAM_BLD_new();
	BIGNUM *n[RSA_COUNT];
	EVP_PKEY *pkey = NULL;
	bool is_good = build != NULL;

	for (int i = 0; i < RSA_COUNT; i++) {
		struct key_bytes s = {NULL, 0};

		if (i < RSA_DMP1)
			s = key_take_string(r);
		n[i] = BN_secure_new();
		is_good = is_good && n[i] != NULL && !r->is_short &&
			s.len <= SSH_KEY_RSA_BITS_MAX / 8 + 1 &&
			(s.len == 0 || BN_bin2bn(s.at, (int)s.len, n[i]) != NULL);
	}
	is_good = is_good && rsa_work_out(n);
	for (int i = 0; i < RSA_COUNT && is_good; i++)
		is_good = OSSL_PARAM_BLD_push_BN(build, names[i], n[i]) == 1;
	if (is_good)
		pkey = from_params("RSA", build);
	OSSL_PARAM_BLD_free(build);
	for (int i = 0; i < RSA_COUNT; i++)
		BN_clear_free(n[i]);
	return wrap_or_damaged(what, pkey, out, e);
}

static int read_numbers(const char *what, struct key_reader *r, struct ssh_key **out, struct err *e)
{
	uint32_t check = key_take_u32(r);
	struct key_bytes type;

	if (key_take_u32(r) != check)
		return damaged(what, e);
	type = key_take_string(r);
	if (key_bytes_are(type, "ssh-ed25519"))
		return read_ed25519(what, r, out, e);
	if (key_bytes_are(type, "ssh-rsa"))
		return read_rsa(what, r, out, e);
	for (int i = 0; i < 3; i++)
		if (key_bytes_are(type, key_curves[i].algorithm))
			return read_ecdsa(what, r, &key_curves[i], out, e);
	if (r->is_short || type.len > 64)
		return damaged(what, e);
	if (type.len > 3 && memcmp(type.at, "sk-", 3) == 0)
		return err_set(e, ERR_UNSUPPORTED,
			"%s lives on a security key (%.*s), which must be touched by a person: a "
			"program cannot use it",
			what, (int)type.len, (const char *)type.at);
	return err_set(e, ERR_UNSUPPORTED,
		"%s is a key of type %.*s; SSH takes Ed25519, ECDSA and RSA here", what,
		(int)type.len, (const char *)type.at);
}

static bool has_public(const struct ssh_key *k, struct key_bytes public)
{
	struct buf blob;
	bool is_same;

	buf_init(&blob, 0);
	ssh_key_public_blob(k, &blob);
	is_same = buf_status(&blob) == 0 && blob.len == public.len &&
		memcmp(blob.data, public.at, blob.len) == 0;
	buf_free(&blob);
	return is_same;
}

int key_read_private(const char *what, const unsigned char *bytes, size_t len,
	struct key_bytes public, struct ssh_key **out, struct err *e)
{
	struct key_reader r = {bytes, len, false};
	struct ssh_key *k;
	int status = read_numbers(what, &r, &k, e);

	if (status != 0)
		return status;
	if (!has_public(k, public)) {
		ssh_key_destroy(k);
		return err_set(e, ERR_INVALID,
			"%s is damaged: its public half is that of another key", what);
	}
	*out = k;
	return 0;
}

/* ---- sealed keys ---- */

/* How a private part is sealed. */
struct seal {
	struct key_bytes cipher, derivation, options;
	struct key_bytes public, private;
	struct key_bytes tag; /* what stands behind: of ciphers that authenticate */
};

static int read_opened(const char *what, const struct buf *opened, struct key_bytes public,
	struct ssh_key **out, struct err *e)
{
	const unsigned char *bytes = (const unsigned char *)opened->data;
	struct key_reader look = {bytes, opened->len, false};
	uint32_t check = key_take_u32(&look);

	/* Two equal numbers stand in front where it was opened right. */
	if (key_take_u32(&look) != check || look.is_short)
		return err_set(e, ERR_DENIED, "the passphrase of %s is wrong", what);
	return key_read_private(what, bytes, opened->len, public, out, e);
}

static int read_sealed(const char *what, const struct seal *seal, const char *passphrase,
	struct ssh_key **out, struct err *e)
{
	struct key_reader options = {seal->options.at, seal->options.len, false};
	struct key_bytes salt = key_take_string(&options);
	uint32_t rounds = key_take_u32(&options);
	const struct key_cipher *cipher = key_cipher_find(seal->cipher);
	unsigned char key[KEY_CIPHER_KEY_MAX];
	struct buf opened;
	int r;

	if (passphrase == NULL)
		return err_set(
			e, ERR_DENIED, "%s is sealed by a passphrase, which is missing", what);
	if (cipher == NULL || !key_bytes_are(seal->derivation, "bcrypt"))
		return err_set(e, ERR_UNSUPPORTED,
			"%s is sealed in a way that is not known here; seal it anew: ssh-keygen "
			"-p -Z aes256-ctr -f FILE",
			what);
	if (options.is_short || seal->private.len % 8 != 0 || seal->private.len >= KEY_SECRET_ROOM)
		return damaged(what, e);
	if (rounds > BCRYPT_KDF_ROUNDS_MAX)
		return err_set(e, ERR_LIMIT,
			"%s is sealed with %u rounds of bcrypt; at most %d are borne with", what,
			rounds, BCRYPT_KDF_ROUNDS_MAX);
	r = bcrypt_kdf(passphrase, strlen(passphrase), salt.at, salt.len, rounds, key,
		key_cipher_key_len(cipher));
	if (r == ERR_INVALID)
		return damaged(what, e);
	key_secret_begin(&opened);
	if (r != 0 || buf_status(&opened) != 0)
		r = err_set(e, ERR_NOMEM, "%s", err_text(ERR_NOMEM));
	else
		r = key_cipher_open(cipher, key, seal->private, seal->tag, &opened);
	if (r == ERR_DENIED)
		r = err_set(e, r, "the passphrase of %s is wrong", what);
	else if (r == ERR_INVALID)
		r = damaged(what, e);
	else if (r == 0)
		r = read_opened(what, &opened, seal->public, out, e);
	OPENSSL_cleanse(key, sizeof(key));
	key_secret_end(&opened);
	return r;
}

int key_read_openssh(const char *what, const unsigned char *bytes, size_t len,
	const char *passphrase, struct ssh_key **out, struct err *e)
{
	struct key_reader r = {bytes, len, false};
	struct seal seal;

	if (len < sizeof(MAGIC) || memcmp(bytes, MAGIC, sizeof(MAGIC)) != 0)
		return damaged(what, e);
	r.at += sizeof(MAGIC);
	r.len -= sizeof(MAGIC);
	seal.cipher = key_take_string(&r);
	seal.derivation = key_take_string(&r);
	seal.options = key_take_string(&r);
	if (key_take_u32(&r) != 1 && !r.is_short)
		return err_set(e, ERR_UNSUPPORTED, "%s holds several keys; one is wanted", what);
	seal.public = key_take_string(&r);
	seal.private = key_take_string(&r);
	if (r.is_short)
		return err_set(e, ERR_INVALID, "%s is cut off", what);
	seal.tag = (struct key_bytes){r.at, r.len};
	if (key_bytes_are(seal.cipher, "none"))
		return key_read_private(
			what, seal.private.at, seal.private.len, seal.public, out, e);
	return read_sealed(what, &seal, passphrase, out, e);
}
