/* `windrow import`: coming from cron, Code Stream or Airflow. */
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cli/args.h"
#include "cli/commands.h"
#include "cli/dag_files.h"
#include "cli/exchange_file.h"
#include "cli/import.h"
#include "cli/report.h"
#include "engine/arena.h"
#include "engine/buf.h"
#include "engine/diag.h"
#include "engine/err.h"
#include "engine/load.h"

typedef int importer(const struct args *args, struct arena *a, const char *text, size_t len,
	struct diags *notes, struct buf *out, size_t *n, struct err *e);

/* Whether the DAG file that was made loads: not each script that a shell takes is one here. Where
 * it does not, why is told with the places in it. */
static bool loads(const struct buf *made)
{
	struct dag_loader *l = dag_loader_or_report();
	struct dag_file f = {0};
	int r = ERR_NOMEM;

	if (l == NULL)
		return false;
	f.diags = diags_create("the DAG file that it made");
	if (f.diags != NULL)
		r = dag_load(
			made->data, made->len, dag_loader_options(l), f.diags, &f.dags, &f.n_dags);
	if (r == ERR_NOMEM)
		(void)report_no_memory();
	else
		dag_file_report(&f, false);
	dag_file_free(&f);
	dag_loader_destroy(l);
	return r == 0;
}

/* Runs an importer over a file and shows what came of it. */
static int import_with(importer *run, struct arena *a, const char *path, const char *text,
	size_t len, const struct args *args)
{
	struct diags *notes = diags_create(strcmp(path, "-") == 0 ? "standard input" : path);
	struct buf out;
	struct err e;
	size_t n = 0;
	int r = notes == NULL ? ERR_NOMEM : 0, status;

	buf_init(&out, IMPORT_TEXT_MAX);
	if (r == 0) {
		diags_keep(notes, IMPORT_NOTES_MAX);
		r = run(args, a, text, len, notes, &out, &n, &e);
		r = diags_are_short(notes) ? ERR_NOMEM : r;
	}
	dag_file_report(&(struct dag_file){.diags = notes}, true);
	if (r == ERR_NOMEM)
		(void)report_no_memory();
	else if (r != 0 && (r != ERR_INVALID || diags_errors(notes) == 0))
		report_error("%s: %s", path, e.text);
	if (r == 0 && n == 0)
		report_error("%s: nothing in it became a DAG", path);
	if (r == 0)
		(void)fwrite(buf_str(&out), 1, out.len, stdout);
	status = r == 0 && n > 0 && loads(&out) && diags_errors(notes) == 0 ? EXIT_DONE
									    : EXIT_FAILED;
	diags_destroy(notes);
	buf_free(&out);
	return status;
}

/* ---- crontab ---- */

/* A zone by its name, in a text of the arena; NULL: it has none. */
static const char *zone_named(struct arena *a, const char *name)
{
	if (name == NULL || *name == '\0')
		return NULL;
	return strcmp(name, "Etc/UTC") == 0 ? "UTC" : arena_strdup(a, name);
}

/* One by the path of its file. */
static const char *zone_of(struct arena *a, const char *path)
{
	const char *found = strstr(path, "/zoneinfo/");

	return zone_named(a, found == NULL ? NULL : found + strlen("/zoneinfo/"));
}

/* What /etc/timezone says, where /etc/localtime is a copy of some zone's file. */
static const char *zone_told(struct arena *a)
{
	FILE *f = fopen("/etc/timezone", "re");
	char line[PATH_MAX] = "";

	if (f == NULL)
		return NULL;
	if (fgets(line, sizeof(line), f) != NULL)
		line[strcspn(line, " \t\r\n")] = '\0';
	(void)fclose(f);
	return zone_named(a, line);
}

