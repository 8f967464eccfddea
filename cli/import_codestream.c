/*
 * Pipelines of Code Stream (Aria Automation Pipelines), as they are exported: YAML with stageOrder,
 * taskOrder (`a,b` side by side), tasks of type SSH, Condition and REST, and expressions in ${...}.
 *
 * N.B. a task that cannot be taken over (an approval, say) becomes one that fails and says why:
 * left out, what follows would run without it.
 */
#include "cli/import_codestream.h"

#include <stdio.h>
#include <string.h>

#include "cli/output.h"
#include "engine/arena.h"
#include "engine/buf.h"
#include "engine/err.h"
#include "engine/json_mend.h"
#include "engine/strmap.h"

/* ---- writing ---- */

static struct value stages_of(struct codestream *c)
{
	struct import_map stages = {.arena = c->arena};

	for (size_t s = 0; s < c->n_stages; s++) {
		struct import_map stage = {.arena = c->arena}, tasks = {.arena = c->arena};

		for (uint32_t i = 0; i < c->stages[s].n; i++) {
			const struct codestream_task *t = &c->tasks[c->stages[s].first + i];

			import_map_add(&tasks, t->made, codestream_task_make(c, t));
		}
		import_map_add(&stage, "tasks", import_map_value(&tasks));
		import_map_add(&stages, c->stages[s].made, import_map_value(&stage));
	}
	return import_map_value(&stages);
}

/* ---- reading ---- */

static enum codestream_type type_of(const struct yaml_node *task)
{
	static const struct {
		const char *name;
		enum codestream_type type;
	} types[] = {{"SSH", CODESTREAM_SSH}, {"Condition", CODESTREAM_CONDITION},
		{"REST", CODESTREAM_REST}};
	const char *name = codestream_member_text(task, "type");

	for (size_t i = 0; name != NULL && i < sizeof(types) / sizeof(types[0]); i++)
		if (strcmp(types[i].name, name) == 0)
			return types[i].type;
	return CODESTREAM_OTHER;
}

/* Takes one name off "a,b". NULL: there is none, or no memory, which is noted. */
static const char *name_take(struct codestream *c, const char **p)
{
	const char *from = *p, *end, *name;

	while (*from == ' ' || *from == ',')
		from++;
	end = from;
	while (*end != '\0' && *end != ',')
		end++;
	*p = end;
	while (end > from && end[-1] == ' ')
		end--;
	if (end == from)
		return NULL;
	name = arena_memdup(c->arena, from, (size_t)(end - from));
	c->is_short = c->is_short || name == NULL;
	return name;
}

/* The members of a map by their names, and which of them were asked for. */
struct index {
	const struct yaml_node *map; /* NULL: none */
	struct strmap *places;
	bool *is_used;
};

static void index_make(struct codestream *c, struct index *x, const struct yaml_node *map)
{
	*x = (struct index){.map = map != NULL && map->kind == YAML_MAP ? map : NULL};
	if (x->map == NULL)
		return;
	x->places = strmap_create(map->n);
	x->is_used = arena_array(c->arena, (size_t)map->n + 1, sizeof(*x->is_used));
	c->is_short = c->is_short || x->places == NULL || x->is_used == NULL;
	for (uint32_t i = 0; i < map->n && !c->is_short; i++)
		c->is_short = strmap_add(x->places, map->pairs[i].key->text, map->pairs[i].key->n,
				      i) == ERR_NOMEM;
}

static const struct yaml_node *index_take(struct index *x, const char *name)
{
	uint32_t at = x->map == NULL ? STRMAP_NONE : strmap_find(x->places, name, strlen(name));

	if (at == STRMAP_NONE)
		return NULL;
	x->is_used[at] = true;
	return x->map->pairs[at].value;
}

/* Tells of members that no order names; they did not run there either. */
static void index_end(struct codestream *c, struct index *x, const char *what, const char *order)
{
	for (uint32_t i = 0; x->map != NULL && i < x->map->n && !c->is_short; i++)
		if (!x->is_used[i])
			codestream_note(c, x->map->pairs[i].key,
				"%s %s was left out: %s does not name it", what,
				x->map->pairs[i].key->text, order);
	strmap_destroy(x->places);
}

