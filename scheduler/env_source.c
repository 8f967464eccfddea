/* Variables from the environment. Only one process's environment is looked at, and nothing of it is
 * passed on but what an expression names. */
#include "scheduler/env_source.h"

#include <ctype.h>
#include <string.h>

#include "engine/err.h"

#define PREFIX "WINDROW_VAR_"

/* Whether entry is PREFIX NAME=..., the name in capitals; its value then. */
static const char *value_of(const char *entry, const char *name, size_t len)
{
	size_t i;

	if (strncmp(entry, PREFIX, sizeof(PREFIX) - 1) != 0)
		return NULL;
	entry += sizeof(PREFIX) - 1;
	for (i = 0; i < len && entry[i] != '\0'; i++)
		if (entry[i] != toupper((unsigned char)name[i]))
			return NULL;
	return i == len && entry[i] == '=' ? entry + i + 1 : NULL;
}

static int var(void *ctx, const char *name, size_t len, struct arena *scratch, struct value *out,
	struct err *e)
{
	char *const *env = ctx;

	(void)scratch;
	for (; *env != NULL; env++) {
		const char *v = value_of(*env, name, len);

		if (v != NULL) {
			*out = value_string(v, strlen(v));
			return 0;
		}
	}
	return err_set(e, ERR_NOTFOUND,
		"there is no variable %.*s; here variables come from the environment, as "
		"WINDROW_VAR_<NAME> in capitals",
		(int)len, name);
}

static int conn(void *ctx, const char *id, size_t len, const char *attribute, struct arena *scratch,
	struct value *out, struct err *e)
{
	(void)ctx;
	(void)attribute;
	(void)scratch;
	(void)out;
	return err_set(e, ERR_NOTFOUND, "there is no connection %.*s", (int)len, id);
}

struct render_source env_source(char *const *env)
{
	union {
		char *const *in;
		void *out; /* var() only reads it */
	} ctx = {env};

	return (struct render_source){.ctx = ctx.out, .var = var, .conn = conn};
}
