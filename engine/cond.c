/*
 * Compiling conditions by recursive descent. From loose to tight: or, and, not, comparisons; a
 * comparison stands between two operands and does not chain. An operand is an expression, a
 * literal, or a condition in parentheses.
 *
 * Invariant: `and` and `or` are rows of children, however many, so that only parentheses and `not`
 * make the tree deeper, and those are counted.
 */
#include "engine/cond.h"

#include <string.h>

#include "engine/arena.h"
#include "engine/buf.h"
#include "engine/cond_node.h"
#include "engine/cond_text.h"
#include "engine/err.h"
#include "engine/literal.h"
#include "engine/scan.h"

struct compiler {
	struct arena *a;
	struct scan *scan;
	const struct expr_scope *scope;
	const struct template_report *report;
	const char *text; /* in the arena */
	size_t len;
	size_t at;
	int depth;
	struct buf exprs; /* of struct expr */
	int rc; /* 0 until something was reported, or memory was short */
};

/* Reports a problem, the first one alone, and returns NULL, as all below do on failure. */
static struct cond_node *fail(struct compiler *c, size_t at, const char *sentence)
{
	if (c->rc == 0) {
		c->rc = ERR_INVALID;
		c->report->on_problem(c->report->ctx, false, at, sentence);
	}
	return NULL;
}

static struct cond_node *node_add(struct compiler *c, enum cond_kind kind, size_t from)
{
	struct cond_node *n = arena_alloc(c->a, sizeof(*n));

	if (n == NULL) {
		c->rc = ERR_NOMEM;
		return NULL;
	}
	n->kind = kind;
	n->text = c->text + from;
	n->len = c->at - from;
	return n;
}

static void blanks_skip(struct compiler *c)
{
	while (c->at < c->len && memchr(" \t\r\n", c->text[c->at], 4) != NULL)
		c->at++;
}

static bool is_here(const struct compiler *c, const char *mark)
{
	size_t n = strlen(mark);

	return c->len - c->at >= n && memcmp(c->text + c->at, mark, n) == 0;
}

/* Whether this word stands here, whole. */
static bool is_word_here(const struct compiler *c, const char *word)
{
	size_t end = c->at + strlen(word);

	return is_here(c, word) && (end >= c->len || !literal_is_name(c->text[end]));
}

static bool word_take(struct compiler *c, const char *word)
{
	blanks_skip(c);
	if (!is_word_here(c, word))
		return false;
	c->at += strlen(word);
	return true;
}

static struct cond_node *or_read(struct compiler *c);

static struct cond_node *expr_read(struct compiler *c)
{
	size_t begin = c->at, end, wrong;
	char closer = c->text[begin + 1] == '<' ? '>' : '}';
	struct cond_node *n;
	struct expr *x;
	struct err e = {0};
	int rc;

	if (!scan_close(c->text, c->len, begin + 2, closer, &end))
		return fail(c, begin, "this expression is not closed on its line");
	x = arena_alloc(c->a, sizeof(*x));
	rc = x == NULL
		? ERR_NOMEM
		: expr_parse(c->a, c->text + begin + 2, end - begin - 2, c->scope, x, &wrong, &e);
	if (rc == ERR_NOMEM) {
		c->rc = rc;
		return NULL;
	}
	if (rc != 0)
		return fail(c, wrong == EXPR_WHOLE ? begin : begin + 2 + wrong, e.text);
	buf_add(&c->exprs, x, sizeof(*x));
	c->at = end + 1;
	n = node_add(c, COND_EXPR, begin);
	if (n != NULL)
		n->expr = x;
	return n;
}

/* A word that is no literal: most often a path without $<>, or a text without quotes. */
static struct cond_node *word_refuse(struct compiler *c)
{
	size_t end = c->at;
	struct err e = {0};

	while (end < c->len && (literal_is_name(c->text[end]) || c->text[end] == '.'))
		end++;
	if (memchr(c->text + c->at, '.', end - c->at) != NULL)
		err_set(&e, ERR_INVALID, "an expression stands in brackets here: $<%.*s>",
			(int)(end - c->at < 80 ? end - c->at : 80), c->text + c->at);
	else
		err_set(&e, ERR_INVALID, "%.*s is no literal; a text stands in quotes: \"%.*s\"",
			(int)(end - c->at < 80 ? end - c->at : 80), c->text + c->at,
			(int)(end - c->at < 80 ? end - c->at : 80), c->text + c->at);
	return fail(c, c->at, e.text);
}

