/*
 * Makes the manual pages out of the tables from which the program itself works: commands and their
 * flags, settings, the keys of the DAG language. What a page says exists, exists.
 *
 *	manual windrow|windrow-dag|windrow.yaml >PAGE
 *
 * Run by the build, never installed. The pages are mdoc(7).
 */
#include "config.h"

#include <stdio.h>
#include <string.h>

#include "cli/command.h"
#include "cli/commands.h"
#include "engine/keys.h"
#include "operators/operator.h"
#include "operators/registry.h"
#include "store/settings.h"

#define PAGE_DATE "November 22, 2026" /* of the last change of what stands in this file */

/* One character of text, which must not become a macro or an escape. */
static void put_char(char c, bool is_line_start)
{
	if (is_line_start && (c == '.' || c == '\''))
		(void)fputs("\\&", stdout);
	switch (c) {
	case '\\':
		(void)fputs("\\e", stdout);
		break;
	case '-':
		(void)fputs("\\-", stdout);
		break;
	case '~':
		(void)fputs("\\(ti", stdout);
		break;
	case '^':
		(void)fputs("\\(ha", stdout);
		break;
	case '"':
		(void)fputs("\\(dq", stdout);
		break;
	default:
		(void)putchar(c);
	}
}

/* A text of the tables: a sentence a line, `code` in bold. */
static void put_text(const char *text)
{
	bool is_code = false;
	bool is_start = true;

	for (const char *c = text; *c != '\0'; c++) {
		if (*c == '`') {
			is_code = !is_code;
			(void)fputs(is_code ? "\\fB" : "\\fR", stdout);
			is_start = false;
		} else if (!is_code && *c == ' ' && c > text && strchr(".?!", c[-1]) != NULL) {
			(void)putchar('\n');
			is_start = true;
		} else if (*c == '\n') {
			(void)fputs("\n.br\n", stdout);
			is_start = true;
			while (c[1] == ' ')
				c++;
		} else {
			put_char(*c, is_start);
			is_start = false;
		}
	}
	(void)putchar('\n');
}

/* Words that must not be taken for macros, on a macro's line. */
static void put_words(const char *text)
{
	(void)putchar('"');
	for (const char *c = text; *c != '\0'; c++)
		put_char(*c, c == text);
	(void)putchar('"');
}

static void put_literal(const char *text)
{
	(void)fputs(".Bd -literal -offset indent\n", stdout);
	for (const char *c = text; *c != '\0'; c++)
		put_char(*c, c == text || c[-1] == '\n');
	(void)fputs("\n.Ed\n", stdout);
}

static void put_head(const char *title, const char *section, const char *name, const char *what)
{
	(void)printf(".Dd %s\n.Dt %s %s\n.Os windrow %s\n.Sh NAME\n.Nm %s\n.Nd %s\n", PAGE_DATE,
		title, section, PACKAGE_VERSION, name, what);
}

/* ---- windrow(1) ---- */

static void put_flag(const struct flag *f)
{
	(void)fputs(".It ", stdout);
	if (f->letter != 0)
		(void)printf("Fl %c , ", f->letter);
	(void)printf("Fl \\-%s", f->name);
	if (f->value != NULL)
		(void)printf(" Ar %s", f->value);
	(void)putchar('\n');
	put_text(f->help);
}

static void put_command(const struct command *c)
{
	(void)printf(".Ss windrow %s%s%s\n", c->group, c->verb == NULL ? "" : " ",
		c->verb == NULL ? "" : c->verb);
	(void)printf(".D1 Nm Cm %s%s%s", c->group, c->verb == NULL ? "" : " ",
		c->verb == NULL ? "" : c->verb);
	if (c->words != NULL) {
		(void)fputs(" Ar ", stdout);
		put_words(c->words);
	}
	(void)fputs(c->n_flags > 0 ? " Op Ar FLAGS\n.Pp\n" : "\n.Pp\n", stdout);
	put_text(c->summary);
	if (c->details != NULL) {
		(void)fputs(".Pp\n", stdout);
		put_text(c->details);
	}
	if (c->n_flags > 0) {
		(void)fputs(".Bl -tag -width Ds\n", stdout);
		for (size_t i = 0; i < c->n_flags; i++)
			put_flag(&c->flags[i]);
		(void)fputs(".El\n", stdout);
	}
	if (c->example != NULL) {
		(void)fputs(".Pp\nExample:\n", stdout);
		put_literal(c->example);
	}
}

