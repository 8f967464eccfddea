/*
 * Evaluating expressions: the root's value from the environment, the path walked into it, then
 * the filters. Nothing of a value goes into a sentence but an object's keys, so that no error
 * prints a secret.
 */
#include <inttypes.h>
#include <string.h>

#include "engine/arena.h"
#include "engine/buf.h"
#include "engine/err.h"
#include "engine/expr.h"
#include "engine/filter.h"
#include "engine/hint.h"
#include "engine/literal.h"

const char expr_hidden[] = "***";

#define KEYS_SHOWN 12 /* of an object, in a sentence */

static bool is_plain_name(const char *s, size_t len)
{
	if (len == 0 || len > 60 || !literal_is_name_start(s[0]))
		return false;
	for (size_t i = 0; i < len; i++)
		if (!literal_is_name(s[i]))
			return false;
	return true;
}

/* A key for a sentence: as it is where it is a plain name, else in quotes and escaped. */
static void key_show(struct buf *b, const char *s, size_t len)
{
	struct value v = value_string(s, len < 60 ? len : 60);

	if (is_plain_name(s, len))
		buf_add(b, s, len);
	else
		value_json(&v, b);
}

static void root_show(struct buf *b, const struct expr *x)
{
	switch (x->root) {
	case EXPR_OUTPUT:
		buf_adds(b, output_name(x->output));
		return;
	case EXPR_PARAM:
	case EXPR_VAR:
	case EXPR_CONN:
		buf_adds(b,
			x->root == EXPR_PARAM	      ? "params."
				: x->root == EXPR_VAR ? "var."
						      : "conn.");
		key_show(b, x->name, x->name_len);
		return;
	case EXPR_RUN:
		buf_addf(b, "run.%s", run_field_name(x->field));
		return;
	case EXPR_DAG_ID:
		buf_adds(b, "dag.id");
		return;
	case EXPR_TASK_ID:
		buf_adds(b, "task.id");
		return;
	case EXPR_TRY_NUMBER:
		buf_adds(b, "task.try_number");
		return;
	case EXPR_ITEM:
		buf_adds(b, "item");
		return;
	case EXPR_INDEX:
		buf_adds(b, "index");
		return;
	}
}

/* What the first n steps lead to, as a person would write it: response.list[0]. */
static void path_show(struct buf *b, const struct expr *x, size_t n)
{
	root_show(b, x);
	for (size_t i = 0; i < n; i++) {
		const struct expr_step *s = &x->steps[i];

		if (s->is_index) {
			buf_addf(b, "[%" PRId64 "]", s->index);
		} else if (is_plain_name(s->name, s->len)) {
			buf_addc(b, '.');
			buf_add(b, s->name, s->len);
		} else {
			buf_addc(b, '[');
			key_show(b, s->name, s->len);
			buf_addc(b, ']');
		}
	}
}

static void keys_show(struct buf *b, const struct value *map, const char *word, size_t len)
{
	struct hint h;

	if (map->len == 0) {
		buf_adds(b, "; it is an empty object");
		return;
	}
	hint_begin(&h, word, len);
	buf_adds(b, "; it has: ");
	for (size_t i = 0; i < map->len; i++) {
		const struct value_pair *p = &map->u.pairs[i];

		if (i < KEYS_SHOWN) {
			buf_adds(b, i == 0 ? "" : ", ");
			key_show(b, p->key, p->key_len);
		}
		if (len != 0 && i < 10000) /* so that a sentence about a huge object stays cheap */
			hint_offer(&h, p->key, p->key_len);
	}
	if (map->len > KEYS_SHOWN)
		buf_addf(b, " and %zu more", map->len - KEYS_SHOWN);
	if (h.best != NULL) {
		buf_adds(b, "; did you mean ");
		key_show(b, h.best, h.best_len);
		buf_addc(b, '?');
	}
}

/* Writes the sentence of step n, which v does not have, and returns the code. Stepping into
 * nothing, null or an empty text, finds nothing; stepping into a value of another shape is a
 * mistake, which default() does not hide. */
