/* Executions are searched from one end to the other: there are few. */
#include "tests/unit/machine_kit.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "operators/specs.h"
#include "tests/unit/op_kit.h"

struct machine *machine_find(struct machines *ms, const char *execution_id)
{
	for (size_t i = 0; i < ms->n; i++)
		if (strcmp(ms->list[i].id, execution_id) == 0)
			return &ms->list[i];
	return NULL;
}

struct machine *machine_add(struct machines *ms, const struct op_job *job)
{
	const struct op_bytes *command = &job->settings[LOCAL_KEY_COMMAND].text;
	struct machine *m = &ms->list[ms->n];

	if (ms->n == MACHINES_MAX)
		return NULL;
	*m = (struct machine){.number = job->try_number};
	(void)snprintf(m->id, sizeof(m->id), "%s", job->execution_id);
	(void)snprintf(m->what, sizeof(m->what), "%s %s %.*s", job->run_id, job->task_id,
		(int)command->len, command->data);
	ms->n++;
	return m;
}

struct op_try *watch_add(
	const struct op_instance *i, struct machine *m, const struct op_events *events, void *ctx)
{
	struct watch *k = calloc(1, sizeof(*k));

	if (k == NULL)
		abort();
	*k = (struct watch){.base = {.op = i->op}, .machine = m, .events = events, .ctx = ctx};
	if (m != NULL)
		m->watch = k;
	return &k->base;
}

void watch_free(struct watch *k)
{
	if (k->machine != NULL)
		k->machine->watch = NULL;
	free(k);
}

void watch_start(struct watch *k)
{
	k->has_told_start = true;
	k->events->on_started(k->ctx);
}

void watch_finish(struct watch *k)
{
	static const char response[] = "{\"n\": 7, \"list\": [1, 2, 3]}";
	struct op_result r = k->machine == NULL
		? op_kit_result(OP_LOST, -1, response)
		: op_kit_result(OP_EXITED, k->machine->exit_code, response);

	k->events->on_finished(k->ctx, &r);
	watch_free(k);
}
