/*
 * known_hosts. Each line becomes an entry with its host patterns as they stand and its key as
 * bytes; a check walks all entries, since patterns and hashes cannot be looked up. Invariant: an
 * entry's key names the type that its line says.
 */
#include "operators/ssh/known_hosts.h"

#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <openssl/sha.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "engine/arena.h"
#include "engine/buf.h"
#include "engine/err.h"

#define NAME_SIZE (KNOWN_HOSTS_NAME_MAX + 16) /* bytes of a name, with a port */

struct word {
	const char *at;
	size_t len;
};

struct entry {
	struct entry *next;
	struct word hosts;
	const unsigned char *key;
	size_t key_len;
	const char *file;
	unsigned line;
	bool is_revoked, is_authority;
};

struct known_hosts {
	struct arena *arena;
	struct entry *first, **last;
	char only[NAME_SIZE]; /* the host of which alone lines are kept; "": of all */
};

struct known_hosts *known_hosts_create(void)
{
	struct known_hosts *k = calloc(1, sizeof(*k));

	if (k == NULL)
		return NULL;
	k->arena = arena_create(0);
	if (k->arena == NULL) {
		free(k);
		return NULL;
	}
	k->last = &k->first;
	return k;
}

void known_hosts_destroy(struct known_hosts *k)
{
	if (k == NULL)
		return;
	arena_destroy(k->arena);
	free(k);
}

const char *host_key_type(const unsigned char *key, size_t len, size_t *type_len)
{
	size_t n;

	if (len < 4)
		return NULL;
	n = (size_t)key[0] << 24 | (size_t)key[1] << 16 | (size_t)key[2] << 8 | key[3];
	if (n == 0 || n > len - 4 || n > 64)
		return NULL;
	*type_len = n;
	return (const char *)key + 4;
}

/* --- reading --- */

static struct word word_next(const char **at, const char *end)
{
	struct word w;

	while (*at < end && (**at == ' ' || **at == '\t'))
		(*at)++;
	w.at = *at;
	while (*at < end && **at != ' ' && **at != '\t')
		(*at)++;
	w.len = (size_t)(*at - w.at);
	return w;
}

static bool word_is(struct word w, const char *s)
{
	return w.len == strlen(s) && memcmp(w.at, s, w.len) == 0;
}

/* Decodes base64 into the arena; *out is NULL where it is none. ERR_NOMEM. */
static int base64_decode(struct arena *a, struct word w, unsigned char **out, size_t *len)
{
	int n;

	*out = NULL;
	if (w.len == 0 || w.len % 4 != 0 || w.len / 4 * 3 > HOST_KEY_MAX)
		return 0;
	*out = arena_alloc(a, w.len / 4 * 3 + 1);
	if (*out == NULL)
		return ERR_NOMEM;
	n = EVP_DecodeBlock(*out, (const unsigned char *)w.at, (int)w.len);
	if (n < 0)
		*out = NULL;
	else
		*len = (size_t)n - (w.at[w.len - 1] == '=') - (w.at[w.len - 2] == '=');
	return 0;
}

/* --- matching --- */

static char lower(char c)
{
	return c >= 'A' && c <= 'Z' ? (char)(c - 'A' + 'a') : c;
}

/* `*` for any bytes, `?` for one. Linear in the two, by going back to the last star alone. */
static bool glob_matches(struct word pattern, const char *name)
{
	const char *p = pattern.at, *end = pattern.at + pattern.len, *star = NULL, *mark = name;

	while (*name != '\0') {
		if (p < end && *p == '*') {
			star = p++;
			mark = name;
		} else if (p < end && (*p == '?' || lower(*p) == lower(*name))) {
			p++;
			name++;
		} else if (star != NULL) {
			p = star + 1;
			name = ++mark;
		} else {
			return false;
		}
	}
	while (p < end && *p == '*')
		p++;
	return p == end;
}

