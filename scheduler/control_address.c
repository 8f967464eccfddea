/*
 * The socket's address. N.B. the path of a Unix socket has at most 107 bytes, and a home may well
 * be deeper: where it is, the socket is named through a descriptor of its folder.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "engine/err.h"
#include "scheduler/control_impl.h"

int control_address(const char *home, struct sockaddr_un *address, int *folder, struct err *e)
{
	int n;

	*folder = -1;
	memset(address, 0, sizeof(*address));
	address->sun_family = AF_UNIX;
	n = snprintf(address->sun_path, sizeof(address->sun_path), "%s/" CONTROL_NAME, home);
	if (n > 0 && (size_t)n < sizeof(address->sun_path))
		return 0;
	*folder = open(home, O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (*folder < 0)
		return err_set(e, errno == ENOENT ? ERR_UNAVAILABLE : ERR_IO, "%s: %s", home,
			strerror(errno));
	(void)snprintf(address->sun_path, sizeof(address->sun_path),
		"/proc/self/fd/%d/" CONTROL_NAME, *folder);
	return 0;
}

int control_connect(const char *home, int *fd, struct err *e)
{
	struct sockaddr_un address;
	int folder, s, code;
	int status = control_address(home, &address, &folder, e);

	if (status != 0)
		return status;
	s = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (s >= 0 && connect(s, (const struct sockaddr *)&address, sizeof(address)) == 0) {
		*fd = s;
	} else {
		code = errno;
		status = code == ENOENT || code == ECONNREFUSED || code == ENOTDIR ? ERR_UNAVAILABLE
			: code == EACCES || code == EPERM			   ? ERR_DENIED
										   : ERR_IO;
		(void)err_set(e, status, "%s/" CONTROL_NAME ": %s", home, strerror(code));
		if (s >= 0)
			(void)close(s);
	}
	if (folder >= 0)
		(void)close(folder);
	return status;
}
