/*
 * The daemon's socket: people's requests come in as lines of JSON, one object each, and every one
 * is answered by a line:
 *
 *	{"ok": VALUE}   or   {"error": {"code": "ERR_NOTFOUND", "message": "..."}}
 *
 * Requests of one client are answered in their order, each before the next is looked at. The socket
 * is its owner's alone (0600), and who connects must be the same user, or root. A client that is
 * slow, silent or gone costs its own memory, which has a maximum, and nobody's time.
 *
 * A run that is followed is answered at once, and then told of, a line each change, until it is
 * over:
 *
 *	{"run": {"state": "running", ...}}
 *	{"task": {"task_id": "A.b", "map_index": 3, "state": "success", "try_number": 1, ...}}
 *	{"line": {"task_id": "A.b", "text": "..."}}
 *	{"stall": "no room is left on the disk"}
 *	{"stall": null}
 *	{"end": {"state": "success"}}
 *
 * First comes how it stands: the run, and every task that has begun anything. Who reads too slowly
 * misses steps between, never where they led: it is told anew how all stands. While nothing can be
 * stored nothing changes, which is told with its reason, and when it is over.
 */
#ifndef SCHEDULER_CONTROL_H
#define SCHEDULER_CONTROL_H

#include <stddef.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <uv.h>

#define CONTROL_NAME "scheduler.sock" /* in home */
#define CONTROL_CLIENTS_MAX 256 /* at once */

struct control;
struct err;
struct requests;

struct control_options {
	uv_loop_t *loop;
	const char *home; /* the folder in which the socket is made */
	struct requests *requests;
};

/* Opens the socket and listens. N.B. one that is there already is taken away: call it only while
 * holding the lock of home. ERR_IO with a sentence, ERR_NOMEM. */
int control_open(const struct control_options *o, struct control **out, struct err *e);

/* Takes the socket away and closes everything; on_closed comes from the loop once nobody waits for
 * an answer of requests any more: they may be gone already. */
void control_close(struct control *c, void (*on_closed)(void *ctx), void *ctx);

/* Nothing can be stored just now, and why; NULL: it can again. Who follows a run is told. */
void control_tell_stall(struct control *c, const struct err *why);

/* The journal has stopped for good, and tells why: nobody is left to wait for what will not come.
 */
void control_give_up(struct control *c, const struct err *why);

/* A socket connected to the daemon of this home: blocking, closed on exec. ERR_UNAVAILABLE: no
 * daemon listens; ERR_DENIED, ERR_IO; each with a sentence. */
int control_connect(const char *home, int *fd, struct err *e);

#endif
