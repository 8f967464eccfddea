/* UTF-8, decoded and encoded one character at a time. */
#include "engine/utf8.h"

#include <string.h>

size_t utf8_decode(const char *s, size_t len, uint32_t *cp)
{
	static const uint32_t lowest[] = {0, 0, 0x80, 0x800, 0x10000};
	unsigned char first = (unsigned char)s[0];
	size_t n = first < 0x80 ? 1
		: first < 0xc2	? 0
		: first < 0xe0	? 2
		: first < 0xf0	? 3
		: first < 0xf5	? 4
				: 0;
	uint32_t c;

	if (n == 0 || n > len)
		return 0;
	c = n == 1 ? first : first & (0x7fu >> n);
	for (size_t i = 1; i < n; i++) {
		unsigned char b = (unsigned char)s[i];

		if ((b & 0xc0) != 0x80)
			return 0;
		c = c << 6 | (b & 0x3fu);
	}
	if (c < lowest[n] || (c >= 0xd800 && c <= 0xdfff) || c > 0x10ffff)
		return 0;
	*cp = c;
	return n;
}

size_t utf8_encode(uint32_t cp, char out[UTF8_MAX])
{
	static const unsigned char lead[] = {0, 0, 0xc0, 0xe0, 0xf0};
	size_t n = cp < 0x80 ? 1 : cp < 0x800 ? 2 : cp < 0x10000 ? 3 : 4;

	for (size_t i = n - 1; i > 0; i--) {
		out[i] = (char)(0x80 | (cp & 0x3f));
		cp >>= 6;
	}
	out[0] = (char)(lead[n] | cp);
	return n;
}

size_t utf8_cut(const char *s, size_t len, size_t max)
{
	size_t n = max;

	if (len <= max)
		return len;
	while (n > 0 && ((unsigned char)s[n] & 0xc0) == 0x80)
		n--;
	return n;
}

/* Eight bytes of ASCII are passed in one step, for most text is nothing else. */
size_t utf8_valid(const char *s, size_t len)
{
	size_t at = 0;
	uint32_t cp;

	while (at < len) {
		uint64_t eight;
		size_t n;

		if (len - at >= sizeof(eight)) {
			memcpy(&eight, s + at, sizeof(eight));
			if ((eight & UINT64_C(0x8080808080808080)) == 0) {
				at += sizeof(eight);
				continue;
			}
		}
		n = utf8_decode(s + at, len - at, &cp);
		if (n == 0)
			break;
		at += n;
	}
	return at;
}
