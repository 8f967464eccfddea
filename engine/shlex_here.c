/*
 * Reads here-documents. The body is found line by line first, as shells do, and read then with the
 * end line as the text's end.
 *
 * A here-document with holes comes out so that no value can end it: the renderer gives it another
 * delimiter where a line of the body could be taken for the old one. <<- with holes becomes << with
 * the script's own tabs taken away, so that the tabs of values stay.
 */
#include "engine/shlex.h"

#include <stdlib.h>

#include "engine/arena.h"

#define WHY_NESTED                                                                                 \
	"in a here-document inside another here-document; pass it through `environment:` and "     \
	"write $NAME there"

bool sh_here_is_pending(const struct sh_lexer *lx, unsigned unit)
{
	for (unsigned i = 0; i < lx->n_pending; i++) {
		if (lx->pending[i].unit == unit)
			return true;
	}
	return false;
}

/* Reads the delimiter's word, taking its quotes off into `out`, which has room for it. */
static int delimiter_read(struct sh_lexer *lx, struct sh_pending *p, char *out)
{
	size_t n = 0;
	char quote = '\0';

	for (;; lx->pos++) {
		char c = lx->text[lx->pos];

		if (c == '\0' && lx->pos < lx->limit && lx->doubt == NULL)
			return sh_refuse(lx, lx->n_taken, "in a here-document's delimiter");
		/* N.B. the room is that of one line; a quote that goes on behind it is doubted
		 * below. */
		if (c == '\0' || c == '\n')
			break;
		if (quote != '\0') {
			if (c == quote) {
				quote = '\0';
				continue;
			}
			if (quote == '"' && strchr("\\$`", c) != NULL)
				sh_doubt(lx, "a here-document's delimiter that is not plain");
		} else if (strchr(" \t;&|<>()", c) != NULL) {
			break;
		} else if (c == '\'' || c == '"') {
			quote = c;
			p->is_quoted = true;
			continue;
		} else if (c == '\\' && lx->text[lx->pos + 1] != '\n' &&
			lx->text[lx->pos + 1] != '\0') {
			p->is_quoted = true;
			c = lx->text[++lx->pos];
		} else if (c == '`' || c == '$' || c == '\\') {
			sh_doubt(lx, "a here-document's delimiter that is not plain");
		}
		out[n++] = c;
	}
	if (quote != '\0' || lx->pos == p->word)
		sh_doubt(lx, "a here-document without a delimiter");
	p->word_len = lx->pos - p->word;
	p->delim = (struct sh_span){out, n};
	return 0;
}

int sh_here_operator(struct sh_lexer *lx)
{
	struct sh_frame *f = sh_top(lx);
	struct sh_pending *p;
	size_t room = 0;
	char *delim;

	if (lx->backquotes.n != 0) {
		sh_doubt(lx, "a here-document inside backquotes");
		return 0;
	}
	if (lx->n_pending == SH_HEREDOC_MAX) {
		sh_doubt(lx, "so many here-documents on one line");
		return 0;
	}
	f->is_redirect = false;
	if (f->place == P_COMMAND)
		f->place = P_PREFIX;
	p = &lx->pending[lx->n_pending];
	*p = (struct sh_pending){
		.opened = lx->pos - 2, .dash = SH_NONE, .unit = f->unit, .holes_before = 0};
	if (lx->text[lx->pos] == '-')
		p->dash = lx->pos++;
	while (lx->text[lx->pos] == ' ' || lx->text[lx->pos] == '\t')
		lx->pos++;
	p->word = lx->pos;
	while (lx->text[lx->pos + room] != '\0' && lx->text[lx->pos + room] != '\n')
		room++;
	delim = arena_alloc(lx->arena, room + 1);
	if (delim == NULL)
		return err_set(lx->e, ERR_NOMEM, "out of memory");
	lx->n_pending++;
	return delimiter_read(lx, p, delim);
}

static size_t line_end(const struct sh_lexer *lx, size_t pos)
{
	const char *nl = memchr(lx->text + pos, '\n', lx->limit - pos);

	return nl == NULL ? lx->limit : (size_t)(nl - lx->text);
}

/* Whether the newline at pos has an odd number of backslashes in front. */
static bool is_joined(const struct sh_lexer *lx, size_t start, size_t pos)
{
	size_t n = 0;

	while (pos - n > start && lx->text[pos - n - 1] == '\\')
		n++;
	return n % 2 == 1;
}

