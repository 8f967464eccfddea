/*
 * What a host tells between the bytes of a script. Whatever the pieces in which the bytes come, the
 * same is heard, in the same order; no byte is lost or told twice; and what is held back has a
 * maximum. The first byte is the length of a piece; of the others 1 stands for the nonce, 2 for the
 * other stream from here on, 3 for many bytes.
 *
 * Where the first byte is 0 a script is sent, the bytes behind the first 2, with what a task says
 * in front of it: the lines are those that the command tells of, and the script is its last ones,
 * as it was; and the command is words that any shell hands on as they are.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "engine/buf.h"
#include "engine/shquote.h"
#include "operators/ssh/command.h"
#include "operators/ssh/remote.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define NONCE "0aa00aa00bb00bb00cc00cc00dd00dd0"
#define MANY 1500 /* three of them are longer than any line of ours */
#define TEXT_MOST 20000
#define BYTEWISE_MOST                                                                              \
	6000 /* bytes that are fed one at a time: a line that waits is looked at anew */

/* ---- what is heard ---- */

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

/* ---- what is sent ---- */

/* Bits of the byte behind the first. */
#define IS_PLAIN 1
#define IS_OWN 2 /* where the script is one command */
#define HAS_ENVIRONMENT 4
#define HAS_FOLDER 8
#define HAS_INTERPRETER 16
#define HAS_ARGUMENTS 32

#define PLAIN "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_./:,+-= "

/* What no shell changes or acts on. */
static void must_be_plain(const struct buf *words)
{
	if (strspn(buf_str(words), PLAIN) != words->len)
		abort();
}

static void must_be_one_command(const char *script)
{
	size_t len = strlen(script), word;

	while (len > 0 && strchr(" \n", script[len - 1]) != NULL)
		len--;
	word = strspn(script, " ");
	if (word >= len || strspn(script, PLAIN "%@") < len ||
		memchr(script + word, '=', strcspn(script + word, " \n")) != NULL)
		abort();
}

/* Behind so many lines; NULL: there are fewer. */
static const char *lines_skip(const char *at, size_t n)
{
	for (; at != NULL && n > 0; n--) {
		at = strchr(at, '\n');
		at = at == NULL ? NULL : at + 1;
	}
	return at;
}

static void must_be_sent(const struct buf *input, const struct remote_sending *sent,
	const struct remote_launch *l, const char *script)
{
	const char *at = buf_str(input);
	size_t len = strlen(script);

	if (strlen(at) != input->len || strncmp(at, "!\n", 2) != 0 || sent->script_len != len)
		abort();
	at = lines_skip(at + 2, sent->n_prologue);
	if (at == NULL || at[-1] != '\n' ||
		strstr(buf_str(input), buf_str(&l->environment)) == NULL ||
		strncmp(at, script, len) != 0)
		abort();
	if (sent->n_script == 0) {
		if (strcmp(at + len, "\n" NONCE "\n") != 0)
			abort();
	} else if (strcmp(at + len, len > 0 && script[len - 1] == '\n' ? "" : "\n") != 0 ||
		*lines_skip(at, sent->n_script) != '\0') {
		abort();
	}
}

static void launch_make(struct remote_launch *l, int choice, const char *text, const char *script)
{
	size_t len = strlen(text);

	remote_launch_init(l);
	l->is_plain = choice & IS_PLAIN;
	l->is_own = (choice & IS_OWN) != 0 && remote_is_one_command(script, strlen(script));
	if (remote_is_one_command(script, strlen(script)))
		must_be_one_command(script);
	if ((choice & HAS_ENVIRONMENT) != 0) {
		buf_adds(&l->environment, "export A=");
		sh_quote_word(&l->environment, text, len);
		buf_addc(&l->environment, '\n');
	}
	if ((choice & HAS_FOLDER) != 0)
		sh_quote_word(&l->working_directory, text, len);
	if ((choice & HAS_INTERPRETER) != 0)
		sh_quote_word(&l->interpreter, text, len);
	if ((choice & HAS_ARGUMENTS) != 0)
		sh_quote_word(&l->arguments, text, len);
	if (remote_launch_status(l) != 0)
		abort();
}

static void commands_check(const struct remote_sending *sent, int64_t n)
{
	struct ssh_command c;
	struct buf asked;

	ssh_command_init(&c);
	remote_start_command(&c, "1-2", NONCE, sent, n, n, n);
	must_be_plain(&c.arguments);
	buf_reset(&c.arguments);
	remote_plain_command(
		&c, "1-2", NONCE, sent, (enum remote_plain_mode)(n % (REMOTE_PLAIN_PTY + 1)), n);
	must_be_plain(&c.arguments);
	buf_reset(&c.arguments);
	remote_attach_command(&c, "1-2", NONCE);
	remote_kill_command(&c, "1-2", NONCE, n, n % 2 == 0 ? "-" : NULL);
	must_be_plain(&c.arguments);
	ssh_command_free(&c);
	buf_init(&asked, 0);
	remote_follow(&asked, (uint64_t)n, 0);
	remote_rest(&asked, 0, UINT64_MAX - 1);
	remote_gather(&asked);
	if (lines_skip(buf_str(&asked), 3) != buf_str(&asked) + asked.len)
		abort();
	buf_free(&asked);
}

static void script_send(int choice, const char *text, const char *script)
{
	struct remote_sending sent = {.n_script = 0};
	struct remote_launch l;
	struct buf input;
	size_t len = strlen(text);

	launch_make(&l, choice, text, script);
	buf_init(&input, 0);
	buf_init(&sent.facts, 0);
	if (remote_fact_add(&sent.facts, "F", text, len)
			? strncmp(buf_str(&sent.facts), " F=", 3) != 0 ||
				strcmp(buf_str(&sent.facts) + 3, text) != 0 ||
				memchr(text, ' ', len) != NULL || memchr(text, '=', len) != NULL
			: sent.facts.len != 0)
		abort();
	remote_start_input(&input, NONCE, &l, script, strlen(script), &sent);
	must_be_sent(&input, &sent, &l, script);
	commands_check(&sent, (int64_t)len * choice);
	remote_launch_free(&l);
	buf_free(&sent.facts);
	buf_free(&input);
}

/* What is sent as the bytes say. N.B. a NUL is refused long before. */
static void send_bytes(const uint8_t *data, size_t size)
{
	struct buf parts[2];
	int choice = size > 0 ? data[0] : 0, part = 0;

	buf_init(&parts[0], 0);
	buf_init(&parts[1], 0);
	for (size_t i = 1; i < size && parts[part].len < TEXT_MOST; i++) {
		if (data[i] == 2 && part == 0)
			part = 1;
		else if (data[i] == 3)
			for (int k = 0; k < MANY; k++)
				buf_addc(&parts[part], 'x');
		else if (data[i] != '\0')
			buf_addc(&parts[part], (char)data[i]);
	}
	script_send(choice, buf_str(&parts[0]), buf_str(&parts[1]));
	buf_free(&parts[0]);
	buf_free(&parts[1]);
}

/* ---- either ---- */

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct heard whole, pieces, bytes;
	struct buf text;
	size_t n = 0;

	if (size > 0 && data[0] == 0)
		send_bytes(data + 1, size - 1);
	if (size == 0 || data[0] == 0)
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
