/* `windrow pools`: list, get, set, delete. */
#include <stdlib.h>
#include <string.h>

#include "cli/args.h"
#include "cli/client.h"
#include "cli/commands.h"
#include "cli/report.h"
#include "cli/settings.h"
#include "cli/stores.h"
#include "cli/table.h"
#include "engine/arena.h"
#include "engine/err.h"
#include "store/store_run.h"

#define DEFAULT_POOL "default_pool"

static const char *const columns[] = {"pool", "slots", "description"};

static int pools_read(struct store *s, struct arena *a, struct store_pool **pools, size_t *n)
{
	struct err e;

	*n = 0;
	if (s == NULL || store_pools(s, a, pools, n, &e) == 0)
		return EXIT_DONE;
	return stores_report(&e);
}

/* default_pool is there whether it was sized or not. */
static bool default_slots(const struct store_pool *pools, size_t n, uint32_t *slots)
{
	struct settings *settings;

	for (size_t i = 0; i < n; i++)
		if (strcmp(pools[i].name, DEFAULT_POOL) == 0)
			return false;
	settings = settings_or_report();
	*slots = settings == NULL ? 0 : settings_number(settings, SETTING_DEFAULT_POOL_SLOTS);
	settings_destroy(settings);
	return true;
}

static void pool_row(struct table *t, const char *name, uint32_t slots, const char *description)
{
	table_text(t, name);
	table_int(t, slots);
	table_text(t, description);
}

static int list(struct store *s, struct arena *a, const struct args *args)
{
	struct store_pool *pools = NULL;
	uint32_t slots;
	struct table *t;
	size_t n;
	int status = pools_read(s, a, &pools, &n);

	if (status != EXIT_DONE)
		return status;
	t = table_create(columns, sizeof(columns) / sizeof(columns[0]));
	if (default_slots(pools, n, &slots))
		pool_row(t, DEFAULT_POOL, slots, NULL);
	for (size_t i = 0; i < n; i++)
		pool_row(t, pools[i].name, pools[i].slots, pools[i].description);
	status = table_show(t, args);
	table_destroy(t);
	return status;
}

static int list_exec(const struct args *args)
{
	return stores_look(args, list);
}

static const struct flag list_flags[] = {OUTPUT_FLAG};

const struct command command_pools_list = {
	.group = "pools",
	.verb = "list",
	.summary = "the pools that somebody has sized, and default_pool",
	.flags = list_flags,
	.n_flags = sizeof(list_flags) / sizeof(list_flags[0]),
	.example = "windrow pools list",
	.exec = list_exec,
};

static int get(struct store *s, struct arena *a, const struct args *args)
{
	const char *name = args_word(args, 0);
	struct store_pool *pools = NULL;
	struct store_pool one = {.name = NULL};
	struct table *t;
	size_t n;
	int status = pools_read(s, a, &pools, &n);

	if (status != EXIT_DONE)
		return status;
	if (strcmp(name, DEFAULT_POOL) == 0 && default_slots(pools, n, &one.slots))
		one.name = name;
	for (size_t i = 0; i < n; i++)
		if (strcmp(pools[i].name, name) == 0)
			one = pools[i];
	if (one.name == NULL) {
		report_error("there is no pool %s", name);
		return EXIT_FAILED;
	}
	t = table_create(columns, sizeof(columns) / sizeof(columns[0]));
	pool_row(t, one.name, one.slots, one.description);
	status = table_show(t, args);
	table_destroy(t);
	return status;
}

static int get_exec(const struct args *args)
{
	return stores_look(args, get);
}

const struct command command_pools_get = {
	.group = "pools",
	.verb = "get",
	.words = "NAME",
	.summary = "one pool",
	.flags = list_flags,
	.n_flags = sizeof(list_flags) / sizeof(list_flags[0]),
	.example = "windrow pools get gpu",
	.exec = get_exec,
};

#define SLOTS_MAX 1000000000L

static int slots_read(const char *text, int64_t *out)
{
	char *end;
	long n = strtol(text, &end, 10);

	if (*text >= '0' && *text <= '9' && *end == '\0' && n <= SLOTS_MAX) {
		*out = n;
		return EXIT_DONE;
	}
	report_error("pools set: \"%s\" is no number of slots: it is a whole one from 0 to %ld",
		text, SLOTS_MAX);
	return EXIT_USAGE;
}

static int set_exec(const struct args *args)
{
	struct request r = client_request(REQUEST_POOL_SET);
	int status;

	r.pool = args_word(args, 0);
	r.description = args_word(args, 2);
	status = slots_read(args_word(args, 1), &r.slots);
	return status == EXIT_DONE ? client_do(&r) : status;
}

const struct command command_pools_set = {
	.group = "pools",
	.verb = "set",
	.words = "NAME SLOTS [DESCRIPTION]",
	.summary = "make a pool, or size it anew",
	.details = "What holds slots keeps them where there are fewer now. A pool of 0 slots is "
		   "closed: what wants to run in it waits.",
	.example = "windrow pools set gpu 4 'cards of the lab'",
	.exec = set_exec,
};

static int delete_exec(const struct args *args)
{
	struct request r = client_request(REQUEST_POOL_DELETE);

	r.pool = args_word(args, 0);
	return client_do(&r);
}

const struct command command_pools_delete = {
	.group = "pools",
	.verb = "delete",
	.words = "NAME",
	.summary = "delete a pool",
	.details = "Tasks that name it run all the same: a pool that nobody has sized has as many "
		   "slots as core.default_pool_task_slot_count says. default_pool stays.",
	.example = "windrow pools delete gpu",
	.exec = delete_exec,
};