/* Finds the line that ends the body at p->body. False: there is none. */
static bool body_find(struct sh_lexer *lx, struct sh_pending *p)
{
	size_t pos = p->body;

	for (;;) {
		size_t end = line_end(lx, pos), start = pos;

		if (p->dash != SH_NONE) {
			while (lx->text[start] == '\t')
				start++;
		}
		if (end - start == p->delim.len &&
			memcmp(lx->text + start, p->delim.p, p->delim.len) == 0 &&
			memchr(lx->text + start, '\0', end - start) == NULL) {
			if (p->is_quoted || pos == p->body || !is_joined(lx, p->body, pos - 1)) {
				p->end = pos;
				p->after = end < lx->limit ? end + 1 : end;
				return true;
			}
			sh_doubt(lx, "a here-document's end line behind a backslash");
		}
		if (end == lx->limit)
			return false;
		pos = end + 1;
	}
}

/* Takes the tabs off the lines of the body, as <<- would have done, and makes it a <<. */
static int tabs_take(struct sh_lexer *lx, const struct sh_pending *p)
{
	size_t pos = p->body, tabs;
	int r = sh_op_add(
		lx, (struct sh_op){.pos = (uint32_t)p->dash, .del = 1, .kind = SH_OP_DELETE});

	while (r == 0 && pos <= p->end) {
		tabs = 0;
		while (lx->text[pos + tabs] == '\t')
			tabs++;
		if (tabs != 0 && !p->is_quoted && pos != p->body && is_joined(lx, p->body, pos - 1))
			return sh_refuse(lx, p->holes_before,
				"in a <<- here-document with a tab behind a backslash at a line's "
				"end; take that away");
		if (tabs != 0)
			r = sh_op_add(lx,
				(struct sh_op){.pos = (uint32_t)pos,
					.del = (uint32_t)tabs,
					.kind = SH_OP_DELETE});
		if (pos == p->end)
			break;
		pos = line_end(lx, pos) + 1;
	}
	return r;
}

/* Makes of a quoted body one that is not: a backslash before all that would mean something. */
static int body_convert(struct sh_lexer *lx, const struct sh_pending *p)
{
	int r = 0;

	for (size_t i = p->body; i < p->end && r == 0; i++) {
		char c = lx->text[i];

		if (c == '\\' || c == '$' || c == '`')
			r = sh_op_add(lx,
				(struct sh_op){.pos = (uint32_t)i,
					.kind = SH_OP_INSERT,
					.index = SH_INSERT_BACKSLASH});
	}
	return r;
}

static int heredoc_add(struct sh_lexer *lx, const struct sh_pending *p)
{
	size_t tabs = 0;
	int r;

	if (lx->n_heredocs == lx->heredocs_cap) {
		size_t cap = lx->heredocs_cap == 0 ? 4 : lx->heredocs_cap * 2;
		struct sh_heredoc *h = realloc(lx->heredocs, cap * sizeof(*h));

		if (h == NULL)
			return err_set(lx->e, ERR_NOMEM, "out of memory");
		lx->heredocs = h;
		lx->heredocs_cap = cap;
	}
	lx->heredocs[lx->n_heredocs] = (struct sh_heredoc){.body = p->body,
		.end = p->end,
		.delim = p->delim,
		.is_quoted = p->is_quoted && !p->is_converted,
		.is_converted = p->is_converted};
	if (p->is_converted) {
		r = body_convert(lx, p);
		if (r != 0)
			return r;
	}
	if (p->dash != SH_NONE) {
		r = tabs_take(lx, p);
		if (r != 0)
			return r;
		while (lx->text[p->end + tabs] == '\t')
			tabs++;
	}
	r = sh_op_add(lx,
		(struct sh_op){.pos = (uint32_t)p->word,
			.del = (uint32_t)p->word_len,
			.index = (uint32_t)lx->n_heredocs,
			.kind = SH_OP_DELIM});
	if (r == 0)
		r = sh_op_add(lx,
			(struct sh_op){.pos = (uint32_t)(p->end + tabs),
				.del = (uint32_t)p->delim.len,
				.index = (uint32_t)lx->n_heredocs,
				.kind = SH_OP_TERM});
	lx->n_heredocs++;
	return r;
}

/* The body has been read: goes on behind its end line. */
static int body_done(struct sh_lexer *lx, const struct sh_pending *p)
{
	lx->pos = p->after;
	return lx->n_taken == p->holes_before ? 0 : heredoc_add(lx, p);
}

/* A body whose delimiter is quoted: nothing in it means anything.
 *
 * N.B. inside a substitution bash loses bytes \001 of such a body, and ksh93 stumbles over quotes
 * in it; neither minds where the delimiter is not quoted. */
static int body_read_quoted(struct sh_lexer *lx, struct sh_pending *p)
{
	int r = 0;

	p->is_converted = sh_top(lx)->is_nested;
	while (r == 0 && lx->n_taken < lx->n_holes && lx->hole_pos[lx->n_taken] < p->end) {
		lx->pos = lx->hole_pos[lx->n_taken];
		if (sh_top(lx)->is_in_here && lx->doubt == NULL)
			return sh_refuse(lx, lx->n_taken, WHY_NESTED);
		r = sh_hole_take(lx, p->is_converted ? SH_ENC_HERE : SH_ENC_RAW);
	}
	return r == 0 ? body_done(lx, p) : r;
}

