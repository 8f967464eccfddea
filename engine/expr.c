/*
 * Parsing expressions: PATH { "|" FILTER [ "(" literal { "," literal } ")" ] }.
 *
 * The path is read first as plain segments; what it means is decided after that, when all of it is
 * known, since `task.output.x` and `task.id` begin alike. Every name that can be known is looked
 * up here, so that a parsed expression holds none that does not exist.
 */
#include "engine/expr.h"

#include <string.h>

#include "engine/arena.h"
#include "engine/err.h"
#include "engine/expr_path.h"
#include "engine/filter.h"
#include "engine/hint.h"
#include "engine/literal.h"

static const char *const outputs[] = {
#define OUTPUT_NAME(id, name) [OUTPUT_##id] = (name),
	OUTPUT_LIST(OUTPUT_NAME)
#undef OUTPUT_NAME
};

static const char *const run_fields[] = {
#define RUN_FIELD_NAME(id, name) [RUN_FIELD_##id] = (name),
	RUN_FIELD_LIST(RUN_FIELD_NAME)
#undef RUN_FIELD_NAME
};

static const char *const conn_attributes[] = {"host", "port", "login"};
static const char *const task_fields[] = {"id", "try_number"};
static const char *const dag_fields[] = {"id"};

#define COUNT(list) (sizeof(list) / sizeof(*(list)))

static int name_find(const char *const *names, size_t n, const char *name, size_t len)
{
	for (size_t i = 0; i < n; i++)
		if (strlen(names[i]) == len && memcmp(names[i], name, len) == 0)
			return (int)i;
	return -1;
}

const char *output_name(enum output_id id)
{
	return outputs[id];
}

const char *run_field_name(enum run_field f)
{
	return run_fields[f];
}

static int shown(size_t len)
{
	return (int)(len < 80 ? len : 80);
}

/* Says that segment i is none of the names, and which is nearest or which there are. */
static int unknown(struct path *p, size_t i, const char *what, const char *const *names, size_t n)
{
	char list[400] = "";
	struct hint h;
	size_t used = 0;

	if (i < p->n && !p->steps[i].is_index) {
		hint_begin(&h, p->steps[i].name, p->steps[i].len);
		for (size_t j = 0; j < n; j++)
			hint_offer(&h, names[j], strlen(names[j]));
		if (h.best != NULL) {
			err_set(p->e, ERR_INVALID, "there is no %s.%.*s; did you mean %s.%.*s?",
				what, shown(h.len), h.word, what, (int)h.best_len, h.best);
			return p->e->code;
		}
	}
	for (size_t j = 0; j < n && used < sizeof(list) - 40; j++) {
		const char *between = j == 0 ? "" : j + 1 < n ? ", " : " and ";
		size_t len = strlen(between);

		memcpy(list + used, between, len);
		memcpy(list + used + len, names[j], strlen(names[j]) + 1);
		used += len + strlen(names[j]);
	}
	if (i < p->n && !p->steps[i].is_index)
		err_set(p->e, ERR_INVALID, "there is no %s.%.*s; %s has %s", what,
			shown(p->steps[i].len), p->steps[i].name, what, list);
	else
		err_set(p->e, ERR_INVALID, "%s wants a name behind it: it has %s", what, list);
	return p->e->code;
}

static bool is_word(const struct path *p, size_t i, const char *word)
{
	return i < p->n && !p->steps[i].is_index && p->steps[i].len == strlen(word) &&
		memcmp(p->steps[i].name, word, p->steps[i].len) == 0;
}

/* The number of segment i among the names, or -1. */
static int field_find(const struct path *p, size_t i, const char *const *names, size_t n)
{
	if (i >= p->n || p->steps[i].is_index)
		return -1;
	return name_find(names, n, p->steps[i].name, p->steps[i].len);
}

/* What is left of the path behind its first n segments is walked at run time. */
static int rest_keep(struct path *p, size_t n, struct expr *x)
{
	x->n_steps = p->n - n;
	if (x->n_steps == 0)
		return 0;
	x->steps = (const struct expr_step *)(const void *)arena_memdup(
		p->a, p->steps + n, x->n_steps * sizeof(*x->steps));
	return x->steps != NULL ? 0 : err_set(p->e, ERR_NOMEM, "out of memory");
}

