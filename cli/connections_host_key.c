/* `windrow connections discover-host-key`. */
#include <stdio.h>
#include <string.h>

#include "cli/args.h"
#include "cli/commands.h"
#include "cli/host_key.h"
#include "cli/lookup.h"
#include "cli/report.h"
#include "cli/table.h"
#include "engine/arena.h"
#include "engine/err.h"
#include "store/secret.h"

static int show(const struct host_key *f, const struct args *args)
{
	struct value_pair pairs[7];
	struct value map = {
		.type = VALUE_MAP, .len = sizeof(pairs) / sizeof(pairs[0]), .u.pairs = pairs};

	pairs[0] = value_pair_of("conn_id", value_cstring(f->id));
	pairs[1] = value_pair_of("host", value_cstring(f->host));
	pairs[2] = (struct value_pair){"port", 4, value_int(f->arena, f->port)};
	pairs[3] = value_pair_of("key_type", value_cstring(f->type));
	pairs[4] = value_pair_of("fingerprint", value_cstring(f->fingerprint));
	pairs[5] = value_pair_of("host_key", value_cstring(f->line));
	pairs[6] = (struct value_pair){"is_known", 8, value_bool(f->call.key.code == 0)};
	return table_show_object(&map, args);
}

static int discover_exec(const struct args *args)
{
	struct host_key f = {.arena = secret_arena_create(0), .id = args_word(args, 0)};
	struct lookup l;
	int status = EXIT_FAILED;
	bool is_known;

	if (f.arena == NULL) {
		report_error("%s", err_text(ERR_NOMEM));
		return EXIT_FAILED;
	}
	if (lookup_home(&l))
		status = host_key_ask(&f, &l);
	if (status == EXIT_DONE)
		status = show(&f, args);
	if (status == EXIT_DONE) {
		(void)fflush(stdout);
		status = host_key_settle(&f, args, &is_known);
	}
	host_key_free(&f);
	lookup_close(&l);
	arena_destroy(f.arena);
	return status;
}

static const struct flag discover_flags[] = {
	HOST_KEY_FLAGS,
	OUTPUT_FLAG,
};

const struct command command_connections_discover_host_key = {
	.group = "connections",
	.verb = "discover-host-key",
	.words = "ID",
	.summary = "ask a host for its key, and record it",
	.details = "Asks on a terminal whether it is the right one; elsewhere it records nothing "
		   "without --fingerprint or --yes. It goes to the stored connection as its "
		   "host_key; for connections from elsewhere to ~/.ssh/known_hosts.",
	.flags = discover_flags,
	.n_flags = sizeof(discover_flags) / sizeof(discover_flags[0]),
	.example = "windrow connections discover-host-key web",
	.exec = discover_exec,
};
