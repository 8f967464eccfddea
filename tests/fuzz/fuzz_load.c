/*
 * The loader: whatever the bytes are, it says what is wrong with them or gives DAGs that hold
 * together: names are found, edges agree from both ends, the order is one.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "engine/arena.h"
#include "engine/buf.h"
#include "engine/err.h"
#include "engine/load.h"
#include "operators/specs.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void hold(bool held)
{
	if (!held)
		abort();
}

static int no_zone(void *ctx, const char *name, const struct zone **out, struct err *e)
{
	(void)ctx;
	(void)out;
	return err_set(e, ERR_NOTFOUND, "there is no zone \"%s\"", name);
}

static bool has_edge(const struct edges *e, uint32_t from, uint32_t to)
{
	for (uint32_t i = e->offset[from]; i < e->offset[from + 1]; i++)
		if (e->list[i] == to)
			return true;
	return false;
}

/* Every node's upstream stands before it in the order; both directions say the same. */
static void check_edges(const struct dag *d)
{
	struct arena *a = arena_create((size_t)64 << 20);
	uint32_t *place = calloc((size_t)d->n_tasks + 1, sizeof(*place));
	struct edges up, down;

	hold(a != NULL && place != NULL);
	for (uint32_t i = 0; i < d->n_tasks; i++)
		place[d->order[i]] = i;
	if (dag_edges_expand(d, a, &up, &down) == 0) {
		for (uint32_t t = 0; t < d->n_tasks; t++) {
			for (uint32_t i = up.offset[t]; i < up.offset[t + 1]; i++) {
				hold(place[up.list[i]] < place[t]);
				hold(d->n_tasks > 2000 || has_edge(&down, up.list[i], t));
			}
		}
		hold(up.offset[d->n_tasks] == down.offset[d->n_tasks]);
	}
	free(place);
	arena_destroy(a);
}

static void check_dag(const struct dag *d)
{
	hold(d->timetable != NULL && d->zone != NULL && d->dag_id != NULL);
	for (uint32_t t = 0; t < d->n_tasks; t++) {
		const struct task *task = &d->tasks[t];

		hold(dag_task_find(d, task->id, strlen(task->id)) == task);
		hold(task->op != NULL && task->settings != NULL && task->number == t);
		hold(d->stages[task->stage].first_task <= t);
	}
	check_edges(d);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct zone_source zones = {NULL, no_zone};
	struct load_options options = {
		.ops = op_specs, .n_ops = op_specs_count, .zones = &zones, .default_id = "fuzz"};
	struct diags *diags = diags_create("fuzz.yaml");
	struct dag **dags = NULL;
	struct buf out;
	size_t n = 0;
	int rc;

	rc = dag_load((const char *)data, size, &options, diags, &dags, &n);
	hold(rc == 0 || rc == ERR_INVALID);
	hold((rc == 0) == (diags_errors(diags) == 0));
	buf_init(&out, 0);
	diags_print(diags, &out);
	hold(memchr(buf_str(&out), '\0', out.len) == NULL);
	buf_free(&out);
	for (size_t i = 0; rc == 0 && i < n; i++) {
		check_dag(dags[i]);
		dag_destroy(dags[i]);
	}
	free(dags);
	diags_destroy(diags);
	return 0;
}