static void task_add(struct codestream *c, const char *name, const char *made,
	const struct yaml_node *node, uint32_t group)
{
	const char *key = arena_printf(c->arena, "%s.%s", c->stages[c->n_stages].name, name);
	struct codestream_task *list =
		import_grow(c->arena, c->tasks, c->n_tasks, &c->tasks_cap, sizeof(*list));

	if (list == NULL || key == NULL || made == NULL ||
		strmap_add(c->task_map, key, strlen(key), (uint32_t)c->n_tasks) == ERR_NOMEM) {
		c->is_short = true;
		return;
	}
	c->tasks = list;
	list[c->n_tasks] = (struct codestream_task){.name = name,
		.made = made,
		.node = node,
		.stage = (uint32_t)c->n_stages,
		.group = group,
		.type = type_of(node),
		.follows_skip = c->may_skip};
	c->may_skip = c->may_skip || list[c->n_tasks].type == CODESTREAM_CONDITION ||
		codestream_member(node, "preCondition") != NULL;
	c->n_tasks++;
	c->stages[c->n_stages].n++;
}

/* The tasks of one entry of taskOrder. */
static void group_read(struct codestream *c, const struct yaml_node *entry, struct index *tasks,
	struct import_names *names, uint32_t group)
{
	const char *p = entry->kind == YAML_SCALAR ? entry->text : "", *name;

	while (!c->is_short && (name = name_take(c, &p)) != NULL) {
		const struct yaml_node *node = index_take(tasks, name);

		if (node == NULL || c->n_tasks == CODESTREAM_TASKS_MAX)
			diag_error(c->notes, yaml_node_pos(entry),
				node == NULL ? "left out: there is no task %s"
					     : "left out: %s is one task too many",
				name);
		else
			task_add(c, name, import_name(names, name, strlen(name)), node, group);
	}
}

static void stage_read(struct codestream *c, const char *name, const struct yaml_node *stage,
	struct import_names *stage_names)
{
	static const char *const known[] = {"taskOrder", "tasks", NULL};
	const struct yaml_node *order = codestream_member(stage, "taskOrder");
	struct import_names names = {.arena = c->arena};
	struct codestream_stage *s = &c->stages[c->n_stages];
	struct index tasks;
	uint32_t group = 0;

	*s = (struct codestream_stage){.name = name, .first = (uint32_t)c->n_tasks};
	index_make(c, &tasks, codestream_member(stage, "tasks"));
	for (uint32_t i = 0; order != NULL && order->kind == YAML_LIST && i < order->n; i++) {
		uint32_t before = s->n;

		group_read(c, order->items[i], &tasks, &names, group);
		group += s->n > before;
	}
	index_end(c, &tasks, "task", "`taskOrder`");
	import_names_free(&names);
	codestream_note_unknown(c, stage, known);
	if (s->n == 0) {
		codestream_note(c, stage, "stage %s was left out: it has no tasks", name);
		return;
	}
	s->made = import_name(stage_names, name, strlen(name));
	c->is_short = c->is_short || s->made == NULL;
	c->n_stages++;
}

static void stages_read(struct codestream *c, const struct yaml_node *root)
{
	const struct yaml_node *order = codestream_member(root, "stageOrder");
	struct import_names names = {.arena = c->arena};
	uint32_t n = order != NULL && order->kind == YAML_LIST ? order->n : 0;
	struct index stages;

	c->stages = arena_array(c->arena, (size_t)n + 1, sizeof(*c->stages));
	c->task_map = strmap_create(0);
	c->is_short = c->is_short || c->stages == NULL || c->task_map == NULL;
	index_make(c, &stages, codestream_member(root, "stages"));
	for (uint32_t i = 0; i < n && !c->is_short; i++) {
		const char *name =
			order->items[i]->kind == YAML_SCALAR ? order->items[i]->text : "";
		const struct yaml_node *stage = index_take(&stages, name);

		if (stage == NULL)
			diag_error(c->notes, yaml_node_pos(order->items[i]),
				"left out: there is no stage %s", name);
		else
			stage_read(c, name, stage, &names);
	}
	index_end(c, &stages, "stage", "`stageOrder`");
	import_names_free(&names);
}

/* The names of the parameters, in the order of `input:`. */
static void params_read(struct codestream *c, const struct yaml_node *root)
{
	const struct yaml_node *params = codestream_member(root, "input");

	if (params == NULL || params->kind != YAML_MAP)
		return;
	c->params = params;
	c->param_map = strmap_create(params->n);
	c->is_short = c->is_short || c->param_map == NULL;
	for (uint32_t i = 0; i < params->n && !c->is_short; i++) {
		const struct yaml_node *key = params->pairs[i].key;

		const char *name = import_name(&c->param_names, key->text, key->n);

		c->is_short =
			name == NULL || strmap_add(c->param_map, key->text, key->n, i) == ERR_NOMEM;
		if (name != NULL && strcmp(name, key->text) != 0)
			codestream_note(
				c, key, "the input \"%s\" is called %s here", key->text, name);
	}
}

