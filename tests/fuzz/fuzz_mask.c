/*
 * The masker: secrets with a byte 255 behind each, then a text that may hold them. The text comes
 * out the same whole, in pieces (the first byte is their length) and a byte at a time; no secret is
 * left in it; it never grows; and what programs make of a secret - base64, JSON, percent signs, a
 * shell's quotes, quotes within quotes - is masked too.
 */
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "engine/buf.h"
#include "engine/mask.h"
#include "engine/utf8.h"
#include "engine/value.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define SECRETS_MOST 6 /* to be added takes a while */

struct secret {
	const char *text;
	size_t len;
};

static struct secret secrets[SECRETS_MOST];
static size_t n_secrets;

/* N.B. the asterisks that stand for a secret may make up another one of asterisks. */
static void must_be_hidden(const struct buf *out, const char *text, size_t len)
{
	if (len >= MASK_SECRET_MIN && memchr(text, '*', len) == NULL &&
		memmem(buf_str(out), out->len, text, len) != NULL)
		abort();
}

static void in_pieces(
	const struct mask *m, const char *text, size_t len, size_t piece, const struct buf *whole)
{
	struct mask_stream *s = mask_stream_create(m);
	struct buf out;

	buf_init(&out, 0);
	for (size_t at = 0; at < len; at += piece)
		mask_stream_feed(s, text + at, len - at < piece ? len - at : piece, &out);
	mask_stream_flush(s, &out);
	if (out.len != whole->len || memcmp(buf_str(&out), buf_str(whole), out.len) != 0)
		abort();
	mask_stream_destroy(s);
	buf_free(&out);
}

/* ---- what programs make of a secret ---- */

static void base64_add(struct buf *out, const char *text, size_t len)
{
	static const char digits[] =
		"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
	unsigned held = 0;
	int bits = 0;

	for (size_t i = 0; i < len; i++) {
		held = held << 8 | (unsigned char)text[i];
		for (bits += 8; bits >= 6; bits -= 6)
			buf_addc(out, digits[held >> (bits - 6) & 63]);
	}
}

/* The digits that the secret alone decides, where `before` bytes stand before it. */
static void check_base64(const struct mask *m, const struct secret *s, size_t before)
{
	size_t from = (before * 8 + 5) / 6, to = (before + s->len) * 8 / 6;
	struct buf plain, coded, out;

	buf_init(&plain, 0);
	buf_init(&coded, 0);
	buf_init(&out, 0);
	buf_add(&plain, "user:", before);
	buf_add(&plain, s->text, s->len);
	buf_adds(&plain, "zzz");
	base64_add(&coded, plain.data, plain.len);
	mask_text(m, coded.data, coded.len, &out);
	must_be_hidden(&out, coded.data + from, to - from);
	buf_free(&plain);
	buf_free(&coded);
	buf_free(&out);
}

static void percent_add(
	struct buf *out, const struct secret *s, const char *kept, const char *format)
{
	for (size_t i = 0; i < s->len; i++) {
		unsigned char c = (unsigned char)s->text[i];
		bool is_plain = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
			(c >= '0' && c <= '9') || (c != '\0' && strchr(kept, c) != NULL);

		if (is_plain)
			buf_addc(out, (char)c);
		else if (*format == 'x')
			buf_addf(out, "%%%02x", c);
		else
			buf_addf(out, "%%%02X", c);
	}
}

static void check_spelled(const struct mask *m, const struct buf *text)
{
	struct buf out;

	buf_init(&out, 0);
	mask_text(m, buf_str(text), text->len, &out);
	must_be_hidden(&out, buf_str(text), text->len);
	buf_free(&out);
}

