/*
 * A file that has another name until it is whole, so that nobody takes a half one for it: not after
 * a crash either.
 */
#ifndef STORE_NEW_FILE_H
#define STORE_NEW_FILE_H

/* Gives the file that was made beside it this name, for good. 0, or an errno; EEXIST: some file has
 * the name. The file keeps the name it was made by where this fails. */
int new_file_name(const char *made, const char *path);

/* Makes what was done in a file's folder last. 0, or -1 with errno. */
int new_file_settle(const char *path);

#endif
