/*
 * libcurl's multi interface on the loop: libcurl says which sockets and which time it waits for,
 * and is told when they come.
 *
 * N.B. libcurl calls back from within its own functions, and must not be called from there; so
 * sockets and the timer only note what is to be done.
 */
#include "scheduler/http.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "engine/err.h"
#include "scheduler/libcurl.h"

#define CONNECT_MS 10000L /* to reach a server, within the whole time */

struct http {
	const struct libcurl *curl;
	uv_loop_t *loop;
	CURLM *multi;
	uv_timer_t timer;
	void (*on_closed)(void *ctx);
	void *ctx;
};

struct http_request {
	struct http *http;
	CURL *easy;
	struct curl_slist *headers;
	char *body;
	char why[CURL_ERROR_SIZE];
	void (*on_done)(void *ctx, long status, const char *why);
	void *ctx;
};

/* A socket that libcurl waits for. */
struct watch {
	uv_poll_t poll;
	struct http *http;
	curl_socket_t socket;
};

/* ---- requests ---- */

static void request_free(struct http_request *r)
{
	if (r->easy != NULL)
		r->http->curl->easy_cleanup(r->easy);
	r->http->curl->slist_free_all(r->headers);
	free(r->body);
	free(r);
}

static void request_done(struct http_request *r, CURLcode code)
{
	size_t len = strlen(r->why);
	long status = 0;
	const char *why = *r->why != '\0' ? r->why : r->http->curl->easy_strerror(code);

	if (len > sizeof(r->why) - 4) /* it may have been cut */
		memcpy(r->why + len + 1 - sizeof(ERR_CUT), ERR_CUT, sizeof(ERR_CUT));
	if (code == CURLE_OK)
		(void)r->http->curl->easy_getinfo(r->easy, CURLINFO_RESPONSE_CODE, &status);
	(void)r->http->curl->multi_remove_handle(r->http->multi, r->easy);
	r->on_done(r->ctx, status, status != 0 ? "" : why);
	request_free(r);
}

static void reap(struct http *h)
{
	CURLMsg *message;
	int left;

	while ((message = h->curl->multi_info_read(h->multi, &left)) != NULL) {
		struct http_request *r = NULL;
		CURLcode code = message->data.result;

		if (message->msg != CURLMSG_DONE)
			continue;
		(void)h->curl->easy_getinfo(message->easy_handle, CURLINFO_PRIVATE, (char **)&r);
		request_done(r, code);
	}
}

/* ---- libcurl and the loop ---- */

static void on_poll(uv_poll_t *poll, int status, int events)
{
	struct watch *w = poll->data;
	struct http *h = w->http;
	int flags = 0, n;

	if (status < 0)
		flags = CURL_CSELECT_ERR;
	if (events & UV_READABLE)
		flags |= CURL_CSELECT_IN;
	if (events & UV_WRITABLE)
		flags |= CURL_CSELECT_OUT;
	(void)h->curl->multi_socket_action(h->multi, w->socket, flags, &n);
	reap(h);
}

static void on_timer(uv_timer_t *timer)
{
	struct http *h = timer->data;
	int n;

	(void)h->curl->multi_socket_action(h->multi, CURL_SOCKET_TIMEOUT, 0, &n);
	reap(h);
}

static int on_timeout(CURLM *multi, long ms, void *ctx)
{
	struct http *h = ctx;

	(void)multi;
	if (ms < 0)
		return uv_timer_stop(&h->timer);
	return uv_timer_start(&h->timer, on_timer, (uint64_t)ms, 0);
}

static void on_watch_closed(uv_handle_t *handle)
{
	free(handle->data);
}

static struct watch *watch_create(struct http *h, curl_socket_t socket)
{
	struct watch *w = calloc(1, sizeof(*w));

	if (w == NULL)
		return NULL;
	w->http = h;
	w->socket = socket;
	if (uv_poll_init_socket(h->loop, &w->poll, socket) != 0) {
		free(w);
		return NULL;
	}
	w->poll.data = w;
	(void)h->curl->multi_assign(h->multi, socket, w);
	return w;
}

static int on_socket(CURL *easy, curl_socket_t socket, int what, void *ctx, void *socket_ctx)
{
	struct http *h = ctx;
	struct watch *w = socket_ctx;
	int events =
		(what & CURL_POLL_IN ? UV_READABLE : 0) | (what & CURL_POLL_OUT ? UV_WRITABLE : 0);

	(void)easy;
	if (what == CURL_POLL_REMOVE) {
		if (w != NULL) {
			(void)h->curl->multi_assign(h->multi, socket, NULL);
			uv_close((uv_handle_t *)&w->poll, on_watch_closed);
		}
		return 0;
	}
	if (w == NULL)
		w = watch_create(h, socket);
	return w != NULL && uv_poll_start(&w->poll, events, on_poll) == 0 ? 0 : -1;
}

/* ---- life ---- */