/* As it stands in so many double quotes within each other. */
static void check_quoted(const struct mask *m, const struct secret *s, unsigned depth)
{
	size_t n_bare = 0, row = 0, longest = 0;
	struct buf b;

	buf_init(&b, 0);
	for (size_t i = 0; i < s->len; i++) {
		bool is_escaped = s->text[i] != '\0' && strchr("\\\"$`", s->text[i]) != NULL;

		for (unsigned k = 0; is_escaped && k < (1u << depth) - 1; k++)
			buf_addc(&b, '\\');
		buf_addc(&b, s->text[i]);
		n_bare += s->text[i] != '\\';
		row = s->text[i] == '\\' ? row + 1 : 0;
		longest = row > longest ? row : longest;
	}
	if (n_bare >= MASK_SECRET_MIN && (longest + 1) << depth <= MASK_SKIPPED_MAX)
		check_spelled(m, &b);
	buf_free(&b);
}

static void check_spellings(const struct mask *m, const struct secret *s)
{
	struct value v = value_string(s->text, s->len);
	struct buf b;

	buf_init(&b, 0);
	percent_add(&b, s, "-_.~", "x");
	check_spelled(m, &b);
	buf_reset(&b);
	percent_add(&b, s, "-_.~", "X");
	check_spelled(m, &b);
	buf_reset(&b);
	percent_add(&b, s, "-_.~!'()*", "X");
	check_spelled(m, &b);
	buf_reset(&b);
	for (size_t i = 0; i < s->len; i++)
		buf_add(&b, s->text[i] == '\'' ? "'\\''" : s->text + i, s->text[i] == '\'' ? 4 : 1);
	check_spelled(m, &b);
	buf_reset(&b);
	value_json(&v, &b);
	b.data[--b.len] = '\0'; /* less its quotes */
	memmove(b.data, b.data + 1, b.len--);
	if (utf8_valid(s->text, s->len) == s->len) /* JSON has other words for what is none */
		check_spelled(m, &b);
	buf_free(&b);
	for (unsigned depth = 1; depth <= 3; depth++)
		check_quoted(m, s, depth);
	for (size_t before = 0; before < 6; before++)
		check_base64(m, s, before);
}

/* ---- reading ---- */

/* Takes the secrets off the input, less the newlines at their ends. */
static void secrets_take(const uint8_t **data, size_t *size)
{
	const uint8_t *end;

	n_secrets = 0;
	while (n_secrets < SECRETS_MOST && (end = memchr(*data, 255, *size)) != NULL) {
		size_t n = (size_t)(end - *data), len = n;

		while (len > 0 && (*data)[len - 1] == '\n')
			len--;
		secrets[n_secrets++] = (struct secret){(const char *)*data, len};
		*data += n + 1;
		*size -= n + 1;
	}
}

/* The secret as a shell prints it for a word. */
static struct secret word_of(struct secret s)
{
	static const char blanks[] = " \t\r\n";

	while (s.len > 0 && memchr(blanks, s.text[s.len - 1], sizeof(blanks) - 1) != NULL)
		s.len--;
	for (; s.len > 0 && memchr(blanks, s.text[0], sizeof(blanks) - 1) != NULL; s.text++)
		s.len--;
	return s;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct mask *m = mask_create();
	size_t piece = size == 0 ? 1 : (size_t)data[0] + 1;
	struct buf whole;

	if (m == NULL || size == 0) {
		mask_destroy(m);
		return 0;
	}
	data++;
	size--;
	secrets_take(&data, &size);
	for (size_t i = 0; i < n_secrets; i++)
		if (mask_add(m, secrets[i].text, secrets[i].len) != 0)
			abort();
	buf_init(&whole, 0);
	mask_text(m, data, size, &whole);
	if (whole.len > size)
		abort();
	in_pieces(m, (const char *)data, size, piece, &whole);
	in_pieces(m, (const char *)data, size, 1, &whole);
	for (size_t i = 0; i < n_secrets; i++) {
		struct secret word = word_of(secrets[i]);

		must_be_hidden(&whole, secrets[i].text, secrets[i].len);
		if (secrets[i].len < MASK_SECRET_MIN || secrets[i].len >= 1000)
			continue;
		check_spellings(m, &secrets[i]);
		if (word.len >= MASK_SECRET_MIN)
			check_spellings(m, &word);
	}
	buf_free(&whole);
	mask_destroy(m);
	return 0;
}
