/*
 * Plans: the script's text and what to do at which place in it. Made once by the lexer, rendered
 * often.
 *
 * Invariants: operations are sorted by place and do not overlap; text[len] is NUL. A plan is never
 * changed after it was made, so several runs may render it at once.
 */
#include "engine/shquote.h"

#include <stdlib.h>

#include "engine/arena.h"
#include "engine/buf.h"
#include "engine/shlex.h"

#define NEW_DELIMITER "WINDROW_EOF"
#define FEW_HOLES 16 /* of a script, which need no memory of their own while it is lexed */

struct sh_plan {
	const char *text;
	size_t len;
	struct sh_op *ops;
	size_t n_ops;
	struct sh_heredoc *heredocs;
	size_t n_heredocs;
	size_t n_holes;
	enum sh_dialect dialect;
};

/* The script's text with a placeholder for each hole, and where the quoted holes stand. */
struct joined {
	char *text;
	size_t len;
	size_t *piece, *index, *pos;
	size_t n_quoted, n_holes;
	bool has_nul;
};

static int pieces_measure(const struct sh_piece *pieces, size_t n, struct joined *j, struct err *e)
{
	memset(j, 0, sizeof(*j));
	for (size_t i = 0; i < n; i++) {
		size_t len = pieces[i].is_hole ? 1 : pieces[i].len;

		if (len > SH_SCRIPT_MAX - j->len)
			return err_set(
				e, ERR_LIMIT, "a script may hold %zu bytes at most", SH_SCRIPT_MAX);
		j->len += len;
		j->n_holes += pieces[i].is_hole;
		j->n_quoted += pieces[i].is_hole && !pieces[i].is_raw;
	}
	return 0;
}

static int raw_add(struct sh_lexer *lx, size_t pos, size_t index)
{
	return sh_op_add(lx,
		(struct sh_op){.pos = pos,
			.del = 1,
			.index = index,
			.kind = SH_OP_HOLE,
			.enc = SH_ENC_RAW});
}

/* N.B. a raw hole's placeholder is a letter, for that is how it is lexed. */
static int pieces_join(
	const struct sh_piece *pieces, size_t n, struct joined *j, struct sh_lexer *lx)
{
	size_t pos = 0, quoted = 0, hole = 0;
	int r;

	for (size_t i = 0; i < n; i++) {
		if (!pieces[i].is_hole) {
			if (pieces[i].len != 0)
				memcpy(j->text + pos, pieces[i].text, pieces[i].len);
			j->has_nul |= memchr(j->text + pos, '\0', pieces[i].len) != NULL;
			pos += pieces[i].len;
			continue;
		}
		if (pieces[i].is_raw) {
			r = raw_add(lx, pos, hole);
			if (r != 0)
				return r;
			j->text[pos++] = 'x';
		} else {
			j->piece[quoted] = i;
			j->index[quoted] = hole;
			j->pos[quoted++] = pos;
			j->text[pos++] = '\0';
		}
		hole++;
	}
	j->text[pos] = '\0';
	return 0;
}

/* By place; at one place what is inserted comes before what stands there. */
static int op_compare(const void *a, const void *b)
{
	const struct sh_op *x = a, *y = b;

	if (x->pos != y->pos)
		return x->pos < y->pos ? -1 : 1;
	return (x->kind != SH_OP_INSERT) - (y->kind != SH_OP_INSERT);
}

static bool ops_are_sorted(const struct sh_op *ops, size_t n)
{
	for (size_t i = 1; i < n; i++) {
		if (op_compare(&ops[i - 1], &ops[i]) > 0)
			return false;
	}
	return true;
}

/* The first operation at or behind pos. */
static size_t op_find(const struct sh_plan *p, size_t pos)
{
	size_t low = 0, high = p->n_ops;

	while (low < high) {
		size_t mid = low + (high - low) / 2;

		if (p->ops[mid].pos < pos)
			low = mid + 1;
		else
			high = mid;
	}
	return low;
}

