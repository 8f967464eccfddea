/* A loop and the operators, for commands in the foreground. */
#include "cli/run_host.h"

#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>

#include "cli/report.h"
#include "cli/settings.h"
#include "engine/buf.h"
#include "engine/err.h"
#include "operators/registry.h"

#define FILES_WANTED 65536 /* descriptors: each task that runs has its log open */
#define TOLD_MAX 10 /* tasks that a message names */

extern char **environ;

static void on_closed(void *ctx)
{
	struct run_host *h = ctx;

	h->open--;
}

void run_host_close(struct run_host *h)
{
	for (size_t i = 0; h->instances != NULL && i < operators_count; i++) {
		if (h->instances[i] == NULL)
			continue;
		h->open++;
		operators[i]->close(h->instances[i], on_closed, h);
	}
	(void)uv_run(&h->loop, UV_RUN_DEFAULT);
	(void)uv_loop_close(&h->loop);
	free(h->instances);
	lookup_close(&h->lookup);
	free(h->executions);
	free(h->logs);
}

static char *folder_in(const char *home, const char *name)
{
	struct buf b;

	buf_init(&b, 0);
	buf_addf(&b, "%s/%s", home, name);
	return buf_steal(&b);
}

/* Takes as many descriptors as we may have and want. How many it were before; 0: nobody knows. */
static uint64_t raise_files(void)
{
	struct rlimit files;
	rlim_t before;

	if (getrlimit(RLIMIT_NOFILE, &files) != 0)
		return 0;
	before = files.rlim_cur;
	files.rlim_cur = files.rlim_max < FILES_WANTED ? files.rlim_max : FILES_WANTED;
	if (files.rlim_cur > before)
		(void)setrlimit(RLIMIT_NOFILE, &files);
	return before;
}

static int open_operators(struct run_host *h, int64_t retention_ms, struct err *e)
{
	int r = 0;

	h->op_host = (struct op_host){.loop = &h->loop,
		.executions = h->executions,
		.environ = environ,
		.connections = lookup_connections(&h->lookup),
		.retention_ms = retention_ms,
		.max_files = raise_files()};
	h->instances = calloc(operators_count, sizeof(struct op_instance *));
	if (h->executions == NULL || h->logs == NULL || h->instances == NULL)
		return err_set(e, ERR_NOMEM, "%s", err_text(ERR_NOMEM));
	for (size_t i = 0; i < operators_count && r == 0; i++)
		r = operators[i]->open(&h->op_host, &h->instances[i], e);
	return r;
}

int run_host_open(struct run_host *h)
{
	struct settings *s = settings_or_report();
	int64_t retention_ms;
	struct err e;
	int r;

	memset(h, 0, sizeof(*h));
	if (s == NULL)
		return ERR_INVALID;
	if (uv_loop_init(&h->loop) != 0) {
		settings_destroy(s);
		report_error("cannot make an event loop");
		return ERR_UNAVAILABLE;
	}
	r = lookup_open(&h->lookup, settings_home_path(s)) ? 0 : ERR_NOMEM;
	h->executions = folder_in(settings_home_path(s), "executions");
	h->logs = folder_in(settings_home_path(s), "logs");
	h->pool_slots = settings_number(s, SETTING_DEFAULT_POOL_SLOTS);
	retention_ms = settings_duration(s, SETTING_REMOTE_RETENTION);
	settings_destroy(s);
	if (r == 0 && (r = open_operators(h, retention_ms, &e)) != 0)
		report_error("%s", e.text);
	if (r != 0)
		run_host_close(h);
	return r;
}

struct op_instance *run_host_operator(const struct run_host *h, const struct task *t)
{
	for (size_t i = 0; i < operators_count; i++)
		if (operators[i]->spec == t->op)
			return h->instances[i];
	return NULL;
}

bool run_host_can_run(const struct run_host *h, const struct task *tasks, uint32_t n)
{
	struct buf names;
	uint32_t missing = 0;

	buf_init(&names, 0);
	for (uint32_t i = 0; i < n; i++) {
		const struct op_instance *o = run_host_operator(h, &tasks[i]);

		if (o == NULL && missing++ < TOLD_MAX)
			buf_addf(&names, "%s%s (%s)", missing == 1 ? "" : ", ", tasks[i].id,
				tasks[i].op->name);
	}
	if (missing > TOLD_MAX)
		buf_addf(&names, " and %u more", missing - TOLD_MAX);
	if (missing > 0)
		report_error(
			"nothing was started: this build has no operator for %s", buf_str(&names));
	buf_free(&names);
	return missing == 0;
}
