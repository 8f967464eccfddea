/*
 * The lexer of the shell quoter, private to engine/shquote.c and the engine/shlex_*.c files.
 *
 * The script stands in one mutable run of bytes. A quoted hole is one NUL byte in it, a raw hole
 * one letter; a NUL stands at `limit` too, so that loops over literal text need no other bound.
 * What the lexer finds is a list of operations on that text, which the renderer performs.
 */
#ifndef ENGINE_SHLEX_H
#define ENGINE_SHLEX_H

#include <assert.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "engine/buf.h"
#include "engine/err.h"
#include "engine/shquote.h"

#define SH_NONE ((size_t)-1) /* no position, no hole */

struct sh_span {
	const char *p;
	size_t len;
};

/* The span of a literal, for tables: its length is known when they are compiled. */
#define SH_SPAN(literal)                                                                           \
	{                                                                                          \
		literal, sizeof(literal) - 1                                                       \
	}

static inline bool sh_span_equal(struct sh_span a, struct sh_span b)
{
	return a.len == b.len && (a.len == 0 || (a.p[0] == b.p[0] && memcmp(a.p, b.p, a.len) == 0));
}

static inline bool sh_span_is(struct sh_span s, const char *word)
{
	return sh_span_equal(s, (struct sh_span){word, strlen(word)});
}

/* How a value is written in its place. */
enum sh_enc {
	SH_ENC_RAW, /* as it is */
	SH_ENC_BARE, /* a word of its own: '...' */
	SH_ENC_BARE_APART, /* the same with "" on both sides, for zsh with RC_QUOTES */
	SH_ENC_BARE_DOUBLE, /* a word of its own: "..." */
	SH_ENC_SINGLE, /* inside '...' */
	SH_ENC_SINGLE_HERE, /* inside '...' inside a here-document: no backslash may end a line */
	SH_ENC_DOUBLE, /* inside "..." */
	SH_ENC_DEFAULT, /* inside "${x:-...}" */
	SH_ENC_DEFAULT_ECHO, /* the same where ksh93 may read it */
	SH_ENC_PATTERN, /* inside "${x#...}" */
	SH_ENC_DOLLAR, /* inside $'...' */
	SH_ENC_HERE, /* inside a here-document whose delimiter is not quoted */
	SH_ENC_COMMENT, /* in a comment: newlines become blanks */
	SH_ENC_COMMENT_SAFE, /* in a comment in a substitution: only letters and digits stay */
	SH_ENC_BARE_ESCAPED, /* as BARE, SINGLE and DOUBLE, but so that bash's brace */
	SH_ENC_SINGLE_ESCAPED, /* expansion sees no brace whatever quotes it thinks to be in */
	SH_ENC_DOUBLE_ESCAPED,
	SH_ENC_COUNT
};

/* The levels of backquotes around a place: their number, and bit n set where level n + 1 stands in
 * double quotes. */
struct sh_backquotes {
	uint8_t n, doubles;
};

/* Adds bytes to out, written for a place inside these backquotes. scratch is two buffers to work
 * in. */
void sh_encode(struct buf *out, enum sh_enc enc, struct sh_backquotes b, const char *bytes,
	size_t len, struct buf scratch[2]);

enum sh_op_kind {
	SH_OP_INSERT, /* add text number `index` of enum sh_insert */
	SH_OP_DELETE, /* leave out `del` bytes */
	SH_OP_HOLE, /* hole number `index` */
	SH_OP_DELIM, /* the delimiter of here-document number `index`, at the operator */
	SH_OP_TERM /* the same at the end of the body */
};

enum sh_insert { SH_INSERT_BRACE, SH_INSERT_BRACE_END, SH_INSERT_BACKSLASH, SH_INSERT_PWD };

/* N.B. a large DAG has millions of them: they are kept small. SH_SCRIPT_MAX fits into 32 bits. */
struct sh_op {
	uint32_t pos; /* where in the text */
	uint32_t del; /* bytes of text that it stands for */
	uint32_t index;
	uint8_t kind;
	uint8_t enc;
	struct sh_backquotes backquotes;
};
static_assert(SH_SCRIPT_MAX <= UINT32_MAX, "places in a script fit into an operation");

/* A here-document with holes in its body. */
struct sh_heredoc {
	size_t body, end; /* the body's place in the text */
	size_t first_op, n_ops; /* the operations inside */
	struct sh_span delim; /* the delimiter without its quotes */
	bool is_quoted;
	bool is_converted; /* it was quoted, and is not now: a new delimiter is due */
};

