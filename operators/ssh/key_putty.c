/*
 * Reading PuTTY's private keys, versions 2 and 3: lines `Name: value` in a fixed order, two pieces
 * of base64 among them, and an HMAC over all of it. What they hold is put together as the private
 * part of an OpenSSH file, and read as that.
 */
#include <openssl/crypto.h>
#include <openssl/hmac.h>
#include <openssl/sha.h>
#include <stdlib.h>
#include <string.h>

#include "engine/buf.h"
#include "engine/err.h"
#include "operators/ssh/argon2.h"
#include "operators/ssh/key_impl.h"

#define LINES_MAX 4096 /* of a piece of base64 */
#define SALT_MAX 256 /* bytes */
#define CIPHER_KEY 32
#define CIPHER_IV 16
#define MAC_KEY 32
#define SEED ((size_t)32) /* bytes: what an Ed25519 key is made of */

struct ppk {
	const char *what;
	const char *at, *end; /* what is left of the text */
	int version;
	struct key_bytes algorithm, encryption, comment;
	struct buf public, private; /* private is opened in place */
	struct argon2 derivation; /* version 3, where it is sealed */
	unsigned char salt[SALT_MAX];
	unsigned char mac[SHA256_DIGEST_LENGTH];
	size_t mac_len;
	/* Cipher key, first block, and the key of the HMAC. */
	unsigned char keys[CIPHER_KEY + CIPHER_IV + MAC_KEY];
	size_t mac_key_len;
};

static int damaged(const struct ppk *p, const char *why, struct err *e)
{
	return err_set(e, ERR_INVALID, "%s is a damaged PuTTY key: %s", p->what, why);
}

/* ---- lines ---- */

/* The next line, without its end. */
static struct key_bytes next_line(struct ppk *p)
{
	const char *begin = p->at, *stop = memchr(begin, '\n', (size_t)(p->end - begin));
	size_t len;

	stop = stop == NULL ? p->end : stop;
	p->at = stop == p->end ? p->end : stop + 1;
	len = (size_t)(stop - begin);
	if (len > 0 && begin[len - 1] == '\r')
		len--;
	return (struct key_bytes){(const unsigned char *)begin, len};
}

/* The value of the next line, where that is `name: value`. */
static bool take(struct ppk *p, const char *name, struct key_bytes *value)
{
	const char *before = p->at;
	size_t len = strlen(name);

	*value = next_line(p);
	if (value->len < len + 2 || memcmp(value->at, name, len) != 0 ||
		memcmp(value->at + len, ": ", 2) != 0) {
		p->at = before;
		return false;
	}
	value->at += len + 2;
	value->len -= len + 2;
	return true;
}

static bool take_number(struct ppk *p, const char *name, uint32_t *n)
{
	struct key_bytes v;
	uint64_t sum = 0;

	if (!take(p, name, &v) || v.len == 0 || v.len > 9)
		return false;
	for (size_t i = 0; i < v.len; i++) {
		if (v.at[i] < '0' || v.at[i] > '9')
			return false;
		sum = sum * 10 + (uint64_t)(v.at[i] - '0');
	}
	*n = (uint32_t)sum;
	return true;
}

static bool take_hex(struct ppk *p, const char *name, unsigned char *out, size_t room, size_t *len)
{
	struct key_bytes v;
	long n = 0;
	unsigned char *bytes;
	char text[2 * SALT_MAX + 1];
	bool is_good;

	if (!take(p, name, &v) || v.len >= sizeof(text))
		return false;
	memcpy(text, v.at, v.len);
	text[v.len] = '\0';
	bytes = v.len % 2 == 0 ? OPENSSL_hexstr2buf(text, &n) : NULL;
	is_good = bytes != NULL && (size_t)n <= room;
	if (is_good) {
		memcpy(out, bytes, (size_t)n);
		*len = (size_t)n;
	}
	OPENSSL_free(bytes);
	return is_good;
}

