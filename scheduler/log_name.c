/* Names of the folders of logs. N.B. they stay as they are: logs of years are found by them. */
#include "scheduler/log_name.h"

#include <inttypes.h>
#include <stdint.h>
#include <stdio.h>

#define CUT_SIZE sizeof("~0123456789abcdef") /* what stands in the place of what was cut off */

/* FNV-1a. */
static uint64_t hash(const char *s)
{
	uint64_t h = UINT64_C(14695981039346656037);

	for (; *s != '\0'; s++)
		h = (h ^ (unsigned char)*s) * UINT64_C(1099511628211);
	return h;
}

const char *log_name_make(const char *key, const char *name, char out[LOG_NAME_SIZE])
{
	int n = snprintf(out, LOG_NAME_SIZE, "%s=%s", key, name);

	if (n >= LOG_NAME_SIZE)
		(void)snprintf(
			out + LOG_NAME_SIZE - CUT_SIZE, CUT_SIZE, "~%016" PRIx64, hash(name));
	return out;
}
