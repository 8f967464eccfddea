/*
 * The lock of home: who holds it is the one who changes runs. A daemon holds it as long as it
 * lives, a command for a moment. It goes with its holder, however that ends.
 */
#ifndef SCHEDULER_LOCK_H
#define SCHEDULER_LOCK_H

#include <stdint.h>

#define LOCK_NAME "scheduler.lock" /* in home */
#define LOCK_HOST_MAX 64

struct err;
struct lock;

enum lock_kind { LOCK_DAEMON, LOCK_COMMAND };

/* Who holds it. */
struct lock_holder {
	enum lock_kind kind;
	int64_t pid; /* on host; 0: not known */
	char host[LOCK_HOST_MAX + 1];
	int64_t since; /* ms since the epoch */
};

/* Takes the lock of the folder home, which is made where it is missing, as store_home_make() does.
 * Where another holds it: ERR_EXISTS, with a sentence, and *holder. N.B. take it when nothing is
 * forked any more that would keep it. ERR_IO, ERR_NOMEM, and what making home may end with. */
int lock_take(const char *home, enum lock_kind kind, struct lock **out, struct lock_holder *holder,
	struct err *e);

/* The same, but waits up to wait_ms for a holder that is a command. */
int lock_wait(const char *home, enum lock_kind kind, int64_t wait_ms, struct lock **out,
	struct lock_holder *holder, struct err *e);

/* Gives it back. NULL is fine. */
void lock_release(struct lock *l);

#endif
