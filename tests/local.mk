# Unit tests: one TAP program a module, named after it.
UNIT_TESTS = \
	tests/unit/test_arena \
	tests/unit/test_args \
	tests/unit/test_buf \
	tests/unit/test_hint \
	tests/unit/test_text

E2E_TESTS = \
	tests/e2e/cli_help.sh \
	tests/e2e/cli_streams.sh

check_PROGRAMS += $(UNIT_TESTS)
TESTS += $(UNIT_TESTS) $(E2E_TESTS)
EXTRA_DIST += $(E2E_TESTS) tests/e2e/tap.sh

TAP_SOURCES = tests/unit/tap.c tests/unit/tap.h

tests_unit_test_arena_SOURCES = tests/unit/test_arena.c $(TAP_SOURCES)
tests_unit_test_arena_LDADD = $(ENGINE_LIBS)
tests_unit_test_args_SOURCES = tests/unit/test_args.c $(TAP_SOURCES)
tests_unit_test_args_LDADD = libcli.a $(ENGINE_LIBS)
tests_unit_test_buf_SOURCES = tests/unit/test_buf.c $(TAP_SOURCES)
tests_unit_test_buf_LDADD = $(ENGINE_LIBS)
tests_unit_test_hint_SOURCES = tests/unit/test_hint.c $(TAP_SOURCES)
tests_unit_test_hint_LDADD = $(ENGINE_LIBS)
tests_unit_test_text_SOURCES = tests/unit/test_text.c $(TAP_SOURCES)
tests_unit_test_text_LDADD = libcli.a $(ENGINE_LIBS)
