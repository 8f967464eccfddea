/*
 * The table of commands, and the way from words to a descriptor. Only what exists stands here.
 */
#include "cli/commands.h"

#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "engine/err.h"
#include "engine/hint.h"

const struct command_group command_groups[] = {
	{"dags", "DAGs: look at them, run them"},
	{"runs", "runs: end one, count one as it is said"},
	{"tasks", "tasks: list them, render them, run one"},
	{"connections", "connections: named ways to a machine"},
	{"keypairs", "keypairs: SSH keys, kept sealed"},
	{"variables", "variables: values that tasks share"},
	{"scheduler", "the daemon: schedules, runs that survive"},
	{"import", "come from cron, Code Stream or Airflow"},
	{"pools", "pools: how many tasks may run side by side"},
	{"cron", "schedules by themselves", true},
	{"jobs", "the scheduler that runs here"},
	{"db", "the store: check it, copy it"},
	{"secrets", "the keys under which secrets are sealed", true},
	{"config", "settings, and where each came from", true},
	{"schema", "the JSON Schema of DAG files, for editors", true},
	{"info", "what this windrow is made of, and where it looks", true},
	{"version", "the version of this program", true},
	{"completion", "a script that completes these commands in your shell", true},
};
const size_t command_groups_count = sizeof(command_groups) / sizeof(command_groups[0]);

const struct command *const commands[] = {
	&command_dags_test,
	&command_dags_validate,
	&command_dags_show,
	&command_dags_list,
	&command_dags_details,
	&command_dags_list_import_errors,
	&command_dags_next_execution,
	&command_dags_trigger,
	&command_dags_list_runs,
	&command_dags_state,
	&command_dags_pause,
	&command_dags_unpause,
	&command_dags_backfill,
	&command_dags_delete,
	&command_runs_cancel,
	&command_runs_mark,
	&command_tasks_list,
	&command_tasks_render,
	&command_tasks_test,
	&command_tasks_state,
	&command_tasks_states_for_dag_run,
	&command_tasks_logs,
	&command_tasks_clear,
	&command_tasks_mark,
	&command_connections_list,
	&command_connections_get,
	&command_connections_add,
	&command_connections_edit,
	&command_connections_delete,
	&command_connections_test,
	&command_connections_discover_host_key,
	&command_connections_setup,
	&command_connections_export,
	&command_connections_import,
	&command_keypairs_list,
	&command_keypairs_show,
	&command_keypairs_generate,
	&command_keypairs_import,
	&command_keypairs_export,
	&command_keypairs_delete,
	&command_variables_list,
	&command_variables_get,
	&command_variables_set,
	&command_variables_delete,
	&command_variables_export,
	&command_variables_import,
	&command_scheduler,
	&command_import_airflow_connections,
	&command_import_codestream,
	&command_import_crontab,
	&command_pools_list,
	&command_pools_get,
	&command_pools_set,
	&command_pools_delete,
	&command_cron_next,
	&command_jobs_check,
	&command_db_migrate,
	&command_db_check,
	&command_db_clean,
	&command_db_backup,
	&command_db_shell,
	&command_secrets_rotate,
	&command_config_list,
	&command_config_get,
	&command_schema,
	&command_info,
	&command_version,
	&command_completion,
};
const size_t commands_count = sizeof(commands) / sizeof(commands[0]);

static const struct command_group *group_find(const char *name)
{
	for (size_t i = 0; i < command_groups_count; i++)
		if (strcmp(command_groups[i].name, name) == 0)
			return &command_groups[i];
	return NULL;
}

static const struct command *verb_find(const char *group, const char *verb)
{
	for (size_t i = 0; i < commands_count; i++)
		if (commands[i]->verb != NULL && strcmp(commands[i]->verb, verb) == 0 &&
			(group == NULL || strcmp(commands[i]->group, group) == 0))
			return commands[i];
	return NULL;
}

const struct command *command_group_single(const struct command_group *g)
{
	for (size_t i = 0; i < commands_count; i++)
		if (commands[i]->verb == NULL && strcmp(commands[i]->group, g->name) == 0)
			return commands[i];
	return NULL;
}

/* The verb of a group that others call so; or NULL. */
static const char *meant(const char *group, const char *word)
{
	static const char *const words[][2] = {{"add", "set"}, {"check", "validate"},
		{"create", "add"}, {"create", "generate"}, {"create", "set"},
		{"describe", "details"}, {"get-value", "get"}, {"graph", "show"},
		{"info", "details"}, {"init", "migrate"}, {"kill", "cancel"}, {"lint", "validate"},
		{"ls", "list"}, {"new", "add"}, {"new", "generate"}, {"next", "next-execution"},
		{"remove", "delete"}, {"rerun", "clear"}, {"rm", "delete"}, {"run", "test"},
		{"runs", "list-runs"}, {"set", "add"}, {"start", "trigger"}, {"stop", "cancel"},
		{"update", "edit"}, {"upgrade", "migrate"}};

	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++)
		if (strcmp(words[i][0], word) == 0 && verb_find(group, words[i][1]) != NULL)
			return words[i][1];
	return NULL;
}

