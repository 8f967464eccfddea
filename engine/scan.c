/*
 * Finding expressions. PCRE2 runs over the text from `$` to `$` and decides by what stands behind;
 * the end of an expression is found by hand, for a closer inside of a string does not count.
 *
 * N.B. in `$$$<` the first dollar is text: an escape is the two dollars right in front of a
 * bracket.
 */
#define PCRE2_CODE_UNIT_WIDTH 8
#include "engine/scan.h"

#include <pcre2.h>
#include <stdlib.h>
#include <string.h>

#include "engine/buf.h"
#include "engine/err.h"

#define NAME "[A-Za-z_][A-Za-z0-9_-]*+"
#define BLANK "[ \\t]*+"

/* One group for each kind, in the order of `kinds`. `${item[` counts only before what may be an
 * index of ours, since bash writes `${item[@]}`; a lookalike has no dash, which a shell's default,
 * `${v-x.y}`, has. */
static const char pattern[] = "\\$(?:(\\$[<{])"
			      "|(<)"
			      "|(\\{(?=" BLANK "(?:(?:params|var|conn|run|dag|task)\\.|" NAME
			      "\\.(?:" NAME "\\.)?output(?![A-Za-z0-9_-]))))"
			      "|(\\{(?=" BLANK "(?:item|index)(?:[.}|]|\\[[-0-9\"']|[ \\t]++[|}])))"
			      "|(\\{(?=" BLANK "[A-Za-z_][A-Za-z0-9_]*+\\.[A-Za-z_])))";

static const struct {
	enum scan_kind kind;
	bool wants_item;
} kinds[] = {
	{SCAN_NONE, false},
	{SCAN_ESCAPE, false},
	{SCAN_ANGLE, false},
	{SCAN_BRACE, false},
	{SCAN_BRACE, true},
	{SCAN_LOOKALIKE, false},
};

/* Making machine code of the pattern takes as long as this many searches without it: most files
 * hold less. */
#define JIT_AFTER 100

struct scan {
	pcre2_code *code; /* NULL: nothing was searched yet */
	pcre2_match_data *match;
	unsigned n_searches; /* up to JIT_AFTER */
	bool is_jit; /* it is machine code by now */
	struct buf scratch[SCAN_SCRATCH];
};

struct scan *scan_create(void)
{
	return calloc(1, sizeof(struct scan));
}

static int pattern_compile(struct scan *s)
{
	PCRE2_SIZE where;
	int number;

	s->code =
		pcre2_compile((PCRE2_SPTR)pattern, PCRE2_ZERO_TERMINATED, 0, &number, &where, NULL);
	if (s->code == NULL)
		return ERR_NOMEM;
	s->match = pcre2_match_data_create_from_pattern(s->code, NULL);
	if (s->match != NULL)
		return 0;
	pcre2_code_free(s->code);
	s->code = NULL;
	return ERR_NOMEM;
}

/* Readies the pattern for a search. */
static int search_begin(struct scan *s)
{
	if (s->code == NULL && pattern_compile(s) != 0)
		return ERR_NOMEM;
	/* Without a JIT on this processor, or where it may not make code, matching interprets. */
	if (s->n_searches < JIT_AFTER && ++s->n_searches == JIT_AFTER)
		s->is_jit = pcre2_jit_compile(s->code, PCRE2_JIT_COMPLETE) == 0;
	return 0;
}

void scan_destroy(struct scan *s)
{
	if (s == NULL)
		return;
	for (size_t i = 0; i < SCAN_SCRATCH; i++)
		buf_free(&s->scratch[i]);
	pcre2_match_data_free(s->match);
	pcre2_code_free(s->code);
	free(s);
}

struct buf *scan_scratch(struct scan *s)
{
	return s->scratch;
}

/* As pcre2_match(), but past its checks where there is machine code. */
static int search(const struct scan *s, const char *text, size_t len, size_t from)
{
	PCRE2_SPTR subject = (PCRE2_SPTR)text;

	return s->is_jit ? pcre2_jit_match(s->code, subject, len, from, 0, s->match, NULL)
			 : pcre2_match(s->code, subject, len, from, 0, s->match, NULL);
}

int scan_next(struct scan *s, const char *text, size_t len, size_t from, bool has_item,
	struct scan_hit *hit)
{
	const char *dollar;
	const PCRE2_SIZE *at;
	uint32_t group;
	int rc;

	do {
		/* Behind the last expression there is seldom another $, and a search costs more. */
		dollar = from < len ? memchr(text + from, '$', len - from) : NULL;
		if (dollar == NULL)
			rc = PCRE2_ERROR_NOMATCH;
		else if (search_begin(s) != 0)
			rc = PCRE2_ERROR_NOMEMORY;
		else
			rc = search(s, text, len, (size_t)(dollar - text));
		if (rc == PCRE2_ERROR_NOMATCH) {
			*hit = (struct scan_hit){SCAN_NONE, len};
			return 0;
		}
		if (rc < 0)
			return rc == PCRE2_ERROR_NOMEMORY ? ERR_NOMEM : ERR_BUG;
		at = pcre2_get_ovector_pointer(s->match);
		group = (uint32_t)rc - 1; /* the last group that took part is the only one */
		from = at[0] + 1;
	} while (kinds[group].wants_item && !has_item);
	*hit = (struct scan_hit){kinds[group].kind, at[0]};
	return 0;
}

int scan_first(struct scan *s, const char *text, size_t len, bool has_item, struct scan_hit *hit)
{
	size_t from = 0;
	int rc;

	do {
		rc = scan_next(s, text, len, from, has_item, hit);
		from = hit->at + 1;
	} while (rc == 0 && hit->kind == SCAN_LOOKALIKE);
	return rc;
}

/* The quote that ends the string which begins at text[at], or where the line ends first. */
static size_t string_end(const char *text, size_t len, size_t at)
{
	char quote = text[at++];

	while (at < len && text[at] != quote && text[at] != '\n')
		at += text[at] == '\\' && at + 1 < len && text[at + 1] != '\n' ? 2 : 1;
	return at;
}

bool scan_close(const char *text, size_t len, size_t from, char closer, size_t *end)
{
	size_t at = from;

	while (at < len && text[at] != '\n') {
		size_t begin = at;

		if (text[at] == closer) {
			*end = at;
			return true;
		}
		if (text[at] == '"' || text[at] == '\'') {
			at = string_end(text, len, at);
			if (at >= len || text[at] == '\n') {
				*end = begin;
				return false;
			}
		}
		at++;
	}
	*end = at;
	return false;
}
