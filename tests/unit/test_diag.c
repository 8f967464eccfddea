/* What is wrong with a file, as it is shown. */
#include "engine/diag.h"

#include <string.h>

#include "engine/buf.h"
#include "tests/unit/tap.h"

static const char *shown(struct diags *d)
{
	static struct buf out;

	buf_reset(&out);
	diags_print(d, &out);
	return buf_str(&out);
}

int main(void)
{
	struct diags *d = diags_create("a.yaml");
	const struct diag *list;
	static char longest[70000];
	size_t n;

	if (d == NULL)
		return 1;
	IS_STR(shown(d), "", "nothing is wrong");
	diag_error(d, (struct pos){3, 5}, "unknown key \"%s\"", "x");
	diag_warning(d, (struct pos){1, 2}, "raw");
	diag_error(d, (struct pos){3, 1}, "first of its line");
	diag_error(d, (struct pos){0, 0}, "no place");
	IS_STR(shown(d),
		"a.yaml: no place\na.yaml:1:2: warning: raw\na.yaml:3:1: first of its line\n"
		"a.yaml:3:5: unknown key \"x\"\n",
		"all in the file's order, each with its place");
	IS_INT((long long)diags_errors(d), 3, "warnings are no errors");
	diag_error(d, (struct pos){3, 5}, "unknown key \"x\"");
	IS_INT((long long)diags_errors(d), 3, "the same at the same place counts once");
	diag_error(d, (struct pos){3, 5}, "line\nend \x1b[31m");
	OK(strstr(shown(d), "a.yaml:3:5: line\\x0aend \\x1b[31m\n") != NULL,
		"control characters are shown, not sent");
	memset(longest, 'a', sizeof(longest));
	memcpy(longest + 65535, "\xe2\x82\xac", 3);
	longest[sizeof(longest) - 1] = '\0';
	diag_error(d, (struct pos){4, 1}, "%s", longest);
	list = diags_list(d, &n);
	IS_INT((long long)strlen(list[n - 1].text), 65535, "a long text is cut between characters");
	for (unsigned i = 0; i < 60; i++)
		diag_error(d, (struct pos){100, i + 1}, "wrong");
	(void)diags_list(d, &n);
	IS_INT((long long)n, DIAG_MAX_ERRORS + 1, "fifty errors are kept, and the warning");
	IS_INT((long long)diags_errors(d), 65, "all are counted");
	OK(strstr(shown(d), "a.yaml: 15 more errors\n") != NULL, "the rest is told of");
	diag_warning(d, (struct pos){200, 1}, "late");
	OK(strstr(shown(d), "warning: late") != NULL, "a warning has its own room");
	IS_STR(diags_file(d), "a.yaml", "the file");
	diags_destroy(d);
	d = diags_create("many");
	if (d == NULL)
		return 1;
	diags_keep(d, 55);
	for (unsigned i = 0; i < 60; i++)
		diag_error(d, (struct pos){100, i + 1}, "wrong");
	(void)diags_list(d, &n);
	IS_INT((long long)n, 55, "as many as are asked for");
	diags_destroy(d);
	d = diags_create("a\nb\x1b.yaml");
	if (d == NULL)
		return 1;
	diag_error(d, (struct pos){1, 1}, "wrong");
	IS_STR(shown(d), "a\\x0ab\\x1b.yaml:1:1: wrong\n", "a file's odd name stays on its line");
	diags_destroy(d);
	diags_destroy(NULL);
	return tap_done();
}
