/* Bytes as hexadecimal digits: every byte, and where the text ends. */
#include "engine/hex.h"

#include "tests/unit/tap.h"

int main(void)
{
	static const unsigned char bytes[] = {0x00, 0x0f, 0x10, 0x9a, 0xbc, 0xff};
	char text[2 * sizeof(bytes) + 1];

	OK(hex_write(text, bytes, sizeof(bytes)) == text + 2 * sizeof(bytes), "it ends at its NUL");
	IS_STR(text, "000f109abcff", "each byte is two digits");
	(void)hex_write(text, bytes, 0);
	IS_STR(text, "", "of no bytes there is an empty text");
	return tap_done();
}
