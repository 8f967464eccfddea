/* Who writes a file, asked by a lease: it is refused while somebody has the file open for writing.
 */
#include "store/file_writer.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/vfs.h>
#include <unistd.h>

/* Whether the file lies where leases are this machine's own matter. N.B. NFS and SMB refuse a lease
 * whenever their server has not granted one, with the very error that tells of a writer. */
static bool has_own_leases(int fd)
{
	static const uint32_t local[] = {
		0xef53, /* ext2, ext3, ext4 */
		0x58465342, /* XFS */
		0x9123683e, /* Btrfs */
		0x01021994, /* tmpfs */
		0x858458f6, /* ramfs */
		0x794c7630, /* overlayfs */
		0xf2f52010, /* F2FS */
		0x2fc12fc1, /* ZFS */
		0xca451a4e, /* bcachefs */
		0x3153464a, /* JFS */
	};
	struct statfs fs;

	if (fstatfs(fd, &fs) != 0)
		return false;
	for (size_t i = 0; i < sizeof(local) / sizeof(local[0]); i++)
		if ((uint32_t)fs.f_type == local[i])
			return true;
	return false;
}

enum file_writer file_writer_ask(const char *path)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
	enum file_writer writer = FILE_WRITER_UNKNOWN;

	if (fd < 0)
		return FILE_WRITER_UNKNOWN;
	if (has_own_leases(fd) && fcntl(fd, F_SETSIG, SIGURG) == 0) {
		if (fcntl(fd, F_SETLEASE, F_RDLCK) == 0) {
			writer = FILE_WRITER_NONE;
			(void)fcntl(fd, F_SETLEASE, F_UNLCK);
		} else if (errno == EAGAIN) {
			writer = FILE_WRITER_THERE;
		}
	}
	(void)close(fd);
	return writer;
}
