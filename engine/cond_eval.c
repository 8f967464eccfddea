/*
 * Evaluating conditions. `and` and `or` stop at the first part that decides, so that what stands
 * behind may name what is there only then.
 *
 * Numbers compare by what they mean, exactly. A text that is spelled like a number counts as one
 * where the other side is a number, since much that scripts answer is text; likewise "true" and
 * "false" beside a boolean. Two texts compare byte by byte.
 */
#include <string.h>
#include <strings.h>

#include "engine/arena.h"
#include "engine/buf.h"
#include "engine/cond_node.h"
#include "engine/err.h"
#include "engine/filter.h"
#include "engine/template.h"

struct asker {
	const struct expr_env *env;
	struct arena *scratch;
	struct err *e;
};

static int node_truth(const struct asker *k, const struct cond_node *n, bool *truth);

static int shown(size_t len)
{
	return (int)(len < 100 ? len : 100);
}

static bool is_text(const struct value *v, const char *word)
{
	return v->len == strlen(word) && strncasecmp(v->u.text, word, v->len) == 0;
}

/* What counts as false, alone: false, null, an empty text, list or object, zero, and the texts
 * that spell false and 0, for a variable holds nothing but text. */
static bool value_truth(const struct value *v)
{
	switch (v->type) {
	case VALUE_NULL:
		return false;
	case VALUE_BOOL:
		return v->truth;
	case VALUE_NUMBER:
		return value_number_compare(v->u.text, v->len, "0", 1) != 0;
	case VALUE_STRING:
		return v->len != 0 && !is_text(v, "false") && !is_text(v, "0");
	default:
		return v->len != 0;
	}
}

static const char *hint(int rc)
{
	return rc == ERR_NOTFOUND ? "; where that may be, end it in | default(...)" : "";
}

static int expr_value(const struct asker *k, const struct expr *x, struct value *out)
{
	struct err inner = {0};
	int rc = expr_eval(x, k->env, k->scratch, out, &inner);

	if (rc == 0)
		return 0;
	return err_set(
		k->e, rc, "$<%.*s>: %s%s", shown(x->text_len), x->text, inner.text, hint(rc));
}

static int made_value(const struct asker *k, const struct template *t, struct value *out)
{
	struct err inner = {0};
	int rc = template_text(t, k->env, k->scratch, out, &inner);

	return rc == 0 ? 0 : err_set(k->e, rc, "%s%s", inner.text, hint(rc));
}

static int node_value(const struct asker *k, const struct cond_node *n, struct value *out)
{
	bool truth = false;
	int rc;

	if (n->kind == COND_LITERAL) {
		*out = n->literal;
		return 0;
	}
	if (n->kind == COND_EXPR)
		return expr_value(k, n->expr, out);
	if (n->kind == COND_TEXT)
		return made_value(k, n->made, out);
	rc = node_truth(k, n, &truth);
	*out = value_bool(truth);
	return rc;
}

static bool is_numeric(const struct value *v)
{
	return v->type == VALUE_NUMBER ||
		(v->type == VALUE_STRING && value_number_is_valid(v->u.text, v->len));
}

/* Whether both count as numbers: one is, and the other is one or is spelled like one. */
static bool is_numeric_pair(const struct value *a, const struct value *b)
{
	return (a->type == VALUE_NUMBER || b->type == VALUE_NUMBER) && is_numeric(a) &&
		is_numeric(b);
}

static bool is_same(const struct value *a, const struct value *b)
{
	const struct value *other = a->type == VALUE_BOOL ? b : a;
	const struct value *truth = a->type == VALUE_BOOL ? a : b;

	if (is_numeric_pair(a, b))
		return value_number_compare(a->u.text, a->len, b->u.text, b->len) == 0;
	if (truth->type == VALUE_BOOL && other->type == VALUE_STRING)
		return is_text(other, truth->truth ? "true" : "false");
	return value_equal(a, b);
}

static int bytes_compare(const struct value *a, const struct value *b)
{
	size_t len = a->len < b->len ? a->len : b->len;
	int c = len == 0 ? 0 : memcmp(a->u.text, b->u.text, len);

	return c != 0 ? c : (a->len > b->len) - (a->len < b->len);
}

