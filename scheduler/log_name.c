/* Names of the folders of logs. N.B. they stay as they are: logs of years are found by them. */
#include "scheduler/log_name.h"

#include <inttypes.h>
#include <stdio.h>

#include "engine/hash.h"

#define CUT_SIZE sizeof("~0123456789abcdef") /* what stands in the place of what was cut off */

const char *log_name_make(const char *key, const char *name, char out[LOG_NAME_SIZE])
{
	int n = snprintf(out, LOG_NAME_SIZE, "%s=%s", key, name);

	if (n >= LOG_NAME_SIZE)
		(void)snprintf(out + LOG_NAME_SIZE - CUT_SIZE, CUT_SIZE, "~%016" PRIx64,
			hash_text(HASH_BEGIN, name));
	return out;
}
