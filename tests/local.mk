# Unit tests: one TAP program a module, named after it.
UNIT_TESTS = \
	tests/unit/test_arena \
	tests/unit/test_buf

check_PROGRAMS += $(UNIT_TESTS)
TESTS += $(UNIT_TESTS)

TAP_SOURCES = tests/unit/tap.c tests/unit/tap.h

tests_unit_test_arena_SOURCES = tests/unit/test_arena.c $(TAP_SOURCES)
tests_unit_test_arena_LDADD = $(ENGINE_LIBS)
tests_unit_test_buf_SOURCES = tests/unit/test_buf.c $(TAP_SOURCES)
tests_unit_test_buf_LDADD = $(ENGINE_LIBS)
