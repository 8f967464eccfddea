/* The keys of a DAG itself, in the order in which one needs the other. */
#include <string.h>

#include "engine/load_impl.h"

static void load_id(struct loader *l, const struct yaml_node *n)
{
	struct dag *d = l->dag;
	const char *fallback = l->opts->default_id;

	d->dag_id = fallback != NULL ? fallback : "";
	if (n != NULL) {
		if (load_string(l, &dag_keys[DAG_KEY_DAG_ID], n, &d->dag_id) &&
			!load_is_name(d->dag_id, strlen(d->dag_id), true))
			load_error(l, yaml_node_pos(n),
				"\"%.300s\" is no dag_id; want " LOAD_ID_RULE, d->dag_id);
		return;
	}
	if (!load_is_name(d->dag_id, strlen(d->dag_id), true))
		load_error(l, d->pos,
			"the file's name, \"%.300s\", is no dag_id; say one with dag_id:",
			d->dag_id);
	d->dag_id = arena_strdup(l->arena, d->dag_id);
	if (d->dag_id == NULL)
		load_nomem(l);
}

static void text_of(struct loader *l, enum dag_key key, const char **out)
{
	if (l->dag_values[key] != NULL)
		(void)load_string(l, &dag_keys[key], l->dag_values[key], out);
}

static uint32_t int_of(struct loader *l, enum dag_key key, int64_t otherwise)
{
	if (l->dag_values[key] != NULL)
		(void)load_int(l, &dag_keys[key], l->dag_values[key], &otherwise);
	return (uint32_t)otherwise;
}

static void bool_of(struct loader *l, enum dag_key key, bool *out)
{
	if (l->dag_values[key] != NULL)
		(void)load_bool(l, &dag_keys[key], l->dag_values[key], out);
}

static void load_simple(struct loader *l)
{
	struct yaml_node *const *v = l->dag_values;
	struct dag *d = l->dag;

	load_id(l, v[DAG_KEY_DAG_ID]);
	text_of(l, DAG_KEY_DESCRIPTION, &d->description);
	text_of(l, DAG_KEY_DOC, &d->doc);
	text_of(l, DAG_KEY_OWNER, &d->owner);
	if (v[DAG_KEY_TAGS] != NULL)
		(void)load_strings(
			l, &dag_keys[DAG_KEY_TAGS], v[DAG_KEY_TAGS], &d->tags, &d->n_tags);
	bool_of(l, DAG_KEY_CATCHUP, &d->catchup);
	bool_of(l, DAG_KEY_IS_PAUSED_UPON_CREATION, &d->is_paused_upon_creation);
	d->max_active_runs = int_of(l, DAG_KEY_MAX_ACTIVE_RUNS, 16);
	d->max_active_tasks = int_of(l, DAG_KEY_MAX_ACTIVE_TASKS, 16);
	if (v[DAG_KEY_DAGRUN_TIMEOUT] != NULL)
		(void)load_duration(l, &dag_keys[DAG_KEY_DAGRUN_TIMEOUT], v[DAG_KEY_DAGRUN_TIMEOUT],
			&d->dagrun_timeout_ms);
}

static void load_work(struct loader *l)
{
	struct yaml_node *const *v = l->dag_values;
	const struct yaml_node *stages = v[DAG_KEY_STAGES], *tasks = v[DAG_KEY_TASKS];

	if (stages != NULL && tasks != NULL)
		load_error(l, yaml_node_pos(tasks),
			"both stages and tasks are here; put the tasks into a stage");
	else if (stages == NULL && tasks == NULL)
		load_error(l, l->dag->pos, "want stages or tasks in a DAG");
	if (stages != NULL || tasks != NULL)
		load_stages(l, stages, stages != NULL ? NULL : tasks);
}

/* N.B. the DAG's own callbacks come when all is over: they may read every task's output. */
static void load_endings(struct loader *l)
{
	struct yaml_node *const *v = l->dag_values;

	l->place = (struct place){PLACE_DAG, NULL};
	l->defaults = l->dag_defaults;
	l->env_layers[2] = NULL;
	if (v[DAG_KEY_ON_SUCCESS] != NULL)
		load_callbacks(l, "on_success", v[DAG_KEY_ON_SUCCESS], &l->dag->on_success);
	if (v[DAG_KEY_ON_FAILURE] != NULL)
		load_callbacks(l, "on_failure", v[DAG_KEY_ON_FAILURE], &l->dag->on_failure);
}

void load_dag(struct loader *l, const struct yaml_node *root)
{
	struct yaml_node *value[DAG_KEY_COUNT];

	l->place = (struct place){PLACE_DAG, NULL};
	l->dag_values = value;
	if (!load_map(l, root, &l->dag_index, "a DAG", value))
		return;
	load_simple(l);
	if (value[DAG_KEY_PARAMS] != NULL)
		load_params(l, value[DAG_KEY_PARAMS]);
	load_schedule(l);
	if (value[DAG_KEY_ENVIRONMENT] != NULL &&
		load_environment_check(l, "environment", value[DAG_KEY_ENVIRONMENT]))
		l->env_layers[0] = value[DAG_KEY_ENVIRONMENT];
	load_defaults(l, value[DAG_KEY_DEFAULT_ARGS], false);
	load_work(l);
	if (l->failed == 0)
		load_endings(l);
	if (l->failed == 0)
		load_graph(l);
	l->dag_values = NULL;
}
