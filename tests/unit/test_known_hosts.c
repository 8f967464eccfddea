/* known_hosts: names, ports, patterns, negation, hashes, markers, and what counts when lines
 * differ. */
#include "operators/ssh/known_hosts.h"

#include <string.h>

#include "engine/arena.h"
#include "engine/buf.h"
#include "engine/err.h"
#include "tests/unit/tap.h"

/* Public keys as blobs: type and some bytes. */
static size_t blob(unsigned char *out, const char *type, char fill)
{
	size_t n = strlen(type);

	memset(out, 0, 4);
	out[3] = (unsigned char)n;
	memcpy(out + 4, type, n);
	memset(out + 4 + n, fill, 40);
	return n + 44;
}

static const char *const verdicts[] = {"match", "unknown", "changed", "other", "revoked"};

/* The verdict of a list that keeps all lines, or those of that host alone. */
static const char *verdict(const char *lines, const char *host, int port, const unsigned char *key,
	size_t len, bool is_narrow)
{
	struct known_hosts *k = known_hosts_create();
	const char *found;
	struct err e;

	if (is_narrow)
		known_hosts_narrow(k, host, port);
	found = known_hosts_add(k, "file", lines, strlen(lines), &e) != 0
		? "not read"
		: verdicts[known_hosts_check(k, host, port, key, len).verdict];
	known_hosts_destroy(k);
	return found;
}

static void check(const char *lines, const char *host, int port, const char *type, char fill,
	const char *want, const char *story)
{
	unsigned char key[128];
	size_t len = blob(key, type, fill);

	IS_STR(verdict(lines, host, port, key, len, false), want, "%s", story);
	IS_STR(verdict(lines, host, port, key, len, true), want, "%s: of this host's lines", story);
}

/* A line for a host pattern and a key. */
static const char *line(struct buf *b, const char *prefix, const char *type, char fill)
{
	unsigned char key[128];
	struct buf made;
	size_t len = blob(key, type, fill);

	buf_init(&made, 0);
	known_hosts_line(&made, "x", 22, key, len);
	buf_addf(b, "%s%s", prefix, made.data + 1);
	buf_free(&made);
	return buf_str(b);
}

static void check_one(
	const char *prefix, const char *host, int port, const char *want, const char *story)
{
	struct buf b;

	buf_init(&b, 0);
	check(line(&b, prefix, "ssh-ed25519", 'a'), host, port, "ssh-ed25519", 'a', want, story);
	buf_free(&b);
}

static void test_algorithms(void)
{
	struct known_hosts *k = known_hosts_create();
	struct buf b, out;

	buf_init(&b, 0);
	buf_init(&out, 0);
	line(&b, "web1", "ssh-rsa", 'a');
	line(&b, "web1", "ssh-ed25519", 'a');
	line(&b, "web2", "ecdsa-sha2-nistp256", 'a');
	(void)known_hosts_add(k, "file", b.data, b.len, NULL);
	known_hosts_algorithms(k, "web1", 22, &out);
	IS_STR(buf_str(&out), "ssh-ed25519,rsa-sha2-512,rsa-sha2-256",
		"the types that are known are asked for");
	buf_reset(&out);
	known_hosts_algorithms(k, "web3", 22, &out);
	IS_STR(buf_str(&out), "", "and none for a host that is not");
	known_hosts_algorithms(k, "web2", 22, &out);
	known_hosts_algorithms_complete(&out);
	IS_STR(buf_str(&out),
		"ecdsa-sha2-nistp256,ssh-ed25519,ecdsa-sha2-nistp384,ecdsa-sha2-nistp521,"
		"rsa-sha2-512,rsa-sha2-256",
		"what is not known comes behind");
	buf_free(&b);
	buf_free(&out);
	known_hosts_destroy(k);
}

/* Reads a key out of a text in which %s stands for its base64. */
static void spelled(const char *format, bool is_key, const char *name)
{
	struct arena *a = arena_create(0);
	unsigned char key[128];
	size_t len = blob(key, "ssh-ed25519", 'a'), got_len = 0;
	const unsigned char *got;
	struct buf b, text;

	buf_init(&b, 0);
	buf_init(&text, 0);
	line(&b, "x", "ssh-ed25519", 'a');
	b.data[b.len - 1] = '\0';
	for (const char *p = format; *p != '\0'; p++)
		if (*p == '%')
			buf_adds(&text, strrchr(b.data, ' ') + 1);
		else
			buf_addc(&text, *p);
	got = host_key_read(a, buf_str(&text), &got_len);
	OK((got != NULL) == is_key, "%s", name);
	if (got != NULL)
		IS_MEM(got, got_len, key, len, "%s", name);
	buf_free(&b);
	buf_free(&text);
	arena_destroy(a);
}

