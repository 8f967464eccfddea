/* JSON in and out: spellings kept, everything that is no JSON refused with its place. */
#include <stdlib.h>
#include <string.h>

#include "engine/arena.h"
#include "engine/buf.h"
#include "engine/err.h"
#include "engine/value.h"
#include "tests/unit/tap.h"

static void comes_out(struct arena *a, const char *in, const char *want)
{
	struct value v;
	struct err e = {0};
	struct buf b;
	int rc = value_parse_json(a, in, strlen(in), &v, &e);

	buf_init(&b, 0);
	if (rc == 0)
		value_json(&v, &b);
	IS_STR(rc == 0 ? buf_str(&b) : e.text, want, "%s is read and written", in);
	buf_free(&b);
}

static void accepted(struct arena *a)
{
	static const char *const same[] = {"null", "true", "false", "\"\"", "[]", "{}", "0", "-0",
		"1000000", "1e5", "1E+05", "1.50", "123456789012345678901234567890", "[1,[2,[3]]]",
		"{\"a\":{\"b\":[]},\"c\":\"d\"}", "\"caf\xc3\xa9\"",
		"\"\\u0001\\b\\f\\n\\r\\t\\\"\\\\\"", "\"\x7f\""};
	static const struct {
		const char *in, *out;
	} other[] = {
		{" \t\r\n{ \"a\" : [ 1 , 2 ] } \n", "{\"a\":[1,2]}"},
		{"\"\\u0041\\/\\u00e9\\u20ac\"", "\"A/\xc3\xa9\xe2\x82\xac\""},
		{"\"\\ud83d\\ude00\"", "\"\xf0\x9f\x98\x80\""},
		{"\"a\\ud83dxyz\"", "\"a\xef\xbf\xbdxyz\""},
		{"\"\\ude00\"", "\"\xef\xbf\xbd\""},
		{"\"\\ud83d\\u0041\"", "\"\xef\xbf\xbd\x41\""},
		{"\"\\ud83d\\ud83d\\ude00\"", "\"\xef\xbf\xbd\xf0\x9f\x98\x80\""},
		{"\"\\\\ud83d\"", "\"\\\\ud83d\""},
		{"\"\\\\\\ud83d\"", "\"\\\\\xef\xbf\xbd\""},
		{"\"nul: \\u0000.\"", "\"nul: \\u0000.\""},
		{"{\"a\":1,\"b\":2,\"a\":3}", "{\"a\":3,\"b\":2}"},
	};

	for (size_t i = 0; i < sizeof(same) / sizeof(*same); i++)
		comes_out(a, same[i], same[i]);
	for (size_t i = 0; i < sizeof(other) / sizeof(*other); i++)
		comes_out(a, other[i].in, other[i].out);
}

static void refused(struct arena *a)
{
	static const struct {
		const char *in, *want;
	} cases[] = {
		{"", "the text is empty"},
		{" \n ", "the text is empty"},
		{"hello", "byte 1: no JSON value begins like this"},
		{"[1,]", "byte 4: a value was expected here"},
		{"[1 2]", "byte 4: a list wants , or ] behind an item"},
		{"{\"a\":1,}", "byte 8: an object's key must be a string in double quotes"},
		{"{a:1}", "byte 2: no JSON value begins like this"},
		{"{\"a\" 1}", "byte 6: an object wants : behind a key"},
		{"{\"a\":1 \"b\":2}", "byte 9: an object wants , or } behind a value"},
		{"1 2", "byte 3: there is more behind the value"},
		{"{}\n{}", "line 2, byte 1: there is more behind the value"},
		{"{} \"", "byte 4: there is more behind the value"},
		{"12 \"and so on", "byte 4: there is more behind the value"},
		{"[] 34", "byte 4: there is more behind the value"},
		{"true \x01", "byte 6: there is more behind the value"},
		{"[\f1,\v2]", "byte 2: JSON's blanks are spaces, tabs and line ends"},
		{"\v[\f]", "byte 1: JSON's blanks are spaces, tabs and line ends"},
		{"1\f", "byte 2: there is more behind the value"},
		{"[1", "byte 2: the text ends before the value does"},
		{"\"abc", "byte 4: the text ends before the value does"},
		{"tru", "byte 3: only true, false and null may stand without quotes"},
		{"-", "byte 1: a number wants a digit behind its minus"},
		{"1.", "byte 2: a number wants a digit behind its point"},
		{"1e", "byte 2: a number wants a digit in its exponent"},
		{"01", "byte 2: there is more behind the value"},
		{"/* */ 1", "byte 1: JSON has no comments"},
		{"\"\\x\"", "byte 3: no such escape behind the backslash"},
		{"\"\\u12g4\"", "byte 6: \\u wants four hexadecimal digits"},
		{"[\n\"a\nb\"]",
			"line 2, byte 3: a control character in a string; it must be escaped, a "
			"line's end "
			"as \\n"},
		{"\"\\ud8\xef\xbf\xbd\"", "byte 6: \\u wants four hexadecimal digits"},
		{"\"\xff\"", "byte 2: this is no UTF-8"},
		{"[1,\n \"\xc0\xaf\"]", "line 2, byte 3: this is no UTF-8"},
		{"NaN", "byte 1: no JSON value begins like this"},
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++)
		comes_out(a, cases[i].in, cases[i].want);
}

