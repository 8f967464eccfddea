/* Bytes as hexadecimal digits. */
#ifndef ENGINE_HEX_H
#define ENGINE_HEX_H

#include <stddef.h>

/* Writes two small digits a byte and a NUL behind them. Returns the NUL's place. */
char *hex_write(char *to, const void *bytes, size_t n);

#endif
