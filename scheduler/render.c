/*
 * Rendering. N.B. nothing here looks at what a value holds: quoting is the engine's, by the place
 * in which an expression stands, and operators pass everything on as bytes.
 */
#include "scheduler/render.h"

#include <string.h>

#include "engine/arena.h"
#include "engine/buf.h"
#include "engine/cond.h"
#include "engine/dag.h"
#include "engine/dag_callback.h"
#include "engine/err.h"
#include "engine/instant.h"
#include "engine/template.h"
#include "scheduler/outputs.h"
#include "store/secret.h"

static struct value string_value(const char *s)
{
	return value_string(s, strlen(s));
}

static int time_value(
	struct arena *a, char *(*format)(int64_t, char *), int64_t t, struct value *out)
{
	char *text = arena_alloc(a, INSTANT_TEXT_MAX);

	if (text == NULL)
		return ERR_NOMEM;
	*out = string_value(format(t, text));
	return 0;
}

static int run_value(
	const struct run_facts *run, enum run_field f, struct arena *a, struct value *out)
{
	switch (f) {
	case RUN_FIELD_ID:
		*out = string_value(run->run_id);
		return 0;
	case RUN_FIELD_LOGICAL_DATE:
	case RUN_FIELD_TS:
		return time_value(a, instant_format, run->logical_date, out);
	case RUN_FIELD_DATA_INTERVAL_START:
		return time_value(a, instant_format, run->interval_start, out);
	case RUN_FIELD_DATA_INTERVAL_END:
		return time_value(a, instant_format, run->interval_end, out);
	case RUN_FIELD_DS:
		return time_value(a, instant_format_date, run->logical_date, out);
	case RUN_FIELD_DS_NODASH:
		return time_value(a, instant_format_nodash, run->logical_date, out);
	case RUN_FIELD_CONF:
		*out = run->conf;
		return 0;
	case RUN_FIELD_COUNT:
		break;
	}
	return ERR_BUG;
}

static int param_value(
	const struct run_facts *run, const struct expr *x, struct value *out, struct err *e)
{
	const struct value *v = value_member(&run->params, x->name, x->name_len);

	if (v == NULL)
		return err_set(e, ERR_NOTFOUND, "the run has no parameter %.*s", (int)x->name_len,
			x->name);
	*out = *v;
	return 0;
}

/* expr_env's get: the value of an expression's root. */
static int get(
	void *ctx, const struct expr *x, struct arena *scratch, struct value *out, struct err *e)
{
	const struct render *r = ctx;
	const struct render_source *s = r->source;
	int status = 0;

	switch (x->root) {
	case EXPR_OUTPUT:
		return outputs_get(r->outputs, x->task, x->output, scratch, out, e);
	case EXPR_PARAM:
		return param_value(r->run, x, out, e);
	case EXPR_VAR:
		return s->var(s->ctx, x->name, x->name_len, scratch, out, e);
	case EXPR_CONN:
		return s->conn(s->ctx, x->name, x->name_len, x->attribute, scratch, out, e);
	case EXPR_RUN:
		status = run_value(r->run, x->field, scratch, out);
		break;
	case EXPR_DAG_ID:
		*out = string_value(r->dag->dag_id);
		break;
	case EXPR_TASK_ID:
		*out = string_value(
			r->task < r->dag->n_tasks ? r->dag->tasks[r->task].id : r->event);
		break;
	case EXPR_TRY_NUMBER:
		status = value_int_make(scratch, r->try_number, out);
		break;
	case EXPR_ITEM:
	case EXPR_INDEX:
		if (r->item == NULL)
			return err_set(e, ERR_NOTFOUND, "there is no item outside for_each");
		if (x->root == EXPR_ITEM)
			*out = *r->item;
		else
			status = value_int_make(scratch, r->index, out);
		break;
	}
	return status == 0 ? 0 : err_set(e, status, "%s", err_text(status));
}

/* expr_env's filtered. */
static int filtered(void *ctx, const struct expr *x, const char *text, size_t len, struct err *e)
{
	const struct render *r = ctx;
	const struct render_source *s = r->source;

	return s->filtered == NULL ? 0 : s->filtered(s->ctx, x->name, x->name_len, text, len, e);
}

static struct expr_env env_of(const struct render *r)
{
	union {
		const struct render *in;
		void *out; /* get() only reads it */
	} ctx = {r};

	return (struct expr_env){.ctx = ctx.out, .get = get, .filtered = filtered};
}

