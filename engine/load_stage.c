/*
 * Stages and their tasks. First all names are taken down, so that anything may refer to anything;
 * then the tasks are read, one after the other.
 */
#include <string.h>

#include "engine/load_impl.h"

bool load_is_name(const char *text, size_t len, bool dots)
{
	if (len == 0 || len > DAG_NAME_MAX)
		return false;
	for (size_t i = 0; i < len; i++) {
		char c = text[i], letter = (char)(c | 0x20);

		if (!((letter >= 'a' && letter <= 'z') || c == '_' ||
			    (i > 0 && ((c >= '0' && c <= '9') || c == '-' || (dots && c == '.')))))
			return false;
	}
	return true;
}

static bool check_name(struct loader *l, const struct yaml_node *key, const char *what)
{
	if (load_is_name(key->text, key->n, false))
		return true;
	load_error(l, yaml_node_pos(key), "\"%.300s\" is no name of a %s; want " LOAD_NAME_RULE,
		key->text, what);
	return false;
}

/* Takes down a task's names; its id is `Stage.task`, and its name the end of that. */
static void declare_task(
	struct loader *l, const struct stage *s, uint32_t stage, const struct yaml_node *key)
{
	struct task *t = &l->dag->tasks[l->dag->n_tasks];
	size_t stage_len = strlen(s->name);
	char *id;

	t->number = l->dag->n_tasks++;
	t->stage = stage;
	t->pos = yaml_node_pos(key);
	id = arena_alloc(l->arena, stage_len + key->n + 2);
	if (id == NULL) {
		load_nomem(l);
		return;
	}
	memcpy(id, s->name, stage_len);
	id[stage_len] = '.';
	memcpy(id + stage_len + 1, key->text, key->n);
	t->id = id;
	t->name = id + stage_len + 1;
	(void)check_name(l, key, "task");
	if (s->task_names != NULL &&
		strmap_add(s->task_names, t->name, key->n, t->number - s->first_task) == ERR_NOMEM)
		load_nomem(l);
}

static void declare_tasks(struct loader *l, uint32_t stage, const struct yaml_node *tasks)
{
	struct stage *s = &l->dag->stages[stage];

	s->first_task = l->dag->n_tasks;
	if (tasks == NULL)
		return;
	if (tasks->kind != YAML_MAP) {
		load_wrong(l, "tasks", tasks, "a map of names to tasks");
		return;
	}
	l->stage_nodes[stage].tasks = tasks;
	if (tasks->n > DAG_FEW_TASKS && (s->task_names = strmap_create(tasks->n)) == NULL)
		load_nomem(l);
	for (uint32_t i = 0; i < tasks->n && l->failed == 0; i++)
		declare_task(l, s, stage, tasks->pairs[i].key);
	s->n_tasks = l->dag->n_tasks - s->first_task;
}

static void declare_stage(struct loader *l, const char *name, size_t len, struct pos pos)
{
	uint32_t number = l->dag->n_stages;
	struct stage *s = &l->dag->stages[number];

	s->name = arena_memdup(l->arena, name, len);
	s->pos = pos;
	if (s->name == NULL || strmap_add(l->dag->stage_names, s->name, len, number) == ERR_NOMEM)
		load_nomem(l);
	else
		l->dag->n_stages++;
}

/* How many tasks the maps hold, before they are looked at. */
static size_t count_tasks(
	const struct loader *l, const struct yaml_node *stages, const struct yaml_node *tasks)
{
	size_t n = tasks != NULL && tasks->kind == YAML_MAP ? tasks->n : 0;

	for (uint32_t i = 0; stages != NULL && i < stages->n; i++) {
		const struct yaml_node *stage = stages->pairs[i].value;

		for (uint32_t k = 0; stage->kind == YAML_MAP && k < stage->n; k++) {
			const struct yaml_pair *p = &stage->pairs[k];

			if (key_index_find(&l->stage_index, p->key->text, p->key->n) ==
					STAGE_KEY_TASKS &&
				p->value->kind == YAML_MAP)
				n += p->value->n;
		}
	}
	return n;
}

