/*
 * SSH keys: made, read, written, and told by their fingerprints. Pure: bytes in, bytes out. What is
 * secret is wiped when it is done with.
 */
#ifndef OPERATORS_SSH_KEY_H
#define OPERATORS_SSH_KEY_H

#include <stddef.h>

struct buf;
struct err;
struct ssh_key;

#define SSH_KEY_TEXT_MAX ((size_t)256 << 10) /* bytes of a key's file */
#define SSH_KEY_RSA_BITS_MIN 3072 /* of a new key; older ones may be shorter */
#define SSH_KEY_RSA_BITS_MAX 16384

enum ssh_key_type { SSH_KEY_ED25519, SSH_KEY_ECDSA, SSH_KEY_RSA };

/* Makes a new pair. bits: 0 for the usual number; for ECDSA 256, 384 or 521. ERR_INVALID with what
 * would be right, ERR_NOMEM, ERR_IO. */
int ssh_key_generate(enum ssh_key_type type, unsigned bits, struct ssh_key **out, struct err *e);

/* Reads a private key: PEM (PKCS#1, PKCS#8, SEC1), OpenSSH or PuTTY. what names it in messages. A
 * passphrase of NULL: there is none. ERR_INVALID: it is no such key, or damaged; ERR_DENIED: the
 * passphrase is missing or wrong; ERR_UNSUPPORTED; ERR_LIMIT; ERR_NOMEM. */
int ssh_key_read(const char *what, const char *text, size_t len, const char *passphrase,
	struct ssh_key **out, struct err *e);

void ssh_key_destroy(struct ssh_key *k);

/* Its name on the wire: "ssh-ed25519". */
const char *ssh_key_algorithm(const struct ssh_key *k);

/* Adds the public half as the wire knows it. Failure sticks in out, here and below. */
void ssh_key_public_blob(const struct ssh_key *k, struct buf *out);

/* Adds a line as in authorized_keys, with a newline. */
void ssh_key_public_line(const struct ssh_key *k, const char *comment, struct buf *out);

/* Adds what `ssh-keygen -l` prints: `256 SHA256:... comment (ED25519)`. */
void ssh_key_summary(const struct ssh_key *k, const char *comment, struct buf *out);

/* Adds the private half in OpenSSH's format, sealed by the passphrase; NULL: open. N.B. out holds a
 * secret then. ERR_NOMEM, ERR_IO. */
int ssh_key_write(const struct ssh_key *k, const char *comment, const char *passphrase,
	struct buf *out, struct err *e);

/* Adds a signature of the bytes, as the wire knows it less the algorithm's name, by an algorithm
 * that the key has: its own, one with SHA-2 of an RSA key, or a certificate's. ERR_UNSUPPORTED: RSA
 * with SHA-1; ERR_IO. */
int ssh_key_sign(const struct ssh_key *k, const char *algorithm, size_t algorithm_len,
	const void *bytes, size_t len, struct buf *out, struct err *e);

/* Reads a certificate's line (FILE-cert.pub), which must be of this key: out is what the wire
 * knows. what and of name the two in messages. ERR_INVALID, ERR_NOMEM. */
int ssh_key_certificate_read(const char *what, const char *line, const char *of,
	const struct ssh_key *k, struct buf *out, struct err *e);

#endif