int render_secrets_learn(const struct dag *d, const struct render_source *s, struct err *e)
{
	const struct render r = {.dag = d, .source = s};
	struct expr_env env = env_of(&r);
	struct value ignored;
	int status = 0;

	if (s->mask == NULL)
		return 0;
	for (const struct dag_variable *v = d->variables; v != NULL && status == 0; v = v->next) {
		struct arena *a = secret_arena_create(0);

		status = a == NULL ? err_set(e, ERR_NOMEM, "%s", err_text(ERR_NOMEM))
				   : expr_eval(v->expr, &env, a, &ignored, e);
		arena_destroy(a);
		if (status == ERR_NOTFOUND || status == ERR_CORRUPT || status == ERR_UNSUPPORTED ||
			status == ERR_INVALID)
			status = 0;
	}
	return status;
}

/* Renders a template into bytes of the arena. */
static int render_text(const struct render *r, const struct template *t, struct arena *a,
	struct op_bytes *out, struct err *e)
{
	struct expr_env env = env_of(r);
	struct buf b;
	int status;

	buf_init(&b, TEMPLATE_TEXT_MAX);
	status = template_render(t, &env, &b, e);
	if (status == 0 && buf_status(&b) != 0)
		status = err_set(e, buf_status(&b), "%s", err_text(buf_status(&b)));
	if (status == 0) {
		out->len = b.len;
		out->data = arena_memdup(a, buf_str(&b), b.len);
		if (out->data == NULL)
			status = err_set(e, ERR_NOMEM, "%s", err_text(ERR_NOMEM));
	}
	buf_free(&b);
	return status;
}

static int render_list(const struct render *r, const struct setting *s, struct arena *a,
	struct op_setting *out, struct err *e)
{
	struct op_bytes *list = arena_array(a, s->n + 1, sizeof(*list));
	int status = 0;

	if (list == NULL)
		return err_set(e, ERR_NOMEM, "%s", err_text(ERR_NOMEM));
	for (size_t i = 0; i < s->n && status == 0; i++)
		status = render_text(r, s->list[i], a, &list[i], e);
	out->list = list;
	out->n = s->n;
	return status;
}

static int render_setting(const struct render *r, const struct key_def *key,
	const struct setting *s, struct arena *a, struct op_setting *out, struct err *e)
{
	out->is_set = s->is_set;
	if (!s->is_set)
		return 0;
	switch (key->type) {
	case KEY_BOOL:
		out->truth = s->truth;
		return 0;
	case KEY_INT:
	case KEY_DURATION:
	case KEY_SIZE:
		out->number = s->number;
		return 0;
	case KEY_STRING:
	case KEY_ENUM:
		out->text = (struct op_bytes){.data = s->string, .len = strlen(s->string)};
		return 0;
	case KEY_TEMPLATE:
	case KEY_COMMAND:
	case KEY_SCRIPT:
		return render_text(r, s->text, a, &out->text, e);
	case KEY_TEMPLATES:
		return render_list(r, s, a, out, e);
	default:
		return err_set(e, ERR_BUG, "an operator has a key of a kind that none may have");
	}
}

/* What has an operator's keys: a task, or a callback. */
struct action {
	const struct op_spec *op;
	const struct setting *settings;
	const struct env_entry *environment;
	size_t n_environment;
	bool is_lenient; /* what cannot be rendered is left out */
};

/* Names with templates: an environment, or headers. */
static int render_entries(const struct render *r, const char *what, const struct env_entry *list,
	size_t n, bool is_lenient, struct arena *a, struct op_variable **out, struct err *e)
{
	struct op_variable *entries = arena_array(a, n + 1, sizeof(*entries));
	int status;

	if (entries == NULL)
		return err_set(e, ERR_NOMEM, "%s", err_text(ERR_NOMEM));
	for (size_t i = 0; i < n; i++) {
		entries[i].name = list[i].name;
		status = render_text(r, list[i].text, a, &entries[i].value, e);
		if (status != 0 && (!is_lenient || status == ERR_NOMEM))
			return err_context(e, "%s: %s", what, list[i].name);
		if (status != 0)
			entries[i].value = (struct op_bytes){.data = ""};
	}
	*out = entries;
	return 0;
}

static int render_action(const struct render *r, const struct action *what, struct arena *a,
	struct render_job *out, struct err *e)
{
	const struct op_spec *op = what->op;
	struct render_job job = {.n_environment = what->n_environment};
	int status;

