/* Ids of executions. */
#include "scheduler/execution_id.h"

#include <stdint.h>
#include <sys/random.h>

#include "engine/err.h"
#include "engine/hex.h"

int execution_id_make(int64_t now, char id[EXECUTION_ID_SIZE])
{
	unsigned char bytes[6 + 10];

	for (int i = 0; i < 6; i++)
		bytes[i] = (unsigned char)((uint64_t)now >> (40 - 8 * i));
	if (getrandom(bytes + 6, 10, 0) != 10)
		return ERR_IO;
	(void)hex_write(id, bytes, sizeof(bytes));
	return 0;
}
