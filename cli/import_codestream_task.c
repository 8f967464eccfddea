/*
 * What a task of Code Stream is here: an SSH task one of the ssh operator, a condition one that
 * fails where it does not hold, a request one of curl on windrow's own machine.
 *
 * N.B. a task that cannot be taken over (an approval, say) becomes one that fails and says why:
 * left out, what follows would run without it.
 */
#include <string.h>

#include "cli/import_codestream.h"
#include "engine/arena.h"
#include "engine/buf.h"
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

/* Text as one word of a shell: a login may be DOMAIN\anna. */
static const char *shell_word(struct codestream *c, const char *text)
{
	struct buf b;

	if (text[strcspn(text, " \t\n;&|<>()$`\"'\\*?[#~{}!")] == '\0')
		return text;
	buf_init(&b, IMPORT_TEXT_MAX);
	sh_quote_word(&b, text, strlen(text));
	text = import_text_keep(c->arena, &b);
	c->is_short = c->is_short || text == NULL;
	return text == NULL ? "" : text;
}

/* Tells how to make a connection, once. Passwords and keys are not shown. */
static void connection_tell(struct codestream *c, const struct yaml_node *task, const char *id,
	const char *host, const struct yaml_node *user)
{
	bool is_bound = user != NULL && codestream_is_bound(user);

	codestream_note(c, task,
		"make its connection: windrow connections add %s --conn-type ssh --conn-host "
		"%s%s%s; then windrow connections setup %s",
		id, shell_word(c, host), user == NULL ? "" : " --conn-login ",
		user == NULL	   ? ""
			: is_bound ? "USER"
				   : shell_word(c, user->text),
		id);
	if (is_bound)
		codestream_note(c, user,
			"`username` was not taken over: a connection has one login, whatever the "
			"run");
}

/* The connection of an SSH task: one for each host and login, or for a pipeline whose host comes
 * with the run.
 */
static void connection_add(struct codestream *c, struct import_map *task,
	const struct yaml_node *node, const struct yaml_node *input)
{
	const struct yaml_node *host = codestream_member(input, "host");
	const struct yaml_node *user = codestream_member(input, "username");
	bool is_bound = host == NULL || host->kind != YAML_SCALAR || codestream_is_bound(host);
	const char *of = is_bound ? c->dag_id : host->text, *key, *id;
	bool is_new = false;

	if (user != NULL && user->kind != YAML_SCALAR)
		user = NULL;
	key = arena_printf(
		c->arena, "%s\n%s%s", of, is_bound ? "run\n" : "", user == NULL ? "" : user->text);
	id = key == NULL ? NULL : import_alias(c->connections, key, of, &is_new);
	if (id != NULL && is_new)
		connection_tell(c, node, id, is_bound ? "HOST" : of, user);
	import_map_text(task, "ssh_conn_id", id);
	if (is_bound)
		text_member(c, task, "remote_host", host, CODESTREAM_PLAIN);
}

static void environment_add(
	struct codestream *c, struct import_map *task, const struct yaml_node *map)
{
	struct import_map made = {.arena = c->arena};

	if (map == NULL || map->n == 0)
		return;
	if (map->kind != YAML_MAP) {
		codestream_note(c, map, "`environmentVariables` was not taken over: it is no map");
		return;
	}
	for (uint32_t i = 0; i < map->n; i++)
		text_member(
			c, &made, map->pairs[i].key->text, map->pairs[i].value, CODESTREAM_PLAIN);
	import_map_add(task, "environment", import_map_value(&made));
}

static void arguments_add(
	struct codestream *c, struct import_map *task, const struct yaml_node *list)
{
	struct value *items, v;
	uint32_t n = 0;

	if (list == NULL || list->n == 0)
		return;
	if (list->kind != YAML_LIST) {
		codestream_note(c, list, "`arguments` was not taken over: it is no list");
		return;
	}
	items = arena_array(c->arena, list->n, sizeof(*items));
	for (uint32_t i = 0; items != NULL && i < list->n; i++) {
		const char *text = text_of(c, list->items[i], CODESTREAM_PLAIN);

		items[n++] =
			value_string(text == NULL ? "" : text, text == NULL ? 0 : strlen(text));
	}
	if (items == NULL || value_list(c->arena, items, n, &v) != 0)
		c->is_short = true;
	else
		import_map_add(task, "arguments", v);
}

/* Whether a command may begin at p. */
static bool is_beginning(const char *text, const char *p)
{
	while (p > text && (p[-1] == ' ' || p[-1] == '\t'))
		p--;
	return p == text || strchr("\n;&|({", p[-1]) != NULL;
}

/* Whether a script has what /bin/sh may not know, or reads otherwise. N.B. [[:space:]] is no sign,
 * and `source` may be a word of any sentence. */
