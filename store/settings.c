/*
 * Settings: which there are, and what each may be.
 *
 * N.B. `struct settings` is made once and never changed: whoever runs on while the file changes
 * keeps what it began with.
 */
#include "store/settings_impl.h"

#include <errno.h>
#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

#include "engine/arena.h"
#include "engine/duration.h"
#include "engine/err.h"
#include "engine/hint.h"

const struct setting_def setting_defs[SETTING_COUNT] = {
#define SETTING_DEF(id, section, key, type, dflt, doc)                                             \
	[SETTING_##id] = {section, key, type, dflt, doc},
	SETTINGS_LIST(SETTING_DEF)
#undef SETTING_DEF
};

static const char *env_get(char *const *env, const char *name)
{
	size_t len = strlen(name);

	for (; *env != NULL; env++)
		if (strncmp(*env, name, len) == 0 && (*env)[len] == '=')
			return *env + len + 1;
	return NULL;
}

/* The user's own home folder: $HOME, else what the user database says; or NULL. */
static const char *user_home(char *const *env)
{
	const char *home = env_get(env, "HOME");
	const struct passwd *pw;

	if (home != NULL && *home != '\0')
		return home;
	pw = getpwuid(getuid());
	return pw != NULL && pw->pw_dir[0] != '\0' ? pw->pw_dir : NULL;
}

int settings_home(char *const *env, char **home, struct err *e)
{
	const char *said = env_get(env, "WINDROW_HOME");
	const char *user = user_home(env);
	size_t size;
	char *path;

	if (said != NULL && *said != '\0') {
		path = strdup(said);
	} else if (user != NULL) {
		size = strlen(user) + sizeof("/.windrow");
		path = malloc(size);
		if (path != NULL)
			(void)snprintf(path, size, "%s/.windrow", user);
	} else {
		return err_set(e, ERR_NOTFOUND,
			"no home for windrow: neither WINDROW_HOME nor HOME is set");
	}
	if (path == NULL)
		return err_set(e, ERR_NOMEM, "out of memory");
	*home = path;
	return 0;
}

static bool is_word(const char *a, const char *b, size_t len)
{
	return strlen(a) == len && memcmp(a, b, len) == 0;
}

bool settings_is_section(const char *section, size_t len)
{
	for (int i = 0; i < SETTING_COUNT; i++)
		if (is_word(setting_defs[i].section, section, len))
			return true;
	return false;
}

int setting_find(
	const char *section, size_t section_len, const char *key, size_t key_len, struct err *e)
{
	bool has_section = settings_is_section(section, section_len);
	struct hint h;

	for (int i = 0; i < SETTING_COUNT; i++)
		if (is_word(setting_defs[i].section, section, section_len) &&
			is_word(setting_defs[i].key, key, key_len))
			return i;
	hint_begin(&h, has_section ? key : section, has_section ? key_len : section_len);
	for (int i = 0; i < SETTING_COUNT; i++) {
		const struct setting_def *d = &setting_defs[i];

		if (!has_section)
			hint_offer(&h, d->section, strlen(d->section));
		else if (is_word(d->section, section, section_len))
			hint_offer(&h, d->key, strlen(d->key));
	}
	(void)err_set(e, ERR_NOTFOUND, "unknown %s \"%.*s\"%s%s%s%s",
		has_section ? "setting" : "section of settings", (int)h.len, h.word,
		h.best == NULL ? "" : "; did you mean \"", h.best == NULL ? "" : h.best,
		h.best == NULL ? "" : "\"?",
		h.best == NULL ? "; `windrow config list` shows all there are" : "");
	return -1;
}

const char *settings_wanted(int id)
{
	static const char *const words[] = {[SETTING_PATH] = "a path",
		[SETTING_NUMBER] = "a whole number from 1 to 1000000",
		[SETTING_BOOL] = "true or false",
		[SETTING_DURATION] = "a duration of at least a minute, such as 90m or 1d"};

	return words[setting_defs[id].type];
}

static bool is_number(const char *text)
{
	size_t n = strspn(text, "0123456789");

	return n > 0 && n <= 7 && text[n] == '\0' && atol(text) >= 1 &&
		atol(text) <= SETTING_NUMBER_MAX;
}

/* "true" or "false", as YAML and Airflow let either be written; NULL: it is neither. */
static const char *truth_word(const char *text)
{
	static const char *const words[][2] = {
		{"true", "false"}, {"yes", "no"}, {"on", "off"}, {"t", "f"}, {"1", "0"}};

	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++)
		for (size_t k = 0; k < 2; k++)
			if (strcasecmp(text, words[i][k]) == 0)
				return words[0][k];
	return NULL;
}