/* The machine's time zone, in which cron counts; NULL: it is not told. */
static const char *local_zone(struct arena *a)
{
	const char *zone = getenv("TZ"), *found = NULL;
	char link[PATH_MAX], *path;
	ssize_t n = readlink("/etc/localtime", link, sizeof(link) - 1);

	if (zone != NULL && *zone == ':')
		zone++;
	if (zone != NULL && *zone != '\0' && *zone != '/')
		return zone;
	/* N.B. a zone's own file may be a link to one of another name. */
	link[n < 0 ? 0 : n] = '\0';
	if (zone != NULL)
		found = zone_of(a, zone);
	if (found == NULL)
		found = zone_of(a, link);
	if (found != NULL)
		return found;
	if (access("/etc/localtime", F_OK) != 0)
		return "UTC";
	path = realpath("/etc/localtime", NULL);
	if (path != NULL)
		found = zone_of(a, path);
	free(path);
	return found != NULL ? found : zone_told(a);
}

static int crontab_run(const struct args *args, struct arena *a, const char *text, size_t len,
	struct diags *notes, struct buf *out, size_t *n, struct err *e)
{
	const char *here = local_zone(a);
	struct import_crontab_options o = {.conn_id = args_text(args, "conn-id", NULL),
		.timezone = args_text(args, "tz", here == NULL ? "UTC" : here),
		.home = args_has(args, "conn-id") ? NULL : getenv("HOME"),
		.user = args_has(args, "conn-id") || geteuid() != 0 ? NULL : "root",
		.has_user = args_has(args, "system")};

	if (here == NULL && !args_has(args, "tz"))
		diag_warning(notes, (struct pos){0, 0},
			"times count in UTC: which zone this machine is in is told neither by "
			"/etc/localtime nor by /etc/timezone; say --tz");
	else if (o.conn_id != NULL && !args_has(args, "tz"))
		diag_warning(notes, (struct pos){0, 0},
			"times count in %s, the zone of this machine; if that of the other is not "
			"the "
			"same, say --tz",
			o.timezone);
	return import_crontab(&o, text, len, notes, out, n, e);
}

static int crontab_take(
	struct arena *a, const char *path, const char *text, size_t len, const struct args *args)
{
	return import_with(crontab_run, a, path, text, len, args);
}

static int crontab_exec(const struct args *args)
{
	return exchange_file_read(args, IMPORT_FILE_MAX, crontab_take);
}

static const struct flag crontab_flags[] = {
	{"conn-id", 'c', FLAG_TEXT, "ID",
		"run the tasks over this connection; on this machine unless said"},
	{"tz", 0, FLAG_TEXT, "ZONE", "the time zone of the times; this machine's unless said"},
	{"system", 's', FLAG_SWITCH, NULL, "the file names a user behind the times: /etc/crontab"},
};

const struct command command_import_crontab = {
	.group = "import",
	.verb = "crontab",
	.words = "FILE",
	.summary = "make DAGs of a crontab's lines",
	.details =
		"Prints a DAG file, one document for each line, and tells on standard error what "
		"was left out, which makes the exit status 1, or means something else now. - is "
		"standard input.",
	.flags = crontab_flags,
	.n_flags = sizeof(crontab_flags) / sizeof(crontab_flags[0]),
	.example = "crontab -l | windrow import crontab - -c web > ~/.windrow/dags/web.yaml",
	.exec = crontab_exec,
};

/* ---- Code Stream ---- */

static int codestream_run(const struct args *args, struct arena *a, const char *text, size_t len,
	struct diags *notes, struct buf *out, size_t *n, struct err *e)
{
	(void)args;
	(void)a;
	return import_codestream(text, len, notes, out, n, e);
}

static int codestream_take(
	struct arena *a, const char *path, const char *text, size_t len, const struct args *args)
{
	return import_with(codestream_run, a, path, text, len, args);
}

static int codestream_exec(const struct args *args)
{
	return exchange_file_read(args, IMPORT_FILE_MAX, codestream_take);
}

const struct command command_import_codestream = {
	.group = "import",
	.verb = "codestream",
	.words = "FILE",
	.summary = "make DAGs of Code Stream's pipelines",
	.details =
		"Prints a DAG file, one document for each PIPELINE of the YAML export, and tells "
		"on standard error what was left out, which connections and variables to make, and "
		"what means something else now. A task that cannot be taken over becomes one that "
		"fails. Either makes the exit status 1. - is standard input.",
	.example = "windrow import codestream release.yaml > ~/.windrow/dags/release.yaml",
	.exec = codestream_exec,
};
