/*
 * Makes plans: joins the pieces of a script, has them lexed, and puts what the lexer found in
 * order.
 *
 * A plan is never changed after it was made, so several runs may render it at once.
 */
#include "engine/shquote.h"

#include <stdlib.h>

#include "engine/arena.h"
#include "engine/shplan.h"

#define FEW_HOLES 16 /* of a script, which need no memory of their own while it is lexed */

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
		(struct sh_op){.pos = (uint32_t)pos,
			.del = 1,
			.index = (uint32_t)index,
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