static void put_program(void)
{
	put_head("WINDROW", "1", "windrow", "run DAGs of tasks, locally and over SSH");
	(void)fputs(".Sh SYNOPSIS\n.Nm\n.Ar GROUP\n.Ar VERB\n.Op Ar ARGUMENTS\n.Op Ar FLAGS\n"
		    ".Sh DESCRIPTION\n.Nm\nruns DAGs of tasks: stages of scripts, written in YAML "
		    "as\n.Xr windrow-dag 5\ntells, by hand or when they are due.\n.Pp\n"
		    "Flags may stand anywhere behind the verb, and\n.Fl h ,\n"
		    ".Fl \\-help\ntells of any group and any command.\n.Fl V ,\n"
		    ".Fl \\-version\nprints the version.\n"
		    "The groups of commands are:\n.Bl -tag -width connections\n",
		stdout);
	for (size_t i = 0; i < command_groups_count; i++) {
		(void)printf(".It Cm %s\n", command_groups[i].name);
		put_text(command_groups[i].summary);
	}
	(void)fputs(".El\n.Sh COMMANDS\n", stdout);
	for (size_t i = 0; i < commands_count; i++)
		put_command(commands[i]);
	(void)fputs(
		".Sh ENVIRONMENT\n.Bl -tag -width Ds\n.It Ev WINDROW_HOME\n"
		"The folder in which windrow keeps what is its own;\n.Pa \\(ti/.windrow\n"
		"unless said.\n.It Ev WINDROW_MASTER_KEY\n"
		"The key under which secrets are sealed, instead of the file in home.\n"
		".It Ev WINDROW_MASTER_KEY_FILE\nThe path of a file that holds it.\n"
		".It Ev WINDROW_CONN_ID\nA connection, as a URI or JSON; ID in capitals.\n"
		".It Ev WINDROW_VAR_NAME\nA variable; NAME in capitals.\n"
		".It Ev WINDROW__SECTION__KEY\nA setting; see\n.Xr windrow.yaml 5 .\n"
		".It Ev NO_COLOR\nNo colour, even on a terminal.\n.El\n"
		".Sh FILES\n.Bl -tag -width Ds\n.It Pa $WINDROW_HOME/windrow.yaml\n"
		"The settings.\n.It Pa $WINDROW_HOME/windrow.db\nThe store.\n"
		".It Pa $WINDROW_HOME/master.key\nOpens the store's secrets.\n"
		"Keep a copy elsewhere.\n"
		".It Pa $WINDROW_HOME/connections.yaml\nConnections that are not in the store.\n"
		".It Pa $WINDROW_HOME/dags\nThe DAGs, unless a setting names another folder.\n"
		".It Pa $WINDROW_HOME/scheduler.sock\nWhere commands reach the scheduler.\n"
		".It Pa $WINDROW_HOME/metrics.prom\nWhat the scheduler tells Prometheus.\n"
		".It Pa $WINDROW_HOME/executions\n"
		"What local tasks wrote, for as long as core.remote_retention says.\n"
		".It Pa $WINDROW_HOME/logs\nThe logs of tasks.\n.El\n"
		".Sh EXIT STATUS\n.Bl -tag -width Ds\n.It 0\nDone.\n.It 1\n"
		"It failed: a run that failed, a check that found something.\n.It 2\n"
		"The command line is wrong.\n.It 3\n"
		"The store or the daemon cannot be reached, or the store is damaged.\n.El\n.Pp\n"
		"A scheduler that ended with 3 is worth starting again; behind 1 something has\n"
		"to be mended first.\n"
		".Sh SEE ALSO\n.Xr windrow-dag 5 ,\n.Xr windrow.yaml 5\n",
		stdout);
}

/* ---- windrow.yaml(5) ---- */

static void put_settings(void)
{
	put_head("WINDROW.YAML", "5", "windrow.yaml", "settings of windrow");
	(void)fputs(".Sh DESCRIPTION\nThe file\n.Pa windrow.yaml\nin\n.Ev WINDROW_HOME\n"
		    "holds settings of\n.Xr windrow 1 ,\nsection by section:\n",
		stdout);
	put_literal("core:\n  dags_folder: /srv/dags");
	(void)fputs(
		".Pp\nThe environment wins over the file: the setting above is\n"
		".Ev WINDROW__CORE__DAGS_FOLDER\nthere.\n"
		"Nothing needs a setting to start; one that does not exist is an error.\n"
		"A relative path counts from home in the file, from the current folder in the "
		"environment;\n.Pa \\(ti/\nis the user's home folder.\n.Ic windrow config list\n"
		"tells what counts, and why.\n.Sh SETTINGS\n.Bl -tag -width Ds\n",
		stdout);
	for (size_t i = 0; i < SETTING_COUNT; i++) {
		const struct setting_def *d = &setting_defs[i];

		(void)printf(".It Cm %s.%s\n", d->section, d->key);
		put_text(d->doc);
		(void)printf("Takes %s.\nDefault:\n.Ql %s\n", settings_wanted((int)i), d->dflt);
	}
	(void)fputs(".El\n.Sh SEE ALSO\n.Xr windrow 1 ,\n.Xr windrow-dag 5\n", stdout);
}

/* ---- windrow-dag(5) ---- */

