/*
 * Callbacks: what to do when a task or a run has succeeded, failed, or will be tried again. Checked
 * when the DAG loads; the scheduler performs them.
 */
#ifndef ENGINE_DAG_CALLBACK_H
#define ENGINE_DAG_CALLBACK_H

#include "engine/dag.h"

#define CALLBACKS_MAX 100 /* actions of one key */

enum callback_kind {
	CALLBACK_TASK, /* runs an operator */
	CALLBACK_URL /* asks a web server */
};

/* One action; those of one key are a list, in the file's order. */
struct callback {
	struct callback *next; /* NULL: the last */
	enum callback_kind kind;
	struct pos pos;
	union {
		struct {
			const struct op_spec *op;
			struct setting *settings; /* op->n_keys of them */
			struct env_entry *environment;
			size_t n_environment;
			int64_t execution_timeout_ms; /* 0: none */
		} task;
		struct {
			struct template *url;
			const char *method; /* GET, POST, ... */
			struct env_entry *headers;
			size_t n_headers;
			struct template *body; /* NULL: none */
			int64_t timeout_ms;
		} url;
	};
};

#endif