/* `Name-Lines: N`, and as many lines of base64. */
static bool take_base64(struct ppk *p, const char *name, struct buf *out)
{
	EVP_ENCODE_CTX *ctx = EVP_ENCODE_CTX_new();
	uint32_t n_lines = 0;
	int n = 0, rest = 0;
	bool is_good = ctx != NULL && buf_status(out) == 0 && take_number(p, name, &n_lines) &&
		n_lines <= LINES_MAX;

	if (is_good)
		EVP_DecodeInit(ctx);
	for (uint32_t i = 0; is_good && i < n_lines; i++) {
		struct key_bytes line = next_line(p);

		is_good = out->len + line.len < KEY_SECRET_ROOM &&
			EVP_DecodeUpdate(ctx, (unsigned char *)out->data + out->len, &n, line.at,
				(int)line.len) >= 0;
		out->len += is_good ? (size_t)n : 0;
	}
	is_good =
		is_good && EVP_DecodeFinal(ctx, (unsigned char *)out->data + out->len, &rest) == 1;
	out->len += is_good ? (size_t)rest : 0;
	EVP_ENCODE_CTX_free(ctx);
	return is_good;
}

/* How the key is made of the passphrase, in version 3. */
static bool take_derivation(struct ppk *p)
{
	static const char *const names[] = {
		[ARGON2_D] = "Argon2d", [ARGON2_I] = "Argon2i", [ARGON2_ID] = "Argon2id"};
	struct argon2 *a = &p->derivation;
	struct key_bytes name;
	bool is_known = false;

	if (!take(p, "Key-Derivation", &name))
		return false;
	for (int i = ARGON2_D; i <= ARGON2_ID; i++)
		if (key_bytes_are(name, names[i])) {
			a->type = (enum argon2_type)i;
			is_known = true;
		}
	a->salt = p->salt;
	return is_known && take_number(p, "Argon2-Memory", &a->memory) &&
		take_number(p, "Argon2-Passes", &a->passes) &&
		take_number(p, "Argon2-Parallelism", &a->lanes) &&
		take_hex(p, "Argon2-Salt", p->salt, sizeof(p->salt), &a->salt_len);
}

static bool is_sealed(const struct ppk *p)
{
	return !key_bytes_are(p->encryption, "none");
}

static int parse(struct ppk *p, struct err *e)
{
	p->version = 2;
	if (!take(p, "PuTTY-User-Key-File-2", &p->algorithm)) {
		p->version = 3;
		if (!take(p, "PuTTY-User-Key-File-3", &p->algorithm))
			return err_set(e, ERR_UNSUPPORTED,
				"%s is a PuTTY key of a version that is not known here; 2 and 3 "
				"are",
				p->what);
	}
	if (!take(p, "Encryption", &p->encryption) || !take(p, "Comment", &p->comment))
		return damaged(p, "a line is missing", e);
	if (is_sealed(p) && !key_bytes_are(p->encryption, "aes256-cbc"))
		return err_set(e, ERR_UNSUPPORTED,
			"%s is sealed by a cipher that is not known here", p->what);
	if (!take_base64(p, "Public-Lines", &p->public))
		return damaged(p, "its public half is cut off, or no base64", e);
	if (p->version == 3 && is_sealed(p) && !take_derivation(p))
		return damaged(p, "its key derivation is not said", e);
	if (!take_base64(p, "Private-Lines", &p->private))
		return damaged(p, "its private half is cut off, or no base64", e);
	if (!take_hex(p, "Private-MAC", p->mac, sizeof(p->mac), &p->mac_len))
		return damaged(p, "its last line is missing", e);
	return 0;
}

/* ---- the seal ---- */

