/* Whether somebody has a file open for writing. */
#ifndef STORE_FILE_WRITER_H
#define STORE_FILE_WRITER_H

enum file_writer { FILE_WRITER_NONE, FILE_WRITER_THERE, FILE_WRITER_UNKNOWN };

/* N.B. who opens the file in this moment waits until the lease is given back, and we are told of
 * that by SIGURG, which is ignored unless somebody wants it. */
enum file_writer file_writer_ask(const char *path);

#endif