static int body_open(struct sh_lexer *lx, const struct sh_pending *p)
{
	bool is_nested = sh_top(lx)->is_in_here;
	struct sh_frame *f;
	int r;

	if (lx->n_active == SH_HEREDOC_MAX)
		return sh_refuse(lx, lx->n_taken < lx->n_holes ? lx->n_taken : lx->n_holes - 1,
			"in a script whose here-documents are nested that deeply");
	r = sh_push(lx, F_HERE, p->opened);
	if (r != 0)
		return r;
	f = sh_top(lx);
	f->unit = ++lx->units;
	f->saved_limit = lx->limit;
	f->saved_byte = lx->text[p->end];
	f->holes_before = p->holes_before;
	if (is_nested && f->why == NULL) {
		f->why = WHY_NESTED;
		f->why_is_deep = true;
	}
	lx->active[lx->n_active++] = *p;
	lx->limit = p->end;
	lx->text[p->end] = '\0';
	return 0;
}

/* The sentence for a here-document whose end line is missing, where a hole stands in it. */
static int unclosed(struct sh_lexer *lx, const struct sh_pending *p)
{
	if (lx->n_taken == lx->n_holes || lx->hole_pos[lx->n_taken] >= lx->limit) {
		lx->pos = lx->limit;
		return 0;
	}
	return sh_refuse_unclosed(lx, lx->n_taken, "here-document", p->opened);
}

/* Whether no hole and nothing that a shell would expand stands in the body. */
static bool body_is_plain(const struct sh_lexer *lx, const struct sh_pending *p)
{
	size_t len = p->end - p->body;

	return (lx->n_taken == lx->n_holes || lx->hole_pos[lx->n_taken] >= p->end) &&
		memchr(lx->text + p->body, '$', len) == NULL &&
		memchr(lx->text + p->body, '`', len) == NULL;
}

/* Takes the first here-document of this unit off the list. */
static bool pending_take(struct sh_lexer *lx, unsigned unit, struct sh_pending *out)
{
	for (unsigned i = 0; i < lx->n_pending; i++) {
		if (lx->pending[i].unit != unit)
			continue;
		*out = lx->pending[i];
		lx->n_pending--;
		memmove(&lx->pending[i], &lx->pending[i + 1],
			(lx->n_pending - i) * sizeof(lx->pending[0]));
		return true;
	}
	return false;
}

int sh_here_bodies(struct sh_lexer *lx)
{
	unsigned unit = sh_top(lx)->unit;
	struct sh_pending p;
	int r = 0;

	while (r == 0 && pending_take(lx, unit, &p)) {
		p.body = lx->pos;
		p.holes_before = lx->n_taken;
		if (!body_find(lx, &p))
			r = unclosed(lx, &p);
		else if (p.is_quoted)
			r = body_read_quoted(lx, &p);
		else if (body_is_plain(lx, &p))
			lx->pos = p.after;
		else
			return body_open(lx, &p);
	}
	if (lx->n_pending != 0)
		sh_doubt(lx, "a newline inside a substitution behind a <<");
	return r;
}

int sh_here_close(struct sh_lexer *lx)
{
	struct sh_frame *f = sh_top(lx);
	struct sh_pending p = lx->active[--lx->n_active];
	int r;

	lx->text[p.end] = f->saved_byte;
	lx->limit = f->saved_limit;
	if (p.dash != SH_NONE && f->has_newline && p.holes_before != lx->n_taken)
		return sh_refuse(lx, p.holes_before,
			"in a <<- here-document with a substitution of several lines in it; use "
			"<< instead");
	sh_pop(lx);
	r = body_done(lx, &p);
	return r == 0 ? sh_here_bodies(lx) : r;
}

int sh_step_here(struct sh_lexer *lx, bool *is_done)
{
	struct sh_frame *f = sh_top(lx);
	bool is_continuation;
	size_t next;
	int c, r = 0;

	if (f->child != SH_NONE && memchr(lx->text + f->child, '\n', lx->pos - f->child) != NULL)
		f->has_newline = true;
	while (r == 0 && sh_top(lx) == f) {
		const char *p = lx->text + lx->pos;

		while (*p != '\0' && *p != '\\' && *p != '$' && *p != '`')
			p++;
		lx->pos = f->child = (size_t)(p - lx->text);
		c = sh_peek(lx, &next);
		if (c == '\\')
			r = sh_backslash(lx, next, &is_continuation);
		else if (c == '$')
			r = sh_dollar(lx, next, true);
		else if (c == '`')
			r = sh_backquote_open(lx, next, true);
		else if (c == SH_HOLE)
			r = sh_hole_take(lx, SH_ENC_HERE);
		else
			return sh_end(lx, c, is_done);
	}
	return r;
}
