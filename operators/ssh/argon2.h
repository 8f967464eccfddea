/*
 * Argon2 (RFC 9106), version 1.3: how PuTTY makes a key of a passphrase. OpenSSL has it from 3.2 on
 * only, and with a BLAKE2b of one length only before that, so that both are here.
 */
#ifndef OPERATORS_SSH_ARGON2_H
#define OPERATORS_SSH_ARGON2_H

#include <stddef.h>
#include <stdint.h>

#define ARGON2_MEMORY_MAX ((uint32_t)1 << 20) /* KiB: a GiB. PuTTY takes 8 MiB */
#define ARGON2_WORK_MAX ((uint64_t)1 << 24) /* KiB, times passes: some twenty seconds */
#define ARGON2_LANES_MAX 64
#define ARGON2_TAG_MAX 1024 /* bytes */

enum argon2_type { ARGON2_D, ARGON2_I, ARGON2_ID };

struct argon2 {
	enum argon2_type type;
	uint32_t memory; /* KiB */
	uint32_t passes, lanes;
	const void *salt;
	size_t salt_len;
};

/* Fills tag, at least 4 bytes. ERR_LIMIT: more memory, work or lanes than the maxima; ERR_INVALID:
 * none, or less memory than 8 KiB a lane; ERR_NOMEM. */
int argon2(const struct argon2 *a, const void *password, size_t len, void *tag, size_t tag_len);

/* BLAKE2b without a key, of 1 to 64 bytes, over up to three parts one after the other. */
struct blake2b_part {
	const void *bytes;
	size_t len;
};
void blake2b(void *out, size_t out_len, const struct blake2b_part *parts, size_t n_parts);

#endif
