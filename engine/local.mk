# The pure heart: no I/O, no thread, no clock.
noinst_LIBRARIES += libengine.a
libengine_a_SOURCES = \
	engine/arena.c \
	engine/arena.h \
	engine/buf.c \
	engine/buf.h \
	engine/cond.h \
	engine/dag.h \
	engine/diag.h \
	engine/dispatch.h \
	engine/err.c \
	engine/err.h \
	engine/expr.h \
	engine/graph.h \
	engine/hint.c \
	engine/hint.h \
	engine/keys.h \
	engine/load.h \
	engine/run.c \
	engine/run.h \
	engine/run_clear.c \
	engine/run_core.c \
	engine/run_foreach.c \
	engine/run_impl.h \
	engine/run_mark.c \
	engine/run_plan.c \
	engine/run_plan.h \
	engine/run_restore.c \
	engine/run_retry.c \
	engine/run_rules.c \
	engine/run_scope.c \
	engine/run_step.c \
	engine/run_stop.c \
	engine/run_table.c \
	engine/run_try.c \
	engine/scan.h \
	engine/strmap.h \
	engine/template.h \
	engine/trigger.c \
	engine/trigger.h \
	engine/value.h
