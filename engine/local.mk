# The pure heart: no I/O, no thread, no clock.
noinst_LIBRARIES += libengine.a
libengine_a_SOURCES = \
	engine/arena.c \
	engine/arena.h \
	engine/buf.c \
	engine/buf.h \
	engine/err.c \
	engine/err.h