/* One parameter. One that had to be given there, and has no value, must come with the trigger. */
static struct value param_make(
	struct codestream *c, const struct yaml_pair *p, const struct yaml_node *meta)
{
	const struct yaml_node *mandatory = codestream_member(meta, "mandatory");
	const char *description = codestream_member_text(meta, "description");
	const struct yaml_node *value = p->value;
	bool is_text = value->kind == YAML_SCALAR && !yaml_is_null(value), truth = false;
	struct import_map param = {.arena = c->arena};

	if (value->kind != YAML_SCALAR)
		codestream_note(c, value, "the value of `%s` was not taken over: it is no text",
			p->key->text);
	else if (codestream_is_bound(value))
		codestream_note(c, value, "the value of `%s` stays as it stands: it is text here",
			p->key->text);
	if (mandatory != NULL)
		(void)yaml_is_bool(mandatory, &truth);
	import_map_text(&param, "type", "string");
	if (!truth || (is_text && value->n > 0))
		import_map_text(&param, "default", is_text ? value->text : "");
	if (description != NULL)
		import_map_text(&param, "description", description);
	return import_map_value(&param);
}

/* `input:` of the pipeline: parameters with their defaults. */
static struct value params_of(struct codestream *c, const struct yaml_node *root)
{
	const struct yaml_node *metas = codestream_member(root, "_inputMeta");
	struct import_map params = {.arena = c->arena};
	struct index index;

	index_make(c, &index, metas);
	for (uint32_t i = 0; i < c->params->n && !c->is_short; i++) {
		const struct yaml_pair *p = &c->params->pairs[i];

		import_map_add(&params, c->param_names.list[i].name,
			param_make(c, p, index_take(&index, p->key->text)));
	}
	strmap_destroy(index.places);
	return import_map_value(&params);
}

static void head_add(struct codestream *c, struct import_map *dag, const struct yaml_node *root)
{
	const struct yaml_node *enabled = codestream_member(root, "enabled");
	const struct yaml_node *concurrency = codestream_member(root, "concurrency");
	const char *description = codestream_member_text(root, "description");
	int64_t number;
	bool truth;

	import_map_text(dag, "dag_id", c->dag_id);
	if (description != NULL)
		import_map_text(dag, "description", description);
	if (concurrency != NULL && yaml_is_int(concurrency, &number) && number > 0 &&
		number <= 1000)
		import_map_add(dag, "max_active_runs", value_int(c->arena, number));
	else if (concurrency != NULL)
		codestream_note(c, concurrency, "`concurrency` was not taken over: want 1 to 1000");
	if (enabled != NULL && yaml_is_bool(enabled, &truth) && !truth)
		import_map_add(dag, "is_paused_upon_creation", value_bool(true));
	if (c->params != NULL && c->params->n > 0)
		import_map_add(dag, "params", params_of(c, root));
}

/* One pipeline; whether a DAG came of it. */
static bool pipeline_write(
	struct codestream *c, const struct yaml_node *root, struct buf *out, bool is_first)
{
	static const char *const known[] = {"kind", "name", "description", "enabled", "concurrency",
		"input", "stageOrder", "stages", "project", "icon", "version",
		"workspace", /* where tasks of type CI run, of which each is told */
		NULL};
	struct import_map dag = {.arena = c->arena};
	struct value v;

	params_read(c, root);
	stages_read(c, root);
	if (c->is_short)
		return false;
	if (c->n_stages == 0) {
		diag_error(c->notes, yaml_node_pos(root), "left out: this pipeline has no stages");
		return false;
	}
	head_add(c, &dag, root);
	import_map_add(&dag, "stages", stages_of(c));
	codestream_note_unknown(c, root, known);
	v = import_map_value(&dag);
	c->is_short = c->is_short || dag.is_short;
	if (!is_first)
		buf_adds(out, "---\n");
	if (!c->is_short)
		output_yaml_add(out, &v);
	return true;
}

/* ---- all documents ---- */

struct reading {
	struct arena *arena;
	struct yaml_text *text;
	struct diags *notes;
	struct import_names dags;
	struct import_aliases connections, variables;
	struct strmap *told; /* variables that are documents of the file, by their names of here */
};

