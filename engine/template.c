/*
 * Compiling templates: text is cut once into literal pieces and expressions. All problems of a text
 * are reported, so that a person mends them in one go.
 */
#include "engine/template.h"

#include <stdlib.h>
#include <string.h>

#include "engine/arena.h"
#include "engine/buf.h"
#include "engine/err.h"
#include "engine/scan.h"
#include "engine/template_impl.h"

#define FEW_PIECES 16 /* of a script, which need no memory of their own */
#define PLACES_TOLD_MAX 20 /* of one script, where an expression cannot stand */
#define UNCLOSED_TOLD_MAX 20 /* of one text; of what is not closed then, one for each line */

/* What a compilation has at hand. The rows grow by buf, as arrays of their struct. */
struct compiler {
	struct arena *a;
	struct scan *scan;
	const struct expr_scope *scope;
	const struct template_report *report;
	enum template_mode mode;
	const char *text; /* in the arena */
	size_t len;
	struct buf *pieces; /* of struct piece */
	struct buf *exprs; /* of struct expr */
	struct buf *places; /* of size_t: where each expression begins */
	size_t n_unclosed;
	int rc; /* 0, or ERR_INVALID once a problem was reported */
};

static void problem(struct compiler *c, size_t at, const char *sentence)
{
	c->rc = ERR_INVALID;
	c->report->on_problem(c->report->ctx, false, at, sentence);
}

static void warning(struct compiler *c, size_t at, const char *sentence)
{
	c->report->on_problem(c->report->ctx, true, at, sentence);
}

static void literal_add(struct compiler *c, size_t from, size_t to)
{
	struct piece p = {c->text + from, to - from};

	if (from < to)
		buf_add(c->pieces, &p, sizeof(p));
}

static void unclosed_tell(struct compiler *c, const struct scan_hit *hit, size_t end)
{
	bool is_string = end < c->len && (c->text[end] == '"' || c->text[end] == '\'');
	char closer = hit->kind == SCAN_ANGLE ? '>' : '}';
	struct err e;

	if (is_string)
		err_set(&e, ERR_INVALID, "the string that begins here is not closed on its line");
	else
		err_set(&e, ERR_INVALID,
			"this %c%c has no closing %c on its line; $%c%c stands for the characters "
			"themselves",
			'$', c->text[hit->at + 1], closer, '$', c->text[hit->at + 1]);
	problem(c, is_string ? end : hit->at, e.text);
}

/* Where the text goes on behind what is not closed on its line, whose inside begins at `begin`.
 * N.B. each costs a look at the rest of its line. */
static size_t unclosed_pass(struct compiler *c, size_t begin)
{
	const char *nl;

	if (++c->n_unclosed < UNCLOSED_TOLD_MAX)
		return begin;
	nl = memchr(c->text + begin, '\n', c->len - begin);
	return nl == NULL ? c->len : (size_t)(nl - c->text);
}

/* Says what a script that is no shell's demands of an expression, and warns of | raw. */
static void mode_check(struct compiler *c, size_t at, const struct expr *x)
{
	if (c->mode == TEMPLATE_FOREIGN && !x->is_json && !x->is_raw)
		problem(c, at,
			"windrow cannot quote for this script's language; end the expression in "
			"| json, or pass the value through environment");
	if (c->mode != TEMPLATE_PLAIN && x->is_raw)
		warning(c, at,
			"| raw splices the value in unquoted: whoever decides on the value decides "
			"on the code");
}

/* The expression whose opening was found. Returns where the text goes on. */
static size_t expr_add(struct compiler *c, const struct scan_hit *hit)
{
	size_t begin = hit->at + 2, end, wrong;
	struct piece hole = {NULL, 0};
	struct expr x;
	struct err e;
	int rc;

	if (!scan_close(c->text, c->len, begin, hit->kind == SCAN_ANGLE ? '>' : '}', &end)) {
		unclosed_tell(c, hit, end);
		return unclosed_pass(c, begin);
	}
	rc = expr_parse(c->a, c->text + begin, end - begin, c->scope, &x, &wrong, &e);
	if (rc == ERR_NOMEM)
		c->rc = rc;
	else if (rc != 0)
		problem(c, wrong == EXPR_WHOLE ? hit->at : begin + wrong, e.text);
	if (rc == 0) {
		mode_check(c, hit->at, &x);
		buf_add(c->pieces, &hole, sizeof(hole));
		buf_add(c->exprs, &x, sizeof(x));
		buf_add(c->places, &hit->at, sizeof(hit->at));
	}
	return end + 1;
}

static void lookalike_tell(struct compiler *c, size_t at)
{
	/* Other languages write ${a.b} of their own; a shell does not. */
	if (c->mode != TEMPLATE_FOREIGN)
		warning(c, at,
			"this ${ begins no expression and is left as it is; $<...> always is one, "
			"and "
			"$${ says that none was meant");
}

static int cut(struct compiler *c)
{
	size_t done = 0, at = 0;
	struct scan_hit hit = {SCAN_NONE, c->len};
	int rc = 0;

	/* Most text has no expression. */
	if (c->len == 0 || memchr(c->text, '$', c->len) == NULL)
		at = c->len;
	while (at < c->len && c->rc != ERR_NOMEM) {
		rc = scan_next(c->scan, c->text, c->len, at, c->scope->has_item, &hit);
		if (rc != 0)
			return rc;
		if (hit.kind == SCAN_NONE)
			break;
		at = hit.at + 2;
		if (hit.kind == SCAN_LOOKALIKE) {
			lookalike_tell(c, hit.at);
			continue;
		}
		if (hit.kind == SCAN_ESCAPE) {
			/* The second dollar and its bracket are the text. */
			literal_add(c, done, hit.at);
			done = hit.at + 1;
			at = hit.at + 3;
			continue;
		}
		literal_add(c, done, hit.at);
		at = expr_add(c, &hit);
		done = at;
	}
	literal_add(c, done, c->len);
	return 0;
}

