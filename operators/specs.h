/*
 * The operators' keys, as the language knows them. A task's settings stand in task->settings by the
 * numbers here: task->settings[LOCAL_KEY_SCRIPT].
 */
#ifndef OPERATORS_SPECS_H
#define OPERATORS_SPECS_H

#include "engine/keys.h"

enum local_key {
	LOCAL_KEY_COMMAND,
	LOCAL_KEY_SCRIPT,
	LOCAL_KEY_ARGUMENTS,
	LOCAL_KEY_INTERPRETER,
	LOCAL_KEY_WORKING_DIRECTORY,
	LOCAL_KEY_GET_PTY,
	LOCAL_KEY_CMD_TIMEOUT,
	LOCAL_KEY_DETACH,
	LOCAL_KEY_RESPONSE_LIMIT,
	LOCAL_KEY_LOG_LIMIT,
	LOCAL_KEY_COUNT
};

/* The first of them are the local operator's, at the same numbers. */
enum ssh_key {
	SSH_KEY_COMMAND,
	SSH_KEY_SCRIPT,
	SSH_KEY_ARGUMENTS,
	SSH_KEY_INTERPRETER,
	SSH_KEY_WORKING_DIRECTORY,
	SSH_KEY_GET_PTY,
	SSH_KEY_CMD_TIMEOUT,
	SSH_KEY_DETACH,
	SSH_KEY_RESPONSE_LIMIT,
	SSH_KEY_LOG_LIMIT,
	SSH_KEY_SSH_CONN_ID,
	SSH_KEY_REMOTE_HOST,
	SSH_KEY_CONN_TIMEOUT,
	SSH_KEY_COUNT
};

extern const struct op_spec op_spec_local;
extern const struct op_spec op_spec_ssh;

/* All there are, for struct load_options. */
extern const struct op_spec *const op_specs[];
extern const size_t op_specs_count;

#endif
