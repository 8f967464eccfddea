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
	engine/run.h \
	engine/run_plan.h \
	engine/scan.h \
	engine/strmap.h \
	engine/template.h \
	engine/trigger.c \
	engine/trigger.h \
	engine/value.h