static bool is_duration(const char *text)
{
	int64_t ms;

	return duration_parse(text, strlen(text), &ms, NULL) == 0 && ms >= SETTING_DURATION_MIN;
}

static bool is_fit(enum setting_type type, const char *text)
{
	switch (type) {
	case SETTING_NUMBER:
		return is_number(text);
	case SETTING_BOOL:
		return truth_word(text) != NULL;
	case SETTING_DURATION:
		return is_duration(text);
	default:
		return *text != '\0';
	}
}

/* A path made whole, in the arena. base: what a relative one counts from, or NULL for the current
 * folder. NULL: no memory, or no current folder (and then errno is not 0). */
static char *whole_path(struct arena *a, const char *text, const char *base, char *const *env)
{
	const char *user = user_home(env);
	char cwd[4096];

	errno = 0;
	if (text[0] == '~' && (text[1] == '/' || text[1] == '\0') && user != NULL)
		return arena_printf(a, "%s%s", user, text + 1);
	if (text[0] == '/')
		return arena_strdup(a, text);
	if (base == NULL && getcwd(cwd, sizeof(cwd)) == NULL)
		return NULL;
	return arena_printf(a, "%s/%s", base == NULL ? cwd : base, text);
}

int settings_set(struct settings *s, int id, const char *text, const char *origin, const char *base,
	char *const *env, struct err *e)
{
	const struct setting_def *d = &setting_defs[id];
	const char *value;

	if (!is_fit(d->type, text))
		return err_set(e, ERR_INVALID, "%s: %s.%s is %s%s%s; it takes %s", origin,
			d->section, d->key, *text == '\0' ? "empty" : "\"", text,
			*text == '\0' ? "" : "\"", settings_wanted(id));
	if (d->type == SETTING_PATH)
		value = whole_path(s->arena, text, base, env);
	else
		value = arena_strdup(s->arena, d->type == SETTING_BOOL ? truth_word(text) : text);
	if (value == NULL && errno != 0 && errno != ENOMEM)
		return err_set(e, ERR_IO, "%s: cannot tell the current folder: %s", origin,
			strerror(errno));
	s->values[id].origin = arena_strdup(s->arena, origin);
	if (value == NULL || s->values[id].origin == NULL)
		return err_set(e, ERR_NOMEM, "out of memory");
	s->values[id].text = value;
	return 0;
}

void settings_destroy(struct settings *s)
{
	if (s == NULL)
		return;
	arena_destroy(s->arena);
	free(s);
}

const char *settings_home_path(const struct settings *s)
{
	return s->home;
}

const char *settings_file_path(const struct settings *s)
{
	return s->file;
}

bool settings_file_exists(const struct settings *s)
{
	return s->has_file;
}

const char *settings_text(const struct settings *s, enum setting_id id)
{
	return s->values[id].text;
}

uint32_t settings_number(const struct settings *s, enum setting_id id)
{
	return (uint32_t)strtoul(s->values[id].text, NULL, 10);
}

int64_t settings_duration(const struct settings *s, enum setting_id id)
{
	int64_t ms = 0;

	(void)duration_parse(s->values[id].text, strlen(s->values[id].text), &ms, NULL);
	return ms;
}

bool settings_truth(const struct settings *s, enum setting_id id)
{
	return strcmp(s->values[id].text, "true") == 0;
}

const char *settings_origin(const struct settings *s, enum setting_id id)
{
	return s->values[id].origin;
}
