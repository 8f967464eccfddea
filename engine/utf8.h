/* UTF-8, strictly: no overlong form, no surrogate, nothing past U+10FFFF. */
#ifndef ENGINE_UTF8_H
#define ENGINE_UTF8_H

#include <stddef.h>
#include <stdint.h>

#define UTF8_MAX 4 /* bytes of one character */

/* Decodes the first character of s (len > 0) into *cp. Returns its bytes, or 0 where it is none. */
size_t utf8_decode(const char *s, size_t len, uint32_t *cp);

/* Writes a character and returns its bytes. cp must be one: no surrogate, at most U+10FFFF. */
size_t utf8_encode(uint32_t cp, char out[UTF8_MAX]);

/* How many bytes at the beginning of s are valid: len where all of it is. */
size_t utf8_valid(const char *s, size_t len);

/* How many bytes of a text fit into max, its last character being whole. */
size_t utf8_cut(const char *s, size_t len, size_t max);

#endif