/* A variable: told, since it belongs into the store. A secret's value is never shown. */
static int variable_tell(struct reading *r, const struct yaml_node *root)
{
	const char *name = codestream_member_text(root, "name"),
		   *type = codestream_member_text(root, "type"), *made = "NAME", *news = NULL;
	bool is_plain = type != NULL && strcmp(type, "REGULAR") == 0;

	if (name != NULL)
		made = codestream_variable(&r->variables, name, &news, r->arena);
	if (made == NULL)
		return ERR_NOMEM;
	if (news != NULL)
		diag_warning(r->notes, yaml_node_pos(root), "%s", news);
	diag_warning(r->notes, yaml_node_pos(root), "a variable: windrow variables set %s%s VALUE",
		is_plain ? "" : "--secret ", made);
	if (strmap_find(r->told, made, strlen(made)) != STRMAP_NONE)
		return 0;
	return strmap_add(r->told, made, strlen(made), 0);
}

/* Those that pipelines read, and that no document of the file is. */
static void variables_tell(struct reading *r)
{
	for (size_t i = 0; i < r->variables.names.n; i++) {
		const char *name = r->variables.names.list[i].name;

		if (strmap_find(r->told, name, strlen(name)) == STRMAP_NONE)
			diag_warning(r->notes, (struct pos){0, 0},
				"a variable that is not in the file: windrow variables set %s "
				"VALUE, with --secret if it is one",
				name);
	}
}

static int document_read(
	struct reading *r, const struct yaml_node *root, struct buf *out, size_t *n)
{
	const char *kind = codestream_member_text(root, "kind"),
		   *name = codestream_member_text(root, "name");
	struct codestream c = {.arena = r->arena,
		.text = r->text,
		.notes = r->notes,
		.param_names = {.arena = r->arena},
		.connections = &r->connections,
		.variables = &r->variables};

	if (kind != NULL && strcmp(kind, "VARIABLE") == 0)
		return variable_tell(r, root);
	if (kind != NULL && strcmp(kind, "PIPELINE") != 0) {
		diag_error(r->notes, yaml_node_pos(root),
			"left out: this document is no PIPELINE, but %s", kind);
		return 0;
	}
	if (kind == NULL && codestream_member(root, "stageOrder") == NULL) {
		diag_error(r->notes, yaml_node_pos(root), "left out: this document is no PIPELINE");
		return 0;
	}
	c.dag_id = import_name(
		&r->dags, name == NULL ? "pipeline" : name, name == NULL ? 8 : strlen(name));
	if (c.dag_id == NULL)
		return ERR_NOMEM;
	*n += pipeline_write(&c, root, out, *n == 0);
	import_names_free(&c.param_names);
	strmap_destroy(c.param_map);
	strmap_destroy(c.task_map);
	return c.is_short ? ERR_NOMEM : 0;
}

static bool is_json(const char *text, size_t len)
{
	size_t i = len >= 3 && memcmp(text, "\xef\xbb\xbf", 3) == 0 ? 3 : 0;

	while (i < len && strchr(" \t\r\n", text[i]) != NULL && text[i] != '\0')
		i++;
	return i < len && text[i] == '{';
}

int import_codestream(const char *text, size_t len, struct diags *notes, struct buf *out, size_t *n,
	struct err *e)
{
	static const struct yaml_limits limits = {
		.depth = 64, .documents = 1000, .alias_nodes = 100000};
	struct arena *a = arena_create(IMPORT_TEXT_MAX * 2);
	struct reading reading = {.arena = a,
		.notes = notes,
		.dags = {.arena = a},
		.connections = {.names = {.arena = a}},
		.variables = {.names = {.arena = a}},
		.told = strmap_create(0)};
	struct yaml_node **roots;
	struct pos *places, pos = {0, 0};
	size_t n_roots;
	int r;

	*n = 0;
	if (a != NULL && is_json(text, len))
		text = json_halves_join(a, text, &len);
	r = a == NULL || text == NULL || reading.told == NULL
		? ERR_NOMEM
		: yaml_text_create(a, text, len, &reading.text, &pos, e);
	if (r == 0)
		r = yaml_text_check(reading.text, &pos, e);
	if (r == ERR_INVALID)
		diag_error(notes, pos, "%s", e->text);
	if (r == 0)
		r = yaml_tree_parse(a, reading.text, &limits, notes, &roots, &places, &n_roots);
	for (size_t i = 0; r == 0 && i < n_roots; i++)
		if (roots[i] != NULL)
			r = document_read(&reading, roots[i], out, n);
	if (r == 0)
		variables_tell(&reading);
	if (r == 0)
		r = buf_status(out);
	strmap_destroy(reading.told);
	import_names_free(&reading.dags);
	import_aliases_free(&reading.connections);
	import_aliases_free(&reading.variables);
	r = import_end(a, r, e);
	arena_destroy(a);
	return r;
}
