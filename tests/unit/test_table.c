/* Listings: the four formats, widths, and bytes that would break them. */
#include "cli/table.h"

#include <locale.h>
#include <stdlib.h>
#include <string.h>

#include "engine/arena.h"
#include "tests/unit/tap.h"

static const char *const columns[] = {"dag_id", "tags", "tries", "is_paused"};

static struct table *two_rows(void)
{
	struct table *t = table_create(columns, 4);

	table_text(t, "nightly");
	table_strings(t, (const char *const[]){"ops", "daily"}, 2);
	table_int(t, 3);
	table_bool(t, false);
	table_text(t, "a\tb\\\033[31m\xff");
	table_strings(t, NULL, 0);
	table_int(t, 12);
	table_text(t, NULL);
	return t;
}

static void is_printed(const struct table *t, enum output_format format, unsigned width, bool bold,
	const char *want, const char *what)
{
	char *text = NULL;
	size_t len = 0;
	FILE *f = open_memstream(&text, &len);

	if (f == NULL)
		abort();
	IS_INT(table_print(t, format, f, width, bold), 0, "%s: prints", what);
	(void)fclose(f);
	IS_STR(text, want, "%s", what);
	free(text);
}

static void test_formats(void)
{
	struct table *t = two_rows();

	IS_INT((long long)table_rows(t), 2, "rows end by themselves");
	is_printed(t, OUTPUT_TABLE, 0, false,
		"dag_id             tags        tries  is_paused\n"
		"nightly            ops, daily      3  false\n"
		"a\\tb\\\\x1b[31m\\xff                 12\n",
		"a table, numbers to the right");
	is_printed(t, OUTPUT_TABLE, 40, true,
		"\033[1mdag_id        tags      tries  is_paused\033[0m\n"
		"nightly       ops, da…      3  false\n"
		"a\\tb\\\\x1b[3…               12\n",
		"a narrow terminal cuts the widest column, and ids last");
	is_printed(t, OUTPUT_PLAIN, 0, false,
		"nightly\tops, daily\t3\tfalse\n"
		"a\\tb\\\\\033[31m\xff\t\t12\t\n",
		"plain: tabs, no header; what would break a line is escaped");
	is_printed(t, OUTPUT_PLAIN, 80, false,
		"nightly\tops, daily\t3\tfalse\n"
		"a\\tb\\\\x1b[31m\\xff\t\t12\t\n",
		"plain on a terminal cannot drive it");
	is_printed(t, OUTPUT_JSON, 0, false,
		"[\n"
		"  {\n"
		"    \"dag_id\": \"nightly\",\n"
		"    \"tags\": [\n"
		"      \"ops\",\n"
		"      \"daily\"\n"
		"    ],\n"
		"    \"tries\": 3,\n"
		"    \"is_paused\": false\n"
		"  },\n"
		"  {\n"
		"    \"dag_id\": \"a\\tb\\\\\\u001b[31m\xef\xbf\xbd\",\n"
		"    \"tags\": [],\n"
		"    \"tries\": 12,\n"
		"    \"is_paused\": null\n"
		"  }\n"
		"]\n",
		"JSON");
	is_printed(t, OUTPUT_YAML, 0, false,
		"- dag_id: nightly\n"
		"  tags:\n"
		"    - ops\n"
		"    - daily\n"
		"  tries: 3\n"
		"  is_paused: false\n"
		"- dag_id: \"a\\tb\\\\\\u001b[31m\xef\xbf\xbd\"\n"
		"  tags: []\n"
		"  tries: 12\n"
		"  is_paused: null\n",
		"YAML");
	table_destroy(t);
}

static void test_edges(void)
{
	static const char *const one[] = {"x"};
	static const char *const words[] = {"yes", "12", "a b", "", "null", "-", "a/b.c", "é", "~"};
	struct table *t = table_create(one, 1);

	is_printed(t, OUTPUT_TABLE, 0, false, "x\n", "an empty table has its header");
	is_printed(t, OUTPUT_PLAIN, 0, false, "", "an empty plain listing is empty");
	is_printed(t, OUTPUT_JSON, 0, false, "[]\n", "an empty JSON list");
	is_printed(t, OUTPUT_YAML, 0, false, "[]\n", "an empty YAML list");
	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++)
		table_text(t, words[i]);
	is_printed(t, OUTPUT_YAML, 0, false,
		"- x: \"yes\"\n- x: \"12\"\n- x: \"a b\"\n- x: \"\"\n- x: \"null\"\n- x: \"-\"\n"
		"- x: a/b.c\n- x: \"é\"\n- x: \"~\"\n",
		"strings stay strings in YAML");
	table_destroy(t);
	t = table_create(one, 1);
	table_text(t, "\xe2\x80\xae");
	table_text(t, "\xf3\xa0\x80\x81");
	is_printed(t, OUTPUT_JSON, 0, false,
		"[\n  {\n    \"x\": \"\\u202e\"\n  },\n  {\n    \"x\": \"\\udb40\\udc01\"\n  "
		"}\n]\n",
		"characters that deceive are escapes in JSON");
	table_destroy(t);
}

int main(void)
{
	(void)setlocale(LC_CTYPE, "C.UTF-8");
	test_formats();
	test_edges();
	return tap_done();
}