/* A text in quotes, which has a $ and so may hold expressions. */
static struct cond_node *text_take(struct compiler *c, size_t begin, const struct value *v)
{
	struct cond_node *n;
	struct template *t;
	const struct expr *exprs;
	size_t count;

	c->rc = cond_text_compile(
		c->a, c->scan, v, begin + 1, c->at - begin - 2, c->scope, c->report, &t);
	if (c->rc != 0)
		return NULL;
	exprs = template_exprs(t, &count);
	if (count > 0)
		buf_add(&c->exprs, exprs, count * sizeof(*exprs));
	n = node_add(c, COND_TEXT, begin);
	if (n != NULL)
		n->made = t;
	return n;
}

static struct cond_node *literal_take(struct compiler *c)
{
	size_t begin = c->at;
	bool has_expr = false;
	struct value v;
	struct err e = {0};
	struct cond_node *n;
	int rc = literal_read(c->a, c->text, c->len, &c->at, &v, &e);

	if (rc == 0 && v.type == VALUE_STRING && memchr(v.u.text, '$', v.len) != NULL)
		return text_take(c, begin, &v);
	if (rc == 0 && v.type == VALUE_LIST)
		rc = cond_text_find(c->scan, &v, c->scope->has_item, &has_expr);
	if (rc != 0 && rc != ERR_INVALID && rc != ERR_LIMIT) {
		c->rc = rc;
		return NULL;
	}
	if (rc != 0)
		return fail(c, c->at, e.text);
	if (has_expr)
		return fail(c, begin,
			"an expression cannot stand inside of a list; compare with == and or");
	n = node_add(c, COND_LITERAL, begin);
	if (n != NULL)
		n->literal = v;
	return n;
}

/* Whether one more level may be opened; says so where not. */
static bool depth_enter(struct compiler *c)
{
	struct err e = {0};

	if (c->depth < COND_DEPTH_MAX) {
		c->depth++;
		return true;
	}
	err_set(&e, ERR_LIMIT, "parentheses and not nest at most %d deep", COND_DEPTH_MAX);
	(void)fail(c, c->at, e.text);
	return false;
}

static struct cond_node *parentheses_read(struct compiler *c)
{
	size_t begin = c->at;
	struct cond_node *n;

	if (!depth_enter(c))
		return NULL;
	c->at++;
	n = or_read(c);
	c->depth--;
	if (n == NULL)
		return NULL;
	blanks_skip(c);
	if (!is_here(c, ")"))
		return fail(c, c->at < c->len ? c->at : begin,
			c->at < c->len ? "and, or, or ) was expected here"
				       : "this parenthesis is not closed");
	c->at++;
	n->text = c->text + begin;
	n->len = c->at - begin;
	return n;
}

static struct cond_node *operand_read(struct compiler *c)
{
	blanks_skip(c);
	if (c->at == c->len)
		return fail(c, c->len, "the condition ends where a value was expected");
	if (is_here(c, "$<") || is_here(c, "${"))
		return expr_read(c);
	if (is_here(c, "("))
		return parentheses_read(c);
	if (is_here(c, "!"))
		return fail(c, c->at, "write not instead of !");
	if (is_word_here(c, "true") || is_word_here(c, "false") || is_word_here(c, "null") ||
		literal_may_begin(c->text[c->at]))
		return literal_take(c);
	if (literal_is_name_start(c->text[c->at]))
		return word_refuse(c);
	return fail(c, c->at, "a value was expected here: an expression, $<...>, or a literal");
}

/* Marks that other languages use, and what is written here. */
static const char *foreign_mark(const struct compiler *c)
{
	if (is_here(c, "&&"))
		return "write and instead of &&";
	if (is_here(c, "||"))
		return "write or instead of ||";
	if (is_here(c, "=") && !is_here(c, "=="))
		return "write == instead of =";
	if (is_here(c, "!") && !is_here(c, "!="))
		return "write not instead of !";
	return NULL;
}