enum sh_frame_kind {
	F_TOP, /* the script */
	F_SUBST, /* $( ), <( ), >( ) */
	F_BACKQUOTE,
	F_PAREN, /* ( ) around commands, or around conditions in [[ ]] */
	F_CASE,
	F_LIST, /* name=( ), and the ( ) of extended patterns */
	F_DOUBLE,
	F_SINGLE,
	F_DOLLAR, /* $'...' */
	F_BRACE, /* ${ } */
	F_ARITH, /* $(( )) and (( )) */
	F_BRACKET, /* $[ ] and array subscripts */
	F_HERE, /* the body of a here-document whose delimiter is not quoted */
	F_COUNT
};

/* Where in a command a command frame stands: what the next word means. */
enum sh_place {
	P_COMMAND, /* a reserved word, an assignment or the command's name */
	P_PREFIX, /* behind an assignment or redirection: no reserved word */
	P_ARGS,
	P_AFTER, /* behind ]] or )), where no word can follow */
	P_FOR_NAME,
	P_FOR_IN,
	P_FUNCTION, /* behind `function` */
	P_CASE_WORD,
	P_CASE_IN,
	P_PATTERN, /* the patterns of a case */
	P_CONDITION, /* inside [[ ]] */
	P_LIST /* inside F_LIST: words that mean nothing special */
};

/* Commands whose arguments are not only read as they are. */
enum sh_command { CMD_OTHER, CMD_LET, CMD_DECLARE, CMD_TEST, CMD_UNSET, CMD_READ };

/* What stands behind the name in ${name...}. */
enum sh_brace { BR_HEAD, BR_WORD, BR_PATTERN, BR_OTHER };

struct sh_frame {
	uint8_t kind, place, command, brace;
	bool is_quoted; /* F_BRACE: inside double quotes or a here-document */
	bool is_odd; /* a place where shells disagree about quotes */
	bool is_in_here; /* somewhere inside a here-document's body */
	bool is_nested; /* somewhere inside a substitution */
	bool is_in_list; /* somewhere inside an array's ( ) */
	bool is_in_case; /* somewhere inside a case */
	bool is_case_around; /* a case stands around the substitution that this is in */
	bool is_arith_command; /* F_ARITH: (( )), not $(( )) */
	bool in_word, word_is_plain, word_is_split, is_redirect;
	bool pattern_is_open, pattern_has_word;
	bool next_is_computed; /* the next word is arithmetic or a variable's name */
	bool is_regex, is_timed;
	bool is_group; /* F_PAREN: inside [[ ]] */
	bool has_newline; /* F_HERE: a newline stands inside a substitution */
	const char *why; /* a hole may not stand here, because it would stand ... */
	bool why_is_deep; /* nor in anything inside */
	unsigned parens; /* F_ARITH, F_BRACKET: open ones */
	unsigned unit; /* here-documents begin behind a newline of their own unit */
	unsigned n_words;
	size_t opened, holes_before; /* where it began, and how many holes came before it */
	size_t word_start, word_hole, prev_hole, first_hole;
	size_t prev_start, prev_len; /* the word before, where it was plain */
	/* F_HERE */
	size_t child; /* where the thing inside began that was read last */
	size_t saved_limit;
	char saved_byte;
};

/* A here-document whose body has not come yet. */
struct sh_pending {
	size_t opened; /* of the << */
	size_t word, word_len; /* the delimiter as written */
	size_t dash; /* of the - in <<-, or SH_NONE */
	struct sh_span delim;
	bool is_quoted, is_converted;
	unsigned unit;
	size_t body, end, after; /* the body, the end line, what comes behind it */
	size_t holes_before;
};

struct sh_lexer {
	char *text;
	size_t len, limit, pos;
	enum sh_dialect dialect;
	struct arena *arena;
	const size_t *hole_piece; /* quoted holes only: their pieces ... */
	const size_t *hole_index; /* ... their numbers among all holes ... */
	const size_t *hole_pos; /* ... and places */
	size_t n_holes, n_taken;
	struct sh_backquotes backquotes; /* around pos */
	unsigned depth, units;
	unsigned n_pending, n_active;
	struct sh_op *ops;
	size_t n_ops, ops_cap;
	struct sh_heredoc *heredocs;
	size_t n_heredocs, heredocs_cap;
	const char *doubt; /* a thing that shells read in several ways; NULL: none yet */
	size_t doubt_pos;
	size_t bad; /* the piece that was refused */
	struct err *e;

