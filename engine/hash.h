/* FNV-1a of texts. N.B. names of files are made of it: its numbers stay as they are. */
#ifndef ENGINE_HASH_H
#define ENGINE_HASH_H

#include <stdint.h>

#define HASH_BEGIN UINT64_C(14695981039346656037)

/* What has been hashed so far, HASH_BEGIN at first, with the text behind it. */
static inline uint64_t hash_text(uint64_t h, const char *s)
{
	for (; *s != '\0'; s++)
		h = (h ^ (unsigned char)*s) * UINT64_C(1099511628211);
	return h;
}

#endif
