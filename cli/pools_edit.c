/* `windrow pools set` and `delete`. */
#include <stdlib.h>
#include <string.h>

#include "cli/args.h"
#include "cli/client.h"
#include "cli/commands.h"
#include "cli/report.h"
#include "engine/arena.h"

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
	struct arena *a = arena_create(0);
	struct value answer;
	int status;

	if (a == NULL)
		return report_no_memory();
	r.pool = args_word(args, 0);
	r.description = args_word(args, 2);
	status = slots_read(args_word(args, 1), &r.slots);
	if (status == EXIT_DONE)
		status = client_ask(&r, a, &answer);
	arena_destroy(a);
	return status;
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
	struct arena *a = arena_create(0);
	struct value answer;
	int status;

	if (a == NULL)
		return report_no_memory();
	r.pool = args_word(args, 0);
	status = client_ask(&r, a, &answer);
	arena_destroy(a);
	return status;
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