/* Moves what the lexer found into the arena. */
static int plan_fill(struct arena *a, struct sh_plan *p, struct sh_lexer *lx)
{
	if (!ops_are_sorted(lx->ops, lx->n_ops))
		qsort(lx->ops, lx->n_ops, sizeof(*lx->ops), op_compare);
	if (lx->n_ops != 0) {
		p->ops = arena_array(a, lx->n_ops, sizeof(*p->ops));
		if (p->ops == NULL)
			return err_set(lx->e, ERR_NOMEM, "out of memory");
		memcpy(p->ops, lx->ops, lx->n_ops * sizeof(*p->ops));
	}
	if (lx->n_heredocs != 0) {
		p->heredocs = arena_array(a, lx->n_heredocs, sizeof(*p->heredocs));
		if (p->heredocs == NULL)
			return err_set(lx->e, ERR_NOMEM, "out of memory");
		memcpy(p->heredocs, lx->heredocs, lx->n_heredocs * sizeof(*p->heredocs));
	}
	p->n_ops = lx->n_ops;
	p->n_heredocs = lx->n_heredocs;
	for (size_t i = 0; i < p->n_heredocs; i++) {
		struct sh_heredoc *h = &p->heredocs[i];

		h->first_op = op_find(p, h->body);
		h->n_ops = op_find(p, h->end) - h->first_op;
	}
	return 0;
}

static int plan_lex(struct sh_lexer *lx, const struct joined *j, enum sh_dialect d)
{
	lx->text = j->text;
	lx->len = lx->limit = j->len;
	lx->dialect = d;
	lx->hole_piece = j->piece;
	lx->hole_index = j->index;
	lx->hole_pos = j->pos;
	lx->n_holes = j->n_quoted;
	if (j->n_quoted == 0)
		return 0;
	if (j->has_nul)
		return sh_refuse(lx, 0, "in a script with a NUL byte in it; take that away");
	return sh_lex(lx);
}

int sh_plan_create(struct arena *a, const struct sh_piece *pieces, size_t n, enum sh_dialect d,
	struct sh_plan **out, size_t *bad, struct err *e)
{
	struct sh_lexer lexer, *lx = &lexer;
	struct sh_plan *p;
	struct joined j;
	size_t few[3 * FEW_HOLES], *numbers = few;
	int r = pieces_measure(pieces, n, &j, e);

	*bad = n;
	if (r != 0)
		return r;
	p = arena_alloc(a, sizeof(*p));
	j.text = arena_alloc(a, j.len + 1);
	if (j.n_quoted > FEW_HOLES)
		numbers = malloc(j.n_quoted * 3 * sizeof(*numbers));
	memset(lx, 0, offsetof(struct sh_lexer, frames));
	if (p == NULL || numbers == NULL || j.text == NULL) {
		r = err_set(e, ERR_NOMEM, "out of memory");
		goto out;
	}
	j.piece = numbers;
	j.index = numbers + j.n_quoted;
	j.pos = numbers + 2 * j.n_quoted;
	lx->e = e;
	lx->arena = a;
	lx->bad = n;
	r = pieces_join(pieces, n, &j, lx);
	if (r == 0)
		r = plan_lex(lx, &j, d);
	if (r == 0)
		r = plan_fill(a, p, lx);
	if (r != 0) {
		*bad = lx->bad;
		goto out;
	}
	p->text = j.text;
	p->len = j.len;
	p->n_holes = j.n_holes;
	p->dialect = d;
	*out = p;
out:
	free(lx->ops);
	free(lx->heredocs);
	if (numbers != few)
		free(numbers);
	return r;
}

/* The delimiter that a here-document gets in place of its own: a letter, NEW_DELIMITER, and some
 * underscores. */
struct new_delimiter {
	char letter; /* NUL: it keeps its own */
	size_t n_underscores;
};

