/*
 * The remote protocol's two directions: commands and input for the host, and the taking apart of
 * what comes back. No I/O. The programs themselves are made of remote_*.sh by the build.
 */
#include "operators/ssh/remote.h"

#include <stdio.h>
#include <string.h>

#include "engine/err.h"
#include "operators/ssh/remote_programs.h"

#define OWN_MAX 64 /* bytes of the arguments that one way of starting has and the other has not */

/* A program and the arguments that all have. */
static void command_begin(
	struct ssh_command *out, const char *program, const char *id, const char *nonce)
{
	out->program = program;
	out->tells_ahead = out->takes_next = false;
	buf_addf(&out->arguments, "%s %s", id, nonce);
}

/* The arguments that both ways of starting have. */
static void starting_add(
	struct ssh_command *out, const struct remote_sending *sent, const char *own)
{
	bool is_lines = sent->n_script > 0;

	buf_addf(&out->arguments, " %zu %s%zu %s", sent->n_prologue, is_lines ? "-" : "",
		is_lines ? sent->n_script : sent->script_len, own);
	buf_adds(&out->arguments, buf_str(&sent->facts));
}

void remote_start_command(struct ssh_command *out, const char *id, const char *nonce,
	const struct remote_sending *sent, int64_t deadline_s, int64_t grace_s, int64_t sweep_min)
{
	char own[OWN_MAX];

	(void)snprintf(own, sizeof(own), "%lld %lld %lld", (long long)deadline_s,
		(long long)grace_s, (long long)sweep_min);
	command_begin(out, remote_start_program, id, nonce);
	out->tells_ahead = out->takes_next = true;
	starting_add(out, sent, own);
}

void remote_attach_command(struct ssh_command *out, const char *id, const char *nonce)
{
	command_begin(out, remote_attach_program, id, nonce);
}

void remote_kill_command(struct ssh_command *out, const char *id, const char *nonce,
	int64_t grace_ms, const char *group)
{
	command_begin(out, remote_kill_program, id, nonce);
	buf_addf(&out->arguments, " %lld %s", (long long)grace_ms, group == NULL ? "" : group);
}

void remote_plain_command(struct ssh_command *out, const char *id, const char *nonce,
	const struct remote_sending *sent, enum remote_plain_mode mode, int64_t grace_s)
{
	static const char *const modes[] = {
		[REMOTE_PLAIN] = "-", [REMOTE_PLAIN_OWN] = "own", [REMOTE_PLAIN_PTY] = "pty"};
	char own[OWN_MAX];

	(void)snprintf(own, sizeof(own), "%s %lld", modes[mode], (long long)grace_s);
	command_begin(out, remote_plain_program, id, nonce);
	starting_add(out, sent, own);
}

static bool is_plain_text(const char *text, size_t len, const char *chars)
{
	for (size_t i = 0; i < len; i++)
		if (text[i] == '\0' || strchr(chars, text[i]) == NULL)
			return false;
	return true;
}

#define LETTERS "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_"

bool remote_fact_add(struct buf *facts, const char *name, const char *value, size_t len)
{
	if (len > REMOTE_FACT_MAX || !is_plain_text(value, len, LETTERS "./:,+-"))
		return false;
	buf_addf(facts, " %s=%.*s", name, (int)len, value);
	return true;
}

/* ---- one command ---- */

static bool is_one_of(const char *const *words, size_t n, const char *word, size_t len)
{
	for (size_t i = 0; i < n; i++)
		if (strlen(words[i]) == len && memcmp(words[i], word, len) == 0)
			return true;
	return false;
}

/* Words that mean something to a shell, or change the one that runs them (`printf -v` does); and
 * our own. */
static bool is_shell_word(const char *word, size_t len)
{
	static const char *const words[] = {".", "alias", "bg", "break", "builtin", "case", "cd",
		"chdir", "command", "continue", "coproc", "declare", "disown", "do", "done", "elif",
		"else", "enable", "esac", "eval", "exec", "exit", "export", "fail", "fc", "fg",
		"fi", "for", "function", "getopts", "hash", "if", "in", "jobs", "kill", "let",
		"local", "logout", "mapfile", "newgrp", "popd", "printf", "pushd", "read",
		"readarray", "readonly", "reply", "return", "select", "set", "setvar", "shift",
		"shopt", "source", "suspend", "take", "tell", "then", "time", "times", "trap",
		"type", "typeset", "ulimit", "umask", "unalias", "unset", "until", "wait", "while",
		"whole"};

	return is_one_of(words, sizeof(words) / sizeof(words[0]), word, len);
}

/* What every shell does itself, without a child, and the same whatever the shell knows. */
static bool is_done_at_once(const char *word, size_t len)
{
	static const char *const words[] = {":", "echo", "false", "true"};

	return is_one_of(words, sizeof(words) / sizeof(words[0]), word, len);
}

