/* What expressions and depends_on may name: tasks, stages, parameters; and what is near to a name
 * that there is not. */
#include <stdio.h>
#include <string.h>

#include "engine/hint.h"
#include "engine/load_impl.h"

#define LISTED_MAX 5 /* names that are told where none is near */
#define LISTED_LENGTH_MAX 40

/* The names of which one may have been meant. */
struct names {
	struct hint hint;
	const char *own_task, *own_stage; /* which cannot be meant; or NULL */
	const char *listed[LISTED_MAX];
	size_t n_listed, n;
};

static void names_begin(struct names *k, const char *word, size_t len)
{
	*k = (struct names){.own_task = NULL};
	hint_begin(&k->hint, word, len);
}

static void offer(struct names *k, const char *name)
{
	size_t len = strlen(name);

	if (name == k->own_task || name == k->own_stage)
		return;
	hint_offer(&k->hint, name, len);
	if (k->n_listed < LISTED_MAX && len <= LISTED_LENGTH_MAX)
		k->listed[k->n_listed++] = name;
	k->n++;
}

static void offer_stages(const struct loader *l, struct names *k)
{
	for (uint32_t i = 0; load_wants_hints(l) && i < l->dag->n_stages; i++)
		offer(k, l->dag->stages[i].name);
}

static void offer_tasks(const struct loader *l, const struct stage *s, struct names *k)
{
	for (uint32_t i = 0; load_wants_hints(l) && i < s->n_tasks; i++) {
		const char *name = l->dag->tasks[s->first_task + i].name;

		if (name != NULL)
			offer(k, name);
	}
}

/* The name that is near, or the first of those that there are. */
static const char *names_text(const struct names *k, const char *lead, char buffer[LOAD_HINT_MAX])
{
	int n;

	if (k->hint.best != NULL || k->n_listed == 0)
		return load_hint_text(&k->hint, buffer);
	n = snprintf(buffer, LOAD_HINT_MAX, "; %s", lead);
	for (size_t i = 0; i < k->n_listed; i++) {
		const char *between = i == 0 ? " " : i + 1 < k->n ? ", " : " and ";

		n += snprintf(buffer + n, LOAD_HINT_MAX - (size_t)n, "%s%s", between, k->listed[i]);
	}
	if (k->n > k->n_listed)
		(void)snprintf(
			buffer + n, LOAD_HINT_MAX - (size_t)n, " and %zu more", k->n - k->n_listed);
	return buffer;
}

static int no_stage(const struct loader *l, const char *name, size_t len, struct err *e)
{
	char buffer[LOAD_HINT_MAX];
	struct names k;

	names_begin(&k, name, len);
	offer_stages(l, &k);
	return err_set(e, ERR_NOTFOUND, "there is no stage \"%.*s\"%s", (int)len, name,
		names_text(&k, "there is", buffer));
}

static int no_task(
	const struct loader *l, const struct stage *s, const char *name, size_t len, struct err *e)
{
	char buffer[LOAD_HINT_MAX];
	struct names k;

	names_begin(&k, name, len);
	offer_tasks(l, s, &k);
	return err_set(e, ERR_NOTFOUND, "stage %s has no task \"%.*s\"%s", s->name, (int)len, name,
		names_text(&k, "it has", buffer));
}

/* Finds `stage.task`, or, where stage_len is 0, a task of the current one's stage. */
static int find_task(const struct loader *l, const char *stage, size_t stage_len, const char *task,
	size_t task_len, uint32_t *index, struct err *e)
{
	uint32_t s;

	*index = UINT32_MAX;
	if (stage_len == 0 && l->task == NULL)
		return err_set(e, ERR_NOTFOUND, "want Stage.task here, found \"%.*s\"",
			(int)task_len, task);
	s = stage_len == 0 ? l->task->stage : dag_stage_number(l->dag, stage, stage_len);
	if (s == UINT32_MAX)
		return no_stage(l, stage, stage_len, e);
	*index = dag_task_number(l->dag, s, task, task_len);
	if (*index != UINT32_MAX)
		return 0;
	return no_task(l, &l->dag->stages[s], task, task_len, e);
}

static int on_task_find(void *ctx, const char *stage, size_t stage_len, const char *task,
	size_t task_len, uint32_t *index, struct err *e)
{
	const struct loader *l = ctx;
	int rc = find_task(l, stage, stage_len, task, task_len, index, e);

	if (rc == 0 && l->task != NULL && !l->is_callback && *index == l->task->number)
		return err_set(e, ERR_INVALID,
			"task %s reads its own output, which is there only once it has run: "
			"%s -> %s",
			l->task->id, l->task->id, l->task->id);
	return rc;
}