/* The name at i of the groups, or of a group's verbs; NULL where there is none. */
static const char *name_at(const char *group, size_t i)
{
	if (group == NULL)
		return i < command_groups_count ? command_groups[i].name : NULL;
	return strcmp(commands[i]->group, group) == 0 ? commands[i]->verb : NULL;
}

/* The only name that begins so, as `conn` or `vars` begin one; or NULL. */
static const char *begun(const char *group, const char *word)
{
	size_t len = strlen(word);
	const char *found = NULL, *name;

	len -= len > 3 && word[len - 1] == 's';
	for (size_t i = 0; len >= 3 && i < commands_count; i++) {
		name = name_at(group, i);
		if (name == NULL || strncmp(name, word, len) != 0)
			continue;
		if (found != NULL)
			return NULL;
		found = name;
	}
	return found;
}

/* The group, or the verb of a group, that is nearest to the word; or NULL. */
static const char *nearest(const char *group, const char *word)
{
	const char *other = begun(group, word), *name;
	struct hint h;

	hint_begin(&h, word, strlen(word));
	for (size_t i = 0; i < commands_count; i++)
		if ((name = name_at(group, i)) != NULL)
			hint_offer(&h, name, strlen(name));
	if (other != NULL && h.distance > 1)
		return other;
	return h.best == NULL && group != NULL ? meant(group, word) : h.best;
}

/* `dag list`, `list`, `show x`: the group is wrong or left out. */
static int unknown_group(const char *word, const char *next, struct err *e)
{
	const char *group = nearest(NULL, word);
	const char *verb = group == NULL || next == NULL ? NULL : nearest(group, next);
	const struct command *by_verb = verb_find(NULL, word);

	if (by_verb == NULL && next != NULL && group == NULL)
		by_verb = verb_find(NULL, next);
	if (verb != NULL)
		return err_set(e, ERR_NOTFOUND,
			"unknown command \"%s %s\"; did you mean \"windrow %s %s\"?", word, next,
			group, verb);
	if (group != NULL)
		return err_set(e, ERR_NOTFOUND,
			"unknown command \"%s\"; did you mean \"windrow %s\"?", word, group);
	if (by_verb != NULL)
		return err_set(e, ERR_NOTFOUND,
			"unknown command \"%s\"; did you mean \"windrow %s %s\"?", word,
			by_verb->group, by_verb->verb);
	return err_set(e, ERR_NOTFOUND,
		"unknown command \"%s\"; `windrow --help` lists what there is", word);
}

/* `runs list`: the verb of another group that says the same, `dags list-runs`; or one that is
 * called as the word is; or NULL. */
static const struct command *elsewhere(const char *group, const char *word)
{
	const struct command *found;
	char joined[64];

	(void)snprintf(joined, sizeof(joined), "%s-%s", word, group);
	found = verb_find(NULL, joined);
	return found != NULL ? found : verb_find(NULL, word);
}

static int unknown_verb(const char *group, const char *word, struct err *e)
{
	const char *verb = nearest(group, word);
	const struct command *other = elsewhere(group, word);

	if (verb != NULL)
		return err_set(e, ERR_NOTFOUND,
			"unknown command \"%s %s\"; did you mean \"windrow %s %s\"?", group, word,
			group, verb);
	if (other != NULL)
		return err_set(e, ERR_NOTFOUND,
			"unknown command \"%s %s\"; did you mean \"windrow %s %s\"?", group, word,
			other->group, other->verb);
	return err_set(e, ERR_NOTFOUND,
		"unknown command \"%s %s\"; `windrow %s --help` lists what there is", group, word,
		group);
}

int command_find(int argc, char *const *argv, struct command_choice *out, struct err *e)
{
	const struct command_group *g;
	const struct command *c;

	memset(out, 0, sizeof(*out));
	if (argc == 0 || argv[0][0] == '-')
		return 0;
	g = group_find(argv[0]);
	if (g == NULL)
		return unknown_group(argv[0], argc > 1 && argv[1][0] != '-' ? argv[1] : NULL, e);
	c = command_group_single(g);
	if (c != NULL) {
		*out = (struct command_choice){.group = g, .command = c, .n_words = 1};
		return 0;
	}
	if (argc > 1 && argv[1][0] != '-') {
		c = verb_find(g->name, argv[1]);
		if (c == NULL)
			return unknown_verb(g->name, argv[1], e);
	}
	*out = (struct command_choice){.group = g, .command = c, .n_words = c == NULL ? 1 : 2};
	return 0;
}