/* The path ends behind n segments; `what` holds no more. */
static int rest_refuse(struct path *p, size_t n, const char *what)
{
	if (p->n <= n)
		return 0;
	err_set(p->e, ERR_INVALID, "%s is a plain value: nothing can follow it", what);
	return p->e->code;
}

static int named_resolve(struct path *p, enum expr_root root, const char *what, struct expr *x)
{
	if (p->n < 2 || p->steps[1].is_index) {
		err_set(p->e, ERR_INVALID, "%s wants a name behind it: %s.NAME", what, what);
		return p->e->code;
	}
	x->root = root;
	x->name = p->steps[1].name;
	x->name_len = p->steps[1].len;
	if (root == EXPR_PARAM &&
		p->scope->param_find(p->scope->ctx, x->name, x->name_len, p->e) != 0)
		return p->e->code;
	return rest_keep(p, 2, x);
}

static int conn_resolve(struct path *p, struct expr *x)
{
	int rc = named_resolve(p, EXPR_CONN, "conn", x);
	int i = field_find(p, 2, conn_attributes, COUNT(conn_attributes));

	if (rc != 0)
		return rc;
	if (i < 0) {
		err_set(p->e, ERR_INVALID,
			"a connection gives .host, .port and .login here, and never its secrets");
		return p->e->code;
	}
	x->attribute = conn_attributes[i];
	x->n_steps = 0;
	return rest_refuse(p, 3, x->attribute);
}

static int output_resolve(struct path *p, size_t at_output, struct expr *x)
{
	const struct expr_step *stage = at_output == 2 ? &p->steps[0] : NULL;
	const struct expr_step *task = &p->steps[at_output - 1];
	int id = field_find(p, at_output + 1, outputs, OUTPUT_COUNT);

	x->root = EXPR_OUTPUT;
	if (p->scope->task_find(p->scope->ctx, stage == NULL ? "" : stage->name,
		    stage == NULL ? 0 : stage->len, task->name, task->len, &x->task, p->e) != 0)
		return p->e->code;
	if (id < 0)
		return unknown(p, at_output + 1, "output", outputs, OUTPUT_COUNT);
	x->output = (enum output_id)id;
	return rest_keep(p, at_output + 2, x);
}

static int run_resolve(struct path *p, int field, struct expr *x)
{
	x->root = EXPR_RUN;
	x->field = (enum run_field)field;
	return field == RUN_FIELD_CONF ? rest_keep(p, 2, x) : rest_refuse(p, 2, run_fields[field]);
}

static int plain_resolve(
	struct path *p, enum expr_root root, size_t n, const char *what, struct expr *x)
{
	x->root = root;
	return rest_refuse(p, n, what);
}

/* What is wrong with a path that begins like no root: a task without .output, or an unknown word.
 */
static int lost_tell(struct path *p)
{
	static const char *const roots[] = {
		"params", "var", "conn", "run", "dag", "task", "item", "index"};
	const struct expr_step *s = p->steps;
	struct hint h;
	uint32_t task;

	if (is_word(p, 0, "item") || is_word(p, 0, "index")) {
		err_set(p->e, ERR_INVALID,
			"%.*s exists only inside of for_each, in the task's operator keys and "
			"environment",
			(int)s[0].len, s[0].name);
		return p->e->code;
	}
	if (p->n >= 2 && !s[1].is_index &&
		p->scope->task_find(p->scope->ctx, s[0].name, s[0].len, s[1].name, s[1].len, &task,
			NULL) == 0) {
		err_set(p->e, ERR_INVALID,
			"behind a task comes .output: %.*s.%.*s.output.response, for example",
			shown(s[0].len), s[0].name, shown(s[1].len), s[1].name);
		return p->e->code;
	}
	if (p->scope->task_find(p->scope->ctx, "", 0, s[0].name, s[0].len, &task, NULL) == 0) {
		err_set(p->e, ERR_INVALID,
			"behind a task comes .output: %.*s.output.response, for example",
			shown(s[0].len), s[0].name);
		return p->e->code;
	}
	hint_begin(&h, s[0].name, s[0].len);
	for (size_t i = 0; i < COUNT(roots); i++)
		hint_offer(&h, roots[i], strlen(roots[i]));
	if (h.best != NULL)
		err_set(p->e, ERR_INVALID, "nothing is called \"%.*s\" here; did you mean %.*s?",
			shown(s[0].len), s[0].name, (int)h.best_len, h.best);
	else
		err_set(p->e, ERR_INVALID,
			"nothing is called \"%.*s\" here; an expression begins with "
			"Stage.task.output, params, var, conn, run, dag, task, item or index",
			shown(s[0].len), s[0].name);
	return p->e->code;
}