int http_create(uv_loop_t *loop, struct http **out, struct err *e)
{
	const struct libcurl *curl;
	int r = libcurl_load(&curl, e);
	struct http *h = r == 0 ? calloc(1, sizeof(*h)) : NULL;

	if (h != NULL)
		h->multi = curl->multi_init();
	if (h == NULL || h->multi == NULL) {
		free(h);
		return r == 0 ? err_set(e, ERR_NOMEM, "%s", err_text(ERR_NOMEM)) : r;
	}
	h->curl = curl;
	h->loop = loop;
	(void)h->curl->multi_setopt(h->multi, CURLMOPT_SOCKETFUNCTION, on_socket);
	(void)h->curl->multi_setopt(h->multi, CURLMOPT_SOCKETDATA, h);
	(void)h->curl->multi_setopt(h->multi, CURLMOPT_TIMERFUNCTION, on_timeout);
	(void)h->curl->multi_setopt(h->multi, CURLMOPT_TIMERDATA, h);
	(void)uv_timer_init(loop, &h->timer);
	h->timer.data = h;
	*out = h;
	return 0;
}

static void on_timer_closed(uv_handle_t *handle)
{
	struct http *h = handle->data;
	void (*closed)(void *ctx) = h->on_closed;
	void *ctx = h->ctx;

	free(h);
	closed(ctx);
}

void http_close(struct http *h, void (*on_closed)(void *ctx), void *ctx)
{
	h->on_closed = on_closed;
	h->ctx = ctx;
	(void)h->curl->multi_cleanup(h->multi); /* closes what it kept open, and its watches */
	uv_close((uv_handle_t *)&h->timer, on_timer_closed);
}

/* ---- asking ---- */

static size_t on_answer(char *bytes, size_t size, size_t n, void *ctx)
{
	(void)bytes;
	(void)ctx;
	return size * n;
}

static int take_headers(struct http_request *r, const struct http_question *q)
{
	for (const char *const *line = q->headers; *line != NULL; line++) {
		struct curl_slist *more = r->http->curl->slist_append(r->headers, *line);

		if (more == NULL)
			return ERR_NOMEM;
		r->headers = more;
	}
	return 0;
}

static int take_body(struct http_request *r, const struct http_question *q)
{
	if (q->body == NULL)
		return 0;
	r->body = malloc(q->len + 1);
	if (r->body == NULL)
		return ERR_NOMEM;
	memcpy(r->body, q->body, q->len);
	if (r->http->curl->easy_setopt(r->easy, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)q->len) !=
			0 ||
		r->http->curl->easy_setopt(r->easy, CURLOPT_POSTFIELDS, r->body) != 0)
		return ERR_NOMEM;
	return 0;
}

static bool set_options(struct http_request *r, const struct http_question *q)
{
	const struct libcurl *curl = r->http->curl;
	CURL *c = r->easy;

	return curl->easy_setopt(c, CURLOPT_URL, q->url) == 0 &&
		curl->easy_setopt(c, CURLOPT_PROTOCOLS_STR, "http,https") == 0 &&
		curl->easy_setopt(c, CURLOPT_CUSTOMREQUEST, q->method) == 0 &&
		curl->easy_setopt(c, CURLOPT_HTTPHEADER, r->headers) == 0 &&
		curl->easy_setopt(c, CURLOPT_USERAGENT, "windrow") == 0 &&
		curl->easy_setopt(c, CURLOPT_WRITEFUNCTION, on_answer) == 0 &&
		curl->easy_setopt(c, CURLOPT_TIMEOUT_MS, (long)q->timeout_ms) == 0 &&
		curl->easy_setopt(c, CURLOPT_CONNECTTIMEOUT_MS, CONNECT_MS) == 0 &&
		curl->easy_setopt(c, CURLOPT_NOSIGNAL, 1L) == 0 &&
		curl->easy_setopt(c, CURLOPT_ERRORBUFFER, r->why) == 0 &&
		curl->easy_setopt(c, CURLOPT_PRIVATE, r) == 0;
}

int http_start(struct http *h, const struct http_question *q,
	void (*on_done)(void *ctx, long status, const char *why), void *ctx,
	struct http_request **out, struct err *e)
{
	struct http_request *r;
	int status = ERR_NOMEM;

	if (strncmp(q->url, "http://", 7) != 0 && strncmp(q->url, "https://", 8) != 0)
		return err_set(e, ERR_INVALID,
			"url: want an address that begins with http:// or https://");
	r = calloc(1, sizeof(*r));
	if (r != NULL) {
		r->http = h;
		r->on_done = on_done;
		r->ctx = ctx;
		r->easy = h->curl->easy_init();
	}
	if (r != NULL && r->easy != NULL)
		status = take_headers(r, q);
	if (status == 0 && !set_options(r, q))
		status = ERR_NOMEM;
	if (status == 0)
		status = take_body(r, q);
	if (status == 0 && h->curl->multi_add_handle(h->multi, r->easy) != CURLM_OK)
		status = ERR_NOMEM;
	if (status != 0) {
		if (r != NULL)
			request_free(r);
		return err_set(e, status, "%s", err_text(status));
	}
	*out = r;
	return 0;
}

void http_cancel(struct http_request *r)
{
	(void)r->http->curl->multi_remove_handle(r->http->multi, r->easy);
	request_free(r);
}