static int on_param_find(void *ctx, const char *name, size_t len, struct err *e)
{
	const struct loader *l = ctx;
	char buffer[LOAD_HINT_MAX];
	struct names k;

	if (l->param_names != NULL && strmap_find(l->param_names, name, len) != STRMAP_NONE)
		return 0;
	names_begin(&k, name, len);
	for (size_t i = 0; load_wants_hints(l) && i < l->dag->n_params; i++)
		offer(&k, l->dag->params[i].name);
	return err_set(e, ERR_NOTFOUND, "params: declares no \"%.*s\"%s", (int)len, name,
		names_text(&k, "it declares", buffer));
}

struct expr_scope load_scope(struct loader *l)
{
	return (struct expr_scope){.ctx = l,
		.task_find = on_task_find,
		.param_find = on_param_find,
		.has_item = l->has_item};
}

uint32_t load_stage_find(struct loader *l, const struct yaml_node *n)
{
	struct err e;
	uint32_t s;

	if (n->kind != YAML_SCALAR || yaml_is_null(n)) {
		load_wrong(l, "depends_on", n, "the name of a stage");
		return UINT32_MAX;
	}
	s = dag_stage_number(l->dag, n->text, n->n);
	if (s == UINT32_MAX) {
		(void)no_stage(l, n->text, n->n, &e);
		load_error(l, yaml_node_pos(n), "depends_on: %s", e.text);
	}
	return s;
}

static void refuse_itself(struct loader *l, const struct yaml_node *n)
{
	load_error(l, yaml_node_pos(n), "depends_on: the task waits for itself: %s -> %s",
		l->task->id, l->task->id);
}

/* An entry without a dot: a task of the same stage, else a stage. */
static void depend_on_name(struct loader *l, const struct yaml_node *n)
{
	const struct stage *own = &l->dag->stages[l->task->stage];
	uint32_t task = dag_task_number(l->dag, l->task->stage, n->text, n->n);
	uint32_t stage = dag_stage_number(l->dag, n->text, n->n);
	char buffer[LOAD_HINT_MAX];
	struct names k;

	if (task == l->task->number) {
		refuse_itself(l, n);
	} else if (task != UINT32_MAX) {
		load_link(l, task, n, NULL);
	} else if (stage == l->task->stage) {
		load_error(l, yaml_node_pos(n),
			"depends_on: a task cannot wait for all of its own stage; name tasks of "
			"it");
	} else if (stage != UINT32_MAX) {
		load_stage_link(l, stage, l->task->number, n);
	} else {
		names_begin(&k, n->text, n->n);
		k.own_task = l->task->name;
		k.own_stage = own->name;
		offer_tasks(l, own, &k);
		offer_stages(l, &k);
		load_error(l, yaml_node_pos(n),
			"depends_on: there is no task \"%s\" in stage %s, and no stage of that "
			"name%s",
			n->text, own->name, names_text(&k, "it may name", buffer));
	}
}

static void depend_on_full_name(struct loader *l, const struct yaml_node *n, const char *dot)
{
	size_t stage_len = (size_t)(dot - n->text);
	struct err e;
	uint32_t task;

	if (find_task(l, n->text, stage_len, dot + 1, n->n - stage_len - 1, &task, &e) != 0)
		load_error(l, yaml_node_pos(n), "depends_on: %s", e.text);
	else if (task == l->task->number)
		refuse_itself(l, n);
	else
		load_link(l, task, n, NULL);
}

static bool is_list(struct loader *l, const struct yaml_node *n)
{
	if (n->kind != YAML_LIST)
		load_wrong(l, "depends_on", n,
			"a list of tasks and stages, such as [build, Test.unit]");
	return n->kind == YAML_LIST;
}

static bool is_name(struct loader *l, const struct yaml_node *n)
{
	bool is_good = n->kind == YAML_SCALAR && n->n > 0 && !yaml_is_null(n);

	if (!is_good)
		load_wrong(l, "depends_on", n, "the name of a task or a stage");
	return is_good;
}

void load_depends_on_check(struct loader *l, const struct yaml_node *n)
{
	if (!is_list(l, n))
		return;
	for (uint32_t i = 0; i < n->n; i++)
		(void)is_name(l, n->items[i]);
}

void load_depends_on(struct loader *l, const struct yaml_node *n)
{
	if (!is_list(l, n))
		return;
	for (uint32_t i = 0; i < n->n; i++) {
		const struct yaml_node *item = n->items[i];
		const char *dot;

		if (!is_name(l, item))
			continue;
		dot = memchr(item->text, '.', item->n);
		if (dot == NULL || dot == item->text)
			depend_on_name(l, item);
		else
			depend_on_full_name(l, item, dot);
	}
}
