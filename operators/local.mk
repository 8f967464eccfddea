# What a task does.
noinst_LIBRARIES += liboperators.a
liboperators_a_SOURCES = \
	operators/specs.c \
	operators/specs.h
