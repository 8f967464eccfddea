/* What kind of error it is where a system call failed: one that trying again may mend, or not. */
#include "store/system_error.h"

#include <errno.h>

#include "engine/err.h"

int system_error_code(int number, int otherwise)
{
	switch (number) {
	case EACCES:
	case EPERM:
	case EROFS:
		return ERR_DENIED;
	case ENOMEM:
		return ERR_NOMEM;
	default:
		return otherwise;
	}
}
