/* Values: numbers by what they mean, maps without doubles, copies that stand alone. */
#include "engine/value.h"

#include <stdio.h>
#include <string.h>

#include "engine/arena.h"
#include "engine/buf.h"
#include "engine/err.h"
#include "engine/utf8.h"
#include "tests/unit/tap.h"

static void numbers_compared(void)
{
	static const struct {
		const char *a, *b;
		int want;
	} cases[] = {
		{"1", "1.0", 0},
		{"1", "1.00e0", 0},
		{"0", "-0", 0},
		{"0", "0.000e17", 0},
		{"100", "1e2", 0},
		{"0.05", "5e-2", 0},
		{"1.50", "1.5", 0},
		{"123.45e1", "1234.5", 0},
		{"-1", "-1.0", 0},
		{"9007199254740993", "9007199254740992", 1},
		{"123456789012345678901234567890", "123456789012345678901234567891", -1},
		{"1e400", "1e401", -1},
		{"1e-400", "0", 1},
		{"-1e-400", "0", -1},
		{"-2", "-1", -1},
		{"-1", "1", -1},
		{"2", "10", -1},
		{"0.2", "0.10", 1},
		{"1.05", "1.5", -1},
		{"10.01", "10.1", -1},
		{"1e99999999999999999999", "1e2", 1},
		{"1e-99999999999999999999", "1e2", -1},
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		const char *a = cases[i].a, *b = cases[i].b;
		int there = value_number_compare(a, strlen(a), b, strlen(b));
		int back = value_number_compare(b, strlen(b), a, strlen(a));

		IS_INT((there > 0) - (there < 0), cases[i].want, "%s against %s", a, b);
		IS_INT((back > 0) - (back < 0), -cases[i].want, "and the other way round");
	}
}

static void numbers_known(void)
{
	static const struct {
		const char *text;
		bool is_number, is_integer;
	} cases[] = {
		{"0", true, true},
		{"-0", true, true},
		{"1.0", true, true},
		{"1e3", true, true},
		{"1.5e1", true, true},
		{"1.25e1", true, false},
		{"100e-2", true, true},
		{"1.5", true, false},
		{"1e-1", true, false},
		{"", false, false},
		{"-", false, false},
		{"01", false, false},
		{"1.", false, false},
		{".5", false, false},
		{"1e", false, false},
		{"+1", false, false},
		{"0x10", false, false},
		{"1 ", false, false},
		{"NaN", false, false},
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		const char *s = cases[i].text;
		bool is_number = value_number_is_valid(s, strlen(s));

		OK(is_number == cases[i].is_number, "\"%s\" is %s number", s,
			cases[i].is_number ? "a" : "no");
		if (is_number)
			OK(value_number_is_integer(s, strlen(s)) == cases[i].is_integer,
				"%s is %s whole one", s, cases[i].is_integer ? "a" : "no");
	}
}

static struct value parsed(struct arena *a, const char *json)
{
	struct value v = value_null();
	struct err e = {0};

	if (value_parse_json(a, json, strlen(json), &v, &e) != 0)
		tap_note("%s: %s", json, e.text);
	return v;
}

static void values_equal(struct arena *a)
{
	static const struct {
		const char *a, *b;
		bool want;
	} cases[] = {
		{"null", "null", true},
		{"null", "false", false},
		{"1", "1.0", true},
		{"1", "\"1\"", false},
		{"\"a\"", "\"\\u0061\"", true},
		{"[1,2]", "[1,2.0]", true},
		{"[1,2]", "[2,1]", false},
		{"[1]", "[1,2]", false},
		{"{\"a\":1,\"b\":[2]}", "{\"b\":[2],\"a\":1}", true},
		{"{\"a\":1,\"b\":2}", "{\"b\":1,\"a\":2}", false},
		{"{\"a\":1}", "{\"b\":1}", false},
		{"{\"a\":1,\"b\":2}", "{\"c\":1,\"a\":1}", false},
		{"{}", "[]", false},
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		struct value x = parsed(a, cases[i].a), y = parsed(a, cases[i].b);

		OK(value_equal(&x, &y) == cases[i].want && value_equal(&y, &x) == cases[i].want,
			"%s and %s are %s", cases[i].a, cases[i].b,
			cases[i].want ? "the same" : "different");
	}
}

static void values_copied(void)
{
	struct arena *from = arena_create(0), *to = arena_create(0);
	struct value v = parsed(from, "{\"a\":[1,\"x\",null,true,{}],\"\":-0}"), copy;
	struct buf b;

	IS_INT(value_copy(to, &v, &copy), 0, "a value can be copied");
	arena_destroy(from);
	buf_init(&b, 0);
	value_json(&copy, &b);
	IS_STR(buf_str(&b), "{\"a\":[1,\"x\",null,true,{}],\"\":-0}",
		"a copy lives on without the first");
	buf_free(&b);
	arena_destroy(to);

	to = arena_create(32);
	v = value_string("a text that is longer than what is left of the memory, by far", 61);
	IS_INT(value_copy(to, &v, &copy), ERR_NOMEM, "a copy that finds no room is refused");
	OK(value_int(to, 5).type == VALUE_NUMBER, "and the arena stays usable");
	arena_destroy(to);
}

static void maps_made(struct arena *a)
{
	struct value_pair pairs[] = {
		{"b", 1, value_bool(true)},
		{"a", 1, value_null()},
		{"b", 1, value_string("last", 4)},
	};
	struct value map;

	IS_INT(value_map(a, pairs, 3, &map), 0, "a map is made of pairs");
	IS_INT((long long)map.len, 2, "a key that comes twice is there once");
	IS_STR(map.u.pairs[0].key, "b", "at its first place");
	IS_STR(value_member(&map, "b", 1)->u.text, "last", "with its last value");
	OK(value_member(&map, "c", 1) == NULL, "another key is not there");
	OK(value_member(&pairs[0].value, "c", 1) == NULL, "a boolean has no members");
}

static void utf8_read(void)
{
	static const struct {
		const char *bytes;
		size_t valid;
	} cases[] = {
		{"plain text of more than eight bytes", 35},
		{"caf\xc3\xa9", 5},
		{"\xf0\x9f\x98\x80", 4},
		{"12345678\xff", 8},
		{"ab\xc0\xaf", 2},
		{"ab\xed\xa0\x80", 2},
		{"ab\xf4\x90\x80\x80", 2},
		{"ab\xe2\x82", 2},
		{"\x80", 0},
	};
	char out[UTF8_MAX];
	uint32_t cp;

	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++)
		IS_INT((long long)utf8_valid(cases[i].bytes, strlen(cases[i].bytes)),
			(long long)cases[i].valid, "UTF-8 of case %zu ends where it ends", i);
	for (cp = 1; cp <= 0x10ffff; cp++) {
		uint32_t back = 0;
		size_t n;

		if (cp >= 0xd800 && cp <= 0xdfff)
			continue;
		n = utf8_encode(cp, out);
		if (utf8_decode(out, n, &back) != n || back != cp)
			break;
	}
	IS_INT(cp, 0x110000, "every character is read back as it was written");
}

int main(void)
{
	struct arena *a = arena_create(0);

	numbers_compared();
	numbers_known();
	values_equal(a);
	values_copied();
	maps_made(a);
	utf8_read();
	arena_destroy(a);
	return tap_done();
}
