/*
 * known_hosts: which host keys are known, as OpenSSH writes them down. Pure: the text comes in.
 *
 * Understood are names and addresses, `[host]:port`, patterns with * and ?, negation, hashed names,
 * and the markers @revoked and @cert-authority. Lines that are damaged or of unknown key types are
 * passed over, as OpenSSH does.
 */
#ifndef OPERATORS_SSH_KNOWN_HOSTS_H
#define OPERATORS_SSH_KNOWN_HOSTS_H

#include <stdbool.h>
#include <stddef.h>

struct arena;
struct buf;
struct err;

#define KNOWN_HOSTS_FILE_MAX ((size_t)16 << 20) /* bytes of a file */
#define KNOWN_HOSTS_LINE_MAX ((size_t)64 << 10) /* bytes of a line; a longer one is passed over */
#define KNOWN_HOSTS_NAME_MAX 1025 /* bytes of a host's name */
#define HOST_KEY_MAX ((size_t)16 << 10) /* bytes of a host key */

struct known_hosts;

/* Makes an empty list. NULL: no memory. */
struct known_hosts *known_hosts_create(void);
void known_hosts_destroy(struct known_hosts *k);

/* Of what is added from now on, lines that speak of this host are kept alone. */
void known_hosts_narrow(struct known_hosts *k, const char *host, int port);

/* Adds the lines of a file called `file` (copied, for messages). ERR_LIMIT, ERR_NOMEM. */
int known_hosts_add(
	struct known_hosts *k, const char *file, const char *text, size_t len, struct err *e);

/* Adds to out all that is kept and where it stands, so that two lists which say the same are told
 * alike. */
void known_hosts_tell(const struct known_hosts *k, struct buf *out);

enum known_hosts_verdict {
	KNOWN_HOSTS_MATCH, /* this key is known for this host */
	KNOWN_HOSTS_UNKNOWN, /* nothing is known of this host */
	KNOWN_HOSTS_CHANGED, /* another key of the same type is known */
	KNOWN_HOSTS_OTHER, /* only keys of other types are known */
	KNOWN_HOSTS_REVOKED, /* the key is revoked */
};

struct known_hosts_result {
	enum known_hosts_verdict verdict;
	const char *file; /* where the line stands that decided; NULL: none did */
	unsigned line;
	const unsigned char *key; /* the known key, where it CHANGED or is of an OTHER type */
	size_t key_len;
};

/* What is known of the key (an SSH public key blob) of host and port. */
struct known_hosts_result known_hosts_check(const struct known_hosts *k, const char *host, int port,
	const unsigned char *key, size_t len);

/* Adds to out the host key algorithms to ask for so that a known key is shown, best first, commas
 * between; nothing where nothing is known. An RSA key stands for rsa-sha2-512 and rsa-sha2-256. */
void known_hosts_algorithms(
	const struct known_hosts *k, const char *host, int port, struct buf *out);

/* Adds the rest of the host key algorithms behind those that are there, so that a host which has
 * none of these still shows what it has. */
void known_hosts_algorithms_complete(struct buf *out);

/* Adds the algorithms that keys of this type sign with, where it is one that is known here. */
void host_key_algorithms(struct buf *out, const char *type, size_t type_len);

/* The key (a blob in the arena) in a text as people copy it: base64, perhaps with a host's name and
 * the type before it and a comment behind. NULL where there is none. */
const unsigned char *host_key_read(struct arena *a, const char *text, size_t *len);

/* Adds a line for known_hosts: `host type base64`. */
void known_hosts_line(
	struct buf *out, const char *host, int port, const unsigned char *key, size_t len);

/* The type that a public key blob names ("ssh-ed25519"), or NULL where it is damaged. *type_len
 * receives its length. */
const char *host_key_type(const unsigned char *key, size_t len, size_t *type_len);

/* Adds the fingerprint as `ssh-keygen -l` prints it: "SHA256:…". */
void host_key_fingerprint(struct buf *out, const unsigned char *key, size_t len);

#endif
