/*
 * The ciphers in which OpenSSH seals private keys: AES in counter mode, CBC and GCM, and its own
 * way with ChaCha20 and Poly1305. Private to operators/ssh/key_*.c.
 */
#ifndef OPERATORS_SSH_KEY_CIPHER_H
#define OPERATORS_SSH_KEY_CIPHER_H

#include "operators/ssh/key_impl.h"

#define KEY_CIPHER_KEY_MAX 64 /* bytes of a key and what it begins with */
#define KEY_CIPHER_TAG 16 /* bytes that authenticate */

struct buf;
struct key_cipher;

/* The cipher of this name, or NULL. */
const struct key_cipher *key_cipher_find(struct key_bytes name);

/* How many bytes the key has, with the initial vector behind it. */
size_t key_cipher_key_len(const struct key_cipher *c);

/* Opens from into out, which has the room. ERR_DENIED: the tag says that the key is wrong;
 * ERR_INVALID: it cannot be what was sealed; ERR_NOMEM. */
int key_cipher_open(const struct key_cipher *c, const unsigned char *key, struct key_bytes from,
	struct key_bytes tag, struct buf *out);

/* Seals from into out with AES in counter mode, the one that needs no tag; out has the room. */
int key_cipher_seal_ctr(const unsigned char *key, struct key_bytes from, struct buf *out);

#endif
