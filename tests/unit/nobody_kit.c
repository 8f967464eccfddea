/* Tries it, in a folder of its own. */
#include "tests/unit/nobody_kit.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

static bool are_rights_kept(void)
{
	const char *where = getenv("TMPDIR");
	char folder[1024];
	bool are_kept;

	(void)snprintf(folder, sizeof(folder), "%s/windrow-nobody.XXXXXX",
		where == NULL || *where == '\0' ? "/tmp" : where);
	if (mkdtemp(folder) == NULL)
		return false;
	(void)chmod(folder, 0);
	are_kept = faccessat(AT_FDCWD, folder, R_OK, AT_EACCESS) != 0;
	(void)rmdir(folder);
	return are_kept;
}

bool nobody_become(void)
{
	if (geteuid() == 0 && seteuid(NOBODY) != 0)
		return false;
	if (are_rights_kept())
		return true;
	nobody_end();
	return false;
}

void nobody_end(void)
{
	if (geteuid() != getuid() && seteuid(getuid()) != 0)
		abort();
}
