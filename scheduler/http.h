/*
 * Questions to web servers, on the loop. What they answer is thrown away but for the status.
 * Redirections are not followed; certificates are verified; http_proxy and its kin count.
 */
#ifndef SCHEDULER_HTTP_H
#define SCHEDULER_HTTP_H

#include <stddef.h>
#include <stdint.h>
#include <uv.h>

struct err;
struct http;
struct http_request;

/* What is asked; all of it is read before http_start() returns. */
struct http_question {
	const char *method;
	const char *url; /* http or https */
	const char *const *headers; /* whole lines, without their ends; NULL-terminated */
	const void *body; /* NULL: none */
	size_t len;
	int64_t timeout_ms;
};

/* Opens it; one a loop. ERR_UNSUPPORTED: libcurl is not on this machine; ERR_NOMEM. */
int http_create(uv_loop_t *loop, struct http **out, struct err *e);

/* Every request must be over. on_closed comes from the loop. NULL is not fine. */
void http_close(struct http *h, void (*on_closed)(void *ctx), void *ctx);

/* Asks. on_done comes from the loop, once: the server's status, or 0 and why there is none; the
 * request is gone then. ERR_INVALID with a sentence that does not show the address, ERR_NOMEM. */
int http_start(struct http *h, const struct http_question *q,
	void (*on_done)(void *ctx, long status, const char *why), void *ctx,
	struct http_request **out, struct err *e);

/* Gives the request up; on_done does not come. */
void http_cancel(struct http_request *r);

#endif
