/* The masker: no spelling of a secret comes through, in one piece or in many. */
#include "engine/mask.h"

#include <string.h>

#include "engine/arena.h"
#include "engine/buf.h"
#include "engine/err.h"
#include "engine/value.h"
#include "tests/unit/tap.h"

static struct mask *mask;

static void check(const char *text, const char *want, const char *story)
{
	struct buf out;
	struct mask_stream *s;
	size_t len = strlen(text), wrong = 0;

	buf_init(&out, 0);
	mask_text(mask, text, len, &out);
	IS_STR(buf_str(&out), want, "%s", story);
	/* Cut in two at every place, and fed a byte at a time. */
	for (size_t cut = 0; cut <= len + 1; cut++) {
		buf_reset(&out);
		s = mask_stream_create(mask);
		if (cut <= len) {
			mask_stream_feed(s, text, cut, &out);
			mask_stream_feed(s, text + cut, len - cut, &out);
		}
		for (size_t i = 0; cut > len && i < len; i++)
			mask_stream_feed(s, text + i, 1, &out);
		mask_stream_flush(s, &out);
		wrong += strcmp(buf_str(&out), want) != 0;
		mask_stream_destroy(s);
	}
	IS_INT((long long)wrong, 0, "and wherever it is cut");
	buf_free(&out);
}

/* A sentence that has no room for all of a secret tells nothing of its beginning either. */
static void test_sentence(void)
{
	char blanks[sizeof(((struct err *)0)->text)];
	struct buf out;
	struct err e;

	(void)memset(blanks, '.', sizeof(blanks));
	buf_init(&out, 0);
	(void)err_set(&e, ERR_IO, "%.*s hunter2000 is not there", (int)sizeof(blanks) - 11, blanks);
	OK(strstr(e.text, "hunt") != NULL && strstr(e.text, "hunter2") == NULL,
		"a sentence is cut within a secret");
	mask_sentence(mask, e.text, strlen(e.text), &out);
	OK(strstr(buf_str(&out), "hunt") == NULL && strstr(buf_str(&out), "... *** ...") != NULL,
		"of which no piece is shown");
	buf_reset(&out);
	(void)err_set(&e, ERR_IO, "hunter2 is not there");
	(void)err_context(&e, "%.*s", (int)sizeof(blanks) - 6, blanks);
	mask_sentence(mask, e.text, strlen(e.text), &out);
	OK(strstr(buf_str(&out), "hu") == NULL && e.code == ERR_IO, "nor behind a context");
	buf_reset(&out);
	mask_sentence(mask, "hunter2 and more", 16, &out);
	IS_STR(buf_str(&out), "*** and more", "one that is whole is masked as any text");
	buf_free(&out);
}

static void test_value(void)
{
	static const char text[] = "{\"a\": [\"x hunter2\", 1.50, 20261121, null], \"hunter2\": "
				   "{\"b\": true}, \"e\": [{}, \"\"]}";
	struct arena *a = arena_create(0);
	struct buf out;
	struct value v;
	struct err e;

	buf_init(&out, 0);
	OK(mask_add(mask, "20261121", 8) == 0, "a secret number");
	OK(value_parse_json(a, text, strlen(text), &v, &e) == 0 && mask_value(mask, a, &v, &v) == 0,
		"a value is masked");
	value_json(&v, &out);
	IS_STR(buf_str(&out),
		"{\"a\":[\"x ***\",1.50,\"***\",null],\"hunter2\":{\"b\":true},\"e\":[{},\"\"]}",
		"in all its texts and numbers");
	buf_free(&out);
	arena_destroy(a);
}

