/* The world of expr_world.h. Values are made anew in each scratch arena that asks. */
#include "tests/unit/expr_world.h"

#include <string.h>

#include "engine/arena.h"
#include "engine/err.h"

enum { PG_DUMP, SIZE, SKIPPED, EACH, TASKS };

static const struct {
	const char *stage, *task;
} tasks[TASKS] = {
	[PG_DUMP] = {"Dump", "pg_dump"},
	[SIZE] = {"Check", "size"},
	[SKIPPED] = {"Check", "skipped"},
	[EACH] = {"Check", "each"},
};

static const struct {
	const char *name, *json;
} params[] = {
	{"database", "\"shop\""},
	{"keep", "7"},
	{"list", "[\"a\",\"b c\",3]"},
	{"empty", "\"\""},
	{"nothing", "null"},
	{"evil", "\"$<params.keep> ${params.keep} $(x) 'q' \\\"\""},
	{"nul", "\"a\\u0000b\""},
	{"odd-one", "true"},
};

#define RESPONSE                                                                                   \
	"{\"version\":\"1.4\",\"bytes\":123456789012345678901234567890,\"list\":[{\"y\":1e5},{"    \
	"\"y\":1."                                                                                 \
	"50}],\"odd "                                                                              \
	"key\":{\"}\":\"brace\"},\"none\":null,\"ok\":true,\"big\":{\"k01\":1,\"k02\":2,"          \
	"\"k03\":3,\"k04\":4,\"k05\":5,\"k06\":6,\"k07\":7,\"k08\":8,\"k09\":9,\"k10\":10,"        \
	"\"k11\":11,"                                                                              \
	"\"k12\":12,\"k13\":13,\"kolibri\":14},\"text\":\"\"}"

static bool is(const char *s, size_t len, const char *word)
{
	return strlen(word) == len && memcmp(s, word, len) == 0;
}

static int task_find(void *ctx, const char *stage, size_t stage_len, const char *task,
	size_t task_len, uint32_t *index, struct err *e)
{
	(void)ctx;
	for (uint32_t i = 0; i < TASKS; i++) {
		const char *in = stage_len == 0 ? "Check" : tasks[i].stage;

		if (strcmp(in, tasks[i].stage) == 0 && is(task, task_len, tasks[i].task) &&
			(stage_len == 0 || is(stage, stage_len, in))) {
			*index = i;
			return 0;
		}
	}
	return err_set(e, ERR_NOTFOUND, "there is no task \"%.*s\"", (int)task_len, task);
}

static int param_find(void *ctx, const char *name, size_t len, struct err *e)
{
	(void)ctx;
	for (size_t i = 0; i < sizeof(params) / sizeof(*params); i++)
		if (is(name, len, params[i].name))
			return 0;
	return err_set(e, ERR_NOTFOUND, "there is no parameter \"%.*s\"", (int)len, name);
}

static const char *output_json(const struct expr *x)
{
	switch (x->output) {
	case OUTPUT_RESPONSE:
		return x->task == PG_DUMP ? RESPONSE
			: x->task == EACH ? "[{\"name\":\"web1\"},{\"name\":\"web2\"}]"
					  : "\"just text\"";
	case OUTPUT_EXIT_CODE:
		return "3";
	case OUTPUT_COMPLETED:
		return "true";
	case OUTPUT_STATUS:
		return "\"success\"";
	default:
		return "\"\"";
	}
}

static const char *json_of(const struct expr *x)
{
	switch (x->root) {
	case EXPR_OUTPUT:
		return output_json(x);
	case EXPR_PARAM:
		for (size_t i = 0; i < sizeof(params) / sizeof(*params); i++)
			if (is(x->name, x->name_len, params[i].name))
				return params[i].json;
		return "null";
	case EXPR_VAR:
		return "\"false\"";
	case EXPR_CONN:
		return strcmp(x->attribute, "port") == 0 ? "22" : "\"db1.example\"";
	case EXPR_RUN:
		return x->field == RUN_FIELD_CONF ? "{\"who\":\"me\"}" : "\"2026-01-01\"";
	case EXPR_DAG_ID:
		return "\"nightly\"";
	case EXPR_TASK_ID:
		return "\"Check.size\"";
	case EXPR_TRY_NUMBER:
		return "1";
	case EXPR_ITEM:
		return "{\"name\":\"web1\"}";
	case EXPR_INDEX:
		return "0";
	}
	return "null";
}

static int get(
	void *ctx, const struct expr *x, struct arena *scratch, struct value *out, struct err *e)
{
	const char *json = json_of(x);

	(void)ctx;
	if (x->root == EXPR_OUTPUT && x->task == SKIPPED)
		return err_set(e, ERR_NOTFOUND, "Check.skipped did not run, and has no output");
	if (x->root == EXPR_VAR && is(x->name, x->name_len, "locked"))
		return err_set(e, ERR_DENIED, "the variable locked cannot be opened");
	return value_parse_json(scratch, json, strlen(json), out, e);
}

const struct expr_scope *world_scope(bool has_item)
{
	static const struct expr_scope outside = {
		.task_find = task_find, .param_find = param_find, .has_item = false};
	static const struct expr_scope inside = {
		.task_find = task_find, .param_find = param_find, .has_item = true};

	return has_item ? &inside : &outside;
}

const struct expr_env *world_env(void)
{
	static const struct expr_env env = {.get = get};

	return &env;
}
