# What a task does.
noinst_LIBRARIES += liboperators.a
liboperators_a_SOURCES = \
	operators/census.c \
	operators/census.h \
	operators/execution.c \
	operators/execution.h \
	operators/fdio.c \
	operators/fdio.h \
	operators/launcher.c \
	operators/launcher.h \
	operators/launcher_job.c \
	operators/launcher_job.h \
	operators/local.c \
	operators/local.h \
	operators/local_env.c \
	operators/local_impl.h \
	operators/local_link.c \
	operators/local_script.c \
	operators/local_stream.c \
	operators/operator.h \
	operators/registry.c \
	operators/registry.h \
	operators/spawn.c \
	operators/spawn.h \
	operators/specs.c \
	operators/specs.h \
	operators/wire.c \
	operators/wire.h
