/* The pieces of SSH's wire format, of which keys and their files are made. */
#include <openssl/bn.h>
#include <openssl/core_names.h>
#include <openssl/crypto.h>
#include <string.h>

#include "engine/buf.h"
#include "engine/err.h"
#include "operators/ssh/key_impl.h"

#define POINT_MAX 200 /* bytes of a public point, uncompressed */

void key_add_u32(struct buf *out, uint32_t n)
{
	const unsigned char bytes[4] = {(unsigned char)(n >> 24), (unsigned char)(n >> 16),
		(unsigned char)(n >> 8), (unsigned char)n};

	buf_add(out, bytes, sizeof(bytes));
}

void key_add_string(struct buf *out, const void *bytes, size_t len)
{
	key_add_u32(out, (uint32_t)len);
	buf_add(out, bytes, len);
}

void key_secret_begin(struct buf *b)
{
	buf_init(b, KEY_SECRET_ROOM);
	(void)buf_room(b, KEY_SECRET_ROOM - 1);
}

void key_secret_end(struct buf *b)
{
	if (b->data != NULL)
		OPENSSL_cleanse(b->data, b->cap);
	buf_free(b);
}

void key_add_text(struct buf *out, const char *s)
{
	key_add_string(out, s, strlen(s));
}

/* A number as the wire knows it, which is OpenSSL's MPI too. */
void key_add_mpint(struct buf *out, const BIGNUM *n)
{
	char *to = buf_room(out, (size_t)BN_bn2mpi(n, NULL));

	if (to != NULL)
		out->len += (size_t)BN_bn2mpi(n, (unsigned char *)to);
}

void key_add_number(struct buf *out, const EVP_PKEY *pkey, const char *name)
{
	BIGNUM *n = NULL;

	if (EVP_PKEY_get_bn_param(pkey, name, &n) != 1) {
		out->status = ERR_IO;
		return;
	}
	key_add_mpint(out, n);
	BN_clear_free(n);
}

void key_add_raw_public(struct buf *out, const EVP_PKEY *pkey)
{
	unsigned char bytes[32];
	size_t len = sizeof(bytes);

	if (EVP_PKEY_get_raw_public_key(pkey, bytes, &len) != 1)
		out->status = ERR_IO;
	else
		key_add_string(out, bytes, len);
}

void key_add_point(struct buf *out, const EVP_PKEY *pkey)
{
	unsigned char bytes[POINT_MAX];
	size_t len = 0;

	if (EVP_PKEY_get_octet_string_param(
		    pkey, OSSL_PKEY_PARAM_ENCODED_PUBLIC_KEY, bytes, sizeof(bytes), &len) != 1)
		out->status = ERR_IO;
	else
		key_add_string(out, bytes, len);
}

void key_add_base64(struct buf *out, const struct buf *bytes)
{
	char *to = buf_room(out, (bytes->len + 2) / 3 * 4 + 1);

	if (to == NULL)
		return;
	out->len += (size_t)EVP_EncodeBlock(
		(unsigned char *)to, (const unsigned char *)bytes->data, (int)bytes->len);
}

/* Takes over a failure of a part. */
void key_join_status(struct buf *out, struct buf *part)
{
	if (buf_status(out) == 0 && buf_status(part) != 0)
		out->status = buf_status(part);
}

uint32_t key_take_u32(struct key_reader *r)
{
	uint32_t n;

	if (r->len < 4) {
		r->is_short = true;
		r->len = 0;
		return 0;
	}
	n = (uint32_t)r->at[0] << 24 | (uint32_t)r->at[1] << 16 | (uint32_t)r->at[2] << 8 |
		r->at[3];
	r->at += 4;
	r->len -= 4;
	return n;
}

struct key_bytes key_take_string(struct key_reader *r)
{
	uint32_t n = key_take_u32(r);
	struct key_bytes s = {r->at, n};

	if (r->is_short || n > r->len) {
		r->is_short = true;
		r->len = 0;
		return (struct key_bytes){r->at, 0};
	}
	r->at += n;
	r->len -= n;
	return s;
}

bool key_bytes_are(struct key_bytes s, const char *text)
{
	return s.len == strlen(text) && memcmp(s.at, text, s.len) == 0;
}
