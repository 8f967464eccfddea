/*
 * The words of an expression. A segment is `.name`, `[3]`, `[-1]` or `["any key"]`; blanks may
 * stand around the path, the filters and their arguments, but not inside of a path.
 */
#include "engine/expr_path.h"

#include <string.h>

#include "engine/arena.h"
#include "engine/filter.h"
#include "engine/literal.h"

#define INDEX_MAX 1000000000 /* of a list */

static char peek(const struct path *p)
{
	return p->at < p->len ? p->text[p->at] : '\0';
}

static void blanks_skip(struct path *p)
{
	while (p->at < p->len && (p->text[p->at] == ' ' || p->text[p->at] == '\t'))
		p->at++;
}

static size_t name_length(const struct path *p)
{
	size_t n = 0;

	if (!literal_is_name_start(peek(p)))
		return 0;
	while (p->at + n < p->len && literal_is_name(p->text[p->at + n]))
		n++;
	return n;
}

static int fail(struct path *p)
{
	*p->where = p->at;
	return p->e->code;
}

static int step_add(struct path *p, struct expr_step s)
{
	if (p->n == EXPR_STEPS_MAX) {
		err_set(p->e, ERR_LIMIT, "a path has at most %d parts", EXPR_STEPS_MAX);
		return fail(p);
	}
	p->steps[p->n++] = s;
	return 0;
}

static int index_read(struct path *p, struct expr_step *s)
{
	bool is_negative = peek(p) == '-';
	size_t begin = p->at;
	int64_t n = 0;

	if (is_negative)
		p->at++;
	if (peek(p) < '0' || peek(p) > '9') {
		err_set(p->e, ERR_INVALID,
			"brackets take an index, [0] or [-1], or a key in quotes, [\"key\"]");
		return fail(p);
	}
	while (peek(p) >= '0' && peek(p) <= '9' && n <= INDEX_MAX)
		n = n * 10 + (p->text[p->at++] - '0');
	if (n > INDEX_MAX) {
		p->at = begin;
		err_set(p->e, ERR_LIMIT, "an index is at most %d", INDEX_MAX);
		return fail(p);
	}
	*s = (struct expr_step){.is_index = true, .index = is_negative ? -n : n};
	return 0;
}

/* The segment whose bracket stands at p->at. */
static int bracket_read(struct path *p)
{
	struct expr_step s;
	struct value key;
	int rc;

	p->at++;
	if (peek(p) == '"' || peek(p) == '\'') {
		rc = literal_string_read(p->a, p->text, p->len, &p->at, &key, p->e);
		if (rc != 0)
			return fail(p);
		s = (struct expr_step){.name = key.u.text, .len = key.len};
	} else {
		rc = index_read(p, &s);
		if (rc != 0)
			return rc;
	}
	if (peek(p) != ']') {
		err_set(p->e, ERR_INVALID, "a ] was expected here");
		return fail(p);
	}
	p->at++;
	return step_add(p, s);
}

static int name_read(struct path *p)
{
	size_t n = name_length(p);

	if (n == 0) {
		err_set(p->e, ERR_INVALID,
			"a name was expected behind the dot; other keys are written [\"key\"], "
			"indexes [0]");
		return fail(p);
	}
	p->at += n;
	return step_add(p, (struct expr_step){.name = p->text + p->at - n, .len = n});
}

int path_read(struct path *p)
{
	int rc;

	blanks_skip(p);
	if (p->at == p->len || peek(p) == '|') {
		err_set(p->e, ERR_INVALID,
			"the expression is empty; it names a value: params.NAME, for example");
		return fail(p);
	}
	if (!literal_is_name_start(peek(p))) {
		err_set(p->e, ERR_INVALID,
			"an expression begins with a name: params.NAME, for example");
		return fail(p);
	}
	rc = name_read(p);
	while (rc == 0 && (peek(p) == '.' || peek(p) == '[')) {
		if (peek(p) == '[') {
			rc = bracket_read(p);
		} else {
			p->at++;
			rc = name_read(p);
		}
	}
	return rc;
}

/* Takes the mark that must stand here, or says that it was expected. */
static int args_end(struct path *p, bool *is_more)
{
	blanks_skip(p);
	*is_more = peek(p) == ',';
	if (peek(p) != ',' && peek(p) != ')') {
		err_set(p->e, ERR_INVALID, "a , or ) was expected behind the argument");
		return fail(p);
	}
	p->at++;
	return 0;
}

static int args_read(struct path *p, struct value *args, size_t *places, size_t *n)
{
	bool is_more = true;
	int rc = 0;

	p->at++;
	blanks_skip(p);
	if (peek(p) == ')') {
		p->at++;
		return 0;
	}
	while (is_more && rc == 0) {
		if (*n == FILTER_ARGS_MAX) {
			err_set(p->e, ERR_INVALID, "no filter takes more than %d arguments",
				FILTER_ARGS_MAX);
			return fail(p);
		}
		blanks_skip(p);
		places[*n] = p->at;
		if (literal_read(p->a, p->text, p->len, &p->at, &args[*n], p->e) != 0)
			return fail(p);
		(*n)++;
		rc = args_end(p, &is_more);
	}
	return rc;
}

static int filter_read(struct path *p, struct expr_filter *f)
{
	struct value args[FILTER_ARGS_MAX];
	size_t places[FILTER_ARGS_MAX + 1];
	size_t begin, len, bad, n = 0;
	int rc = 0;

	blanks_skip(p);
	begin = p->at;
	len = name_length(p);
	if (len == 0) {
		err_set(p->e, ERR_INVALID,
			"a filter was expected behind the |: upper, for example");
		return fail(p);
	}
	f->filter = filter_find(p->text + begin, len, p->e);
	if (f->filter == NULL)
		return p->e->code;
	p->at += len;
	blanks_skip(p);
	if (peek(p) == '(')
		rc = args_read(p, args, places, &n);
	if (rc != 0)
		return rc;
	if (filter_args_check(f->filter, args, n, &bad, p->e) != 0) {
		*p->where = bad < n ? places[bad] : begin;
		return p->e->code;
	}
	f->args = (const struct value *)(const void *)arena_memdup(p->a, args, n * sizeof(*args));
	f->n_args = n;
	return f->args != NULL ? 0 : err_set(p->e, ERR_NOMEM, "out of memory");
}

int path_filters_read(struct path *p, struct expr *x)
{
	struct expr_filter list[EXPR_FILTERS_MAX];
	size_t n = 0;
	int rc = 0;

	for (blanks_skip(p); rc == 0 && peek(p) == '|'; blanks_skip(p)) {
		p->at++;
		if (n == EXPR_FILTERS_MAX) {
			err_set(p->e, ERR_LIMIT, "an expression has at most %d filters",
				EXPR_FILTERS_MAX);
			return fail(p);
		}
		rc = filter_read(p, &list[n++]);
	}
	if (rc != 0)
		return rc;
	if (p->at < p->len) {
		err_set(p->e, ERR_INVALID,
			"this was not expected here; behind a path comes a filter, | "
			"default(\"none\"), "
			"or the end");
		return fail(p);
	}
	if (n == 0)
		return 0;
	x->filters = (struct expr_filter *)(void *)arena_memdup(p->a, list, n * sizeof(*list));
	x->n_filters = n;
	return x->filters != NULL ? 0 : err_set(p->e, ERR_NOMEM, "out of memory");
}