static const char *key_words(enum key_type type)
{
	static const char *const words[] = {[KEY_STRING] = "text",
		[KEY_STRINGS] = "a list of texts",
		[KEY_BOOL] = "true or false",
		[KEY_INT] = "a whole number",
		[KEY_DURATION] = "a duration",
		[KEY_SIZE] = "a size",
		[KEY_DATE] = "a date or time",
		[KEY_ENUM] = "a word",
		[KEY_TEMPLATE] = "text with expressions",
		[KEY_TEMPLATES] = "a list of texts with expressions",
		[KEY_TEMPLATE_MAP] = "names to texts with expressions",
		[KEY_COMMAND] = "a shell command line with expressions",
		[KEY_SCRIPT] = "a script with expressions",
		[KEY_CONDITION] = "a condition",
		[KEY_ITEMS] = "a list, or an expression that gives one",
		[KEY_EXIT_CODES] = "an exit status, or a list of such",
		[KEY_CALLBACK] = "an action, or a list of such",
		[KEY_ANY] = "any value",
		[KEY_ANYS] = "a list of values",
		[KEY_SCHEDULE] = "a schedule",
		[KEY_PARAMS] = "names to parameters",
		[KEY_DEFAULTS] = "keys of tasks",
		[KEY_STAGES] = "names to stages",
		[KEY_TASKS] = "names to tasks"};

	return words[type];
}

static void put_keys(const char *title, const char *what, const struct key_def *keys, size_t n)
{
	(void)printf(".Sh %s\n", title);
	put_text(what);
	if (n == 0)
		return;
	(void)fputs(".Bl -tag -width Ds\n", stdout);
	for (size_t i = 0; i < n; i++) {
		const struct key_def *k = &keys[i];

		(void)printf(".It Cm %s : Ar ", k->name);
		put_words(key_words(k->type));
		(void)putchar('\n');
		put_text(k->doc);
		for (size_t c = 0; k->choices != NULL && k->choices[c] != NULL; c++)
			(void)printf("%s%s%s", c == 0 ? "One of " : ", ", k->choices[c],
				k->choices[c + 1] == NULL ? ".\n" : "");
		if (k->dflt != NULL) {
			(void)fputs("Default: ", stdout);
			put_text(k->dflt);
		}
	}
	(void)fputs(".El\n", stdout);
}

static void put_operators(void)
{
	for (size_t i = 0; i < operators_count; i++) {
		const struct op_spec *spec = operators[i]->spec;
		char title[80];

		(void)snprintf(title, sizeof(title), "OPERATOR %s", spec->name);
		put_keys(title, spec->doc, spec->keys, spec->n_keys);
	}
}

static void put_language(void)
{
	put_head("WINDROW-DAG", "5", "windrow-dag", "the language of windrow's DAGs");
	(void)fputs(".Sh DESCRIPTION\nA DAG is a YAML document: stages that follow each other, and "
		    "in each its tasks.\nA file may hold several, parted by\n.Ql \\-\\-\\- .\n",
		stdout);
	put_literal("schedule: \"30 2 * * *\"\ndefault_args: {operator: local, retries: 2}\n"
		    "stages:\n  Fetch:\n    tasks:\n      rows:\n"
		    "        script: wc -l </srv/in.csv >\"$SCRIPT_RESPONSE_FILE\"\n"
		    "  Tell:\n    tasks:\n      total:\n"
		    "        command: echo $<Fetch.rows.output.response>");
	(void)fputs(".Pp\nText between\n.Ql $<\nand\n.Ql >\nis an expression: it reads outputs of "
		    "tasks, parameters, variables, connections and the run's own facts; "
		    "in commands and scripts its value is quoted for its place.\n"
		    "A task whose expressions read another's output waits for it.\n"
		    ".Ic windrow dags validate\nchecks files,\n.Ic windrow schema\n"
		    "prints a schema for editors.\n",
		stdout);
	put_keys("THE DAG", "Keys of the document itself.", dag_keys, DAG_KEY_COUNT);
	put_keys("STAGES", "Keys of a stage.", stage_keys, STAGE_KEY_COUNT);
	put_keys("TASKS", "Keys of a task, whatever its operator.", task_keys, TASK_KEY_COUNT);
	put_operators();
	put_keys("PARAMETERS", "Keys of a parameter of a run.", param_keys, PARAM_KEY_COUNT);
	put_keys("CALLBACKS",
		"An action of `on_success`, `on_failure` and `on_retry` is an operator's, with "
		"that operator's keys, `environment` and `execution_timeout`, or asks a web "
		"server:",
		url_keys, URL_KEY_COUNT);
	(void)fputs(".Sh SEE ALSO\n.Xr windrow 1 ,\n.Xr windrow.yaml 5\n", stdout);
}

int main(int argc, char **argv)
{
	static const struct {
		const char *name;
		void (*put)(void);
	} pages[] = {{"windrow", put_program}, {"windrow-dag", put_language},
		{"windrow.yaml", put_settings}};

	for (size_t i = 0; argc == 2 && i < sizeof(pages) / sizeof(pages[0]); i++) {
		if (strcmp(argv[1], pages[i].name) != 0)
			continue;
		pages[i].put();
		return fflush(stdout) == 0 && !ferror(stdout) ? 0 : 1;
	}
	(void)fputs("usage: manual windrow|windrow-dag|windrow.yaml\n", stderr);
	return 2;
}
