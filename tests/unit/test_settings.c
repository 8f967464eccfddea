/* Settings: the three sources, what wins, and what is said of a wrong one. */
#include "store/settings.h"

#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "engine/err.h"
#include "tests/unit/tap.h"

static char folder[PATH_MAX] = "/tmp/windrow-test.XXXXXX";
static char home_variable[PATH_MAX + 16];
static char expected[PATH_MAX + 200];

/* A path below the test's folder. */
static const char *below(const char *path)
{
	(void)snprintf(expected, sizeof(expected), "%s/%s", folder, path);
	return expected;
}

static void put(const char *text)
{
	FILE *f = fopen("windrow.yaml", "w");

	if (f == NULL)
		abort();
	(void)fputs(text, f);
	(void)fclose(f);
}

/* The dags folder, and where it came from, with this file and this variable. */
static void is_set(const char *file, const char *variable, const char *value, const char *origin,
	const char *what)
{
	char *env[] = {home_variable, (char *)"HOME=/home/a", (char *)variable, NULL};
	struct settings *s;
	struct err e = {.text = ""};

	if (file == NULL)
		(void)unlink("windrow.yaml");
	else
		put(file);
	if (!OK(settings_load(env, &s, &e) == 0, "%s: loads", what)) {
		tap_note("%s", e.text);
		return;
	}
	IS_STR(settings_text(s, SETTING_DAGS_FOLDER), value, "%s", what);
	IS_STR(settings_origin(s, SETTING_DAGS_FOLDER),
		strchr(origin, ':') == NULL ? origin : below(origin), "%s: and where from", what);
	IS_INT(settings_file_exists(s), file != NULL, "%s: whether there is a file", what);
	settings_destroy(s);
}

/* What is said of this file and this variable. */
static void is_refused(const char *file, const char *variable, const char *sentence)
{
	char *env[] = {home_variable, (char *)variable, NULL};
	struct settings *s;
	struct err e = {.text = ""};

	put(file);
	OK(settings_load(env, &s, &e) != 0, "refused: %s", sentence);
	IS_STR(e.text, sentence[0] == 'w' ? below(sentence) : sentence, "and says so");
}

static void test_sources(void)
{
	char wanted[PATH_MAX + 16];

	(void)snprintf(wanted, sizeof(wanted), "%s/dags", folder);
	is_set(NULL, NULL, wanted, "default", "nothing is set");
	is_set("# only a comment\n", NULL, wanted, "default", "an empty file");
	is_set("core:\n#  dags_folder: /srv/dags\n", NULL, wanted, "default", "an empty section");
	is_set("core:\n  dags_folder: /srv/dags\n", NULL, "/srv/dags", "windrow.yaml:2:3",
		"a file");
	(void)snprintf(wanted, sizeof(wanted), "%s/other", folder);
	is_set("core: {dags_folder: other}\n", NULL, wanted, "windrow.yaml:1:8",
		"a relative path in a file counts from home");
	is_set("core: {dags_folder: other}\n", "WINDROW__CORE__DAGS_FOLDER=/env", "/env",
		"WINDROW__CORE__DAGS_FOLDER", "the environment wins");
	(void)snprintf(wanted, sizeof(wanted), "%s/sub", folder);
	is_set(NULL, "WINDROW__CORE__DAGS_FOLDER=sub", wanted, "WINDROW__CORE__DAGS_FOLDER",
		"a relative path in the environment counts from here");
	is_set("core: {dags_folder: ~/d}\n", NULL, "/home/a/d", "windrow.yaml:1:8", "~ is home");
}

static void test_sentences(void)
{
	is_refused("core:\n  dag_folder: x\n", NULL,
		"windrow.yaml:2:3: unknown setting \"dag_folder\"; did you mean \"dags_folder\"?");
	is_refused("cor:\n  dags_folder: x\n", NULL,
		"windrow.yaml:1:1: unknown section of settings \"cor\"; did you mean \"core\"?");
	is_refused("nonsense: {a: b}\n", NULL,
		"windrow.yaml:1:1: unknown section of settings \"nonsense\"; `windrow config list` "
		"shows all there are");
	is_refused("- a\n", NULL,
		"windrow.yaml:1:1: settings are sections, as in `core: {dags_folder: dags}`");
	is_refused("core: x\n", NULL,
		"windrow.yaml:1:7: a section holds settings, as in `core: {dags_folder: dags}`");
	is_refused("core: {dags_folder: [x]}\n", NULL,
		"windrow.yaml:1:21: core.dags_folder takes a path");
	is_refused("core: {dags_folder: a, dags_folder: b}\n", NULL,
		"windrow.yaml:1:24: the key \"dags_folder\" stands here twice; the first is at "
		"1:8");
	is_refused("core: {dags_folder: ''}\n", NULL,
		"windrow.yaml:1:8: core.dags_folder is empty; it takes a path");
	is_refused("core: [\n", NULL, "windrow.yaml:2:1: want a value here");
	is_refused("cor: {}\n", NULL,
		"windrow.yaml:1:1: unknown section of settings \"cor\"; did you mean \"core\"?");
	is_refused("", "WINDROW__CORE__DAG_FOLDER=x",
		"WINDROW__CORE__DAG_FOLDER: unknown setting \"dag_folder\"; did you mean "
		"\"dags_folder\"?");
	is_refused("", "WINDROW__CORE=x",
		"WINDROW__CORE: a setting's variable is written WINDROW__SECTION__KEY");
}

int main(void)
{
	char *const bare[] = {(char *)"HOME=/home/a", NULL};
	struct err e;
	char *home;

	/* N.B. /tmp may be a link. */
	if (mkdtemp(folder) == NULL || chdir(folder) != 0 || getcwd(folder, sizeof(folder)) == NULL)
		return 99;
	(void)snprintf(home_variable, sizeof(home_variable), "WINDROW_HOME=%s", folder);
	IS_INT(settings_home(bare, &home, &e), 0, "without WINDROW_HOME there is a home");
	IS_STR(home, "/home/a/.windrow", "in the user's own");
	free(home);
	test_sources();
	test_sentences();
	(void)unlink("windrow.yaml");
	(void)chdir("/");
	(void)rmdir(folder);
	return tap_done();
}