static void depth_limited(struct arena *a)
{
	char deep[2 * VALUE_DEPTH_MAX + 3];
	struct value v;
	struct err e = {0};

	memset(deep, '[', VALUE_DEPTH_MAX);
	memset(deep + VALUE_DEPTH_MAX, ']', VALUE_DEPTH_MAX);
	IS_INT(value_parse_json(a, deep, (size_t)2 * VALUE_DEPTH_MAX, &v, &e), 0,
		"lists may nest as deep as said");
	memset(deep, '[', VALUE_DEPTH_MAX + 1);
	memset(deep + VALUE_DEPTH_MAX + 1, ']', VALUE_DEPTH_MAX + 1);
	IS_INT(value_parse_json(a, deep, sizeof(deep) - 1, &v, &e), ERR_LIMIT, "but no deeper");
	IS_STR(e.text, "lists and objects nest more than 128 deep", "and the limit is told");
}

static void shown(struct arena *a)
{
	static const char in[] = "{\"a\":[1,{}],\"b\":{\"c\":[]}}";
	struct value v = value_string("ok \xff\xc3( \xe2\x82", 9);
	struct buf b;

	buf_init(&b, 0);
	value_json(&v, &b);
	IS_STR(buf_str(&b), "\"ok \xef\xbf\xbd\xef\xbf\xbd( \xef\xbf\xbd\xef\xbf\xbd\"",
		"bytes that are no UTF-8 come out as U+FFFD");
	buf_reset(&b);
	value_text(&v, &b);
	IS_MEM(b.data, b.len, "ok \xff\xc3( \xe2\x82", 9, "as text they stay what they are");
	buf_reset(&b);
	value_parse_json(a, in, strlen(in), &v, NULL);
	value_json_pretty(&v, &b);
	IS_STR(buf_str(&b),
		"{\n  \"a\": [\n    1,\n    {}\n  ],\n  \"b\": {\n    \"c\": []\n  }\n}",
		"pretty JSON is indented by two blanks");
	buf_free(&b);
}

/* A response of many keys must not cost the square of their number. */
static void large(struct arena *a)
{
	struct buf b;
	struct value v, w;

	buf_init(&b, 0);
	for (int i = 0; i < 100000; i++)
		buf_addf(&b, "%c\"k%d\":%d", i == 0 ? '{' : ',', i, i);
	buf_addc(&b, '}');
	IS_INT(value_parse_json(a, b.data, b.len, &v, NULL), 0, "100,000 keys are read");
	IS_INT((long long)v.len, 100000, "all of them");
	buf_reset(&b);
	for (int i = 99999; i >= 0; i--)
		buf_addf(&b, "%c\"k%d\":%d", i == 99999 ? '{' : ',', i, i);
	buf_addc(&b, '}');
	value_parse_json(a, b.data, b.len, &w, NULL);
	OK(value_equal(&v, &w), "and compared with the same ones backwards");
	buf_free(&b);
}

static void memory_short(void)
{
	static const char in[] =
		"{\"a\":[1,\"some text, with an escape: \\u0041\"],\"b\":{\"c\":[]}}";
	int rc = ERR_NOMEM, failed = 0;
	struct value v;

	for (size_t max = 16; rc != 0 && max < 10000; max += 16) {
		struct arena *a = arena_create(max);

		rc = value_parse_json(a, in, sizeof(in) - 1, &v, NULL);
		if (rc == ERR_NOMEM)
			failed++;
		arena_destroy(a);
	}
	IS_INT(rc, 0, "with enough memory it is read");
	OK(failed > 5, "with less it is refused, wherever the memory ends");
}

/* Every byte, alone and among others, and a key of such. */
static void exact(struct arena *a)
{
	char bytes[512] = "\xf0\x9f\x98\x80\xed\xb2\x80\xc3\xa9\xff\xf0\x9f";
	struct value_pair pair = {.key = "\xff", .key_len = 1, .value = value_string(bytes, 512)};
	struct value map = {.type = VALUE_MAP, .len = 1, .u.pairs = &pair}, out;
	const struct value *v;
	struct err e = {0};
	struct buf b;

	for (int i = 0; i < 256; i++)
		bytes[256 + i] = (char)i;
	buf_init(&b, 0);
	value_json_exact(&map, &b);
	IS_INT(value_parse_json_exact(a, b.data, b.len, &out, &e), 0,
		"what is written exactly is read");
	v = value_member(&out, "\xff", 1);
	if (OK(v != NULL && v->type == VALUE_STRING, "its keys are the same"))
		IS_MEM(v->u.text, v->len, bytes, sizeof(bytes), "and so is every byte");
	IS_INT(value_parse_json(a, b.data, b.len, &out, &e), 0, "others can read it too");
	buf_free(&b);
}

int main(void)
{
	struct arena *a = arena_create(0);

	accepted(a);
	exact(a);
	refused(a);
	depth_limited(a);
	shown(a);
	large(a);
	memory_short();
	arena_destroy(a);
	return tap_done();
}