struct rendering {
	const struct sh_plan *plan;
	const struct sh_value *values;
	struct new_delimiter *delimiters; /* one for each here-document */
	struct buf scratch[2];
};

static void delimiter_add(const struct rendering *r, const struct sh_op *op, struct buf *out)
{
	const struct sh_heredoc *h = &r->plan->heredocs[op->index];
	const struct new_delimiter *d = &r->delimiters[op->index];
	bool has_quotes = h->is_quoted && op->kind == SH_OP_DELIM;

	if (d->letter == '\0') {
		buf_add(out, r->plan->text + op->pos, op->del);
		return;
	}
	if (has_quotes)
		buf_addc(out, '\'');
	buf_addc(out, d->letter);
	buf_adds(out, NEW_DELIMITER);
	for (size_t i = 0; i < d->n_underscores; i++)
		buf_addc(out, '_');
	if (has_quotes)
		buf_addc(out, '\'');
}

/* Adds the text from start to end, with the operations first to first + n - 1 in it. */
static void range_render(
	struct rendering *r, size_t start, size_t end, size_t first, size_t n, struct buf *out)
{
	const struct sh_plan *p = r->plan;

	for (size_t i = first; i < first + n; i++) {
		const struct sh_op *op = &p->ops[i];
		const struct sh_value *v;

		buf_add(out, p->text + start, op->pos - start);
		start = op->pos + op->del;
		switch (op->kind) {
		case SH_OP_INSERT:
			buf_adds(out, op->text);
			break;
		case SH_OP_HOLE:
			v = &r->values[op->index];
			sh_encode(out, op->enc, op->backquotes, v->bytes, v->len, r->scratch);
			break;
		case SH_OP_DELIM:
		case SH_OP_TERM:
			delimiter_add(r, op, out);
			break;
		default:
			break;
		}
	}
	buf_add(out, p->text + start, end - start);
}

/* What the lines of a body rule out. */
struct lines {
	bool has_delimiter; /* a line could be taken for the here-document's own delimiter */
	bool is_first[256]; /* a line begins with this byte and one that makes a shell stumble */
	size_t n_underscores; /* that a new delimiter must have to be unlike all there is */
};

/* N.B. behind a beginning of the delimiter, dash (up to 0.5.12 at least) loses a byte that is not
 * ASCII, and ksh93 joins lines at a doubled backslash. */
static bool makes_stumble(char c)
{
	return (unsigned char)c >= 0x80 || c == '\\';
}

/* The delimiter as a line's beginning is enough to be taken for it: old bash ends a here-document
 * inside $( ) at `EOF)`. */
static void line_look(
	const char *p, size_t len, const struct sh_heredoc *h, bool can_stumble, struct lines *out)
{
	size_t n = 0;

	while (n < len && n < h->delim.len && p[n] == h->delim.p[n])
		n++;
	if (n == h->delim.len && (n != 0 || len == 0))
		out->has_delimiter = true;
	if (!can_stumble || len < 2)
		return;
	if (n != 0 && n < len && makes_stumble(p[n]))
		out->has_delimiter = true;
	if (makes_stumble(p[1]) || p[1] == NEW_DELIMITER[0])
		out->is_first[(unsigned char)p[0]] = true;
}

static void lines_look(const char *body, size_t len, const struct sh_heredoc *h, bool can_stumble,
	struct lines *out)
{
	const char *p = body, *end = body + len, *nl;
	size_t n;

	for (; p != NULL && p < end; p = nl == NULL ? NULL : nl + 1) {
		nl = memchr(p, '\n', (size_t)(end - p));
		line_look(p, (size_t)((nl == NULL ? end : nl) - p), h, can_stumble, out);
	}
	for (p = body;
		(p = memmem(p, (size_t)(end - p), NEW_DELIMITER, strlen(NEW_DELIMITER))) != NULL;) {
		p += strlen(NEW_DELIMITER);
		for (n = 1; p < end && *p == '_'; p++)
			n++;
		if (n > out->n_underscores)
			out->n_underscores = n;
	}
}

