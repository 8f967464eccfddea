/* Ids of executions. */
#include "scheduler/execution_id.h"

#include <stdint.h>
#include <sys/random.h>

#include "engine/err.h"

static char *put_hex(char *at, uint64_t value, unsigned digits)
{
	for (unsigned i = digits; i-- > 0; value >>= 4)
		at[i] = "0123456789abcdef"[value & 15];
	return at + digits;
}

int execution_id_make(int64_t now, char id[EXECUTION_ID_SIZE])
{
	unsigned char random[10];

	if (getrandom(random, sizeof(random), 0) != (ssize_t)sizeof(random))
		return ERR_IO;
	id = put_hex(id, (uint64_t)now, 12);
	for (size_t i = 0; i < sizeof(random); i++)
		id = put_hex(id, random[i], 2);
	*id = '\0';
	return 0;
}
