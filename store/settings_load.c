/* Where settings come from: their defaults, the file, and the environment, of which the later wins.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "engine/arena.h"
#include "engine/err.h"
#include "store/settings_impl.h"

#define ENV_PREFIX "WINDROW__"

/* One variable of the environment: WINDROW__SECTION__KEY=VALUE. */
static int take_variable(struct settings *s, const char *variable, char *const *env, struct err *e)
{
	size_t len = strcspn(variable, "=");
	char *name = arena_memdup(s->arena, variable, len);
	char *words = arena_memdup(s->arena, variable, len);
	char *section, *key;
	int id;

	if (name == NULL || words == NULL)
		return err_set(e, ERR_NOMEM, "out of memory");
	for (char *c = words; *c != '\0'; c++)
		*c = (char)(*c >= 'A' && *c <= 'Z' ? *c - 'A' + 'a' : *c);
	section = words + strlen(ENV_PREFIX);
	key = strstr(section, "__");
	if (key == NULL || variable[len] == '\0')
		return err_set(e, ERR_INVALID,
			"%s: a setting's variable is written WINDROW__SECTION__KEY", name);
	id = setting_find(section, (size_t)(key - section), key + 2, strlen(key + 2), e);
	if (id < 0) {
		e->code = ERR_INVALID;
		return err_context(e, "%s", name);
	}
	return settings_set(s, id, variable + len + 1, name, NULL, env, e);
}

static int take_environment(struct settings *s, char *const *env, struct err *e)
{
	int r = 0;

	for (char *const *v = env; *v != NULL && r == 0; v++)
		if (strncmp(*v, ENV_PREFIX, strlen(ENV_PREFIX)) == 0)
			r = take_variable(s, *v, env, e);
	return r;
}

static int take_defaults(struct settings *s, char *const *env, struct err *e)
{
	int r = 0;

	for (int i = 0; i < SETTING_COUNT && r == 0; i++)
		r = settings_set(s, i, setting_defs[i].dflt, "default", s->home, env, e);
	return r;
}

/* Home as a whole path, so that what is told of it can be found again. */
static int take_home(struct settings *s, char *const *env, struct err *e)
{
	char cwd[4096];
	char *home;
	int r = settings_home(env, &home, e);

	if (r != 0)
		return r;
	if (home[0] == '/')
		s->home = arena_strdup(s->arena, home);
	else if (getcwd(cwd, sizeof(cwd)) != NULL)
		s->home = arena_printf(s->arena, "%s/%s", cwd, home);
	else
		r = err_set(e, ERR_IO, "cannot tell the current folder: %s", strerror(errno));
	free(home);
	if (r != 0)
		return r;
	s->file =
		s->home == NULL ? NULL : arena_printf(s->arena, "%s/" SETTINGS_FILE_NAME, s->home);
	return s->file == NULL ? err_set(e, ERR_NOMEM, "out of memory") : 0;
}

int settings_load(char *const *env, struct settings **out, struct err *e)
{
	struct settings *s = calloc(1, sizeof(*s));
	int r;

	if (s == NULL)
		return err_set(e, ERR_NOMEM, "out of memory");
	s->arena = arena_create(0);
	r = s->arena == NULL ? err_set(e, ERR_NOMEM, "out of memory") : take_home(s, env, e);
	if (r == 0)
		r = take_defaults(s, env, e);
	if (r == 0)
		r = settings_file_take(s, env, e);
	if (r == 0)
		r = take_environment(s, env, e);
	if (r != 0) {
		settings_destroy(s);
		return r;
	}
	*out = s;
	return 0;
}