/* |1|SALT|HASH: the hash is HMAC-SHA1 of the name under the salt. */
static bool hash_matches(struct word w, const char *name)
{
	unsigned char salt[64], want[64], got[EVP_MAX_MD_SIZE];
	const char *bar;
	unsigned got_len = 0;
	struct word s, h;

	if (w.len < 4 || memcmp(w.at, "|1|", 3) != 0)
		return false;
	s.at = w.at + 3;
	bar = memchr(s.at, '|', w.len - 3);
	if (bar == NULL)
		return false;
	s.len = (size_t)(bar - s.at);
	h = (struct word){bar + 1, (size_t)(w.at + w.len - bar - 1)};
	/* SHA-1 has 20 bytes: 28 digits of base64. */
	if (s.len != 28 || h.len != 28 ||
		EVP_DecodeBlock(salt, (const unsigned char *)s.at, 28) != 21 ||
		EVP_DecodeBlock(want, (const unsigned char *)h.at, 28) != 21)
		return false;
	return HMAC(EVP_sha1(), salt, 20, (const unsigned char *)name, strlen(name), got,
		       &got_len) != NULL &&
		got_len == 20 && memcmp(got, want, 20) == 0;
}

static bool hosts_match(struct word hosts, const char *name)
{
	const char *at = hosts.at, *end = hosts.at + hosts.len, *comma;
	struct word w;
	bool is_match = false;

	if (*at == '|')
		return hash_matches(hosts, name);
	for (; at < end; at = comma + 1) {
		comma = memchr(at, ',', (size_t)(end - at));
		if (comma == NULL)
			comma = end;
		w = (struct word){at, (size_t)(comma - at)};
		if (w.len > 1 && *w.at == '!') {
			w.at++;
			w.len--;
			if (glob_matches(w, name))
				return false;
		} else if (glob_matches(w, name)) {
			is_match = true;
		}
		if (comma == end)
			break;
	}
	return is_match;
}

/* The name under which a host stands in the file: small letters, [host]:port for other ports. */
static void host_name(char *out, size_t size, const char *host, int port)
{
	char small[KNOWN_HOSTS_NAME_MAX];
	size_t n = 0;

	for (; host[n] != '\0' && n + 1 < sizeof(small); n++)
		small[n] = lower(host[n]);
	small[n] = '\0';
	if (port == 22)
		(void)snprintf(out, size, "%s", small);
	else
		(void)snprintf(out, size, "[%s]:%d", small, port);
}

/* --- files --- */

/* One line into an entry. A line that says nothing, or nothing sensible, is passed over. */
static int line_add(struct known_hosts *k, const char *file, unsigned number, struct word line)
{
	const char *at = line.at, *end = line.at + line.len, *type;
	struct entry *entry;
	struct word hosts, name, key;
	bool is_revoked = false, is_authority = false;
	unsigned char *bytes;
	size_t type_len;

	hosts = word_next(&at, end);
	if (hosts.len == 0 || hosts.at[0] == '#')
		return 0;
	if (hosts.at[0] == '@') {
		is_revoked = word_is(hosts, "@revoked");
		is_authority = word_is(hosts, "@cert-authority");
		if (!is_revoked && !is_authority)
			return 0;
		hosts = word_next(&at, end);
	}
	if (hosts.len == 0 || (k->only[0] != '\0' && !hosts_match(hosts, k->only)))
		return 0;
	name = word_next(&at, end);
	key = word_next(&at, end);
	entry = arena_alloc(k->arena, sizeof(*entry));
	if (entry == NULL)
		return ERR_NOMEM;
	if (base64_decode(k->arena, key, &bytes, &entry->key_len) != 0)
		return ERR_NOMEM;
	if (bytes == NULL)
		return 0;
	entry->key = bytes;
	type = host_key_type(entry->key, entry->key_len, &type_len);
	if (type == NULL || type_len != name.len || memcmp(type, name.at, name.len) != 0)
		return 0;
	entry->hosts = (struct word){arena_memdup(k->arena, hosts.at, hosts.len), hosts.len};
	if (entry->hosts.at == NULL)
		return ERR_NOMEM;
	entry->file = file;
	entry->line = number;
	entry->is_revoked = is_revoked;
	entry->is_authority = is_authority;
	*k->last = entry;
	k->last = &entry->next;
	return 0;
}

