/*
 * TAP for the unit tests: each check prints one line, `ok N - name` or `not ok N - name`, and
 * what was got and wanted behind `#`. main() ends with `return tap_done();`.
 */
#ifndef TESTS_UNIT_TAP_H
#define TESTS_UNIT_TAP_H

#include <stdbool.h>
#include <stddef.h>

/* Each returns whether the check held. name says what a user would notice. */
bool tap_ok(bool held, const char *file, int line, const char *fmt, ...)
	__attribute__((format(printf, 4, 5)));
bool tap_str(const char *got, const char *want, const char *file, int line, const char *fmt, ...)
	__attribute__((format(printf, 5, 6)));
bool tap_int(long long got, long long want, const char *file, int line, const char *fmt, ...)
	__attribute__((format(printf, 5, 6)));
bool tap_mem(const void *got, size_t got_len, const void *want, size_t want_len, const char *file,
	int line, const char *fmt, ...) __attribute__((format(printf, 7, 8)));

#define OK(held, ...) tap_ok((held), __FILE__, __LINE__, __VA_ARGS__)
#define IS_STR(got, want, ...) tap_str((got), (want), __FILE__, __LINE__, __VA_ARGS__)
#define IS_INT(got, want, ...) tap_int((got), (want), __FILE__, __LINE__, __VA_ARGS__)
#define IS_MEM(got, glen, want, wlen, ...)                                                         \
	tap_mem((got), (glen), (want), (wlen), __FILE__, __LINE__, __VA_ARGS__)

/* A line for the reader, behind `# `. */
void tap_note(const char *fmt, ...) __attribute__((format(printf, 1, 2)));

/* Counts n checks as skipped, saying why. */
void tap_skip(int n, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

/* Prints the plan. 0 where every check held, else 1: what main() returns. */
int tap_done(void);

#endif
