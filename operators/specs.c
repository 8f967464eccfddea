/* The operators' keys. Those that have to do with running a script are the same for each of them,
 * and stand in one list of rows. */
#include "operators/specs.h"

#include <assert.h>

#include "engine/dag.h"
#include "engine/duration.h"
#include "engine/template.h"

#define MIB (INT64_C(1) << 20)

#define SCRIPT_KEYS(NUMBER)                                                                        \
	[NUMBER(COMMAND)] = {.name = "command",                                                    \
		.type = KEY_COMMAND,                                                               \
		.doc = "One shell command line. Either this or `script` is required."},            \
	[NUMBER(SCRIPT)] = {.name = "script",                                                      \
		.type = KEY_SCRIPT,                                                                \
		.doc = "A whole script. Its shebang is honoured, `/bin/sh` else."},                \
	[NUMBER(ARGUMENTS)] = {.name = "arguments",                                                \
		.type = KEY_TEMPLATES,                                                             \
		.doc = "The script's arguments, each a word of its own however it is spelled."},   \
	[NUMBER(INTERPRETER)] = {.name = "interpreter",                                            \
		.type = KEY_STRING,                                                                \
		.dflt = "the script's shebang, else /bin/sh",                                      \
		.doc = "What runs the script; wins over its shebang."},                            \
	[NUMBER(WORKING_DIRECTORY)] = {.name = "working_directory",                                \
		.type = KEY_TEMPLATE,                                                              \
		.dflt = "the user's home",                                                         \
		.doc = "The folder in which the script runs."},                                    \
	[NUMBER(GET_PTY)] = {.name = "get_pty",                                                    \
		.type = KEY_BOOL,                                                                  \
		.dflt = "false",                                                                   \
		.doc = "Whether the script runs on a terminal."},                                  \
	[NUMBER(CMD_TIMEOUT)] = {.name = "cmd_timeout",                                            \
		.type = KEY_DURATION,                                                              \
		.min = 1,                                                                          \
		.max = DURATION_MAX,                                                               \
		.doc = "How long the script may run before it is killed and the try fails."},      \
	[NUMBER(DETACH)] = {.name = "detach",                                                      \
		.type = KEY_BOOL,                                                                  \
		.dflt = "true",                                                                    \
		.doc = "Whether the script outlives a lost connection or engine, to be found "     \
		       "again. With `false` it ends with these, and over ssh nothing but a "       \
		       "response file is written on the host, and taken away at the end: the "     \
		       "task has no `responseFilePath`, `logFilePath` and `errorFilePath` then."}, \
	[NUMBER(RESPONSE_LIMIT)] = {.name = "response_limit",                                      \
		.type = KEY_SIZE,                                                                  \
		.min = 1,                                                                          \
		.max = 1024 * MIB,                                                                 \
		.dflt = "1 MiB",                                                                   \
		.doc = "The most bytes that a response may have."},                                \
	[NUMBER(LOG_LIMIT)] = {.name = "log_limit",                                                \
		.type = KEY_SIZE,                                                                  \
		.min = 1,                                                                          \
		.max = 1024 * 1024 * MIB,                                                          \
		.dflt = "100 MiB",                                                                 \
		.doc = "The most bytes that are kept of what a try prints."}

#define LOCAL_NUMBER(key) LOCAL_KEY_##key
#define SSH_NUMBER(key) SSH_KEY_##key

static const struct key_def local_keys[LOCAL_KEY_COUNT] = {SCRIPT_KEYS(LOCAL_NUMBER)};

static const struct key_def ssh_keys[SSH_KEY_COUNT] = {
	SCRIPT_KEYS(SSH_NUMBER),
	[SSH_KEY_SSH_CONN_ID] = {.name = "ssh_conn_id",
		.type = KEY_TEMPLATE,
		.doc = "The connection that says where and as whom to log in. Required."},
	[SSH_KEY_REMOTE_HOST] = {.name = "remote_host",
		.type = KEY_TEMPLATE,
		.doc = "The host to log in to; wins over the connection's."},
	[SSH_KEY_CONN_TIMEOUT] = {.name = "conn_timeout",
		.type = KEY_DURATION,
		.min = 1,
		.max = DURATION_MAX,
		.dflt = "10s",
		.doc = "How long each step of connecting may take; wins over the connection's."},
};

static const char *local_refuse(const struct setting *settings, int *key)
{
	if (!settings[LOCAL_KEY_GET_PTY].truth)
		return NULL;
	*key = LOCAL_KEY_GET_PTY;
	return "get_pty: operator local has no terminal to give; say `get_pty: false`";
}

/* N.B. detach is true where nothing is said, unless the script wants a terminal. */
static const char *ssh_refuse(const struct setting *settings, int *key)
{
	size_t len;

	if (!settings[SSH_KEY_SSH_CONN_ID].is_set)
		return "operator ssh wants an ssh_conn_id: the connection that leads to the host";
	(void)template_source(settings[SSH_KEY_SSH_CONN_ID].text, &len);
	if (len == 0) {
		*key = SSH_KEY_SSH_CONN_ID;
		return "ssh_conn_id: want the name of a connection, and this is empty";
	}
	if (!settings[SSH_KEY_GET_PTY].truth || !settings[SSH_KEY_DETACH].truth)
		return NULL;
	*key = SSH_KEY_DETACH;
	return "detach: true and get_pty do not go together: a script that outlives the "
	       "connection has no terminal";
}

static_assert((int)SSH_KEY_LOG_LIMIT == (int)LOCAL_KEY_LOG_LIMIT,
	"what both operators know has the same number in each");

const struct op_spec op_spec_local = {
	.name = "local",
	.doc = "Runs a script on the machine of the scheduler.",
	.keys = local_keys,
	.n_keys = LOCAL_KEY_COUNT,
	.command_key = LOCAL_KEY_COMMAND,
	.script_key = LOCAL_KEY_SCRIPT,
	.interpreter_key = LOCAL_KEY_INTERPRETER,
	.refuse = local_refuse,
};

const struct op_spec op_spec_ssh = {
	.name = "ssh",
	.doc = "Runs a script on another machine, over SSH.",
	.keys = ssh_keys,
	.n_keys = SSH_KEY_COUNT,
	.command_key = SSH_KEY_COMMAND,
	.script_key = SSH_KEY_SCRIPT,
	.interpreter_key = SSH_KEY_INTERPRETER,
	.refuse = ssh_refuse,
};

const struct op_spec *const op_specs[] = {&op_spec_local, &op_spec_ssh};
const size_t op_specs_count = sizeof(op_specs) / sizeof(op_specs[0]);
