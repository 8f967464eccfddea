/* What the files of the control socket share. Private to scheduler/control*.c. */
#ifndef SCHEDULER_CONTROL_IMPL_H
#define SCHEDULER_CONTROL_IMPL_H

#include <stdbool.h>

#include "engine/buf.h"
#include "engine/value.h"
#include "scheduler/conductor.h"
#include "scheduler/control.h"

#define CONTROL_READ_SIZE ((size_t)64 << 10)

#define CONTROL_BEHIND ((size_t)1 << 20) /* bytes that wait: who follows is told anew, later */

struct arena;
struct request;
struct runner;

/* What a client follows. */
struct follow {
	struct client *client;
	struct follow *prev, *next;
	struct runner *runner; /* kept; NULL: it is gone */
	uint32_t task, instance; /* how all before it stands has been told */
	bool has_lines;
	bool has_begun; /* the request was answered */
	bool is_run_told, is_over;
};

/* Who is connected. */
struct client {
	struct control *control;
	struct client *prev, *next;
	uv_pipe_t pipe;
	struct buf in; /* what has come; the first `taken` bytes are done with */
	size_t taken, scanned; /* no newline stands before scanned */
	struct buf out, writing; /* what waits for its way out; what is on it */
	uv_write_t write;
	struct follow *follow; /* NULL: it follows nothing */
	struct arena *arena; /* of the request that is being answered; NULL: none is */
	bool is_serving; /* whole lines are being answered */
	bool is_waiting; /* for an answer of requests: it must not be freed */
	bool is_writing, is_last, is_closed; /* is_last: closed once all is written */
};

struct control {
	struct control_options o;
	uv_pipe_t listener;
	uv_fs_event_t look; /* whether the socket is still where people look for it */
	uv_timer_t again; /* it could not be made anew */
	char *path;
	struct client *clients;
	struct follow *follows;
	struct conductor *conductor; /* that is listened to; NULL: none */
	struct conductor_observer observer; /* for those who follow */
	size_t n_clients;
	bool is_stuck; /* there was no memory for one who waits */
	bool has_listener; /* it is open */
	unsigned n_looks; /* of look and again, that are open */
	bool is_lost; /* that it cannot be made anew was told */
	bool is_renewing; /* the listener is being closed, and made anew */
	bool is_closing;
	void (*on_closed)(void *ctx);
	void *ctx;
	char read[CONTROL_READ_SIZE];
};

/* control_address.c: the address of home's socket. *folder is a descriptor that it needs while it
 * is used, or -1; the caller closes it. ERR_UNAVAILABLE: there is no home; ERR_IO. */
int control_address(const char *home, struct sockaddr_un *address, int *folder, struct err *e);

/* control_client.c: takes a connection that waits; closes a client; forgets one that is gone. */
void control_client_accept(struct control *c);
void control_client_close(struct client *client);

/* Sends what waits to go out. */
void control_client_send(struct client *client);

/* Answers the request that is being answered, and goes on with the next. */
void control_client_answer(void *client, const struct value *answer, const struct err *e);

/* Sends, and goes on with what the client asks next. */
void control_client_next(struct client *client);

/* control_follow.c: begins to follow a run, and answers the request; tells what there is to be told
 * as far as there is room; ends it. */
void control_follow_begin(struct client *client, const struct request *r);
void control_follow_pump(struct follow *f);
void control_follow_end(struct follow *f);

/* Hears of all runs for those who follow; no longer. */
void control_follow_listen(struct control *c);
void control_follow_stop(struct control *c);

/* control.c: a client is gone. */
void control_client_gone(struct control *c);

#endif