static bool looks_like_bash(const char *text)
{
	static const char *const signs[] = {
		"[[ ", "<<<", "&>", " == ", "source ", "$RANDOM", "function ", "declare "};

	for (size_t i = 0; i < sizeof(signs) / sizeof(signs[0]); i++)
		for (const char *p = text; (p = strstr(p, signs[i])) != NULL; p++)
			if (*p < 'a' || is_beginning(text, p))
				return true;
	return false;
}

/* The shell alone, where options of the script's first line keep it from reading the script. */
static void interpreter_add(struct codestream *c, struct import_map *task,
	const struct yaml_node *script, enum sh_dialect dialect)
{
	static const char *const shells[] = {
		[SH_POSIX] = "sh", [SH_BASH] = "bash", [SH_KSH] = "ksh", [SH_ZSH] = "zsh"};

	if (strncmp(script->text, "#!", 2) != 0 && looks_like_bash(script->text))
		codestream_note(c, script,
			"it names no shell, and /bin/sh runs it here; it looks like bash: say "
			"`interpreter: bash` then");
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
		"privatekey", "passphrase", "script", "arguments", "environmentVariables",
		"workingDirectory", NULL};
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

/* A task that says why, and fails. */
static void failure_add(struct codestream *c, struct import_map *task, const char *why)
{
	struct import_map environment = {.arena = c->arena};

	import_map_text(task, "operator", "local");
	import_map_text(task, "script", "echo \"$REASON\" >&2\nexit 1\n");
	import_map_text(&environment, "REASON", why);
	import_map_add(task, "environment", import_map_value(&environment));
}

/* A condition that is false fails the pipeline: the task fails then, and is skipped else. */
static void condition_add(struct codestream *c, struct import_map *task,
	const struct yaml_node *node, const struct yaml_node *before)
{
	const struct yaml_node *condition =
		codestream_member(codestream_member(node, "input"), "condition");
	const char *text, *first = NULL;

	failure_add(c, task, "the condition does not hold");
	if (condition == NULL)
		codestream_note(c, node, "it has no condition: the task that stands for it fails");
	text = condition == NULL ? NULL : text_of(c, condition, CODESTREAM_CONDITION_TEXT);
	if (before != NULL)
		first = text_of(c, before, CODESTREAM_CONDITION_TEXT);
	if (text == NULL)
		return;
	import_map_text(task, "when",
		first == NULL ? arena_printf(c->arena, "not (%s)", text)
			      : arena_printf(c->arena, "(%s) and not (%s)", first, text));
}

/* `post` there is POST here: curl sends a method as it is spelled. */
static const char *method_of(struct codestream *c, const char *action)
{
	char *made = arena_strdup(c->arena, action == NULL ? "GET" : action);

	for (char *p = made; p != NULL && *p != '\0'; p++)
		if (*p >= 'a' && *p <= 'z')
			*p = (char)(*p - 'a' + 'A');
	return made;
}

/* The headers of a request: each a variable of the script's environment. Returns how many there
 * are. */
static uint32_t headers_add(
	struct codestream *c, struct import_map *environment, const struct yaml_node *headers)
{
	if (headers == NULL || headers->n == 0)
		return 0;
	if (headers->kind != YAML_MAP) {
		codestream_note(c, headers, "`headers` was not taken over: it is no map");
		return 0;
	}
	for (uint32_t i = 0; i < headers->n; i++) {
		const char *text = text_of(c, headers->pairs[i].value, CODESTREAM_PLAIN);

		import_map_text(environment, arena_printf(c->arena, "HEADER_%u", i + 1),
			arena_printf(c->arena, "%s: %s", headers->pairs[i].key->text,
				text == NULL ? "" : text));
	}
	return headers->n;
}

/* A request, by curl on windrow's own machine; its body is the response. N.B. what may hold a
 * secret goes to curl by files: others see its arguments. A line's end in one would be another
 * setting. */
