/*
 * What a task of Code Stream is here: an SSH task one of the ssh operator, a condition a `when`, a
 * request one of curl on windrow's own machine.
 *
 * N.B. a task that cannot be taken over (an approval, say) becomes one that fails and says why:
 * left out, what follows would run without it.
 */
#include <string.h>

#include "cli/import_codestream.h"
#include "engine/arena.h"
#include "engine/buf.h"
#include "engine/err.h"
#include "engine/shquote.h"

/* ---- what a task is here ---- */

/* The text of a node; NULL, and told, where it is none. */
static const char *text_of(
	struct codestream *c, const struct yaml_node *n, enum codestream_place place)
{
	if (n->kind == YAML_SCALAR)
		return codestream_text(c, n, place);
	diag_error(c->notes, yaml_node_pos(n), "left out: want text here, found a %s",
		n->kind == YAML_LIST ? "list" : "map");
	return NULL;
}

static void text_member(struct codestream *c, struct import_map *m, const char *key,
	const struct yaml_node *n, enum codestream_place place)
{
	const char *text = n == NULL ? NULL : text_of(c, n, place);

	if (text != NULL)
		import_map_text(m, key, text);
}

/* Tells how to make a connection, once. Passwords and keys are not shown. */
static void connection_tell(struct codestream *c, const struct yaml_node *task, const char *id,
	const char *host, const char *user)
{
	bool has_user = user != NULL && strstr(user, "${") == NULL;

	diag_warning(c->notes, yaml_node_pos(task),
		"make its connection: windrow connections add %s --conn-type ssh --conn-host "
		"%s%s%s; "
		"then windrow connections setup %s",
		id, host, has_user ? " --conn-login " : "", has_user ? user : "", id);
}

/* The connection of an SSH task: one for each host, or for a pipeline whose host comes with the
 * run.
 */
static void connection_add(struct codestream *c, struct import_map *task,
	const struct yaml_node *node, const struct yaml_node *input)
{
	const struct yaml_node *host = codestream_member(input, "host");
	bool is_bound = host == NULL || host->kind != YAML_SCALAR || codestream_is_bound(host);
	const char *of = is_bound ? c->dag_id : host->text, *id = NULL;

	for (size_t i = 0; i < c->connections->n && id == NULL; i++)
		if (strcmp(c->connections->list[i].key, of) == 0)
			id = c->connections->list[i].value.u.text;
	if (id == NULL) {
		id = import_name(c->connection_names, of, strlen(of));
		import_map_text(c->connections, arena_strdup(c->arena, of), id);
		if (id != NULL)
			connection_tell(c, node, id, is_bound ? "HOST" : of,
				codestream_member_text(input, "username"));
	}
	import_map_text(task, "ssh_conn_id", id);
	if (is_bound)
		text_member(c, task, "remote_host", host, CODESTREAM_PLAIN);
}

static void environment_add(
	struct codestream *c, struct import_map *task, const struct yaml_node *map)
{
	struct import_map made = {.arena = c->arena};

	if (map == NULL || map->kind != YAML_MAP || map->n == 0)
		return;
	for (uint32_t i = 0; i < map->n; i++)
		text_member(
			c, &made, map->pairs[i].key->text, map->pairs[i].value, CODESTREAM_PLAIN);
	import_map_add(task, "environment", import_map_value(&made));
	c->is_short = c->is_short || made.is_short;
}

static void arguments_add(
	struct codestream *c, struct import_map *task, const struct yaml_node *list)
{
	struct value *items, v;
	uint32_t n = 0;

	if (list == NULL || list->kind != YAML_LIST || list->n == 0)
		return;
	items = arena_array(c->arena, list->n, sizeof(*items));
	for (uint32_t i = 0; items != NULL && i < list->n; i++) {
		const char *text = text_of(c, list->items[i], CODESTREAM_PLAIN);

		items[n++] = value_string(text, text == NULL ? 0 : strlen(text));
	}
	if (items == NULL || value_list(c->arena, items, n, &v) != 0)
		c->is_short = true;
	else
		import_map_add(task, "arguments", v);
}