/* Names that a shell may have as its own and that are programs too, and not always the same. */
static bool is_builtin(const char *word, size_t len)
{
	static const char *const words[] = {"[", "bind", "caller", "compgen", "complete", "dirs",
		"help", "history", "print", "pwd", "test", "whence", "which"};

	return is_one_of(words, sizeof(words) / sizeof(words[0]), word, len);
}

struct command_text {
	const char *text;
	size_t len, word_len; /* all of it, its first word */
};

/* A script without the blanks around it. */
static struct command_text trimmed(const char *script, size_t len)
{
	struct command_text c = {.text = script, .len = len};

	while (c.len > 0 && (c.text[c.len - 1] == '\n' || c.text[c.len - 1] == ' '))
		c.len--;
	while (c.len > 0 && *c.text == ' ') {
		c.text++;
		c.len--;
	}
	while (c.word_len < c.len && c.text[c.word_len] != ' ')
		c.word_len++;
	return c;
}

bool remote_is_one_command(const char *script, size_t len)
{
	struct command_text c = trimmed(script, len);

	return c.word_len > 0 && is_plain_text(c.text, c.len, LETTERS "./:,+%@=- ") &&
		memchr(c.text, '=', c.word_len) == NULL && !is_shell_word(c.text, c.word_len);
}

void remote_launch_init(struct remote_launch *l)
{
	memset(l, 0, sizeof(*l));
	buf_init(&l->environment, 0);
	buf_init(&l->working_directory, 0);
	buf_init(&l->interpreter, 0);
	buf_init(&l->arguments, 0);
}

void remote_launch_free(struct remote_launch *l)
{
	buf_free(&l->environment);
	buf_free(&l->working_directory);
	buf_free(&l->interpreter);
	buf_free(&l->arguments);
}

int remote_launch_status(const struct remote_launch *l)
{
	return buf_status(&l->environment) == 0 && buf_status(&l->working_directory) == 0 &&
			buf_status(&l->interpreter) == 0 && buf_status(&l->arguments) == 0
		? 0
		: ERR_NOMEM;
}

/* A script that is the call of one program becomes that program, with no shell between; where there
 * is no such program, a shell says so. What a shell does itself the one that is there does. */
static void program_add(struct buf *out, const char *script, size_t len)
{
	struct command_text c = trimmed(script, len);

	if (is_done_at_once(c.text, c.word_len))
		buf_addf(out, "%.*s; exit\n", (int)c.len, c.text);
	else if (!is_builtin(c.text, c.word_len))
		buf_addf(out, "command -v %.*s >/dev/null && set -- \"$1\" %.*s\n", (int)c.word_len,
			c.text, (int)c.len, c.text);
}

/*
 * The prologue is shell text that the child evaluates, in the home folder. It ends by saying what
 * the child is to become: $1 is setsid(1), or nothing, and $2 the script. N.B. the host's shell
 * reads it a byte at a time: what is always the same, the programs say.
 */
static void prologue_add(
	struct buf *out, const struct remote_launch *l, const char *script, size_t script_len)
{
	if (l->working_directory.len > 0)
		buf_addf(out,
			"cd -- %s || { tell \"fail the working_directory cannot be entered\"; "
			"exit 126; }\n",
			buf_str(&l->working_directory));
	buf_adds(out, buf_str(&l->environment));
	if (l->is_own && l->is_plain)
		return;
	buf_addf(out, "set -- \"$1\" %s \"$2\" %s\n", buf_str(&l->interpreter),
		buf_str(&l->arguments));
	if (l->is_own)
		program_add(out, script, script_len);
}

static size_t lines_count(const char *text, size_t len)
{
	size_t n = 0;

	for (const char *at = text, *end = text + len;
		(at = memchr(at, '\n', (size_t)(end - at))) != NULL; at++)
		n++;
	return n;
}

void remote_start_input(struct buf *out, const char *nonce, const struct remote_launch *launch,
	const char *script, size_t script_len, struct remote_sending *sent)
{
	/* A shell reads lines without a process, though a byte at a time. */
	bool is_lines = script_len <= REMOTE_LINES_MAX;
	size_t from;

	/* N.B. the programs need one, to ask for $!, and cannot hold it. */
	buf_adds(out, "!\n");
	from = out->len;
	prologue_add(out, launch, script, script_len);
	sent->n_prologue = lines_count(buf_str(out) + from, out->len - from);
	sent->script_len = script_len;
	from = out->len;
	buf_add(out, script, script_len);
	if (is_lines && (script_len == 0 || script[script_len - 1] != '\n'))
		buf_addc(out, '\n');
	sent->n_script = is_lines ? lines_count(buf_str(out) + from, out->len - from) : 0;
	if (!is_lines)
		buf_addf(out, "\n%s\n", nonce);
}

