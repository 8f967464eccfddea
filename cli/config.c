/* `windrow config`: each setting, its value, and where that came from. */
#include <string.h>

#include "cli/args.h"
#include "cli/commands.h"
#include "cli/report.h"
#include "cli/settings.h"
#include "cli/table.h"
#include "engine/err.h"

static int list_exec(const struct args *args)
{
	static const char *const columns[] = {"section", "key", "value", "source"};
	struct settings *s = settings_or_report();
	struct table *t;
	int status;

	if (s == NULL)
		return EXIT_FAILED;
	t = table_create(columns, sizeof(columns) / sizeof(columns[0]));
	for (int i = 0; i < SETTING_COUNT; i++) {
		table_text(t, setting_defs[i].section);
		table_text(t, setting_defs[i].key);
		table_text(t, settings_text(s, (enum setting_id)i));
		table_text(t, settings_origin(s, (enum setting_id)i));
	}
	status = table_show(t, args);
	table_destroy(t);
	settings_destroy(s);
	return status;
}

static const struct flag list_flags[] = {OUTPUT_FLAG};

const struct command command_config_list = {
	.group = "config",
	.verb = "list",
	.summary = "every setting, its value, and where that came from",
	.details = "Settings stand in windrow.yaml in home ($WINDROW_HOME, else ~/.windrow) as "
		   "sections of keys; the environment wins: WINDROW__SECTION__KEY=VALUE.",
	.flags = list_flags,
	.n_flags = sizeof(list_flags) / sizeof(list_flags[0]),
	.example = "windrow config list\n"
		   "WINDROW__CORE__DAGS_FOLDER=/srv/dags windrow config list",
	.exec = list_exec,
};

/* `config get core dags_folder`, as Airflow has it, and `config get core.dags_folder`. */
static int get_exec(const struct args *args)
{
	const char *section = args_word(args, 0);
	const char *key = args_word(args, 1);
	size_t section_len = strlen(section);
	struct settings *s;
	struct err e;
	int id;

	if (key == NULL) {
		const char *dot = strchr(section, '.');

		if (dot == NULL) {
			report_error(
				"config get: KEY is missing; want windrow config get SECTION KEY");
			return EXIT_USAGE;
		}
		section_len = (size_t)(dot - section);
		key = dot + 1;
	}
	id = setting_find(section, section_len, key, strlen(key), &e);
	if (id < 0) {
		report_error("%s", e.text);
		return EXIT_FAILED;
	}
	s = settings_or_report();
	if (s == NULL)
		return EXIT_FAILED;
	(void)puts(settings_text(s, (enum setting_id)id));
	settings_destroy(s);
	return EXIT_DONE;
}

const struct command command_config_get = {
	.group = "config",
	.verb = "get",
	.words = "SECTION [KEY]",
	.summary = "the value of one setting, alone",
	.details = "`SECTION.KEY` in one word will do too.",
	.example = "windrow config get core dags_folder",
	.exec = get_exec,
};
