/* What is told to the person beside what was asked for: always on standard error. */
#ifndef CLI_REPORT_H
#define CLI_REPORT_H

#include <stdbool.h>

/* `windrow: ` and the sentence. Bytes that could drive a terminal come out escaped. */
void report_error(const char *fmt, ...) __attribute__((format(printf, 1, 2)));
void report_warning(const char *fmt, ...) __attribute__((format(printf, 1, 2)));

/* That memory is short; returns the exit status for it. */
int report_no_memory(void);

/* The sentence alone, for news that are no error ("no DAGs in ..."). */
void report_note(const char *fmt, ...) __attribute__((format(printf, 1, 2)));

/* Whether nobody can read any more what goes to standard output: N.B. a pipe's reader that went
 * away would else be noticed with the next line, which may never come. */
bool report_is_deserted(void);

#endif