	job.settings = arena_array(a, op->n_keys, sizeof(*job.settings));
	if (job.settings == NULL)
		return err_set(e, ERR_NOMEM, "%s", err_text(ERR_NOMEM));
	for (size_t i = 0; i < op->n_keys; i++) {
		status =
			render_setting(r, &op->keys[i], &what->settings[i], a, &job.settings[i], e);
		if (status != 0 && (!what->is_lenient || status == ERR_NOMEM))
			return err_context(e, "%s", op->keys[i].name);
		if (status != 0)
			job.settings[i] = (struct op_setting){0};
	}
	status = render_entries(r, "environment", what->environment, what->n_environment,
		what->is_lenient, a, &job.environment, e);
	if (status == 0)
		*out = job;
	return status;
}

static int render_all(const struct render *r, bool is_lenient, struct arena *a,
	struct render_job *out, struct err *e)
{
	const struct task *t = &r->dag->tasks[r->task];
	struct action action = {.op = t->op,
		.settings = t->settings,
		.environment = t->environment,
		.n_environment = t->n_environment,
		.is_lenient = is_lenient};

	return render_action(r, &action, a, out, e);
}

int render_task(const struct render *r, struct arena *a, struct render_job *out, struct err *e)
{
	return render_all(r, false, a, out, e);
}

int render_task_known(
	const struct render *r, struct arena *a, struct render_job *out, struct err *e)
{
	return render_all(r, true, a, out, e);
}

int render_callback(const struct render *r, const struct callback *cb, struct arena *a,
	struct render_call *out, struct err *e)
{
	struct render_call call = {0};
	struct action action;
	int status;

	if (cb->kind == CALLBACK_TASK) {
		action = (struct action){.op = cb->task.op,
			.settings = cb->task.settings,
			.environment = cb->task.environment,
			.n_environment = cb->task.n_environment};
		status = render_action(r, &action, a, &call.job, e);
	} else {
		if (render_text(r, cb->url.url, a, &call.url, e) != 0)
			return err_context(e, "url");
		if (cb->url.body != NULL && render_text(r, cb->url.body, a, &call.body, e) != 0)
			return err_context(e, "body");
		status = render_entries(r, "headers", cb->url.headers, cb->url.n_headers, false, a,
			&call.headers, e);
	}
	if (status == 0)
		*out = call;
	return status;
}

int render_when(const struct render *r, bool *truth, struct err *e)
{
	const struct task *t = &r->dag->tasks[r->task];
	struct expr_env env = env_of(r);

	if (t->when == NULL) {
		*truth = true;
		return 0;
	}
	if (cond_eval(t->when, &env, truth, e) != 0)
		return err_context(e, "when");
	return 0;
}

/* An item that was written in the file. */
static int item_value(const struct render *r, const struct for_each_item *item, struct arena *a,
	struct value *out, struct err *e)
{
	struct expr_env env = env_of(r);

	if (item->text != NULL)
		return template_eval(item->text, &env, a, out, e);
	*out = item->value;
	return 0;
}

int render_items(const struct render *r, struct arena *a, struct value *out, struct err *e)
{
	const struct task *t = &r->dag->tasks[r->task];
	struct expr_env env = env_of(r);
	struct value v, *items;

	if (t->items_expr != NULL) {
		if (template_eval(t->items_expr, &env, a, &v, e) != 0)
			return err_context(e, "for_each");
		if (v.type != VALUE_LIST)
			return err_set(e, ERR_INVALID, "for_each: wants a list; this is: %s",
				value_type_name(v.type));
		return value_copy(a, &v, out) == 0
			? 0
			: err_set(e, ERR_NOMEM, "%s", err_text(ERR_NOMEM));
	}
	items = arena_array(a, t->n_items + 1, sizeof(*items));
	if (items == NULL)
		return err_set(e, ERR_NOMEM, "%s", err_text(ERR_NOMEM));
	for (size_t i = 0; i < t->n_items; i++) {
		if (item_value(r, &t->items[i], a, &v, e) != 0)
			return err_context(e, "for_each: item %zu", i + 1);
		if (value_copy(a, &v, &items[i]) != 0)
			return err_set(e, ERR_NOMEM, "%s", err_text(ERR_NOMEM));
	}
	*out = (struct value){.type = VALUE_LIST, .len = t->n_items, .u.items = items};
	return 0;
}
