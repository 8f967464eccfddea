/* Filters: what each makes, what each refuses, and that the reference page tells of all. */
#include "engine/filter.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "engine/arena.h"
#include "engine/buf.h"
#include "engine/err.h"
#include "engine/expr.h"
#include "tests/unit/expr_world.h"
#include "tests/unit/tap.h"

/* Applies `filter` (with its arguments) to a JSON value, as text or as the sentence of its error.
 */
static void gives(const char *json, const char *filter, const char *want, size_t want_len)
{
	struct arena *a = arena_create(0);
	struct buf text, b;
	struct err e = {0};
	struct expr x;
	struct value v, out;
	size_t where;
	int rc;

	buf_init(&text, 0);
	buf_init(&b, 0);
	buf_addf(&text, "params.keep | %s", filter);
	rc = value_parse_json(a, json, strlen(json), &v, &e);
	if (rc == 0)
		rc = expr_parse(a, text.data, text.len, world_scope(false), &x, &where, &e);
	for (size_t i = 0; rc == 0 && i < x.n_filters; i++) {
		rc = x.filters[i].filter->apply(a, &v, x.filters[i].args, &out, &e);
		v = out;
	}
	if (rc == 0)
		value_text(&v, &b);
	else
		buf_adds(&b, e.text);
	IS_MEM(b.data, b.len, want, want_len, "%s | %s", json, filter);
	buf_free(&text);
	buf_free(&b);
	arena_destroy(a);
}

static const struct {
	const char *json, *filter, *want;
} cases[] = {
	{"null", "default(\"x\")", "x"},
	{"false", "default(\"x\")", "false"},
	{"\"\"", "default(\"x\")", ""},
	{"[]", "default(7)", "[]"},
	{"\"a'b\"", "raw", "a'b"},
	{"{\"a\":[1,\"x\"]}", "json", "{\"a\":[1,\"x\"]}"},
	{"\"say \\\"hi\\\"\\n\"", "json", "\"say \\\"hi\\\"\\n\""},
	{"1e5", "json", "1e5"},
	{"\"caf\xc3\xa9 x1\"", "upper", "CAF\xc3\xa9 X1"},
	{"\"ABC xyz\"", "lower", "abc xyz"},
	{"1e5", "upper", "1E5"},
	{"true", "upper", "TRUE"},
	{"\" \\t\\n a b \\r\\n\"", "trim", "a b"},
	{"\"  \"", "trim", ""},
	{"\"\"", "length", "0"},
	{"\"caf\xc3\xa9 \xf0\x9f\x98\x80\"", "length", "6"},
	{"[1,[2,3]]", "length", "2"},
	{"{\"a\":1}", "length", "1"},
	{"[1,2,3]", "first", "1"},
	{"[1,2,[3]]", "last", "[3]"},
	{"[\"a\",1,null,{\"b\":2}]", "join(\", \")", "a, 1, null, {\"b\":2}"},
	{"[]", "join(\"-\")", ""},
	{"[\"a\"]", "join(\"-\")", "a"},
	{"\"\"", "b64encode", ""},
	{"\"f\"", "b64encode", "Zg=="},
	{"\"fo\"", "b64encode", "Zm8="},
	{"\"foo\"", "b64encode", "Zm9v"},
	{"\"foobar\xc3\xbf\"", "b64encode", "Zm9vYmFyw78="},
	{"\"Zm9vYg==\"", "b64decode", "foob"},
	{"\"Zm9vYg\"", "b64decode", "foob"},
	{"\"Zm9v\\nYm Fy\\n\"", "b64decode", "foobar"},
	{"\"\"", "b64decode", ""},
	{"\"/a/b/file.gz\"", "basename", "file.gz"},
	{"\"/a/b/\"", "basename", "b"},
	{"\"file\"", "basename", "file"},
	{"\"/\"", "basename", "/"},
	{"\"//\"", "basename", "/"},
	{"\"\"", "basename", ""},
	{"\"/a/b/file.gz\"", "dirname", "/a/b"},
	{"\"/a/b/\"", "dirname", "/a"},
	{"\"a/b\"", "dirname", "a"},
	{"\"a//b\"", "dirname", "a"},
	{"\"/a\"", "dirname", "/"},
	{"\"/\"", "dirname", "/"},
	{"\"a\"", "dirname", "."},
	{"\"\"", "dirname", "."},
	{"\"a.b.c\"", "replace(\".\", \"::\")", "a::b::c"},
	{"\"aaa\"", "replace(\"aa\", \"b\")", "ba"},
	{"\"abc\"", "replace(\"x\", \"y\")", "abc"},
	{"\"abc\"", "replace('b', '')", "ac"},
	{"\"a b\"", "replace(\" \", \"\\u00e9\\t\\\\\")", "a\xc3\xa9\t\\b"},
	{"\"it's\"", "sh", "'it'\\''s'"},
	{"\" a \"", "trim | upper | replace(\"A\", \"b\") | length", "1"},
	/* What is refused. */
	{"null", "upper", "upper wants a string, found null"},
	{"{\"a\":1}", "upper", "upper wants a string, found an object"},
	{"[1]", "trim", "trim wants a string, found a list"},
	{"7", "length", "length wants a string, a list or an object, found a number"},
	{"\"abc\"", "first", "first wants a list, found a string"},
	{"{}", "last", "last wants a list, found an object"},
	{"[]", "first", "first: the list is empty"},
	{"[]", "last", "last: the list is empty"},
	{"\"abc\"", "join(\",\")", "join wants a list, found a string"},
	{"[1]", "sh", "sh wants a string, found a list"},
	{"\"a\\u0000b\"", "sh", "sh: no shell word can hold a NUL byte"},
	{"\"Zm9*\"", "b64decode", "b64decode: byte 4 is no base64"},
	{"\"Zm=v\"", "b64decode", "b64decode: byte 4 is no base64"},
	{"\"Z\"", "b64decode", "b64decode: the text ends in the middle of a group"},
	{"\"Zg=\"", "b64decode", "b64decode: the text ends in the middle of a group"},
	{"\"=\"", "b64decode", "b64decode: the text ends in the middle of a group"},
	{"[]", "replace(\"a\", \"b\")", "replace wants a string, found a list"},
};