static int order(const struct asker *k, const struct cond_node *n, const struct value *a,
	const struct value *b, int *out)
{
	const struct cond_node *left = n->first, *right = left->next;

	if (is_numeric_pair(a, b))
		*out = value_number_compare(a->u.text, a->len, b->u.text, b->len);
	else if (a->type == VALUE_STRING && b->type == VALUE_STRING)
		*out = bytes_compare(a, b);
	else
		return err_set(k->e, ERR_INVALID,
			"%.*s is %s and %.*s is %s: two numbers or two strings have an order",
			shown(left->len), left->text, filter_value_kind(a), shown(right->len),
			right->text, filter_value_kind(b));
	return 0;
}

/* Whether the text of a stands in the string b, or is a key of the object b. */
static int text_find(const struct asker *k, const struct value *a, const struct value *b, bool *out)
{
	struct buf text;
	int rc;

	buf_init(&text, 0);
	value_text(a, &text);
	rc = buf_status(&text);
	if (rc != 0)
		err_set(k->e, rc, "out of memory");
	else if (b->type == VALUE_MAP)
		*out = value_member(b, buf_str(&text), text.len) != NULL;
	else
		*out = text.len == 0 || memmem(b->u.text, b->len, text.data, text.len) != NULL;
	buf_free(&text);
	return rc;
}

static int contains(const struct asker *k, const struct cond_node *n, const struct value *a,
	const struct value *b, bool *out)
{
	const struct cond_node *left = n->first, *right = left->next;

	*out = false;
	if (b->type == VALUE_LIST) {
		for (size_t i = 0; i < b->len && !*out; i++)
			*out = is_same(a, &b->u.items[i]);
		return 0;
	}
	if (b->type != VALUE_STRING && b->type != VALUE_MAP)
		return err_set(k->e, ERR_INVALID,
			"%.*s is %s: in looks into a list, a string or an object",
			shown(right->len), right->text, filter_value_kind(b));
	if (a->type != VALUE_STRING && a->type != VALUE_NUMBER && a->type != VALUE_BOOL)
		return err_set(k->e, ERR_INVALID, "%.*s is %s, which cannot be in %s",
			shown(left->len), left->text, filter_value_kind(a), filter_value_kind(b));
	return text_find(k, a, b, out);
}

static int compare(const struct asker *k, const struct cond_node *n, bool *truth)
{
	struct value a, b;
	int c = 0, rc = node_value(k, n->first, &a);

	if (rc == 0)
		rc = node_value(k, n->first->next, &b);
	if (rc != 0)
		return rc;
	if (n->op == COND_OP_EQ || n->op == COND_OP_NE) {
		*truth = is_same(&a, &b) == (n->op == COND_OP_EQ);
		return 0;
	}
	if (n->op == COND_OP_IN || n->op == COND_OP_NOT_IN) {
		rc = contains(k, n, &a, &b, truth);
		if (n->op == COND_OP_NOT_IN)
			*truth = !*truth;
		return rc;
	}
	rc = order(k, n, &a, &b, &c);
	*truth = n->op == COND_OP_LT  ? c < 0
		: n->op == COND_OP_LE ? c <= 0
		: n->op == COND_OP_GT ? c > 0
				      : c >= 0;
	return rc;
}

static int row_truth(const struct asker *k, const struct cond_node *n, bool *truth)
{
	bool decides = n->kind == COND_OR;
	int rc = 0;

	*truth = !decides;
	for (n = n->first; n != NULL && rc == 0 && *truth != decides; n = n->next)
		rc = node_truth(k, n, truth);
	return rc;
}

static int node_truth(const struct asker *k, const struct cond_node *n, bool *truth)
{
	struct value v;
	int rc;

	switch (n->kind) {
	case COND_OR:
	case COND_AND:
		return row_truth(k, n, truth);
	case COND_NOT:
		rc = node_truth(k, n->first, truth);
		*truth = !*truth;
		return rc;
	case COND_COMPARE:
		return compare(k, n, truth);
	default:
		rc = node_value(k, n, &v);
		if (rc == 0)
			*truth = value_truth(&v);
		return rc;
	}
}

int cond_eval(const struct cond *c, const struct expr_env *env, bool *truth, struct err *e)
{
	struct asker k = {.env = env, .e = e};
	bool answer = false;
	int rc;

	k.scratch = arena_create(TEMPLATE_VALUES_MAX);
	if (k.scratch == NULL)
		return err_set(e, ERR_NOMEM, "out of memory");
	rc = node_truth(&k, c->root, &answer);
	arena_destroy(k.scratch);
	if (rc == 0)
		*truth = answer;
	return rc;
}
