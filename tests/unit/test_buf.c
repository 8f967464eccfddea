/* The growing buffer: what goes in stays, failure sticks, the maximum holds. */
#include "engine/buf.h"

#include <stdlib.h>
#include <string.h>

#include "engine/err.h"
#include "tests/unit/tap.h"

int main(void)
{
	struct buf b;
	char *s;

	buf_init(&b, 0);
	IS_STR(buf_str(&b), "", "an empty buffer is an empty string");
	for (int i = 0; i < 1000; i++)
		buf_addf(&b, "%d,", i);
	IS_INT((long long)b.len, 3890, "a thousand additions are all there");
	buf_reset(&b);
	buf_adds(&b, "one");
	buf_addc(&b, ' ');
	buf_add(&b, "two", 3);
	s = buf_steal(&b);
	IS_STR(s, "one two", "the bytes are handed over whole");
	free(s);
	IS_INT((long long)b.len, 0, "and the buffer is empty after it");
	buf_free(&b);

	buf_init(&b, 10);
	buf_adds(&b, "12345678");
	buf_adds(&b, "abc");
	IS_INT(buf_status(&b), ERR_LIMIT, "more than the maximum is refused");
	buf_adds(&b, "x");
	IS_STR(buf_str(&b), "12345678", "after a failure nothing is added");
	OK(buf_steal(&b) == NULL, "a failed buffer hands nothing over");
	buf_reset(&b);
	buf_adds(&b, "0123456789");
	IS_INT(buf_status(&b), 0, "exactly the maximum fits");
	buf_reset(&b);
	buf_adds(&b, "12345");
	buf_addf(&b, "%s", "abcdefgh");
	IS_INT(buf_status(&b), ERR_LIMIT, "nor does formatted text go over the maximum");
	IS_STR(buf_str(&b), "12345", "and none of it stays");
	buf_free(&b);

	buf_init(&b, 0);
	for (size_t len = 0; len < 200; len++) {
		buf_reset(&b);
		buf_addf(&b, "%*d", (int)len, 7);
		buf_addf(&b, "%s|%d", "text", 42);
		if (b.len != (len == 0 ? 1 : len) + 7 ||
			strcmp(b.data + b.len - 8, "7text|42") != 0)
			break;
	}
	IS_STR(b.data + b.len - 8, "7text|42",
		"formatted text is whole, however much room was left");
	buf_free(&b);
	return tap_done();
}