/* A text that grows past its limit is refused before it fills the memory. */
static void limit_held(void)
{
	struct arena *a = arena_create(0);
	char *many = malloc(100000), *with = malloc(4000);
	struct value args[2], v, out;
	struct err e = {0};

	memset(many, 'x', 100000);
	memset(with, 'y', 4000);
	args[0] = value_string("x", 1);
	args[1] = value_string(with, 4000);
	v = value_string(many, 100000);
	IS_INT(filter_find("replace", 7, &e)->apply(a, &v, args, &out, &e), ERR_LIMIT,
		"a filter makes no text without end");
	IS_STR(e.text, "replace would make a text of more than 16 MiB", "and says so");
	free(many);
	free(with);
	arena_destroy(a);
}

static char *page_read(void)
{
	struct buf path, page;
	const char *top = getenv("top_srcdir");
	char bytes[4096];
	size_t n;
	FILE *f;

	buf_init(&path, 0);
	buf_init(&page, 0);
	buf_addf(&path, "%s/docs/expressions.md", top == NULL ? "." : top);
	f = fopen(buf_str(&path), "r");
	while (f != NULL && (n = fread(bytes, 1, sizeof(bytes), f)) > 0)
		buf_add(&page, bytes, n);
	if (f != NULL)
		fclose(f);
	buf_free(&path);
	return buf_steal(&page);
}

static void page_complete(void)
{
	char *page = page_read();

	for (size_t i = 0; i < filters_count; i++) {
		char row[200];

		(void)snprintf(
			row, sizeof(row), "\n| `%s` | %s |", filters[i].usage, filters[i].doc);
		OK(page != NULL && strstr(page, row) != NULL,
			"docs/expressions.md tells of %s as the table does", filters[i].name);
	}
	free(page);
}

/* What the table says of types is what the filter does: of a value of each, and with fit arguments.
 */
static void types_hold(const struct filter *f)
{
	static const char *const json[] = {
		"null", "true", "12", "\"eA==\"", "[\"x\"]", "{\"a\":1}"};
	const struct value args[FILTER_ARGS_MAX] = {value_string("x", 1), value_string("y", 1)};
	struct arena *a = arena_create(0);
	struct err e = {0};
	size_t wrong = 0;

	for (size_t i = 0; i < sizeof(json) / sizeof(*json); i++) {
		struct value v = value_null(), out = value_null();
		int rc = value_parse_json(a, json[i], strlen(json[i]), &v, &e);

		if (rc != 0 || v.type == VALUE_NULL)
			continue; /* no parameter is null */
		rc = f->apply(a, &v, args, &out, &e);
		wrong += (rc == 0) != ((f->takes >> v.type & 1) != 0) &&
			!(rc == ERR_INVALID && strstr(e.text, " wants ") == NULL);
		if (rc == 0 && f->gives != FILTER_GIVES_ANY)
			wrong += (int)out.type !=
				(f->gives == FILTER_GIVES_SAME ? (int)v.type : f->gives);
	}
	IS_INT((long long)wrong, 0, "%s takes and gives the types that it says", f->name);
	arena_destroy(a);
}

int main(void)
{
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++)
		gives(cases[i].json, cases[i].filter, cases[i].want, strlen(cases[i].want));
	gives("\"AP8=\"", "b64decode", "\0\xff", 2);
	for (size_t i = 0; i < filters_count; i++)
		types_hold(&filters[i]);
	limit_held();
	page_complete();
	return tap_done();
}