/* The shell alone, where options of the script's first line keep it from reading the script. */
static void interpreter_add(struct codestream *c, struct import_map *task,
	const struct yaml_node *script, enum sh_dialect dialect)
{
	static const char *const shells[] = {
		[SH_POSIX] = "sh", [SH_BASH] = "bash", [SH_KSH] = "ksh", [SH_ZSH] = "zsh"};

	if (sh_option_elsewhere(script->text, script->n, NULL) == '\0')
		return;
	import_map_text(task, "interpreter", shells[dialect]);
	codestream_note(c, script,
		"the options of its first line were left out: with -c or -s there, a shell does "
		"not read the script");
}

static void ssh_add(struct codestream *c, struct import_map *task, const struct yaml_node *node)
{
	static const char *const known[] = {"host", "username", "password", "privateKey",
		"passphrase", "script", "arguments", "environmentVariables", "workingDirectory",
		NULL};
	const struct yaml_node *input = codestream_member(node, "input");
	const struct yaml_node *script = codestream_member(input, "script");
	enum sh_dialect dialect = SH_POSIX;
	bool is_shell = script == NULL || script->kind != YAML_SCALAR ||
		sh_dialect_find(script->text, script->n, NULL, &dialect);

	import_map_text(task, "operator", "ssh");
	connection_add(c, task, node, input);
	environment_add(c, task, codestream_member(input, "environmentVariables"));
	arguments_add(c, task, codestream_member(input, "arguments"));
	text_member(c, task, "working_directory", codestream_member(input, "workingDirectory"),
		CODESTREAM_PLAIN);
	if (script == NULL) {
		import_map_text(task, "script", "exit 0\n");
	} else if (script->kind != YAML_SCALAR) {
		(void)text_of(c, script, CODESTREAM_SHELL);
		import_map_text(task, "script", "echo 'its script was no text' >&2\nexit 1\n");
	} else {
		interpreter_add(c, task, script, dialect);
		text_member(c, task, "script", script,
			is_shell ? CODESTREAM_SHELL : CODESTREAM_PROGRAM);
	}
	codestream_note_unknown(c, input, known);
}

/* A condition that is false ended the pipeline; here the task is skipped, and all below it. */
static void condition_add(
	struct codestream *c, struct import_map *task, const struct yaml_node *node)
{
	const struct yaml_node *condition =
		codestream_member(codestream_member(node, "input"), "condition");

	import_map_text(task, "operator", "local");
	text_member(c, task, "when", condition, CODESTREAM_CONDITION_TEXT);
	import_map_text(task, "command", "true");
	codestream_note(c, node,
		"where this condition is false, what follows is skipped and the run succeeds; "
		"it failed there");
}

/* A request, by curl on windrow's own machine; its body is the response. */
static void rest_add(struct codestream *c, struct import_map *task, const struct yaml_node *node)
{
	static const char *const known[] = {"action", "url", "headers", "payload", "agent", NULL};
	const struct yaml_node *input = codestream_member(node, "input");
	const struct yaml_node *headers = codestream_member(input, "headers");
	const char *action = codestream_member_text(input, "action");
	struct import_map environment = {.arena = c->arena};
	struct buf b;

	buf_init(&b, IMPORT_TEXT_MAX);
	buf_adds(&b, "set -- --fail-with-body --silent --show-error --request \"$METHOD\"\n");
	import_map_text(&environment, "METHOD", action == NULL ? "GET" : action);
	text_member(c, &environment, "URL", codestream_member(input, "url"), CODESTREAM_PLAIN);
	for (uint32_t i = 0; headers != NULL && headers->kind == YAML_MAP && i < headers->n; i++) {
		const char *name = arena_printf(c->arena, "HEADER_%u", i + 1);
		const char *text = text_of(c, headers->pairs[i].value, CODESTREAM_PLAIN);

		import_map_text(&environment, name,
			arena_printf(c->arena, "%s: %s", headers->pairs[i].key->text,
				text == NULL ? "" : text));
		buf_addf(&b, "set -- \"$@\" --header \"$HEADER_%u\"\n", i + 1);
	}
	if (codestream_member(input, "payload") != NULL) {
		text_member(c, &environment, "PAYLOAD", codestream_member(input, "payload"),
			CODESTREAM_PLAIN);
		buf_adds(&b, "set -- \"$@\" --data-binary \"$PAYLOAD\"\n");
	}
	buf_adds(&b, "curl \"$@\" --output \"$SCRIPT_RESPONSE_FILE\" -- \"$URL\"\n");
	import_map_text(task, "operator", "local");
	import_map_add(task, "environment", import_map_value(&environment));
	import_map_text(task, "script", import_text_keep(c->arena, &b));
	c->is_short = c->is_short || environment.is_short;
	codestream_note_unknown(c, input, known);
}

