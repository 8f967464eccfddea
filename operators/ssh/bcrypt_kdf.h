/*
 * bcrypt_pbkdf: how OpenSSH makes a key of a passphrase. OpenSSL has no Blowfish whose key schedule
 * could be salted, so that is here, after its public description.
 */
#ifndef OPERATORS_SSH_BCRYPT_KDF_H
#define OPERATORS_SSH_BCRYPT_KDF_H

#include <stddef.h>

#define BCRYPT_KDF_ROUNDS_MAX 2048 /* some ten seconds; ssh-keygen makes 16 to 24 */
#define BCRYPT_KDF_KEY_MAX 256 /* bytes */

/* Fills key. rounds is 1 to BCRYPT_KDF_ROUNDS_MAX, key_len 1 to BCRYPT_KDF_KEY_MAX, salt_len 1 to
 * 1024. ERR_INVALID where they are not; ERR_NOMEM. */
int bcrypt_kdf(const char *passphrase, size_t len, const unsigned char *salt, size_t salt_len,
	unsigned rounds, unsigned char *key, size_t key_len);

#endif