static int resolve(struct path *p, struct expr *x)
{
	int field;

	if (is_word(p, 0, "params"))
		return named_resolve(p, EXPR_PARAM, "params", x);
	if (is_word(p, 0, "var"))
		return named_resolve(p, EXPR_VAR, "var", x);
	if (is_word(p, 0, "conn"))
		return conn_resolve(p, x);
	if (p->scope->has_item && is_word(p, 0, "item")) {
		x->root = EXPR_ITEM;
		return rest_keep(p, 1, x);
	}
	if (p->scope->has_item && is_word(p, 0, "index"))
		return plain_resolve(p, EXPR_INDEX, 1, "index", x);
	if (is_word(p, 0, "run") && (field = field_find(p, 1, run_fields, RUN_FIELD_COUNT)) >= 0)
		return run_resolve(p, field, x);
	if (is_word(p, 0, "dag") && is_word(p, 1, "id"))
		return plain_resolve(p, EXPR_DAG_ID, 2, "dag.id", x);
	if (is_word(p, 0, "task") && is_word(p, 1, "id"))
		return plain_resolve(p, EXPR_TASK_ID, 2, "task.id", x);
	if (is_word(p, 0, "task") && is_word(p, 1, "try_number"))
		return plain_resolve(p, EXPR_TRY_NUMBER, 2, "task.try_number", x);
	/* N.B. of `S.output.output.logs` the task is called output: no output is. */
	if (is_word(p, 1, "output") && !is_word(p, 2, "output"))
		return output_resolve(p, 1, x);
	if (is_word(p, 2, "output") && !p->steps[1].is_index)
		return output_resolve(p, 2, x);
	if (is_word(p, 0, "run"))
		return unknown(p, 1, "run", run_fields, RUN_FIELD_COUNT);
	if (is_word(p, 0, "dag"))
		return unknown(p, 1, "dag", dag_fields, COUNT(dag_fields));
	if (is_word(p, 0, "task"))
		return unknown(p, 1, "task", task_fields, COUNT(task_fields));
	return lost_tell(p);
}

static int filters_check(struct path *p, struct expr *x)
{
	for (size_t i = 0; i + 1 < x->n_filters; i++)
		if (x->filters[i].filter->kind == FILTER_RAW)
			return err_set(p->e, ERR_INVALID, "raw must be the last filter");
	if (x->n_filters != 0) {
		const struct filter *last = x->filters[x->n_filters - 1].filter;

		x->is_raw = last->kind == FILTER_RAW;
		x->is_json = strcmp(last->name, "json") == 0;
	}
	return 0;
}

int expr_parse(struct arena *a, const char *text, size_t len, const struct expr_scope *scope,
	struct expr *out, size_t *where, struct err *e)
{
	struct err own = {0};
	struct path p; /* N.B. large: its arrays count only up to p.n */
	struct expr x = {0};
	int rc;

	*where = EXPR_WHOLE;
	if (len > EXPR_LENGTH_MAX)
		return err_set(e, ERR_LIMIT, "an expression has at most %d bytes", EXPR_LENGTH_MAX);
	x.text = text;
	x.text_len = len;
	p.a = a;
	p.scope = scope;
	p.where = where;
	p.e = e != NULL ? e : &own;
	p.text = x.text;
	p.len = len;
	p.at = p.n = 0;
	rc = path_read(&p);
	if (rc == 0)
		rc = resolve(&p, &x);
	if (rc == 0)
		rc = path_filters_read(&p, &x);
	if (rc == 0)
		rc = filters_check(&p, &x);
	if (rc != 0)
		return rc == ERR_NOTFOUND ? ERR_INVALID : rc;
	while (x.text_len > 0 && (x.text[0] == ' ' || x.text[0] == '\t')) {
		x.text++;
		x.text_len--;
	}
	while (x.text_len > 0 && memchr(" \t", x.text[x.text_len - 1], 2) != NULL)
		x.text_len--;
	*out = x;
	return 0;
}