static int step_failed(const struct expr *x, size_t n, const struct value *v, struct err *e)
{
	const struct expr_step *s = &x->steps[n];
	struct value key = value_string(s->name, s->len < 80 ? s->len : 80);
	bool is_empty = v->type == VALUE_NULL || (v->type == VALUE_STRING && v->len == 0);
	int code = ERR_INVALID;
	struct buf b;

	buf_init(&b, 0);
	path_show(&b, x, n);
	if (v->type == VALUE_MAP && !s->is_index) {
		code = ERR_NOTFOUND;
		buf_adds(&b, " has no ");
		value_json(&key, &b);
		keys_show(&b, v, s->name, s->len);
	} else if (v->type == VALUE_LIST && s->is_index) {
		code = ERR_NOTFOUND;
		if (v->len == 0)
			buf_addf(&b, " has no [%" PRId64 "]; it is an empty list", s->index);
		else
			buf_addf(&b, " has no [%" PRId64 "]; its length is %zu", s->index, v->len);
	} else if (v->type == VALUE_LIST) {
		buf_addf(&b, " is a list of %zu, whose items are reached by index: [0]", v->len);
	} else if (v->type == VALUE_MAP) {
		buf_adds(&b, " is an object, not a list");
		keys_show(&b, v, "", 0);
	} else if (is_empty) {
		code = ERR_NOTFOUND;
		buf_addf(&b, " is %s, and has nothing inside",
			v->type == VALUE_NULL ? "null" : "empty");
	} else if (v->type == VALUE_STRING && n == 0 && x->root == EXPR_OUTPUT) {
		buf_adds(&b, " is text, not JSON, and has nothing inside");
	} else {
		buf_addf(&b, " is %s, and has nothing inside", filter_value_kind(v));
	}
	err_set(e, code, "%s", buf_status(&b) == 0 ? buf_str(&b) : "there is no such part");
	buf_free(&b);
	return code;
}

static const struct value *step_take(const struct expr_step *s, const struct value *v)
{
	int64_t i = s->index;

	if (!s->is_index)
		return value_member(v, s->name, s->len);
	if (v->type != VALUE_LIST)
		return NULL;
	if (i < 0)
		i += (int64_t)v->len;
	return i >= 0 && i < (int64_t)v->len ? &v->u.items[i] : NULL;
}

static int path_walk(const struct expr *x, struct value *v, struct err *e)
{
	for (size_t i = 0; i < x->n_steps; i++) {
		const struct value *next = step_take(&x->steps[i], v);

		if (next == NULL)
			return step_failed(x, i, v, e);
		*v = *next;
	}
	return 0;
}

int expr_eval(const struct expr *x, const struct expr_env *env, struct arena *scratch,
	struct value *out, struct err *e)
{
	struct value v = value_null(), next;
	int rc;

	/* Most expressions are a root and nothing more. */
	if (x->n_steps == 0 && x->n_filters == 0)
		return env->get(env->ctx, x, scratch, out, e);
	rc = env->get(env->ctx, x, scratch, &v, e);
	if (rc == 0)
		rc = path_walk(x, &v, e);
	for (size_t i = 0; i < x->n_filters; i++) {
		const struct expr_filter *f = &x->filters[i];
		bool is_missing = rc == ERR_NOTFOUND;

		if (rc != 0 && !(is_missing && f->filter->kind == FILTER_DEFAULT))
			continue;
		if (rc == 0 && v.type == VALUE_STRING && v.u.text == expr_hidden)
			break;
		rc = f->filter->apply(scratch, is_missing ? NULL : &v, f->args, &next, e);
		if (rc == 0)
			v = next;
	}
	if (rc == 0 && x->root == EXPR_VAR && v.type == VALUE_STRING && env->filtered != NULL)
		rc = env->filtered(env->ctx, x, v.u.text, v.len, e);
	if (rc == 0)
		*out = v;
	return rc;
}
