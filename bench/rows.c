/* Rows for measurements of the store. */
#include "bench/rows.h"

#include <inttypes.h>
#include <stdio.h>

#define BEGAN INT64_C(1763700000000) /* 2025-11-21 */

struct store_task rows_task(uint64_t run, uint32_t task)
{
	return (struct store_task){.run = run,
		.task_id = "Stage.task",
		.row = {.task = task,
			.instance = RUN_NO_INSTANCE,
			.try_number = 1,
			.try_limit = 1,
			.state = TASK_SUCCESS,
			.is_decided = true},
		.started_at = BEGAN,
		.ended_at = BEGAN + 100};
}

struct store_try rows_try(uint64_t run, uint32_t task)
{
	return (struct store_try){.run = run,
		.task = task,
		.instance = RUN_NO_INSTANCE,
		.try_number = 1,
		.execution_id = "20251121T000000-0123456789abcdef",
		.state = TASK_SUCCESS,
		.started_at = BEGAN,
		.ended_at = BEGAN + 100,
		.exit_code = 0,
		.message = "",
		.log_path = "logs/dag_id=d/run_id=r/task_id=Stage.task/attempt=1.log",
		.outputs = "{\"exitCode\":0,\"response\":null}"};
}

struct store_run rows_run(const char *dag_id, uint64_t i, char *run_id)
{
	int64_t date = (int64_t)i * 60000;

	(void)snprintf(run_id, ROWS_ID_SIZE, "scheduled__%" PRIu64, i);
	return (struct store_run){.dag_id = dag_id,
		.run_id = run_id,
		.version = 1,
		.run_type = "scheduled",
		.state = RUN_SUCCESS,
		.logical_date = date,
		.interval_start = date,
		.interval_end = date + 60000,
		.conf = "{}",
		.params = "{}",
		.queued_at = date + 60000,
		.started_at = date + 60001,
		.ended_at = date + 60002};
}
