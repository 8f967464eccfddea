/* A loop, a private folder and the local operator, to try scripts on. */
#ifndef TESTS_UNIT_LOCAL_RIG_H
#define TESTS_UNIT_LOCAL_RIG_H

#include <stdbool.h>
#include <stddef.h>
#include <uv.h>

#include "engine/buf.h"
#include "operators/operator.h"

#define RIG_FOLDER_MAX 512 /* of a path below $TMPDIR; a rig may be in another's folder */
#define RIG_PATH_MAX (RIG_FOLDER_MAX + 128)

struct rig {
	uv_loop_t loop;
	struct op_host host;
	struct op_instance *local;
	char folder[RIG_FOLDER_MAX];
	bool is_closed;
};

/* A job and what came of it. Freed by rig_try_free(). */
struct rig_try {
	struct rig *rig;
	struct op_try *handle;
	struct op_setting settings[32];
	struct op_bytes arguments[8];
	struct op_variable environment[8];
	struct op_job job;
	char id[OP_EXECUTION_ID_MAX + 1];
	int n_started, n_finished;
	struct buf out, err, log;
	size_t out_len, err_len; /* all that came; out and err keep the first bytes alone */
	size_t largest; /* the largest piece that was handed over */
	enum op_verdict verdict;
	int exit_code;
	bool completed, no_retry;
	struct buf message, response, logs, error;
	char response_path[RIG_PATH_MAX], log_path[RIG_PATH_MAX], user_folder[RIG_PATH_MAX];
	/* Called for output, after it was kept. */
	void (*on_output)(struct rig_try *t);
	void (*on_finished)(struct rig_try *t);
};

#define RIG_KEEP_MAX ((size_t)1 << 20)

/* Both end the test program where they cannot. */
void rig_open(struct rig *r);
void rig_close(struct rig *r);

/* Makes a job out of a script or (is_command) a command. */
void rig_try_init(struct rig_try *t, struct rig *r, const char *script, bool is_command);
void rig_try_free(struct rig_try *t);
struct op_setting *rig_setting(struct rig_try *t, const char *key);
void rig_set(struct rig_try *t, const char *key, const char *text);
void rig_set_number(struct rig_try *t, const char *key, int64_t number);
void rig_add_variable(struct rig_try *t, const char *name, const char *value, size_t len);
void rig_add_argument(struct rig_try *t, const char *value);

/* Starts; a refusal counts as the finish. */
void rig_start(struct rig_try *t);
void rig_attach(struct rig_try *t);

/* Runs the loop until the try has finished. */
void rig_wait(struct rig_try *t);
void rig_run(struct rig_try *t);

#endif
