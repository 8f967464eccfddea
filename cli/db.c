/* `windrow db`: migrate, check, backup, shell. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cli/args.h"
#include "cli/commands.h"
#include "cli/report.h"
#include "cli/stores.h"
#include "engine/err.h"

/* Whether the error is that the store could not be reached, rather than something found in it. */
static int status_of(int code)
{
	return code == ERR_CORRUPT || code == ERR_UNSUPPORTED || code == ERR_ILLEGAL ||
			code == ERR_EXISTS
		? EXIT_FAILED
		: EXIT_UNREACHABLE;
}

static int migrate_exec(const struct args *args)
{
	struct stores_options o;
	int from, to, r;
	struct err e;

	(void)args;
	if (!stores_options_or_report(&o))
		return EXIT_FAILED;
	o.store.may_create = true;
	r = store_migrate(&o.store, &from, &to, &e);
	if (r != 0)
		report_error("%s", e.text);
	else if (from == to)
		report_note("the store in %s is up to date (schema %d)", o.home, to);
	else if (from == 0)
		report_note("made a store in %s (schema %d)", o.home, to);
	else
		report_note("migrated the store in %s from schema %d to %d", o.home, from, to);
	stores_options_free(&o);
	return r == ERR_UNSUPPORTED ? EXIT_UNREACHABLE : r == 0 ? EXIT_DONE : status_of(r);
}

const struct command command_db_migrate = {
	.group = "db",
	.verb = "migrate",
	.summary = "bring the store to this windrow's schema, making it where it is missing",
	.details = "All in one transaction. A store of a newer windrow is left as it is.",
	.example = "windrow db backup before.db && windrow db migrate",
	.exec = migrate_exec,
};

static int check_exec(const struct args *args)
{
	struct stores_options o;
	struct err e;
	int version, r;

	(void)args;
	if (!stores_options_or_report(&o))
		return EXIT_FAILED;
	r = store_check(&o.store, &version, &e);
	if (r == 0)
		(void)printf("the store in %s is sound (schema %d)\n", o.home, version);
	else
		report_error("%s", e.text);
	stores_options_free(&o);
	return r == 0 ? EXIT_DONE : status_of(r);
}

const struct command command_db_check = {
	.group = "db",
	.verb = "check",
	.summary = "read all of the store, and say whether it is sound",
	.details = "Changes nothing. Exit status 1: it is damaged, or of another windrow's schema; "
		   "3: there is none, or it cannot be read.",
	.example = "windrow db check",
	.exec = check_exec,
};

/* A store that must be there. */
static struct store *there(struct store *s, int *status)
{
	if (s == NULL && *status == EXIT_DONE) {
		report_error("there is no store yet");
		*status = EXIT_UNREACHABLE;
	}
	return s;
}

static int backup_exec(const struct args *args)
{
	int status;
	struct store *s;
	struct err e;

	if (strcmp(args_word(args, 0), "-") == 0) {
		report_error("db backup: a store cannot be written to standard output, which - "
			     "stands for; name a file");
		return EXIT_USAGE;
	}
	s = there(stores_open_to_copy(&status), &status);
	if (s == NULL)
		return status;
	if (store_backup(s, args_word(args, 0), &e) != 0) {
		status = stores_report(&e);
		if (e.code == ERR_IO) /* of the copy */
			status = EXIT_FAILED;
	} else {
		report_note("the store is in %s; the master key is not: keep a copy of that too, "
			    "elsewhere",
			args_word(args, 0));
	}
	stores_close(s);
	return status;
}

const struct command command_db_backup = {
	.group = "db",
	.verb = "backup",
	.words = "FILE",
	.summary = "copy the store to a new file, while it is in use",
	.details =
		"All of the copy is read; of a damaged store none is kept. It has the file's name "
		"only then: what was broken off may leave a FILE.XXXXXX, and no half FILE. "
		"The file is a store: put it in the place of windrow.db in home to go back to "
		"it. Its secrets open with the master key of this moment, which is not in it.",
	.example = "windrow db backup /var/backups/windrow.db",
	.exec = backup_exec,
};

static int shell_exec(const struct args *args)
{
	int status;
	struct store *s = there(stores_open_to_read(&status), &status);
	char *path;

	(void)args;
	if (s == NULL)
		return status;
	path = strdup(store_path(s));
	stores_close(s);
	if (path == NULL) {
		report_error("%s", err_text(ERR_NOMEM));
		return EXIT_FAILED;
	}
	(void)fflush(stdout);
	(void)execlp("sqlite3", "sqlite3", path, (char *)NULL);
	report_error("cannot start sqlite3: %s%s", strerror(errno),
		errno == ENOENT ? "; `apt-get install sqlite3` brings it" : "");
	free(path);
	return EXIT_FAILED;
}

const struct command command_db_shell = {
	.group = "db",
	.verb = "shell",
	.summary = "open the store in sqlite3",
	.details = "What is changed there by hand is checked by nobody. Secrets are sealed there.",
	.example = "echo 'SELECT * FROM audit_log' | windrow db shell",
	.exec = shell_exec,
};