/* Takes out each backslash at a line's end with its newline, as shells do in some bodies before
 * they look for the end line. */
static void lines_join(const char *body, size_t len, struct buf *out)
{
	size_t start = 0;

	for (size_t i = 0; i + 1 < len; i++) {
		if (body[i] != '\\')
			continue;
		if (body[i + 1] == '\n') {
			buf_add(out, body + start, i - start);
			start = i + 2;
		}
		i++;
	}
	buf_add(out, body + start, len - start);
}

/* Finds a delimiter that no line of the body, with its values, can be taken for. */
static int delimiter_choose(struct rendering *r, size_t index, struct err *e)
{
	static const char letters[] = "XABCDEFGHIJKLMNOPQRSTUVWYZabcdefghijklmnopqrstuvwxyz_";
	const struct sh_heredoc *h = &r->plan->heredocs[index];
	bool can_stumble = r->plan->dialect == SH_POSIX || r->plan->dialect == SH_KSH;
	struct lines lines = {0};
	struct buf body, joined;
	int status;

	buf_init(&body, 0);
	buf_init(&joined, 0);
	range_render(r, h->body, h->end, h->first_op, h->n_ops, &body);
	lines_join(buf_str(&body), body.len, &joined);
	lines_look(buf_str(&joined), joined.len, h, can_stumble, &lines);
	lines_look(buf_str(&body), body.len, h, can_stumble, &lines);
	status = buf_status(&body) != 0 ? buf_status(&body) : buf_status(&joined);
	if (status != 0)
		err_set(e, status, "a here-document cannot be rendered: %s", err_text(status));
	if (status == 0 && (lines.has_delimiter || h->is_converted)) {
		const char *letter = letters;

		while (lines.is_first[(unsigned char)*letter])
			letter++;
		if (*letter == '\0')
			status = err_set(e, ERR_INVALID,
				"a here-document with these values has lines that begin with every "
				"letter, so no delimiter is left for it; pass them through "
				"`environment:`");
		r->delimiters[index] = (struct new_delimiter){*letter, lines.n_underscores};
	}
	buf_free(&body);
	buf_free(&joined);
	return status;
}

static int values_check(
	const struct sh_plan *p, const struct sh_value *values, size_t n, struct err *e)
{
	if (n != p->n_holes)
		return err_set(e, ERR_INVALID,
			"the script has %zu expressions, and %zu values came", p->n_holes, n);
	for (size_t i = 0; i < n; i++) {
		if (values[i].len != 0 && memchr(values[i].bytes, '\0', values[i].len) != NULL)
			return err_set(e, ERR_INVALID,
				"the value of expression %zu in the script holds a NUL byte, which "
				"no shell can keep in a word; encode it with `| b64encode`",
				i + 1);
	}
	return 0;
}

int sh_plan_render(const struct sh_plan *p, const struct sh_value *values, size_t n_values,
	struct buf *out, struct err *e)
{
	struct rendering r = {.plan = p, .values = values};
	int status = values_check(p, values, n_values, e);

	if (status != 0)
		return status;
	buf_init(&r.scratch[0], 0);
	buf_init(&r.scratch[1], 0);
	if (p->n_heredocs != 0) {
		r.delimiters = calloc(p->n_heredocs, sizeof(*r.delimiters));
		if (r.delimiters == NULL)
			return err_set(e, ERR_NOMEM, "out of memory");
	}
	for (size_t i = 0; i < p->n_heredocs && status == 0; i++)
		status = delimiter_choose(&r, i, e);
	if (status == 0) {
		range_render(&r, 0, p->len, 0, p->n_ops, out);
		status = buf_status(out);
		if (status != 0)
			err_set(e, status, "the script cannot be rendered: %s", err_text(status));
	}
	free(r.delimiters);
	buf_free(&r.scratch[0]);
	buf_free(&r.scratch[1]);
	return status;
}
