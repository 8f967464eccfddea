/*
 * Names of the folders of logs: dag_id=D, run_id=R, task_id=S.t. No file system takes one of more
 * than 255 bytes, and the names in them may be longer.
 */
#ifndef SCHEDULER_LOG_NAME_H
#define SCHEDULER_LOG_NAME_H

#define LOG_NAME_SIZE 256 /* bytes, the NUL at the end included */

/* Writes KEY=NAME into out and returns it. One that is too long is cut off, and ends in a ~ and a
 * hash of all of it, so that two of them do not meet. */
const char *log_name_make(const char *key, const char *name, char out[LOG_NAME_SIZE]);

#endif
