/*
 * Errors: one list of codes for the whole program, and a sentence for a person.
 *
 * A function that can fail returns 0 or one of these negative codes. Where a person will read
 * why, it also takes a `struct err *` and writes the sentence there with err_set(). Each floor
 * that passes an error up may put its own context in front with err_context(), once.
 */
#ifndef ENGINE_ERR_H
#define ENGINE_ERR_H

#include <stddef.h>

/* X(name, value, text) */
#define ERR_LIST(X)                                                                                \
	X(ERR_INVALID, -1, "invalid input")                                                        \
	X(ERR_NOMEM, -2, "out of memory")                                                          \
	X(ERR_LIMIT, -3, "a limit was reached")                                                    \
	X(ERR_NOTFOUND, -4, "not found")                                                           \
	X(ERR_EXISTS, -5, "exists already")                                                        \
	X(ERR_ILLEGAL, -6, "not allowed in this state")                                            \
	X(ERR_IO, -7, "input or output failed")                                                    \
	X(ERR_DENIED, -8, "permission denied")                                                     \
	X(ERR_UNAVAILABLE, -9, "cannot be reached")                                                \
	X(ERR_TIMEOUT, -10, "timed out")                                                           \
	X(ERR_AGAIN, -11, "try again")                                                             \
	X(ERR_UNSUPPORTED, -12, "not supported")                                                   \
	X(ERR_CORRUPT, -13, "damaged data")                                                        \
	X(ERR_BUG, -14, "a bug in windrow")

enum err_code {
#define ERR_ENUM(name, value, text) name = value,
	ERR_LIST(ERR_ENUM)
#undef ERR_ENUM
};

/* The sentence of an error. Fixed size, so that reporting needs no memory. */
struct err {
	int code;
	char text[1024];
};

#if defined(__GNUC__)
#define ERR_PRINTF(a, b) __attribute__((format(printf, a, b)))
#else
#define ERR_PRINTF(a, b)
#endif

#define ERR_CUT " ..." /* ends a sentence that was cut */

/* Writes the sentence into e (which may be NULL) and returns code. Cut at the end where too long.
 */
int err_set(struct err *e, int code, const char *fmt, ...) ERR_PRINTF(3, 4);

/* Puts "context: " in front of e's sentence. Returns e->code, or 0 where e is NULL. */
int err_context(struct err *e, const char *fmt, ...) ERR_PRINTF(2, 3);

/* The name of a code ("ERR_INVALID") and its general text. Never NULL. */
const char *err_name(int code);
const char *err_text(int code);

#endif