/* Version 2: SHA-1 of a counter and the passphrase, and of a word and the passphrase. */
static void derive_sha1(struct ppk *p, const char *passphrase)
{
	static const char word[] = "putty-private-key-file-mac-key";
	unsigned char hash[SHA_DIGEST_LENGTH];
	struct buf b;

	key_secret_begin(&b);
	for (uint32_t i = 0; i < 2; i++) {
		b.len = 0;
		key_add_u32(&b, i);
		buf_adds(&b, passphrase);
		(void)SHA1((const unsigned char *)buf_str(&b), b.len, hash);
		memcpy(p->keys + (size_t)i * SHA_DIGEST_LENGTH, hash,
			i == 0 ? SHA_DIGEST_LENGTH : CIPHER_KEY - SHA_DIGEST_LENGTH);
	}
	b.len = 0;
	buf_adds(&b, word);
	buf_adds(&b, passphrase);
	(void)SHA1((const unsigned char *)buf_str(&b), b.len, p->keys + CIPHER_KEY + CIPHER_IV);
	p->mac_key_len = SHA_DIGEST_LENGTH;
	OPENSSL_cleanse(hash, sizeof(hash));
	key_secret_end(&b);
}

static int derive(struct ppk *p, const char *passphrase, struct err *e)
{
	const char *said = is_sealed(p) ? passphrase : "";
	int r;

	if (said == NULL)
		return err_set(
			e, ERR_DENIED, "%s is sealed by a passphrase, which is missing", p->what);
	if (strlen(said) > KEY_SECRET_ROOM / 2)
		return err_set(e, ERR_DENIED, "the passphrase of %s is wrong", p->what);
	if (p->version == 2) {
		derive_sha1(p, said);
		return 0;
	}
	p->mac_key_len = is_sealed(p) ? MAC_KEY : 0;
	if (!is_sealed(p))
		return 0;
	r = argon2(&p->derivation, said, strlen(said), p->keys, sizeof(p->keys));
	if (r == ERR_LIMIT)
		return err_set(e, r,
			"%s wants more memory or work for its passphrase than is borne with (%u "
			"KiB, %u passes)",
			p->what, p->derivation.memory, p->derivation.passes);
	return r == ERR_INVALID ? damaged(p, "its key derivation makes no sense", e)
		: r == 0	? 0
				: err_set(e, r, "%s", err_text(r));
}

static bool decipher(struct ppk *p)
{
	EVP_CIPHER_CTX *ctx = EVP_CIPHER_CTX_new();
	unsigned char *bytes = (unsigned char *)p->private.data;
	int n = 0;
	bool is_good = ctx != NULL && p->private.len % 16 == 0 &&
		EVP_DecryptInit_ex(ctx, EVP_aes_256_cbc(), NULL, p->keys, p->keys + CIPHER_KEY) ==
			1 &&
		EVP_CIPHER_CTX_set_padding(ctx, 0) == 1 &&
		EVP_DecryptUpdate(ctx, bytes, &n, bytes, (int)p->private.len) == 1;

	EVP_CIPHER_CTX_free(ctx);
	return is_good;
}

/* Whether the HMAC over all that the file says is right. */
static bool is_intact(const struct ppk *p)
{
	const EVP_MD *md = p->version == 2 ? EVP_sha1() : EVP_sha256();
	unsigned char mac[EVP_MAX_MD_SIZE];
	unsigned int len = 0;
	struct buf b;
	bool is_good;

	buf_init(&b, 4 * KEY_SECRET_ROOM);
	(void)buf_room(&b, 4 * KEY_SECRET_ROOM - 1);
	key_add_string(&b, p->algorithm.at, p->algorithm.len);
	key_add_string(&b, p->encryption.at, p->encryption.len);
	key_add_string(&b, p->comment.at, p->comment.len);
	key_add_string(&b, p->public.data, p->public.len);
	key_add_string(&b, p->private.data, p->private.len);
	is_good = buf_status(&b) == 0 &&
		HMAC(md, p->keys + CIPHER_KEY + CIPHER_IV, (int)p->mac_key_len,
			(const unsigned char *)b.data, b.len, mac, &len) != NULL &&
		len == p->mac_len && CRYPTO_memcmp(mac, p->mac, len) == 0;
	key_secret_end(&b);
	return is_good;
}

