/*
 * Private keys: what cannot be read is told; what can be read is written and read back the same.
 * The first byte chooses: a file's text, or the inside of an OpenSSH file, which base64 would hide;
 * a certificate's line, or the inside of one; or the text that is sealed with each cipher.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "engine/buf.h"
#include "engine/err.h"
#include "operators/ssh/key_cipher.h"
#include "operators/ssh/key_impl.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void round_trip(const struct ssh_key *k)
{
	struct buf text, before, after;
	struct ssh_key *again;
	struct err e;

	buf_init(&text, 0);
	buf_init(&before, 0);
	buf_init(&after, 0);
	if (ssh_key_write(k, "comment", NULL, &text, &e) != 0 ||
		ssh_key_read("again", buf_str(&text), text.len, NULL, &again, &e) != 0)
		abort();
	ssh_key_summary(k, "comment", &before);
	ssh_key_summary(again, "comment", &after);
	if (strcmp(buf_str(&before), buf_str(&after)) != 0)
		abort();
	ssh_key_destroy(again);
	buf_free(&text);
	buf_free(&before);
	buf_free(&after);
}

/* A key that all certificates here are held against. */
static const struct ssh_key *some_key(void)
{
	static struct ssh_key *key;
	struct err e;

	if (key == NULL && ssh_key_generate(SSH_KEY_ED25519, 0, &key, &e) != 0)
		abort();
	return key;
}

/* A certificate is of another key, or none: it cannot be of one that was just made. */
static void certificate(const uint8_t *data, size_t size)
{
	struct buf line, out;
	struct err e;

	buf_init(&line, 0);
	buf_init(&out, 0);
	buf_add(&line, data, size);
	if (ssh_key_certificate_read("c", buf_str(&line), "k", some_key(), &out, &e) == 0)
		abort();
	buf_free(&line);
	buf_free(&out);
}

/* What is opened has the length of what was sealed; a tag that is wrong opens nothing. */
static void cipher(const uint8_t *data, size_t size)
{
	static const char *const names[] = {"aes256-ctr", "aes128-cbc", "aes256-gcm@openssh.com",
		"aes128-gcm@openssh.com", "chacha20-poly1305@openssh.com"};
	const char *name = names[size % (sizeof(names) / sizeof(names[0]))];
	const struct key_cipher *c =
		key_cipher_find((struct key_bytes){(const unsigned char *)name, strlen(name)});
	unsigned char key[KEY_CIPHER_KEY_MAX] = {1};
	size_t tag = size < KEY_CIPHER_TAG ? size : KEY_CIPHER_TAG;
	struct buf out;

	key_secret_begin(&out);
	if (size < KEY_SECRET_ROOM &&
		key_cipher_open(c, key, (struct key_bytes){data, size - tag},
			(struct key_bytes){data + size - tag, tag}, &out) == 0 &&
		out.len != size - tag)
		abort();
	key_secret_end(&out);
}

/* Derivations that are slow on purpose are left out. */
static int is_slow(const uint8_t *data, size_t size)
{
	return memmem(data, size, "OPENSSH", 7) != NULL || memmem(data, size, "Argon2", 6) != NULL;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct ssh_key *k = NULL;
	struct err e = {.text = ""};
	int r;

	if (size == 0)
		return 0;
	if (data[0] == '#' || data[0] == '%') {
		(data[0] == '#' ? certificate : cipher)(data + 1, size - 1);
		return 0;
	}
	if (data[0] == '!')
		r = key_read_openssh("inside", data + 1, size - 1, NULL, &k, &e);
	else
		r = ssh_key_read("file", (const char *)data, size,
			is_slow(data, size) ? NULL : "pass phrase", &k, &e);
	if ((r != 0) != (e.text[0] != '\0') || (r == 0) != (k != NULL))
		abort();
	if (k != NULL)
		round_trip(k);
	ssh_key_destroy(k);
	return 0;
}