int main(void)
{
	char ends[MASK_SKIPPED_MAX + 1];
	struct buf out;
	struct mask_stream *s;

	mask = mask_create();
	check("nothing is secret", "nothing is secret", "without secrets all goes through");
	OK(mask_add(mask, "p@ss w0rd'\"\\", 12) == 0, "a secret is taken");
	OK(mask_add(mask, "abc", 3) == 0, "one that is too short is let be");
	OK(mask_add(mask, "hunter2", 7) == 0 && mask_add(mask, "hunter2000", 10) == 0,
		"one may begin another");
	check("the password is p@ss w0rd'\"\\, so", "the password is ***, so", "a secret as it is");
	check("abc", "abc", "a short one comes through");
	check("hunter2", "***", "the shorter of two");
	check("hunter2000", "***", "the longer of two");
	check("hunter200", "***00", "the shorter with more behind it");
	check("hunterhunter2", "hunter***", "a false beginning");
	check("hunter2hunter2", "******", "two in a row");
	/* printf %s "user:hunter2000" | base64, and at the two other alignments. */
	check("dXNlcjpodW50ZXIyMDAw", "dXNlcjp***", "base64, behind five bytes");
	check("aHVudGVyMjAwMA==", "***A==", "base64, alone");
	check("eGh1bnRlcjIwMDA=", "eG***A=", "base64, behind one byte");
	check("dXNlcjpodW50\nZXIyMDAw", "dXNlcjp***", "base64 in lines");
	check("xx\na\r\nHVudGVyMjAw\r\nMA==\n", "xx\na\r\n***A==\n",
		"lines that part its first digit");
	check("aHVu\n", "aHVu\n", "but not what only begins so");
	check("p%40ss%20w0rd%27%22%5C", "***", "percent-encoded");
	check("p%40ss+w0rd%27%22%5c", "p%40ss+w0rd%27%22%5c", "mixed spellings are not known");
	check("p%40ss+w0rd%27%22%5C", "***", "as a form does it");
	check("p%40ss%20w0rd'%22%5C", "***", "as JavaScript and jq do it");
	OK(mask_add(mask, "~wow! (it*is)", 13) == 0, "one of what some programs keep in a URL");
	check("~wow!%20(it*is) ~wow%21%20%28it%2Ais%29", "*** ***", "kept, and not");
	check("%7Ewow%21+%28it*is%29 %7Ewow%21+%28it%2Ais%29", "*** ***", "as forms do it");
	check("{\"x\": \"p@ss w0rd'\\\"\\\\\"}", "{\"x\": \"***\"}", "JSON-escaped");
	check("'p@ss w0rd'\\''\"\\'", "'***'", "quoted for a shell");
	check("'p@ss w0rd'\"'\"'\"\\'", "'***'", "as dash does it");
	OK(mask_add(mask, "\tblanks \r\n", 10) == 0, "one with blanks around it");
	check("[\tblanks \r] [blanks]", "[***] [***]", "is known without them");
	OK(mask_add(mask, "'it''s'", 7) == 0, "one between quotes");
	check("''\"'\"'it'\"''\"'s'\"'\"", "'***", "by dash");
	OK(mask_add(mask, "s$t\"X\\'/q`b", 11) == 0,
		"one of signs that quotes put a backslash before");
	check("\"s\\$t\\\"X\\\\'/q\\`b\"", "\"***\"", "in double quotes");
	check("s\\$t\"X\\\\'/q\\`b", "***", "in a here-document");
	check("`echo 's\\$t\"X\\'\\''/q\\`b'`", "`echo '***'`", "in single quotes in backquotes");
	check("\"`echo \"\\\"s\\\\\\$t\\\\\\\"X\\\\\\\\\\'\\/q\\\\\\`b\\\"\"`\"",
		"\"`echo \"\\\"***\\\"\"`\"", "in quotes in backquotes in quotes");
	check("\"{\\\"s\\$t\\\\\\\"X\\\\\\\\'/q\\`b\\\"}\"", "\"{\\\"***\\\"}\"",
		"as JSON in double quotes");
	check("s\\", "s\\", "what only begins so comes through");
	OK(mask_add(mask, "line\none", 8) == 0, "one of two lines");
	check("line\\\\none", "***", "as JSON in double quotes it has a backslash more");
	OK(mask_add(mask, "\\\\a.b", 5) == 0, "one that is hardly more than backslashes");
	check("a.b a\\.b", "a.b a\\.b", "does not blot out the rest of it");
	OK(mask_add(mask, "a/\xc3\xbc<\xf0\x9f\x98\x80", 9) == 0, "one that is not all ASCII");
	check("a\\/\xc3\xbc<\xf0\x9f\x98\x80", "***", "JSON with slashes escaped");
	check("a/\\u00fc<\\ud83d\\ude00", "***", "JSON all in ASCII");
	check("a/\\u00FC<\\uD83D\\uDE00", "***", "in capitals");
	check("a/\xc3\xbc\\u003c\xf0\x9f\x98\x80", "***", "JSON for a page");
	check("a/\\\\u00fc<\\\\ud83d\\\\ude00", "***", "JSON all in ASCII, within JSON");
	check("a\\/\\u00FC<\\uD83D\\uDE00", "***", "in capitals, with slashes escaped");
	check("a/\xc3\xbc\\\\u003c\xf0\x9f\x98\x80", "***", "JSON for a page, within JSON");

	OK(mask_add(mask, "-----BEGIN KEY-----\nMIIEpAIBAAKCAQEA\nshort\n-----END KEY-----\n",
		   60) == 0,
		"a key of several lines is taken");
	check("line: MIIEpAIBAAKCAQEA.", "line: ***.", "each of its longer lines is known");
	check("short", "short", "its short ones are not");
	OK(mask_add(mask, "aHVudGVyMjAwM", 13) == 0,
		"what spells one secret may be another, and so may a line of one");
	check("YUhWdWRHVnlNakF3TQ==", "***Q==", "which is known in its own spellings too");

	test_sentence();
	test_value();

	buf_init(&out, 0);
	s = mask_stream_create(mask);
	mask_stream_feed(s, "plain text!", 11, &out);
	IS_STR(buf_str(&out), "plain text!", "what begins no secret is not held back");
	mask_stream_feed(s, " hunt", 5, &out);
	IS_STR(buf_str(&out), "plain text! ", "what may begin one is");
	mask_stream_flush(s, &out);
	IS_STR(buf_str(&out), "plain text! hunt", "until the stream ends");
	mask_stream_destroy(s);

	/* The first two digits of a secret's base64, which lines may part, but not so far. */
	memset(ends, '\n', sizeof(ends));
	buf_reset(&out);
	s = mask_stream_create(mask);
	mask_stream_feed(s, "aH", 2, &out);
	mask_stream_feed(s, ends, sizeof(ends), &out);
	IS_INT((long long)out.len, 2 + MASK_SKIPPED_MAX + 1, "nor is ever more than so much");
	mask_stream_destroy(s);

	buf_reset(&out);
	s = mask_stream_create(mask);
	mask_stream_feed(s, "so hunt", 7, &out);
	mask_stream_cut(s, &out);
	mask_stream_feed(s, "er2 or ", 7, &out);
	mask_stream_cut(s, &out);
	IS_STR(buf_str(&out), "so ***er2 or ", "what may begin one is not shown before a gap");
	mask_stream_destroy(s);

	buf_reset(&out);
	s = mask_stream_create(mask);
	mask_stream_feed(s, "hunt", 4, &out);
	OK(mask_add(mask, "hunting", 7) == 0, "a secret can be learned while bytes are held back");
	OK(mask_add(mask, "hunting", 7) == 0, "and learned again");
	mask_stream_feed(s, "ing season", 10, &out);
	mask_stream_flush(s, &out);
	IS_STR(buf_str(&out), "*** season", "and these count");
	mask_stream_destroy(s);
	buf_free(&out);
	OK(!mask_is_empty(mask), "a mask that knows something is not empty");
	mask_destroy(mask);
	mask = mask_create();
	OK(mask_is_empty(mask), "one that knows nothing is");
	mask_destroy(mask);
	mask_destroy(NULL);
	return tap_done();
}