/* Neighbouring literals, which an escape leaves behind, become one. */
static int literals_join(struct compiler *c)
{
	struct piece *p = (struct piece *)(void *)c->pieces->data;
	size_t n = c->pieces->len / sizeof(*p), kept = 0;

	for (size_t i = 0; i < n;) {
		size_t j = i, len = 0, at = 0;
		char *text;

		while (j < n && p[j].text != NULL)
			len += p[j++].len;
		if (j - i < 2) {
			p[kept++] = p[i++];
			continue;
		}
		text = arena_alloc(c->a, len + 1);
		if (text == NULL)
			return ERR_NOMEM;
		for (; i < j; at += p[i++].len)
			memcpy(text + at, p[i].text, p[i].len);
		p[kept++] = (struct piece){text, len};
	}
	c->pieces->len = kept * sizeof(*p);
	return 0;
}

/* Where the expression of the hole that is piece `bad` begins. */
static size_t hole_place(const struct compiler *c, const struct sh_piece *pieces, size_t bad)
{
	const size_t *places = (const size_t *)(const void *)c->places->data;
	size_t hole = 0;

	for (size_t i = 0; i < bad; i++)
		hole += pieces[i].is_hole;
	return places[hole];
}

/* Finds out what surrounds each hole; a hole that cannot be filled safely is a problem. It is then
 * taken for a raw one, which may stand anywhere, so that the next such hole is found too. */
static int plan_make(struct compiler *c, enum sh_dialect dialect, const struct sh_plan **out)
{
	const struct piece *cuts = (const struct piece *)(const void *)c->pieces->data;
	const struct expr *exprs = (const struct expr *)(const void *)c->exprs->data;
	size_t n = c->pieces->len / sizeof(*cuts);
	struct sh_piece few[FEW_PIECES], *pieces = few;
	size_t hole = 0, bad = 0, told = 0;
	struct sh_plan *plan = NULL;
	struct err e;
	int rc = ERR_INVALID;

	if (n > FEW_PIECES)
		pieces = malloc(n * sizeof(*pieces));
	if (pieces == NULL)
		return ERR_NOMEM;
	for (size_t i = 0; i < n; i++) {
		pieces[i].text = cuts[i].text;
		pieces[i].len = cuts[i].len;
		pieces[i].is_hole = cuts[i].text == NULL;
		pieces[i].is_raw = pieces[i].is_hole && exprs[hole++].is_raw;
	}
	while (rc == ERR_INVALID && told < PLACES_TOLD_MAX) {
		rc = sh_plan_create(c->a, pieces, n, dialect, &plan, &bad, &e);
		if (rc != ERR_INVALID || bad >= n)
			break;
		problem(c, hole_place(c, pieces, bad), e.text);
		pieces[bad].is_raw = true;
		told++;
	}
	if (pieces != few)
		free(pieces);
	if (rc == ERR_LIMIT)
		problem(c, 0, e.text);
	if (rc != 0 && rc != ERR_INVALID)
		return rc;
	*out = plan;
	return c->rc;
}

/* A copy of what was gathered, in the arena; NULL where that is nothing, or memory is short. */
static const void *keep(struct arena *a, const struct buf *b)
{
	void *copy = b->len == 0 ? NULL : arena_alloc(a, b->len);

	return copy == NULL ? NULL : memcpy(copy, b->data, b->len);
}

static int finish(struct compiler *c, enum sh_dialect dialect, struct template **out)
{
	struct template *t = arena_alloc(c->a, sizeof(*t));
	int rc = literals_join(c);

	if (t == NULL || rc != 0)
		return ERR_NOMEM;
	t->source = c->text;
	t->source_len = c->len;
	t->n_pieces = c->pieces->len / sizeof(struct piece);
	t->n_exprs = c->exprs->len / sizeof(struct expr);
	t->exprs = keep(c->a, c->exprs);
	if (t->exprs == NULL && t->n_exprs > 0)
		return ERR_NOMEM;
	if (c->mode == TEMPLATE_SHELL && t->n_exprs != 0) {
		rc = plan_make(c, dialect, &t->plan);
	} else {
		t->pieces = keep(c->a, c->pieces);
		rc = t->pieces == NULL && t->n_pieces > 0 ? ERR_NOMEM : 0;
	}
	if (rc == 0)
		*out = t;
	return rc;
}

int template_compile(struct arena *a, struct scan *scan, const char *text, size_t len,
	enum template_mode mode, enum sh_dialect dialect, const struct expr_scope *scope,
	const struct template_report *report, struct template **out)
{
	struct buf *scratch = scan_scratch(scan);
	struct compiler c = {.a = a,
		.scan = scan,
		.scope = scope,
		.report = report,
		.mode = mode,
		.pieces = &scratch[0],
		.exprs = &scratch[1],
		.places = &scratch[2]};
	int rc;

	for (size_t i = 0; i < SCAN_SCRATCH; i++)
		buf_reset(&scratch[i]);

	if (len > TEMPLATE_TEXT_MAX) {
		problem(&c, 0, "this text is too long");
		return ERR_LIMIT;
	}
	c.text = arena_memdup(a, text, len);
	c.len = len;
	if (c.text == NULL)
		return ERR_NOMEM;
	rc = cut(&c);
	if (buf_status(c.pieces) != 0 || buf_status(c.exprs) != 0 || buf_status(c.places) != 0)
		rc = ERR_NOMEM;
	if (rc == 0)
		rc = c.rc;
	if (rc == 0)
		rc = finish(&c, dialect, out);
	return rc;
}
