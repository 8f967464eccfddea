/*
 * The shell quoter: puts values into shell scripts so that a value can never become code.
 *
 * sh_plan_create() lexes a script once and finds out what surrounds every hole; sh_plan_render()
 * then fills the holes, each value encoded for its place, so that the shell which reads the result
 * finds there exactly the value's bytes. docs/quoting.md tells users what is quoted how.
 */
#ifndef ENGINE_SHQUOTE_H
#define ENGINE_SHQUOTE_H

#include <stdbool.h>
#include <stddef.h>

struct arena;
struct buf;
struct err;

#define SH_DEPTH_MAX 200 /* quotes, substitutions and compound commands inside each other */
#define SH_BACKQUOTE_MAX 3 /* backquotes inside backquotes: each level doubles a backslash */
#define SH_HEREDOC_MAX 16 /* here-documents waiting for their bodies at one line's end */
#define SH_SCRIPT_MAX ((size_t)1 << 30) /* bytes of one script with its holes */

enum sh_dialect {
	SH_POSIX, /* sh, dash, busybox sh, and bash or mksh called sh: what holds in all of them */
	SH_BASH,
	SH_KSH, /* ksh88, ksh93, mksh, pdksh */
	SH_ZSH
};

/* Which dialect the interpreter (NULL or empty: the script's shebang line; without one, /bin/sh)
 * names. Understands paths, options, `env`, `env -S` and `busybox sh`. False, and out untouched,
 * where it is no shell that we know. */
bool sh_dialect_find(const char *script, size_t len, const char *interpreter, enum sh_dialect *out);

/* 'c' or 's' where what is named so is a shell with this option, by which it would take its script
 * from elsewhere than the file that follows; NUL where it is not. */
char sh_option_elsewhere(const char *script, size_t len, const char *interpreter);

/* 'i' or 'H' where what is named so may be bash with this option, by which it puts lines of its
 * history where a ! stands, in a value too; NUL where it is not. */
char sh_option_history(const char *script, size_t len, const char *interpreter);

/* A part of a script: literal text, or a hole where a value will stand. A raw hole takes its value
 * as it is, and counts as letters of a word. */
struct sh_piece {
	const char *text; /* literals only */
	size_t len;
	bool is_hole;
	bool is_raw;
};

struct sh_plan;

/* Lexes the script that the n pieces make (they may go away afterwards) into a plan that lives in
 * the arena. ERR_INVALID: a hole stands where exact bytes cannot be had; e says why and what would
 * be right, and *bad is that piece's index. ERR_LIMIT, ERR_NOMEM: *bad is n. A script without
 * holes, or with raw ones only, is never refused. */
int sh_plan_create(struct arena *a, const struct sh_piece *pieces, size_t n, enum sh_dialect d,
	struct sh_plan **out, size_t *bad, struct err *e);

/* A hole's value. May hold any byte but NUL. */
struct sh_value {
	const char *bytes;
	size_t len;
};

/* Adds the script to out, values[i] in the i-th hole (raw ones counted). Time and output are linear
 * in script and values. ERR_INVALID: n_values is not the number of holes, a value holds a NUL byte
 * (*bad is its index; else n_values), or a here-document cannot be had with these values.
 * ERR_NOMEM, ERR_LIMIT: from out. On failure out may hold a part; the caller drops it. */
int sh_plan_render(const struct sh_plan *p, const struct sh_value *values, size_t n_values,
	struct buf *out, size_t *bad, struct err *e);

/* Adds one word that every shell reads back as exactly these bytes (no NUL among them). */
void sh_quote_word(struct buf *out, const char *bytes, size_t len);

#endif
