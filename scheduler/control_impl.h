/* What the files of the control socket share. Private to scheduler/control*.c. */
#ifndef SCHEDULER_CONTROL_IMPL_H
#define SCHEDULER_CONTROL_IMPL_H

#include <stdbool.h>

#include "engine/buf.h"
#include "engine/value.h"
#include "scheduler/control.h"

#define CONTROL_READ_SIZE ((size_t)64 << 10)

struct arena;
struct request;

/* Who is connected. */
struct client {
	struct control *control;
	struct client *prev, *next;
	uv_pipe_t pipe;
	struct buf in; /* what has come; the first `taken` bytes are done with */
	size_t taken, scanned; /* no newline stands before scanned */
	struct buf out, writing; /* what waits for its way out; what is on it */
	uv_write_t write;
	struct arena *arena; /* of the request that is being answered; NULL: none is */
	bool is_serving; /* whole lines are being answered */
	bool is_waiting; /* for an answer of requests: it must not be freed */
	bool is_writing, is_last, is_closed; /* is_last: closed once all is written */
};

struct control {
	struct control_options o;
	uv_pipe_t listener;
	char *path;
	struct client *clients;
	size_t n_clients;
	bool is_stuck; /* there was no memory for one who waits */
	bool is_closing, is_listener_closed;
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

/* Adds to what goes out, and sends it. */
void control_client_send(struct client *client);

/* control.c: a client is gone. */
void control_client_gone(struct control *c);

#endif
