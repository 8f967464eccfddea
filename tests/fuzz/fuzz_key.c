/*
 * Private keys: what cannot be read is told; what can be read is written and read back the same.
 * The first byte chooses: a file's text, or the inside of an OpenSSH file, which base64 would hide.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "engine/buf.h"
#include "engine/err.h"
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