static void test_spellings(void)
{
	spelled("%", true, "a key as base64");
	spelled("%\n", true, "with a newline");
	spelled("ssh-ed25519 %", true, "behind its type");
	spelled("ssh-ed25519 % root@web1", true, "before a comment");
	spelled("[web1]:2222 ssh-ed25519 %\r\n", true, "as it stands in known_hosts");
	spelled("", false, "nothing is no key");
	spelled("SHA256:RyK7lQp+5CmX65uisljkBTYskE5gsHMBw4y+GtXA8pM", false,
		"nor is a fingerprint");
}

static void test_files(void)
{
	unsigned char key[128];
	size_t len = blob(key, "ssh-ed25519", 'a');
	struct buf b;

	buf_init(&b, 0);
	buf_adds(&b,
		"# a comment\n\nweb1 ssh-ed25519 not+base64!\nweb1 ssh-rsa AAAA\n\r\n@strange web1 "
		"x y\n");
	line(&b, "web1", "ssh-ed25519", 'a');
	check(b.data, "web1", 22, "ssh-ed25519", 'a', "match", "damaged lines are passed over");
	buf_reset(&b);
	line(&b, "web1", "ssh-ed25519", 'b');
	line(&b, "web1", "ssh-ed25519", 'a');
	check(b.data, "web1", 22, "ssh-ed25519", 'a', "match", "any of several keys will do");
	buf_reset(&b);
	line(&b, "web1", "ssh-rsa", 'b');
	check(b.data, "web1", 22, "ssh-ed25519", 'a', "other",
		"a key of another type is told apart");
	line(&b, "web1", "ssh-ed25519", 'b');
	check(b.data, "web1", 22, "ssh-ed25519", 'a', "changed", "from a changed one");
	buf_reset(&b);
	line(&b, "web1", "ssh-ed25519", 'a');
	line(&b, "@revoked *", "ssh-ed25519", 'a');
	check(b.data, "web1", 22, "ssh-ed25519", 'a', "revoked",
		"a revoked key is refused though it is known");
	buf_reset(&b);
	line(&b, "@cert-authority *", "ssh-ed25519", 'a');
	check(b.data, "web1", 22, "ssh-ed25519", 'a', "unknown",
		"an authority's key is no host key");
	buf_reset(&b);
	known_hosts_line(&b, "Web1", 2222, key, len);
	OK(strncmp(buf_str(&b), "[web1]:2222 ssh-ed25519 AAAA", 28) == 0,
		"a line is written as ssh writes it");
	check(b.data, "WEB1", 2222, "ssh-ed25519", 'a', "match", "and read back");
	buf_free(&b);
}

/* What a list that keeps one host's lines tells of a file. */
static void tell(const char *lines, struct buf *out)
{
	struct known_hosts *k = known_hosts_create();
	struct err e;

	buf_reset(out);
	known_hosts_narrow(k, "web1", 22);
	(void)known_hosts_add(k, "file", lines, strlen(lines), &e);
	known_hosts_tell(k, out);
	known_hosts_destroy(k);
}

static void test_tell(void)
{
	struct buf lines, before, after;

	buf_init(&lines, 0);
	buf_init(&before, 0);
	buf_init(&after, 0);
	tell(line(&lines, "web1", "ssh-ed25519", 'a'), &before);
	line(&lines, "web2", "ssh-ed25519", 'b');
	tell(buf_str(&lines), &after);
	OK(before.len > 0 && before.len == after.len &&
			memcmp(before.data, after.data, before.len) == 0,
		"what another host's line says changes nothing");
	line(&lines, "@revoked web1", "ssh-ed25519", 'a');
	tell(buf_str(&lines), &after);
	OK(after.len > before.len, "what a line of its own says is told");
	buf_free(&lines);
	buf_free(&before);
	buf_free(&after);
}

int main(void)
{
	check_one("web1", "web1", 22, "match", "a plain name");
	check_one("web1", "web2", 22, "unknown", "another name");
	check_one("web1", "web1", 2222, "unknown", "another port");
	check_one("[web1]:2222", "web1", 2222, "match", "a port of its own");
	check_one("a,web1,b", "web1", 22, "match", "one of several names");
	check_one("web*", "web17", 22, "match", "a star");
	check_one("web?", "web17", 22, "unknown", "a question mark is one byte");
	check_one("web*,!web17", "web17", 22, "unknown", "a negation wins");
	check_one("web*,!web17", "web18", 22, "match", "over that name alone");
	check_one("10.0.0.*", "10.0.0.7", 22, "match", "an address");
	check_one("|1|AAAAAAAAAAAAAAAAAAAAAAAAAAA=|AAAAAAAAAAAAAAAAAAAAAAAAAAA=", "web1", 22,
		"unknown", "a hash of something else");
	check_one("|1|short|AAAA", "web1", 22, "unknown", "a damaged hash");
	test_algorithms();
	test_spellings();
	test_files();
	test_tell();
	return tap_done();
}
