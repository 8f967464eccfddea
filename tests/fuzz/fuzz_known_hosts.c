/*
 * known_hosts: the first line is the host that is asked for, the rest the file. Whatever key a file
 * knows for a host is known for it, changed or revoked, and a line that we write is found again.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "engine/buf.h"
#include "engine/err.h"
#include "operators/ssh/known_hosts.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* An Ed25519 key's blob; the key itself is all zeros. */
static const unsigned char key[51] = "\0\0\0\013ssh-ed25519\0\0\0\040";

static void must_be_found(const char *host, int port)
{
	struct known_hosts *k = known_hosts_create();
	struct known_hosts_result r;
	struct buf line;
	struct err e;

	buf_init(&line, 0);
	known_hosts_line(&line, host, port, key, sizeof(key));
	if (k == NULL || known_hosts_add(k, "ours", buf_str(&line), line.len, &e) != 0)
		abort();
	r = known_hosts_check(k, host, port, key, sizeof(key));
	if (r.verdict != KNOWN_HOSTS_MATCH || r.line != 1)
		abort();
	buf_free(&line);
	known_hosts_destroy(k);
}

/* A list that keeps the lines of one host alone says the same of it. */
static void must_be_same(const char *host, int port, const char *text, size_t len,
	const struct known_hosts_result *of_all)
{
	struct known_hosts *k = known_hosts_create();
	struct known_hosts_result r;
	struct err e;

	if (k == NULL)
		abort();
	known_hosts_narrow(k, host, port);
	if (known_hosts_add(k, "file", text, len, &e) != 0)
		abort();
	r = known_hosts_check(k, host, port, key, sizeof(key));
	if (r.verdict != of_all->verdict || r.line != of_all->line || r.key_len != of_all->key_len)
		abort();
	known_hosts_destroy(k);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const uint8_t *end = size == 0 ? NULL : memchr(data, '\n', size);
	struct known_hosts *k = known_hosts_create();
	struct known_hosts_result r;
	struct buf algorithms;
	struct err e;
	char *host;
	int port;

	if (end == NULL || k == NULL) {
		known_hosts_destroy(k);
		return 0;
	}
	host = strndup((const char *)data, (size_t)(end - data));
	port = size % 2 == 0 ? 22 : 2222;
	buf_init(&algorithms, 0);
	if (known_hosts_add(
		    k, "file", (const char *)end + 1, size - (size_t)(end - data) - 1, &e) == 0) {
		r = known_hosts_check(k, host, port, key, sizeof(key));
		if (r.verdict == KNOWN_HOSTS_MATCH && r.file == NULL)
			abort();
		known_hosts_algorithms(k, host, port, &algorithms);
		if (*host != '\0')
			must_be_same(host, port, (const char *)end + 1,
				size - (size_t)(end - data) - 1, &r);
	}
	if (*host != '\0' && strlen(host) < 200 &&
		strspn(host, "abcdefghijklmnopqrstuvwxyz0123456789.-") == strlen(host))
		must_be_found(host, port);
	buf_free(&algorithms);
	free(host);
	known_hosts_destroy(k);
	return 0;
}