/* N.B. tail counts bytes from 1. */
static void offsets_add(struct buf *out, char c, uint64_t out_offset, uint64_t err_offset)
{
	buf_addf(out, "%c %llu %llu\n", c, (unsigned long long)out_offset + 1,
		(unsigned long long)err_offset + 1);
}

void remote_follow(struct buf *out, uint64_t out_offset, uint64_t err_offset)
{
	offsets_add(out, 'f', out_offset, err_offset);
}

void remote_gather(struct buf *out)
{
	buf_adds(out, "g\n");
}

void remote_rest(struct buf *out, uint64_t out_offset, uint64_t err_offset)
{
	offsets_add(out, 'r', out_offset, err_offset);
}

/* --- listening --- */

void remote_ear_init(struct remote_ear *e, const char *nonce, const struct remote_events *events)
{
	memset(e, 0, sizeof(*e));
	memcpy(e->nonce, nonce, REMOTE_NONCE_LEN);
	e->events = *events;
	buf_init(&e->streams[0].held, 0);
	buf_init(&e->streams[1].held, 0);
}

void remote_ear_free(struct remote_ear *e)
{
	buf_free(&e->streams[0].held);
	buf_free(&e->streams[1].held);
}

static void plain(struct remote_ear *e, bool is_stderr, const char *bytes, size_t len)
{
	if (len == 0)
		return;
	if (!e->streams[is_stderr].has_begun)
		e->events.on_noise(e->events.ctx, bytes, len);
	else if (e->streams[is_stderr].in_response)
		e->events.on_response(e->events.ctx, bytes, len);
	else
		e->events.on_data(e->events.ctx, is_stderr, bytes, len);
}

/* N.B. len is less than REMOTE_WORD_MAX. */
static void word_heard(struct remote_ear *e, bool is_stderr, const char *at, size_t len)
{
	char word[REMOTE_WORD_MAX];

	if (len > 0 && at[len - 1] == '\r')
		len--; /* a terminal's */
	memcpy(word, at, len);
	word[len] = '\0';
	e->streams[is_stderr].has_begun = true;
	if (strcmp(word, "response") == 0)
		e->streams[is_stderr].in_response = true;
	else if (strcmp(word, "end") == 0)
		e->streams[is_stderr].in_response = false;
	e->events.on_word(e->events.ctx, is_stderr, word);
}

/* Where the nonce begins in the bytes, or where a part of it ends them; len where neither. */
static size_t nonce_find(const char *nonce, const char *b, size_t len)
{
	const char *at = b, *end = b + len;
	size_t left;

	while ((at = memchr(at, nonce[0], (size_t)(end - at))) != NULL) {
		left = (size_t)(end - at);
		if (memcmp(at, nonce, left < REMOTE_NONCE_LEN ? left : REMOTE_NONCE_LEN) == 0)
			return (size_t)(at - b);
		at++;
	}
	return len;
}

/* Takes apart what can be told and returns how many bytes that was. */
static size_t take_apart(struct remote_ear *e, bool is_stderr, const char *b, size_t len)
{
	size_t done = 0, at, word, left;
	const char *nl;

	for (;;) {
		at = done + nonce_find(e->nonce, b + done, len - done);
		plain(e, is_stderr, b + done, at - done);
		done = at;
		word = at + REMOTE_NONCE_LEN + 1;
		if (word > len)
			return done;
		left = len - word;
		nl = memchr(b + word, '\n', left < REMOTE_WORD_MAX ? left : REMOTE_WORD_MAX);
		if (nl == NULL) {
			/* N.B. too long for a line of ours: the script got hold of the nonce. */
			if (left < REMOTE_WORD_MAX)
				return done;
			plain(e, is_stderr, b + at, REMOTE_NONCE_LEN);
			done = at + REMOTE_NONCE_LEN;
			continue;
		}
		word_heard(e, is_stderr, b + word, (size_t)(nl - (b + word)));
		done = (size_t)(nl - b) + 1;
	}
}

int remote_ear_feed(struct remote_ear *e, bool is_stderr, const char *bytes, size_t len)
{
	struct buf *held = &e->streams[is_stderr].held;
	size_t done;

	if (held->len == 0) {
		done = take_apart(e, is_stderr, bytes, len);
		buf_add(held, bytes + done, len - done);
		return buf_status(held);
	}
	buf_add(held, bytes, len);
	if (buf_status(held) != 0)
		return buf_status(held);
	done = take_apart(e, is_stderr, held->data, held->len);
	memmove(held->data, held->data + done, held->len - done + 1);
	held->len -= done;
	return 0;
}

void remote_ear_end(struct remote_ear *e, bool is_stderr)
{
	struct buf *held = &e->streams[is_stderr].held;

	plain(e, is_stderr, held->data, held->len);
	buf_reset(held);
}