void known_hosts_narrow(struct known_hosts *k, const char *host, int port)
{
	host_name(k->only, sizeof(k->only), host, port);
}

int known_hosts_add(
	struct known_hosts *k, const char *file, const char *text, size_t len, struct err *e)
{
	const char *end = text + len, *nl;
	struct word line;
	unsigned number = 0;
	char *name;

	if (len > KNOWN_HOSTS_FILE_MAX)
		return err_set(e, ERR_LIMIT, "%s is larger than %zu MiB", file,
			KNOWN_HOSTS_FILE_MAX >> 20);
	name = arena_strdup(k->arena, file);
	if (name == NULL)
		return err_set(e, ERR_NOMEM, "out of memory");
	for (; text < end; text = nl + 1) {
		nl = memchr(text, '\n', (size_t)(end - text));
		if (nl == NULL)
			nl = end;
		line = (struct word){text, (size_t)(nl - text)};
		if (line.len > 0 && line.at[line.len - 1] == '\r')
			line.len--;
		number++;
		if (line.len <= KNOWN_HOSTS_LINE_MAX && line_add(k, name, number, line) != 0)
			return err_set(e, ERR_NOMEM, "out of memory");
		if (nl == end)
			break;
	}
	return 0;
}

/* --- looking up --- */

static bool same_type(const struct entry *entry, const unsigned char *key, size_t len)
{
	size_t n = 0, m = 0;
	const char *a = host_key_type(entry->key, entry->key_len, &n);
	const char *b = host_key_type(key, len, &m);

	return a != NULL && b != NULL && n == m && memcmp(a, b, n) == 0;
}

void known_hosts_tell(const struct known_hosts *k, struct buf *out)
{
	for (const struct entry *entry = k->first; entry != NULL; entry = entry->next) {
		buf_addf(out, "%s %u %d%d %zu ", entry->file, entry->line, entry->is_revoked,
			entry->is_authority, entry->key_len);
		buf_add(out, entry->hosts.at, entry->hosts.len);
		buf_addc(out, ' ');
		buf_add(out, entry->key, entry->key_len);
	}
}

/* A match beats all but a revocation; a changed key beats one of another type. */
struct known_hosts_result known_hosts_check(const struct known_hosts *k, const char *host, int port,
	const unsigned char *key, size_t len)
{
	struct known_hosts_result r = {.verdict = KNOWN_HOSTS_UNKNOWN};
	char name[NAME_SIZE];
	enum known_hosts_verdict v;

	host_name(name, sizeof(name), host, port);
	for (const struct entry *entry = k->first; entry != NULL; entry = entry->next) {
		bool is_same = entry->key_len == len && memcmp(entry->key, key, len) == 0;

		if (entry->is_authority || !hosts_match(entry->hosts, name))
			continue;
		if (entry->is_revoked) {
			if (!is_same)
				continue;
			v = KNOWN_HOSTS_REVOKED;
		} else if (is_same) {
			v = KNOWN_HOSTS_MATCH;
		} else {
			v = same_type(entry, key, len) ? KNOWN_HOSTS_CHANGED : KNOWN_HOSTS_OTHER;
		}
		if (r.verdict == KNOWN_HOSTS_MATCH && v != KNOWN_HOSTS_REVOKED)
			continue;
		if (r.verdict == KNOWN_HOSTS_CHANGED && v == KNOWN_HOSTS_OTHER)
			continue;
		r = (struct known_hosts_result){
			v, entry->file, entry->line, entry->key, entry->key_len};
		if (v == KNOWN_HOSTS_REVOKED)
			return r;
	}
	return r;
}

