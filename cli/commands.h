/* The descriptors that the command files export, and how a command line finds its own. */
#ifndef CLI_COMMANDS_H
#define CLI_COMMANDS_H

#include "cli/command.h"

struct err;

/* One a command; each is defined in the file of its group. */
extern const struct command command_completion; /* cli/completion.c */
extern const struct command command_config_get; /* cli/config.c */
extern const struct command command_config_list;
extern const struct command command_connections_add; /* cli/connections_edit.c */
extern const struct command command_connections_delete; /* cli/connections.c */
extern const struct command command_connections_discover_host_key; /* cli/connections_host_key.c */
extern const struct command command_connections_edit; /* cli/connections_edit.c */
extern const struct command command_connections_export; /* cli/connections_file.c */
extern const struct command command_connections_get; /* cli/connections.c */
extern const struct command command_connections_import; /* cli/connections_file.c */
extern const struct command command_connections_list; /* cli/connections.c */
extern const struct command command_connections_setup; /* cli/connections_setup.c */
extern const struct command command_connections_test; /* cli/connections_test.c */
extern const struct command command_cron_next; /* cli/cron.c */
extern const struct command command_dags_backfill; /* cli/dags_backfill.c */
extern const struct command command_dags_delete; /* cli/dags_edit.c */
extern const struct command command_dags_list_runs; /* cli/history.c */
extern const struct command command_dags_state;
extern const struct command command_tasks_state;
extern const struct command command_tasks_states_for_dag_run;
extern const struct command command_dags_pause; /* cli/dags_edit.c */
extern const struct command command_dags_unpause;
extern const struct command command_dags_details; /* cli/dags_details.c */
extern const struct command command_dags_list; /* cli/dags.c */
extern const struct command command_dags_list_import_errors;
extern const struct command command_dags_next_execution; /* cli/dags_next.c */
extern const struct command command_dags_show; /* cli/dags_show.c */
extern const struct command command_dags_test; /* cli/dags_test.c */
extern const struct command command_dags_trigger; /* cli/dags_trigger.c */
extern const struct command command_dags_validate; /* cli/dags.c */
extern const struct command command_db_backup; /* cli/db.c */
extern const struct command command_db_check;
extern const struct command command_db_clean; /* cli/db_clean.c */
extern const struct command command_db_migrate; /* cli/db.c */
extern const struct command command_db_shell;
extern const struct command command_import_airflow_connections;
extern const struct command command_import_codestream;
extern const struct command command_import_crontab;
extern const struct command command_info; /* cli/info.c */
extern const struct command command_jobs_check; /* cli/jobs.c */
extern const struct command command_keypairs_delete; /* cli/keypairs.c */
extern const struct command command_keypairs_export;
extern const struct command command_keypairs_generate;
extern const struct command command_keypairs_import;
extern const struct command command_keypairs_list;
extern const struct command command_keypairs_show;
extern const struct command command_scheduler; /* cli/scheduler.c */
extern const struct command command_pools_delete; /* cli/pools.c */
extern const struct command command_pools_get;
extern const struct command command_pools_list;
extern const struct command command_pools_set;
extern const struct command command_runs_cancel; /* cli/runs.c */
extern const struct command command_runs_mark;
extern const struct command command_schema; /* cli/schema.c */
extern const struct command command_tasks_clear; /* cli/tasks_clear.c */
extern const struct command command_tasks_logs; /* cli/tasks_logs.c */
extern const struct command command_tasks_mark; /* cli/runs.c */
extern const struct command command_tasks_list; /* cli/tasks.c */
extern const struct command command_tasks_render; /* cli/tasks_render.c */
extern const struct command command_tasks_test; /* cli/tasks_test.c */
extern const struct command command_secrets_rotate; /* cli/secrets.c */
extern const struct command command_variables_delete; /* cli/variables.c */
extern const struct command command_variables_export; /* cli/variables_file.c */
extern const struct command command_variables_get; /* cli/variables.c */
extern const struct command command_variables_import; /* cli/variables_file.c */
extern const struct command command_variables_list; /* cli/variables.c */
extern const struct command command_variables_set;
extern const struct command command_version; /* cli/version.c */

/* What the first words of a command line name. */
struct command_choice {
	const struct command_group *group; /* NULL: no word was there */
	const struct command *command; /* NULL: a group without its verb */
	int n_words; /* how many words named it */
};

/* Finds what argv[0] .. argv[argc - 1] begin with. ERR_NOTFOUND and a sentence that names the
 * nearest right command. */
int command_find(int argc, char *const *argv, struct command_choice *out, struct err *e);

/* The group's only command where the group is a command of one word; else NULL. */
const struct command *command_group_single(const struct command_group *g);

#endif
