/* TAP for the unit tests. */
#include "tests/unit/tap.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

static int count, failed;

__attribute__((format(printf, 4, 0))) static bool result(
	bool held, const char *file, int line, const char *fmt, va_list ap)
{
	count++;
	printf("%s %d - ", held ? "ok" : "not ok", count);
	vprintf(fmt, ap);
	putchar('\n');
	if (!held) {
		failed++;
		printf("# at %s:%d\n", file, line);
	}
	fflush(stdout);
	return held;
}

/* Prints bytes so that no control byte reaches the terminal. */
static void show(const char *what, const void *p, size_t len)
{
	const unsigned char *s = p;

	printf("# %s: ", what);
	if (p == NULL) {
		puts("(null)");
		return;
	}
	for (size_t i = 0; i < len; i++) {
		if (s[i] >= 0x20 && s[i] < 0x7f && s[i] != '\\')
			putchar(s[i]);
		else
			printf("\\x%02x", s[i]);
	}
	putchar('\n');
}

bool tap_ok(bool held, const char *file, int line, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	result(held, file, line, fmt, ap);
	va_end(ap);
	return held;
}

bool tap_str(const char *got, const char *want, const char *file, int line, const char *fmt, ...)
{
	bool held = got == want || (got != NULL && want != NULL && strcmp(got, want) == 0);
	va_list ap;

	va_start(ap, fmt);
	result(held, file, line, fmt, ap);
	va_end(ap);
	if (!held) {
		show("got ", got, got == NULL ? 0 : strlen(got));
		show("want", want, want == NULL ? 0 : strlen(want));
	}
	return held;
}

bool tap_int(long long got, long long want, const char *file, int line, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	result(got == want, file, line, fmt, ap);
	va_end(ap);
	if (got != want)
		printf("# got %lld, want %lld\n", got, want);
	return got == want;
}

bool tap_mem(const void *got, size_t got_len, const void *want, size_t want_len, const char *file,
	int line, const char *fmt, ...)
{
	bool held = got_len == want_len && (got_len == 0 || memcmp(got, want, got_len) == 0);
	va_list ap;

	va_start(ap, fmt);
	result(held, file, line, fmt, ap);
	va_end(ap);
	if (!held) {
		show("got ", got, got_len);
		show("want", want, want_len);
	}
	return held;
}

void tap_note(const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	fputs("# ", stdout);
	vprintf(fmt, ap);
	putchar('\n');
	va_end(ap);
}

void tap_skip(int n, const char *fmt, ...)
{
	char why[256];
	va_list ap;

	va_start(ap, fmt);
	(void)vsnprintf(why, sizeof(why), fmt, ap);
	va_end(ap);
	for (int i = 0; i < n; i++)
		printf("ok %d # SKIP %s\n", ++count, why);
}

int tap_done(void)
{
	printf("1..%d\n", count);
	return failed == 0 ? 0 : 1;
}
