/* What the files about keys share. */
#ifndef OPERATORS_SSH_KEY_IMPL_H
#define OPERATORS_SSH_KEY_IMPL_H

#include <openssl/evp.h>
#include <stdbool.h>
#include <stdint.h>

#include "operators/ssh/key.h"

#define KEY_OPENSSH_BEGIN "-----BEGIN OPENSSH PRIVATE KEY-----"
#define KEY_OPENSSH_END "-----END OPENSSH PRIVATE KEY-----"
#define KEY_SECRET_ROOM ((size_t)64 << 10) /* of a buffer for secrets, so that it never moves */

struct ssh_key {
	EVP_PKEY *pkey;
	enum ssh_key_type type;
	int curve; /* ECDSA: its place in key_curves */
};

struct key_curve {
	const char *ssh; /* "nistp256" */
	const char *algorithm; /* "ecdsa-sha2-nistp256" */
	const char *openssl; /* "prime256v1" */
	unsigned bits;
};

/* key.c */

extern const struct key_curve key_curves[3];

/* Takes over the OpenSSL key, whatever comes. ERR_UNSUPPORTED where its type is none of ours. */
int key_wrap(const char *what, EVP_PKEY *pkey, struct ssh_key **out, struct err *e);

/* key_wire.c */

void key_add_u32(struct buf *out, uint32_t n);
void key_add_string(struct buf *out, const void *bytes, size_t len);

struct key_bytes {
	const unsigned char *at;
	size_t len;
};

/* What is left to be read; a read that failed leaves it empty, and sticks. */
struct key_reader {
	const unsigned char *at;
	size_t len;
	bool is_short;
};

uint32_t key_take_u32(struct key_reader *r);
struct key_bytes key_take_string(struct key_reader *r);
bool key_bytes_are(struct key_bytes s, const char *text);

void key_add_text(struct buf *out, const char *text);
void key_add_base64(struct buf *out, const struct buf *bytes);

/* A key's public numbers, and any number of it. */
void key_add_raw_public(struct buf *out, const EVP_PKEY *pkey);
void key_add_point(struct buf *out, const EVP_PKEY *pkey);
void key_add_number(struct buf *out, const EVP_PKEY *pkey, const char *name);
void key_add_mpint(struct buf *out, const BIGNUM *n);

/* A failure of from becomes one of to. */
void key_join_status(struct buf *to, struct buf *from);

/* A buffer for secrets, and its end. */
void key_secret_begin(struct buf *b);
void key_secret_end(struct buf *b);

/* key_openssh.c */

/* Reads the private part of an OpenSSH file, opened, and compares it with the public blob. */
int key_read_private(const char *what, const unsigned char *bytes, size_t len,
	struct key_bytes public, struct ssh_key **out, struct err *e);

/* Reads the inside of an OpenSSH file (its base64 decoded). */
int key_read_openssh(const char *what, const unsigned char *bytes, size_t len,
	const char *passphrase, struct ssh_key **out, struct err *e);

/* key_putty.c */

/* Reads PuTTY's format, versions 2 and 3. */
int key_read_putty(const char *what, const char *text, size_t len, const char *passphrase,
	struct ssh_key **out, struct err *e);

#endif