/* The types of host keys, best first, and the algorithms that each signs with. */
static const struct {
	const char *type, *algorithms;
} types[] = {
	{"ssh-ed25519", "ssh-ed25519"},
	{"ecdsa-sha2-nistp256", "ecdsa-sha2-nistp256"},
	{"ecdsa-sha2-nistp384", "ecdsa-sha2-nistp384"},
	{"ecdsa-sha2-nistp521", "ecdsa-sha2-nistp521"},
	{"ssh-rsa", "rsa-sha2-512,rsa-sha2-256"},
};

#define TYPES (sizeof(types) / sizeof(types[0]))

static void algorithms_add(struct buf *out, size_t i)
{
	buf_addf(out, "%s%s", out->len == 0 ? "" : ",", types[i].algorithms);
}

void host_key_algorithms(struct buf *out, const char *type, size_t type_len)
{
	for (size_t i = 0; i < TYPES; i++)
		if (type_len == strlen(types[i].type) && memcmp(type, types[i].type, type_len) == 0)
			algorithms_add(out, i);
}

void known_hosts_algorithms(
	const struct known_hosts *k, const char *host, int port, struct buf *out)
{
	char name[NAME_SIZE];
	size_t len = 0;

	host_name(name, sizeof(name), host, port);
	for (size_t i = 0; i < TYPES; i++) {
		for (const struct entry *entry = k->first; entry != NULL; entry = entry->next) {
			const char *type = host_key_type(entry->key, entry->key_len, &len);

			if (entry->is_authority || entry->is_revoked ||
				len != strlen(types[i].type) ||
				memcmp(type, types[i].type, len) != 0 ||
				!hosts_match(entry->hosts, name))
				continue;
			algorithms_add(out, i);
			break;
		}
	}
}

void known_hosts_algorithms_complete(struct buf *out)
{
	/* N.B. no algorithm's name is a part of another's. */
	for (size_t i = 0; i < TYPES; i++)
		if (strstr(buf_str(out), types[i].algorithms) == NULL)
			algorithms_add(out, i);
}

const unsigned char *host_key_read(struct arena *a, const char *text, size_t *len)
{
	unsigned char *key;
	size_t type_len;
	struct word w;

	for (; *text != '\0'; text += w.len) {
		text += strspn(text, " \t\r\n");
		w = (struct word){text, strcspn(text, " \t\r\n")};
		if (base64_decode(a, w, &key, len) != 0)
			return NULL;
		if (key != NULL && host_key_type(key, *len, &type_len) != NULL)
			return key;
	}
	return NULL;
}

static void base64_add(struct buf *out, const unsigned char *bytes, size_t len)
{
	char *to = buf_room(out, (len + 2) / 3 * 4);

	if (to == NULL)
		return;
	out->len += (size_t)EVP_EncodeBlock((unsigned char *)to, bytes, (int)len);
}

void known_hosts_line(
	struct buf *out, const char *host, int port, const unsigned char *key, size_t len)
{
	char name[NAME_SIZE];
	size_t type_len;
	const char *type = host_key_type(key, len, &type_len);

	if (type == NULL || len > HOST_KEY_MAX)
		return;
	host_name(name, sizeof(name), host, port);
	buf_addf(out, "%s %.*s ", name, (int)type_len, type);
	base64_add(out, key, len);
	buf_addc(out, '\n');
}

void host_key_fingerprint(struct buf *out, const unsigned char *key, size_t len)
{
	unsigned char hash[SHA256_DIGEST_LENGTH];

	(void)SHA256(key, len, hash);
	buf_adds(out, "SHA256:");
	base64_add(out, hash, sizeof(hash));
	while (out->len > 0 && out->data[out->len - 1] == '=')
		out->data[--out->len] = '\0';
}