/* One that is not known here fails, and says what it was. */
static void other_add(
	struct codestream *c, struct import_map *task, const struct codestream_task *t)
{
	const char *type = codestream_member_text(t->node, "type");
	bool is_approval = type != NULL && strcmp(type, "UserOperation") == 0;

	diag_error(c->notes, yaml_node_pos(t->node),
		"left out: %s is of type %s, which windrow does not have%s; the task that stands "
		"for it fails",
		t->name, type == NULL ? "unknown" : type, is_approval ? " yet" : "");
	import_map_text(task, "operator", "local");
	import_map_text(task, "script", "echo \"$REASON\" >&2\nexit 1\n");
	{
		struct import_map environment = {.arena = c->arena};

		import_map_text(&environment, "REASON",
			arena_printf(c->arena,
				"this was a task of type %s: decide what stands for it",
				type == NULL ? "unknown" : type));
		import_map_add(task, "environment", import_map_value(&environment));
	}
}

/* ---- order ---- */

/* The names of the tasks in a list, each with what runs beside it: "a,b". */
static uint32_t group_of(
	const struct codestream *c, uint32_t stage, uint32_t group, struct value *items)
{
	uint32_t n = 0;

	for (uint32_t i = 0; i < c->stages[stage].n; i++) {
		const struct codestream_task *t = &c->tasks[c->stages[stage].first + i];

		if (t->group == group)
			items[n++] = value_string(t->made, strlen(t->made));
	}
	return n;
}

static void depends_add(
	struct codestream *c, struct import_map *task, const struct codestream_task *t)
{
	struct value *items, v;
	uint32_t n;

	if (t->group == 0)
		return;
	items = arena_array(c->arena, c->stages[t->stage].n, sizeof(*items));
	n = items == NULL ? 0 : group_of(c, t->stage, t->group - 1, items);
	if (items == NULL || value_list(c->arena, items, n, &v) != 0)
		c->is_short = true;
	else
		import_map_add(task, "depends_on", v);
}

/* Whether a task may have been passed over before this one: then it must not wait for a success. */
static bool follows_precondition(const struct codestream *c, const struct codestream_task *t)
{
	for (const struct codestream_task *o = c->tasks; o < t; o++)
		if (codestream_member(o->node, "preCondition") != NULL)
			return true;
	return false;
}

struct value codestream_task_make(struct codestream *c, const struct codestream_task *t)
{
	static const char *const known[] = {
		"type", "input", "preCondition", "ignoreFailure", "endpoints", NULL};
	const struct yaml_node *ignore = codestream_member(t->node, "ignoreFailure");
	const struct yaml_node *condition = codestream_member(t->node, "preCondition");
	struct import_map task = {.arena = c->arena};
	struct value v;
	bool truth;

	depends_add(c, &task, t);
	if (follows_precondition(c, t))
		import_map_text(&task, "trigger_rule", "none_failed");
	if (condition != NULL && t->type != CODESTREAM_CONDITION)
		text_member(c, &task, "when", condition, CODESTREAM_CONDITION_TEXT);
	else if (condition != NULL)
		codestream_note(c, condition, "`preCondition` of a condition was not taken over");
	if (ignore != NULL && yaml_is_bool(ignore, &truth) && truth)
		import_map_add(&task, "ignore_failure", value_bool(true));
	switch (t->type) {
	case CODESTREAM_SSH:
		ssh_add(c, &task, t->node);
		break;
	case CODESTREAM_CONDITION:
		condition_add(c, &task, t->node);
		break;
	case CODESTREAM_REST:
		rest_add(c, &task, t->node);
		break;
	case CODESTREAM_OTHER:
		other_add(c, &task, t);
		break;
	}
	codestream_note_unknown(c, t->node, known);
	v = import_map_value(&task);
	c->is_short = c->is_short || task.is_short;
	return v;
}
