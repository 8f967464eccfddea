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

extern const struct key_curve key_curves[3];

/* Takes over the OpenSSL key, whatever comes. ERR_UNSUPPORTED where its type is none of ours. */
int key_wrap(const char *what, EVP_PKEY *pkey, struct ssh_key **out, struct err *e);

/* Sets the error for OpenSSL having failed. */
int key_openssl_failed(const char *doing, struct err *e);

/* The pieces of SSH's wire format. */
void key_add_u32(struct buf *out, uint32_t n);
void key_add_string(struct buf *out, const void *bytes, size_t len);

/* A buffer for secrets, and its end. */
void key_secret_begin(struct buf *b);
void key_secret_end(struct buf *b);

/* Reads the inside of an OpenSSH file (its base64 decoded). */
int key_read_openssh(const char *what, const unsigned char *bytes, size_t len,
	const char *passphrase, struct ssh_key **out, struct err *e);

#endif
