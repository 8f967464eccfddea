# The shell around the engine: runs, and in time the daemon.
noinst_LIBRARIES += libscheduler.a
libscheduler_a_SOURCES = \
	scheduler/bag.h \
	scheduler/conductor.c \
	scheduler/conductor.h \
	scheduler/conductor_act.c \
	scheduler/conductor_impl.h \
	scheduler/conductor_runs.c \
	scheduler/control.c \
	scheduler/control.h \
	scheduler/control_address.c \
	scheduler/control_client.c \
	scheduler/control_impl.h \
	scheduler/edition.c \
	scheduler/edition.h \
	scheduler/env_source.c \
	scheduler/env_source.h \
	scheduler/execution_id.c \
	scheduler/execution_id.h \
	scheduler/outputs.c \
	scheduler/outputs.h \
	scheduler/params.c \
	scheduler/params.h \
	scheduler/plan.c \
	scheduler/plan.h \
	scheduler/planner.h \
	scheduler/render.c \
	scheduler/render.h \
	scheduler/request.c \
	scheduler/request.h \
	scheduler/requests.c \
	scheduler/requests.h \
	scheduler/requests_impl.h \
	scheduler/runner.c \
	scheduler/runner.h \
	scheduler/runner_cells.c \
	scheduler/runner_cells.h \
	scheduler/runner_step.c \
	scheduler/runner_try.c \
	scheduler/stored_source.c \
	scheduler/stored_source.h \
	scheduler/task_log.c \
	scheduler/task_log.h \
	scheduler/try.c \
	scheduler/try.h