static bool make_room(struct loader *l, size_t n_stages, size_t n_tasks, struct pos pos)
{
	struct dag *d = l->dag;

	if (n_tasks > DAG_TASKS_MAX) {
		load_error(l, pos, "a DAG may have %d tasks at most, found %zu", DAG_TASKS_MAX,
			n_tasks);
		return false;
	}
	d->stages = arena_array(l->arena, n_stages, sizeof(*d->stages));
	d->tasks = arena_array(l->arena, n_tasks, sizeof(*d->tasks));
	d->stage_names = strmap_create(n_stages);
	l->stage_nodes = arena_array(l->tree, n_stages, sizeof(*l->stage_nodes));
	l->task_flags = arena_alloc(l->tree, n_tasks);
	if (d->stages != NULL && d->tasks != NULL && d->stage_names != NULL &&
		l->stage_nodes != NULL && l->task_flags != NULL)
		return true;
	load_nomem(l);
	return false;
}

static void declare_stages(struct loader *l, const struct yaml_node *stages)
{
	for (uint32_t i = 0; i < stages->n; i++) {
		const struct yaml_node *key = stages->pairs[i].key;
		struct stage_nodes *nodes = &l->stage_nodes[i];

		l->place = (struct place){PLACE_DAG, NULL};
		(void)check_name(l, key, "stage");
		declare_stage(l, key->text, key->n, yaml_node_pos(key));
		if (l->failed != 0)
			return;
		l->place = (struct place){PLACE_STAGE, l->dag->stages[i].name};
		if (load_map(l, stages->pairs[i].value, &l->stage_index, "a stage", nodes->value))
			declare_tasks(l, i, nodes->value[STAGE_KEY_TASKS]);
	}
}

static void read_stage_rule(struct loader *l, uint32_t stage)
{
	struct stage_nodes *nodes = &l->stage_nodes[stage];
	const struct yaml_node *n = nodes->value[STAGE_KEY_TRIGGER_RULE];

	nodes->rule = -1;
	if (n != NULL && !load_choice(l, &stage_keys[STAGE_KEY_TRIGGER_RULE], n, &nodes->rule))
		nodes->rule = -1;
}

/* Reads the tasks of a stage, from its default_args on. */
static void read_tasks(struct loader *l, uint32_t stage)
{
	const struct stage *s = &l->dag->stages[stage];
	const struct stage_nodes *nodes = &l->stage_nodes[stage];

	l->place = (struct place){PLACE_STAGE, s->name};
	read_stage_rule(l, stage);
	if (nodes->value[STAGE_KEY_DEFAULT_ARGS] != NULL) {
		load_defaults(l, nodes->value[STAGE_KEY_DEFAULT_ARGS], true);
	} else if (l->defaults != l->dag_defaults) {
		l->defaults = l->dag_defaults;
		l->env_layers[2] = NULL;
		l->is_env_shared = false;
	}
	for (uint32_t i = 0; i < s->n_tasks && l->failed == 0; i++) {
		l->task = &l->dag->tasks[s->first_task + i];
		load_task(l, nodes->tasks->pairs[i].value, nodes);
	}
	l->task = NULL;
}

void load_stages(struct loader *l, const struct yaml_node *stages, const struct yaml_node *tasks)
{
	const struct yaml_node *either = stages != NULL ? stages : tasks;

	if (stages != NULL && stages->kind != YAML_MAP) {
		load_wrong(l, "stages", stages, "a map of names to stages");
		return;
	}
	if (!make_room(l, stages != NULL ? stages->n : 1, count_tasks(l, stages, tasks),
		    yaml_node_pos(either)))
		return;
	if (stages != NULL) {
		declare_stages(l, stages);
	} else {
		declare_stage(l, DAG_ONLY_STAGE, strlen(DAG_ONLY_STAGE), yaml_node_pos(tasks));
		if (l->failed == 0)
			declare_tasks(l, 0, tasks);
	}
	for (uint32_t i = 0; i < l->dag->n_stages && l->failed == 0; i++)
		read_tasks(l, i);
}