static void rest_add(struct codestream *c, struct import_map *task, const struct yaml_node *node)
{
	static const char *const known[] = {"action", "url", "headers", "payload", "agent", NULL};
	const struct yaml_node *input = codestream_member(node, "input");
	const struct yaml_node *payload = codestream_member(input, "payload");
	const char *action = codestream_member_text(input, "action");
	struct import_map environment = {.arena = c->arena};
	uint32_t n_headers;
	struct buf b;

	import_map_text(&environment, "METHOD", method_of(c, action));
	text_member(c, &environment, "URL", codestream_member(input, "url"), CODESTREAM_PLAIN);
	n_headers = headers_add(c, &environment, codestream_member(input, "headers"));
	text_member(c, &environment, "PAYLOAD", payload, CODESTREAM_PLAIN);
	buf_init(&b, IMPORT_TEXT_MAX);
	buf_adds(&b, "for setting in \"$URL\"");
	for (uint32_t i = 0; i < n_headers; i++)
		buf_addf(&b, " \"$HEADER_%u\"", i + 1);
	buf_addf(&b,
		"; do\n"
		"  case $setting in *[[:cntrl:]]*)\n"
		"    echo 'the address or a header holds a control character' >&2\n"
		"    exit 1;;\n"
		"  esac\n"
		"done\n"
		"setting() { printf '%%s = \"%%s\"\\n' \"$1\" \"$(printf %%s \"$2\" | sed "
		"'s/[\\\\\"]/\\\\&/g')\"; }\n"
		"%scurl --fail-with-body --silent --show-error --globoff --request \"$METHOD\" "
		"--config /dev/fd/3%s --output \"$SCRIPT_RESPONSE_FILE\" 3<<SETTINGS\n"
		"$(setting url \"$URL\")\n",
		payload == NULL ? "" : "printf %s \"$PAYLOAD\" | ",
		payload == NULL ? "" : " --data-binary @-");
	for (uint32_t i = 0; i < n_headers; i++)
		buf_addf(&b, "$(setting header \"$HEADER_%u\")\n", i + 1);
	buf_adds(&b, "SETTINGS\n");
	import_map_text(task, "operator", "local");
	import_map_add(task, "environment", import_map_value(&environment));
	import_map_text(task, "script", import_text_keep(c->arena, &b));
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
	failure_add(c, task,
		arena_printf(c->arena, "this was a task of type %s: decide what stands for it",
			type == NULL ? "unknown" : type));
}

/* ---- order ---- */

/* A task waits for those of the group before its own, which stand right before that. */
static void depends_add(
	struct codestream *c, struct import_map *task, const struct codestream_task *t)
{
	const struct codestream_task *first = &c->tasks[c->stages[t->stage].first];
	const struct codestream_task *end = t, *from;
	struct value *items, v;
	size_t n;

	if (t->group == 0)
		return;
	while (end[-1].group == t->group)
		end--;
	for (from = end - 1; from > first && from[-1].group == end[-1].group;)
		from--;
	n = (size_t)(end - from);
	items = arena_array(c->arena, n, sizeof(*items));
	for (size_t i = 0; items != NULL && i < n; i++)
		items[i] = value_string(from[i].made, strlen(from[i].made));
	if (items == NULL || value_list(c->arena, items, n, &v) != 0)
		c->is_short = true;
	else
		import_map_add(task, "depends_on", v);
}

/* Whether what is made of it can only fail: it stands for something that is not here. */
static bool is_stand_in(const struct codestream_task *t)
{
	const struct yaml_node *input = codestream_member(t->node, "input");
	const char *what = t->type == CODESTREAM_SSH ? "script" : "condition";
	const struct yaml_node *n = codestream_member(input, what);

	return t->type == CODESTREAM_OTHER ||
		(t->type == CODESTREAM_SSH && n != NULL && n->kind != YAML_SCALAR) ||
		(t->type == CODESTREAM_CONDITION && (n == NULL || n->kind != YAML_SCALAR));
}

struct value codestream_task_make(struct codestream *c, const struct codestream_task *t)
{
	static const char *const known[] = {"type", "input", "preCondition", "ignoreFailure", NULL};
	const struct yaml_node *ignore = codestream_member(t->node, "ignoreFailure");
	const struct yaml_node *condition = codestream_member(t->node, "preCondition");
	struct import_map task = {.arena = c->arena};
	bool truth = false;

	depends_add(c, &task, t);
	if (t->follows_skip)
		import_map_text(&task, "trigger_rule", "none_failed");
	if (t->type != CODESTREAM_CONDITION)
		text_member(c, &task, "when", condition, CODESTREAM_CONDITION_TEXT);
	if (ignore != NULL && !yaml_is_bool(ignore, &truth))
		truth = ignore->kind == YAML_SCALAR && strcasecmp(ignore->text, "true") == 0;
	if (truth && is_stand_in(t))
		codestream_note(c, ignore,
			"`ignoreFailure` was not taken over: what follows would run without it");
	else if (truth)
		import_map_add(&task, "ignore_failure", value_bool(true));
	switch (t->type) {
	case CODESTREAM_SSH:
		ssh_add(c, &task, t->node);
		break;
	case CODESTREAM_CONDITION:
		condition_add(c, &task, t->node, condition);
		break;
	case CODESTREAM_REST:
		rest_add(c, &task, t->node);
		break;
	case CODESTREAM_OTHER:
		other_add(c, &task, t);
		break;
	}
	if (t->type != CODESTREAM_OTHER)
		codestream_note_unknown(c, t->node, known);
	return import_map_value(&task);
}
