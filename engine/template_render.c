/*
 * Rendering templates, in one pass over the pieces. No byte of a value is looked at but to quote
 * it, so a value that holds `$<` is nothing but text.
 */
#include <string.h>

#include "engine/arena.h"
#include "engine/buf.h"
#include "engine/err.h"
#include "engine/template_impl.h"

const struct expr *template_exprs(const struct template *t, size_t *n)
{
	*n = t->n_exprs;
	return t->exprs;
}

bool template_is_value(const struct template *t)
{
	return t->n_pieces == 1 && t->n_exprs == 1;
}

const char *template_source(const struct template *t, size_t *len)
{
	*len = t->source_len;
	return t->source;
}

/* Puts the expression in front of the sentence. */
static int expr_failed(const struct expr *x, int rc, struct err *e)
{
	err_context(e, "$<%.*s>", (int)(x->text_len < 200 ? x->text_len : 200), x->text);
	return rc;
}

/* The text of a value, which is the value's own where it is a string. */
static int text_take(const struct value *v, struct arena *scratch, struct sh_value *out)
{
	struct buf b;
	int rc;

	if (v->type == VALUE_STRING || v->type == VALUE_NUMBER) {
		*out = (struct sh_value){v->u.text, v->len};
		return 0;
	}
	buf_init(&b, TEMPLATE_TEXT_MAX);
	value_text(v, &b);
	rc = buf_status(&b);
	if (rc == 0) {
		out->bytes = arena_memdup(scratch, buf_str(&b), b.len);
		out->len = b.len;
		rc = out->bytes != NULL ? 0 : ERR_NOMEM;
	}
	buf_free(&b);
	return rc;
}

/* The text of each expression, in the scratch arena. */
static int texts_make(const struct template *t, const struct expr_env *env, struct arena *scratch,
	struct sh_value *texts, struct err *e)
{
	size_t sum = 0;

	for (size_t i = 0; i < t->n_exprs; i++) {
		const struct expr *x = &t->exprs[i];
		struct value v;
		int rc = expr_eval(x, env, scratch, &v, e);

		if (rc != 0)
			return expr_failed(x, rc, e);
		rc = text_take(&v, scratch, &texts[i]);
		if (rc == ERR_NOMEM)
			return err_set(e, rc, "out of memory");
		if (rc == 0 && texts[i].len > TEMPLATE_TEXT_MAX - sum)
			rc = ERR_LIMIT;
		if (rc != 0)
			return expr_failed(x,
				err_set(e, rc, "the text would be longer than %zu MiB",
					TEMPLATE_TEXT_MAX >> 20),
				e);
		sum += texts[i].len;
	}
	return 0;
}

static void pieces_add(const struct template *t, const struct sh_value *texts, struct buf *out)
{
	size_t next = 0;

	for (size_t i = 0; i < t->n_pieces; i++) {
		const struct piece *p = &t->pieces[i];

		if (p->text != NULL) {
			buf_add(out, p->text, p->len);
		} else {
			buf_add(out, texts[next].bytes, texts[next].len);
			next++;
		}
	}
}

int template_render(
	const struct template *t, const struct expr_env *env, struct buf *out, struct err *e)
{
	size_t before = out->len, bad;
	struct arena *scratch;
	struct sh_value *texts;
	int rc = 0;

	if (t->n_exprs == 0) {
		pieces_add(t, NULL, out);
		rc = buf_status(out);
		return rc == 0 ? 0 : err_set(e, rc, "%s", err_text(rc));
	}
	scratch = arena_create(TEMPLATE_VALUES_MAX);
	texts = scratch == NULL ? NULL : arena_array(scratch, t->n_exprs, sizeof(*texts));
	if (texts == NULL)
		rc = err_set(e, ERR_NOMEM, "out of memory");
	if (rc == 0)
		rc = texts_make(t, env, scratch, texts, e);
	if (rc == 0 && t->plan != NULL) {
		rc = sh_plan_render(t->plan, texts, t->n_exprs, out, &bad, e);
		if (rc != 0 && bad < t->n_exprs)
			rc = expr_failed(&t->exprs[bad], rc, e);
	}
	if (rc == 0 && t->plan == NULL)
		pieces_add(t, texts, out);
	if (rc == 0 && buf_status(out) != 0)
		rc = err_set(e, buf_status(out), "%s", err_text(buf_status(out)));
	if (rc == 0 && out->len - before > TEMPLATE_TEXT_MAX)
		rc = err_set(e, ERR_LIMIT, "the text would be longer than %zu MiB",
			TEMPLATE_TEXT_MAX >> 20);
	if (rc != 0 && out->data != NULL) {
		out->len = before;
		out->data[before] = '\0';
	}
	arena_destroy(scratch);
	return rc;
}

int template_text(const struct template *t, const struct expr_env *env, struct arena *scratch,
	struct value *out, struct err *e)
{
	struct buf b;
	const char *text;
	int rc;

	buf_init(&b, 0);
	rc = template_render(t, env, &b, e);
	if (rc == 0) {
		text = arena_memdup(scratch, buf_str(&b), b.len);
		rc = text != NULL ? 0 : err_set(e, ERR_NOMEM, "out of memory");
		if (rc == 0)
			*out = value_string(text, b.len);
	}
	buf_free(&b);
	return rc;
}

int template_eval(const struct template *t, const struct expr_env *env, struct arena *scratch,
	struct value *out, struct err *e)
{
	int rc;

	if (!template_is_value(t))
		return template_text(t, env, scratch, out, e);
	rc = expr_eval(&t->exprs[0], env, scratch, out, e);
	return rc == 0 ? 0 : expr_failed(&t->exprs[0], rc, e);
}
