/*
 * Sealing: AES-256-GCM over bytes that belong to one column of one row of one table. What was
 * sealed for another place does not open here, and the message tells that from damage.
 *
 * A sealed text: version (1 byte), number of the key (4), place (32: SHA-256 of table, row and
 * column), nonce (12), the bytes, tag (16). All before the nonce is authenticated too.
 */
#ifndef STORE_SEAL_H
#define STORE_SEAL_H

#include <stddef.h>
#include <stdint.h>

#define SEAL_KEY_SIZE 32
#define SEAL_NONCE_SIZE 12
#define SEAL_OVERHEAD 65 /* bytes that sealing adds */
#define SEAL_PLAIN_MAX ((size_t)16 << 20) /* bytes of one secret */

struct arena;
struct buf;
struct err;

struct seal_key {
	uint32_t number;
	unsigned char bytes[SEAL_KEY_SIZE];
};

/* Where a secret belongs. */
struct seal_place {
	const char *table, *row, *column;
};

/* Fills p with bytes that nobody can foretell. ERR_IO. */
int seal_random(void *p, size_t len, struct err *e);

/* Adds the sealed bytes to out. ERR_LIMIT, ERR_NOMEM, ERR_IO (no random bytes). */
int seal_close(const struct seal_key *key, const struct seal_place *place, const void *plain,
	size_t len, struct buf *out, struct err *e);

/* The same with a nonce of SEAL_NONCE_SIZE random bytes that nothing else is sealed with: for those
 * who draw many at once. */
int seal_close_with(const struct seal_key *key, const struct seal_place *place,
	const unsigned char *nonce, const void *plain, size_t len, struct buf *out, struct err *e);

/* The number of the key that was used; 0 where sealed is too short to say. */
uint32_t seal_number(const void *sealed, size_t len);

/* Opens them into the arena, with a NUL behind; the arena should be one of secret memory.
 * ERR_CORRUPT and a sentence that names the place: damaged, moved from another place, or sealed
 * under another key. ERR_NOMEM. */
int seal_open(const struct seal_key *key, const struct seal_place *place, const void *sealed,
	size_t sealed_len, struct arena *a, const char **plain, size_t *len, struct err *e);

#endif