static bool op_take(struct compiler *c, enum cond_op *op)
{
	static const char *const marks[] = {
#define COND_OP_NAME(id, name) [COND_OP_##id] = (name),
		COND_OP_LIST(COND_OP_NAME)
#undef COND_OP_NAME
	};
	size_t begin = c->at;

	blanks_skip(c);
	for (int i = 0; i < COND_OP_IN; i++) {
		if (is_here(c, marks[i])) {
			*op = (enum cond_op)i;
			c->at += strlen(marks[i]);
			return true;
		}
	}
	*op = word_take(c, "not") ? COND_OP_NOT_IN : COND_OP_IN;
	if (word_take(c, "in"))
		return true;
	c->at = begin;
	return false;
}

static struct cond_node *comparison_read(struct compiler *c)
{
	struct cond_node *left = operand_read(c), *right, *n;
	size_t begin;
	enum cond_op op, more;

	if (left == NULL || !op_take(c, &op))
		return left;
	right = operand_read(c);
	if (right == NULL)
		return NULL;
	begin = c->at;
	if (op_take(c, &more))
		return fail(c, begin, "comparisons do not chain; join two of them with and");
	n = node_add(c, COND_COMPARE, (size_t)(left->text - c->text));
	if (n == NULL)
		return NULL;
	n->op = op;
	n->first = left;
	left->next = right;
	return n;
}

static struct cond_node *not_read(struct compiler *c)
{
	struct cond_node *inner, *n;
	size_t begin;

	blanks_skip(c);
	begin = c->at;
	if (!is_word_here(c, "not"))
		return comparison_read(c);
	if (!depth_enter(c))
		return NULL;
	c->at += strlen("not");
	inner = not_read(c);
	c->depth--;
	n = inner == NULL ? NULL : node_add(c, COND_NOT, begin);
	if (n != NULL)
		n->first = inner;
	return n;
}

/* A row of what `part` reads, with a word between. One alone stays itself. */
static struct cond_node *row_read(struct compiler *c, enum cond_kind kind, const char *word,
	struct cond_node *(*part)(struct compiler *))
{
	struct cond_node *first = part(c), *last = first, *n;

	while (last != NULL && word_take(c, word)) {
		last->next = part(c);
		last = last->next;
	}
	if (last == NULL || last == first)
		return last;
	n = node_add(c, kind, (size_t)(first->text - c->text));
	if (n != NULL)
		n->first = first;
	return n;
}

static struct cond_node *and_read(struct compiler *c)
{
	return row_read(c, COND_AND, "and", not_read);
}

static struct cond_node *or_read(struct compiler *c)
{
	return row_read(c, COND_OR, "or", and_read);
}

static struct cond_node *whole_read(struct compiler *c)
{
	struct cond_node *n;
	const char *foreign;

	blanks_skip(c);
	if (c->at == c->len)
		return fail(c, 0, "the condition is empty; $<params.x> == \"y\" would be one");
	n = or_read(c);
	if (n == NULL)
		return NULL;
	blanks_skip(c);
	if (c->at == c->len)
		return n;
	foreign = foreign_mark(c);
	if (foreign != NULL)
		return fail(c, c->at, foreign);
	if (is_here(c, ")"))
		return fail(c, c->at, "nothing is open that this parenthesis could close");
	return fail(c, c->at, "a comparison, and, or, or the end was expected here");
}

int cond_compile(struct arena *a, struct scan *scan, const char *text, size_t len,
	const struct expr_scope *scope, const struct template_report *report, struct cond **out)
{
	struct compiler c = {.a = a, .scan = scan, .scope = scope, .report = report, .len = len};
	struct cond *cond = arena_alloc(a, sizeof(*cond));
	struct err e = {0};

	c.text = arena_memdup(a, text, len < COND_LENGTH_MAX ? len : COND_LENGTH_MAX);
	if (cond == NULL || c.text == NULL)
		return ERR_NOMEM;
	if (len > COND_LENGTH_MAX) {
		err_set(&e, ERR_LIMIT, "a condition has at most %d bytes", COND_LENGTH_MAX);
		(void)fail(&c, 0, e.text);
		return ERR_INVALID;
	}
	cond->root = whole_read(&c);
	cond->source = c.text;
	cond->source_len = len;
	cond->n_exprs = c.exprs.len / sizeof(struct expr);
	cond->exprs = (const struct expr *)(const void *)arena_memdup(a, c.exprs.data, c.exprs.len);
	if (c.rc == 0 && (buf_status(&c.exprs) != 0 || cond->exprs == NULL))
		c.rc = ERR_NOMEM;
	buf_free(&c.exprs);
	if (c.rc == 0)
		*out = cond;
	return c.rc;
}