	/* N.B. large, and not zeroed when a lexer is made: an element is written before it counts.
	 */
	struct sh_frame frames[SH_DEPTH_MAX];
	struct sh_pending pending[SH_HEREDOC_MAX];
	struct sh_pending active[SH_HEREDOC_MAX]; /* of the F_HERE frames */
};

/* What sh_peek returns besides bytes. */
enum { SH_HOLE = 256, SH_END, SH_CLOSE /* the backquote that ends this level */ };

/* Lexes all of it. 0, or a negative code with lx->e and lx->bad set. */
int sh_lex(struct sh_lexer *lx);

/* shlex.c: what the parts of the lexer share. */
int sh_peek_slow(const struct sh_lexer *lx, size_t pos, unsigned level, size_t *next);
static inline int sh_peek_at(const struct sh_lexer *lx, size_t pos, size_t *next)
{
	unsigned char c = (unsigned char)lx->text[pos];

	if (lx->backquotes.n != 0 || c == '\0')
		return sh_peek_slow(lx, pos, lx->backquotes.n, next);
	*next = pos + 1;
	return c;
}
static inline int sh_peek(const struct sh_lexer *lx, size_t *next)
{
	return sh_peek_at(lx, lx->pos, next);
}
static inline struct sh_frame *sh_top(struct sh_lexer *lx)
{
	return &lx->frames[lx->depth - 1];
}
int sh_push(struct sh_lexer *lx, enum sh_frame_kind kind, size_t opened);
void sh_pop(struct sh_lexer *lx);
void sh_doubt(struct sh_lexer *lx, const char *what);
int sh_refuse(struct sh_lexer *lx, size_t hole, const char *place);
int sh_refuse_unclosed(struct sh_lexer *lx, size_t hole, const char *what, size_t opened);
int sh_hole_take(struct sh_lexer *lx, enum sh_enc enc);
int sh_op_add(struct sh_lexer *lx, struct sh_op op);
/* Deals with SH_END and SH_CLOSE. *is_done: all of the script has been read. */
int sh_end(struct sh_lexer *lx, int c, bool *is_done);
int sh_backslash(struct sh_lexer *lx, size_t next, bool *is_continuation);

/* Each reads on in the top frame, until another frame is on top or the text ends. */
int sh_step_command(struct sh_lexer *lx, bool *is_done);
int sh_step_double(struct sh_lexer *lx, bool *is_done);
int sh_step_single(struct sh_lexer *lx, bool *is_done);
int sh_step_dollar(struct sh_lexer *lx, bool *is_done);
int sh_step_brace(struct sh_lexer *lx, bool *is_done);
int sh_step_arith(struct sh_lexer *lx, bool *is_done);
int sh_step_bracket(struct sh_lexer *lx, bool *is_done);
int sh_step_here(struct sh_lexer *lx, bool *is_done);

/* A quote or an expansion begins or goes on in the word at hand. */
void sh_word_add_special(struct sh_lexer *lx, struct sh_frame *f);

/* Reads a $ and what belongs to it; pos is at the $, next behind it. */
int sh_dollar(struct sh_lexer *lx, size_t next, bool is_quoted);
/* Opens a backquote frame; next is behind the backquote. */
int sh_backquote_open(struct sh_lexer *lx, size_t next, bool is_double);
/* Doubts what follows where bash would not see the quotes from start to pos as pairs. */
void sh_quotes_check(struct sh_lexer *lx, size_t start);

/* shlex_paren.c: a ( or ) where commands stand; next is behind it. ERR_INVALID: an expression
 * stands where none can; ERR_LIMIT, ERR_NOMEM. */
int sh_paren_open(struct sh_lexer *lx, struct sh_frame *f, size_t next);
int sh_paren_close(struct sh_lexer *lx, struct sh_frame *f, size_t next);

/* shlex_word.c: what a word means for the command around it. */
int sh_word_end(struct sh_lexer *lx);
/* Takes the hole at pos, which stands in a word outside of all quotes. */
int sh_word_hole(struct sh_lexer *lx);
/* Whether the next hole may stand in f's word, in quotes or not; notes that it does. */
int sh_word_check(struct sh_lexer *lx, struct sh_frame *f);
bool sh_name_is(const char *p, size_t len);

/* shlex_here.c */
int sh_here_operator(struct sh_lexer *lx); /* pos is behind the << */
int sh_here_bodies(struct sh_lexer *lx); /* pos is behind a newline */
int sh_here_close(struct sh_lexer *lx); /* the top frame is F_HERE, at its end */
bool sh_here_is_pending(const struct sh_lexer *lx, unsigned unit);

#endif
