/* Ids of executions. */
#include "scheduler/execution_id.h"

#include <inttypes.h>
#include <stdio.h>
#include <sys/random.h>

#include "engine/err.h"

int execution_id_make(int64_t now, char id[EXECUTION_ID_SIZE])
{
	unsigned char random[10];
	int n = snprintf(id, EXECUTION_ID_SIZE, "%012" PRIx64, (uint64_t)now & 0xffffffffffff);

	if (getrandom(random, sizeof(random), 0) != (ssize_t)sizeof(random))
		return ERR_IO;
	for (size_t i = 0; i < sizeof(random); i++)
		n += snprintf(id + n, EXECUTION_ID_SIZE - (size_t)n, "%02x", random[i]);
	return 0;
}
