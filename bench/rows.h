/* Rows for measurements of the store: tasks and tries as runs leave them. */
#ifndef BENCH_ROWS_H
#define BENCH_ROWS_H

#include <stdint.h>

#include "store/store_run.h"

/* A task that has succeeded, and its try. */
struct store_task rows_task(uint64_t run, uint32_t task);
struct store_try rows_try(uint64_t run, uint32_t task);

/* A scheduled run that is over, one a minute, as the i-th of the DAG; run_id has ROWS_ID_SIZE bytes
 * and is written. */
#define ROWS_ID_SIZE 32
struct store_run rows_run(const char *dag_id, uint64_t i, char *run_id);

#endif
