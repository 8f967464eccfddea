/*
 * `windrow info`: what this program is made of, and where it looks. Versions are those of the
 * libraries that run, not of the headers it was built with.
 */
#include "config.h"

#include <libssh2.h>
#include <openssl/crypto.h>
#include <sqlite3.h>
#include <stdlib.h>
#include <string.h>
#include <sys/utsname.h>
#include <unistd.h>
#include <uv.h>
#include <yajl/yajl_version.h>
#include <yaml.h>

#define PCRE2_CODE_UNIT_WIDTH 8
#include <pcre2.h>

#include "cli/args.h"
#include "cli/commands.h"
#include "cli/report.h"
#include "cli/table.h"
#include "engine/arena.h"
#include "engine/err.h"
#include "store/settings.h"
#include "store/zoneinfo.h"

/* libssh2 signs with RSA and SHA-2 from this version on. */
#define LIBSSH2_WITH_RSA_SHA2 0x010b00

#define FIELDS_MAX 32

struct facts {
	struct arena *arena;
	struct value_pair pairs[FIELDS_MAX];
	size_t n;
};

/* Adds a fact; text may be NULL. */
static void add(struct facts *f, const char *name, const char *text)
{
	struct value v = text == NULL ? value_null() : value_string(text, strlen(text));

	f->pairs[f->n++] = (struct value_pair){name, strlen(name), v};
}

static void add_bool(struct facts *f, const char *name, bool truth)
{
	f->pairs[f->n++] = (struct value_pair){name, strlen(name), value_bool(truth)};
}

static void add_libraries(struct facts *f)
{
	char pcre2[64] = "";
	uint32_t has_jit = 0;
	int yajl = yajl_version();

	(void)pcre2_config(PCRE2_CONFIG_VERSION, pcre2);
	(void)pcre2_config(PCRE2_CONFIG_JIT, &has_jit);
	pcre2[strcspn(pcre2, " ")] = '\0'; /* behind it stands a date */
	add(f, "libssh2", libssh2_version(0));
	add_bool(f, "libssh2_rsa_sha2", libssh2_version(LIBSSH2_WITH_RSA_SHA2) != NULL);
	add(f, "openssl", OpenSSL_version(OPENSSL_VERSION_STRING));
	add(f, "libuv", uv_version_string());
	add(f, "sqlite", sqlite3_libversion());
	add(f, "pcre2", arena_strdup(f->arena, pcre2));
	add_bool(f, "pcre2_jit", has_jit != 0);
	add(f, "libyaml", yaml_get_version_string());
	add(f, "yajl",
		arena_printf(f->arena, "%d.%d.%d", yajl / 10000, yajl / 100 % 100, yajl % 100));
}

static int add_places(struct facts *f)
{
	struct settings *s;
	struct err e;
	char *home;
	int r = settings_home(environ, &home, &e);

	if (r != 0) {
		report_error("%s", e.text);
		return EXIT_FAILED;
	}
	add(f, "home", arena_strdup(f->arena, home));
	free(home);
	r = settings_load(environ, &s, &e);
	if (r != 0) {
		report_error("%s", e.text);
		return EXIT_FAILED;
	}
	add(f, "settings_file",
		settings_file_exists(s) ? arena_strdup(f->arena, settings_file_path(s)) : NULL);
	add(f, "dags_folder", arena_strdup(f->arena, settings_text(s, SETTING_DAGS_FOLDER)));
	settings_destroy(s);
	return EXIT_DONE;
}

/* The folder of time zones, or nothing where there is none, and DAGs know UTC alone. */
static void add_zones(struct facts *f, const char *folder)
{
	add(f, "zone_files",
		access(folder, R_OK | X_OK) == 0 ? arena_strdup(f->arena, folder) : NULL);
}

static int info_exec(const struct args *args)
{
	struct facts f = {.arena = arena_create(0)};
	struct utsname system;
	struct value map;
	struct zoneinfo *zones;
	int status, places;

	if (f.arena == NULL) {
		report_error("%s", err_text(ERR_NOMEM));
		return EXIT_FAILED;
	}
	add(&f, "version", PACKAGE_VERSION);
	if (uname(&system) == 0)
		add(&f, "system",
			arena_printf(f.arena, "%s %s %s", system.sysname, system.release,
				system.machine));
	places = add_places(&f);
	zones = zoneinfo_create(NULL);
	if (zones != NULL)
		add_zones(&f, zoneinfo_folder(zones));
	zoneinfo_destroy(zones);
	add_libraries(&f);
	map = (struct value){.type = VALUE_MAP, .len = f.n, .u.pairs = f.pairs};
	status = table_show_object(&map, args);
	arena_destroy(f.arena);
	return places == EXIT_DONE ? status : places;
}

static const struct flag info_flags[] = {OUTPUT_FLAG};

const struct command command_info = {
	.group = "info",
	.summary = "what this windrow is made of, and where it looks",
	.details = "libssh2_rsa_sha2 tells whether RSA keys work with today's servers: libssh2 "
		   "before 1.11 signs with SHA-1 alone, which they refuse. settings_file is empty "
		   "where there is none, which is fine.",
	.flags = info_flags,
	.n_flags = sizeof(info_flags) / sizeof(info_flags[0]),
	.example = "windrow info -o json",
	.exec = info_exec,
};
