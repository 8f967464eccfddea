/*
 * What a host tells between the bytes of a script. Whatever the pieces in which the bytes come, the
 * same is heard, in the same order; no byte is lost or told twice; and what is held back has a
 * maximum. The first byte is the length of a piece; of the others 1 stands for the nonce, 2 for the
 * other stream from here on, 3 for many bytes.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "engine/buf.h"
#include "operators/ssh/remote.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define NONCE "0aa00aa00bb00bb00cc00cc00dd00dd0"
#define MANY 1500 /* three of them are longer than any line of ours */
#define TEXT_MOST 20000
#define BYTEWISE_MOST                                                                              \
	6000 /* bytes that are fed one at a time: a line that waits is looked at anew */

/* What was heard: bytes of one sort in a row are one, however they came. */
struct heard {
	struct buf text;
	char sort;
	size_t n; /* bytes that were told of, nonces and line ends included */
};

static void add(struct heard *h, char sort, const char *bytes, size_t len)
{
	if (len == 0)
		abort();
	if (h->sort != sort)
		buf_addf(&h->text, "\n[%c]", sort);
	h->sort = sort;
	h->n += len;
	buf_add(&h->text, bytes, len);
}

static void on_data(void *ctx, bool is_stderr, const char *bytes, size_t len)
{
	add(ctx, is_stderr ? '2' : '1', bytes, len);
}

static void on_response(void *ctx, const char *bytes, size_t len)
{
	add(ctx, 'r', bytes, len);
}

static void on_noise(void *ctx, const char *bytes, size_t len)
{
	add(ctx, 'n', bytes, len);
}

static void on_word(void *ctx, bool is_stderr, const char *word)
{
	struct heard *h = ctx;

	if (strlen(word) >= REMOTE_WORD_MAX || strchr(word, '\n') != NULL)
		abort();
	buf_addf(&h->text, "\n[w%d]%s", is_stderr, word);
	h->sort = 'w';
	h->n += REMOTE_NONCE_LEN + 1 + strlen(word) + 1;
}

/* Feeds len bytes in pieces, and looks at what is held back of them. */
static void feed(struct remote_ear *e, bool is_stderr, const char *bytes, size_t len, size_t piece)
{
	for (size_t at = 0; at < len; at += piece) {
		size_t n = len - at < piece ? len - at : piece;

		if (remote_ear_feed(e, is_stderr, bytes + at, n) != 0 ||
			e->streams[is_stderr].held.len > REMOTE_NONCE_LEN + 1 + REMOTE_WORD_MAX)
			abort();
	}
}

/* What is heard of the text, whose runs of each stream come in pieces. */
static void listen(const struct buf *text, size_t piece, struct heard *h)
{
	const struct remote_events events = {.ctx = h,
		.on_data = on_data,
		.on_response = on_response,
		.on_word = on_word,
		.on_noise = on_noise};
	struct remote_ear e;
	bool is_stderr = false;

	*h = (struct heard){.sort = '-'};
	buf_init(&h->text, 0);
	remote_ear_init(&e, NONCE, &events);
	for (const char *at = buf_str(text), *end = at + text->len; at < end;) {
		const char *stop = memchr(at, '\2', (size_t)(end - at));
		size_t n = (size_t)((stop == NULL ? end : stop) - at);

		feed(&e, is_stderr, at, n, piece);
		is_stderr = !is_stderr;
		at += n + 1;
	}
	remote_ear_end(&e, false);
	remote_ear_end(&e, true);
	remote_ear_free(&e);
}

static void expand(const uint8_t *data, size_t size, struct buf *out, size_t *n)
{
	for (size_t i = 0; i < size; i++) {
		if (data[i] == 1)
			buf_adds(out, NONCE);
		else if (data[i] == 3)
			for (int k = 0; k < MANY; k++)
				buf_addc(out, 'x');
		else
			buf_addc(out, (char)data[i]);
		*n -= data[i] == 2;
	}
	*n += out->len;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct heard whole, pieces, bytes;
	struct buf text;
	size_t n = 0;

	if (size == 0)
		return 0;
	buf_init(&text, 0);
	expand(data + 1, size - 1, &text, &n);
	if (text.len > TEXT_MOST) {
		buf_free(&text);
		return 0;
	}
	listen(&text, SIZE_MAX / 2, &whole);
	listen(&text, (size_t)data[0] + 1, &pieces);
	listen(&text, text.len > BYTEWISE_MOST ? 61 : 1, &bytes);
	if (strcmp(buf_str(&whole.text), buf_str(&pieces.text)) != 0 ||
		whole.text.len != pieces.text.len || whole.text.len != bytes.text.len ||
		memcmp(buf_str(&whole.text), buf_str(&bytes.text), whole.text.len) != 0)
		abort();
	/* N.B. a word ends at a NUL, and a \r at its end is a terminal's. */
	if (memchr(buf_str(&text), '\0', text.len) == NULL &&
		memchr(buf_str(&text), '\r', text.len) == NULL && whole.n != n)
		abort();
	buf_free(&whole.text);
	buf_free(&pieces.text);
	buf_free(&bytes.text);
	buf_free(&text);
	return 0;
}