/* ---- the key ---- */

static void copy_string(struct buf *out, struct key_reader *from)
{
	struct key_bytes s = key_take_string(from);

	key_add_string(out, s.at, s.len);
}

/* Puts both halves together as OpenSSH has them: check numbers, type, and the type's numbers. */
static bool translate(const struct ppk *p, struct buf *out)
{
	struct key_reader public = {(const unsigned char *)p->public.data, p->public.len, false};
	struct key_reader private = {(const unsigned char *)p->private.data, p->private.len, false};
	struct key_bytes type = key_take_string(&public), a, b, c;

	key_add_u32(out, 0);
	key_add_u32(out, 0);
	key_add_string(out, type.at, type.len);
	if (key_bytes_are(type, "ssh-rsa")) {
		b = key_take_string(&public); /* e */
		a = key_take_string(&public); /* n */
		key_add_string(out, a.at, a.len);
		key_add_string(out, b.at, b.len);
		copy_string(out, &private); /* d */
		a = key_take_string(&private); /* p */
		b = key_take_string(&private); /* q */
		c = key_take_string(&private); /* iqmp */
		key_add_string(out, c.at, c.len);
		key_add_string(out, a.at, a.len);
		key_add_string(out, b.at, b.len);
	} else if (key_bytes_are(type, "ssh-ed25519")) {
		a = key_take_string(&public);
		b = key_take_string(&private);
		key_add_string(out, a.at, a.len);
		key_add_u32(out, (uint32_t)((b.len < SEED ? SEED : b.len) + a.len));
		buf_add(out, b.at, b.len);
		/* N.B. to PuTTY it is a number, the lowest byte first: zeros at its end are left
		 * out. */
		for (size_t i = b.len; i < SEED; i++)
			buf_addc(out, 0);
		buf_add(out, a.at, a.len);
	} else if (type.len > 6 && memcmp(type.at, "ecdsa-", 6) == 0) {
		copy_string(out, &public); /* the curve */
		copy_string(out, &public);
		copy_string(out, &private);
	}
	return !public.is_short && !private.is_short && buf_status(out) == 0;
}

static int open_and_read(struct ppk *p, const char *passphrase, struct ssh_key **out, struct err *e)
{
	struct key_bytes public;
	struct buf private;
	int r = parse(p, e);

	r = r == 0 ? derive(p, passphrase, e) : r;
	if (r != 0)
		return r;
	if ((is_sealed(p) && !decipher(p)) || !is_intact(p))
		return is_sealed(p)
			? err_set(e, ERR_DENIED,
				  "the passphrase of %s is wrong, or the file was changed", p->what)
			: damaged(p, "its checksum is not right", e);
	public = (struct key_bytes){(const unsigned char *)p->public.data, p->public.len};
	key_secret_begin(&private);
	r = translate(p, &private) ? key_read_private(p->what, (const unsigned char *)private.data,
					     private.len, public, out, e)
				   : damaged(p, "a number is missing", e);
	key_secret_end(&private);
	return r;
}

int key_read_putty(const char *what, const char *text, size_t len, const char *passphrase,
	struct ssh_key **out, struct err *e)
{
	struct ppk *p = calloc(1, sizeof(*p));
	int r;

	if (p == NULL)
		return err_set(e, ERR_NOMEM, "%s", err_text(ERR_NOMEM));
	p->what = what;
	p->at = text;
	p->end = text + len;
	key_secret_begin(&p->public);
	key_secret_begin(&p->private);
	r = open_and_read(p, passphrase, out, e);
	key_secret_end(&p->public);
	key_secret_end(&p->private);
	OPENSSL_cleanse(p, sizeof(*p));
	free(p);
	return r;
}
