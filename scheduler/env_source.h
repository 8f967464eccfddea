/* Variables from the environment, as Airflow's AIRFLOW_VAR_NAME: WINDROW_VAR_NAME is var.name. */
#ifndef SCHEDULER_ENV_SOURCE_H
#define SCHEDULER_ENV_SOURCE_H

#include "scheduler/render.h"

/* A source that knows this environment, which must outlive it, and no connections. */
struct render_source env_source(char *const *env);

#endif
