/*
 * How a command asks for something: of the daemon, where one runs on this home; else it does it
 * itself, under the daemon's lock. The effect is the same.
 */
#ifndef CLI_CLIENT_H
#define CLI_CLIENT_H

#include <stdbool.h>
#include <stddef.h>

#include "scheduler/request.h"

#define CLIENT_ANSWER_MAX ((size_t)256 << 20) /* bytes of one line of the daemon's */

struct arena;
struct client;
struct err;

/* A request without members. */
struct request client_request(enum request_kind kind);

/* Asks, in the name of the person who typed it, and waits for the answer, which lives in the arena.
 * Reports what is wrong and returns an exit status; EXIT_DONE. */
int client_ask(struct request *r, struct arena *a, struct value *answer);

/* The same where the answer has nothing to say. */
int client_do(struct request *r);

/* Connects to the daemon of home, where one runs; *out is NULL where none does. Reports anything
 * else that is wrong and returns an exit status. */
int client_open(const char *home, struct client **out);
void client_close(struct client *c);

/* Sends a request. Reports what is wrong and returns an exit status. */
int client_send(struct client *c, const struct request *r);

/* The next line, as a value in the arena. EXIT_UNREACHABLE, having reported it, where the daemon
 * went away. */
int client_receive(struct client *c, struct arena *a, struct value *line);

/* The descriptor, for those who wait for several things: client_receive() does not block once a
 * whole line is there. client_has_line() reads what has come and tells; -1: the daemon is gone. */
int client_fd(const struct client *c);
int client_has_line(struct client *c);

/* Takes an answer apart: *ok is what was answered. An error is reported, and its exit status
 * returned. */
int client_answer(const struct value *line, const struct value **ok);

/* Reports an error of requests, and returns its exit status. */
int client_error(const struct err *e);

/* A text of an object, or "". */
const char *client_text(const struct value *map, const char *key);
bool client_truth(const struct value *map, const char *key);

#endif
