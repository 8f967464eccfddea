/*
 * The socket that listens. Who has connected is control_client.c's. Where somebody takes it away
 * from its folder it is made anew: nobody could ask for anything else.
 */
#include "scheduler/control.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "engine/err.h"
#include "scheduler/control_impl.h"
#include "scheduler/daemon_log.h"

#define BACKLOG 128
#define AGAIN_MS 2000

/* A bound socket, which nobody but its owner could ever open. */
static int bind_socket(const char *home, int *out, struct err *e)
{
	struct sockaddr_un address;
	int folder, s, r = -1;
	mode_t mask;
	int status = control_address(home, &address, &folder, e);

	if (status != 0)
		return status;
	s = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (s >= 0 && (unlink(address.sun_path) == 0 || errno == ENOENT)) {
		mask = umask(0177);
		r = bind(s, (const struct sockaddr *)&address, sizeof(address));
		(void)umask(mask);
	}
	if (r != 0)
		status = err_set(e, ERR_IO, "cannot make the socket %s/" CONTROL_NAME ": %s", home,
			strerror(errno));
	if (r != 0 && s >= 0)
		(void)close(s);
	if (folder >= 0)
		(void)close(folder);
	if (status == 0)
		*out = s;
	return status;
}

static void on_connection(uv_stream_t *listener, int status)
{
	if (status == 0)
		control_client_accept(listener->data);
}

/* The socket is bound, and listens. */
static int listen_begin(struct control *c, struct err *e)
{
	int fd, status = bind_socket(c->o.home, &fd, e);

	if (status != 0)
		return status;
	(void)uv_pipe_init(c->o.loop, &c->listener, 0);
	c->listener.data = c;
	c->has_listener = true;
	c->is_stuck = false;
	status = uv_pipe_open(&c->listener, fd);
	if (status == 0)
		status = uv_listen((uv_stream_t *)&c->listener, BACKLOG, on_connection);
	if (status != 0)
		return err_set(e, ERR_IO, "cannot listen at %s: %s", c->path, uv_strerror(status));
	return 0;
}

static void on_look(uv_fs_event_t *handle, const char *name, int events, int status);
static void on_again(uv_timer_t *timer);

/* N.B. a file that is open changes as it loses its name. */
static void watch(struct control *c)
{
	(void)uv_fs_event_stop(&c->look);
	(void)uv_fs_event_start(&c->look, on_look, c->path, 0);
}

static void renew(struct control *c)
{
	struct err e;

	if (listen_begin(c, &e) == 0) {
		daemon_log(OP_WARNING, "%s had been taken away, and was made anew", c->path);
		c->is_lost = false;
		watch(c);
		return;
	}
	if (!c->is_lost)
		daemon_log(OP_ERROR, "%s was taken away, and cannot be made anew yet: %s", c->path,
			e.text);
	c->is_lost = true;
	(void)uv_timer_start(&c->again, on_again, AGAIN_MS, 0);
}

/* It is made anew, unless all is being closed. */
static void on_listener_closed(uv_handle_t *handle)
{
	struct control *c = handle->data;

	c->has_listener = c->is_renewing = false;
	if (c->is_closing)
		control_client_gone(c);
	else
		renew(c);
}

static void look(struct control *c)
{
	struct stat st;

	if (c->is_renewing || lstat(c->path, &st) == 0 || errno != ENOENT)
		return;
	c->is_renewing = c->has_listener;
	if (c->has_listener)
		uv_close((uv_handle_t *)&c->listener, on_listener_closed);
	else
		renew(c);
}

static void on_look(uv_fs_event_t *handle, const char *name, int events, int status)
{
	(void)name, (void)events, (void)status;
	look(handle->data);
}

static void on_again(uv_timer_t *timer)
{
	look(timer->data);
}

int control_open(const struct control_options *o, struct control **out, struct err *e)
{
	struct control *c = calloc(1, sizeof(*c));
	size_t size = strlen(o->home) + sizeof("/" CONTROL_NAME);
	int status;

	if (c != NULL)
		c->path = malloc(size);
	if (c == NULL || c->path == NULL) {
		free(c);
		return err_set(e, ERR_NOMEM, "%s", err_text(ERR_NOMEM));
	}
	c->o = *o;
	(void)snprintf(c->path, size, "%s/" CONTROL_NAME, o->home);
	status = listen_begin(c, e);
	if (status != 0 && !c->has_listener) {
		free(c->path);
		free(c);
		return status;
	}
	(void)uv_fs_event_init(o->loop, &c->look);
	(void)uv_timer_init(o->loop, &c->again);
	c->look.data = c->again.data = c;
	c->n_looks = 2;
	if (status != 0) {
		control_close(c, NULL, NULL);
		return status;
	}
	watch(c);
	control_follow_listen(c);
	*out = c;
	return 0;
}

void control_client_gone(struct control *c)
{
	if (c->is_stuck && !c->is_closing)
		control_client_accept(c);
	if (!c->is_closing || c->has_listener || c->n_looks > 0 || c->n_clients > 0)
		return;
	if (c->on_closed != NULL)
		c->on_closed(c->ctx);
	free(c->path);
	free(c);
}

static void on_look_closed(uv_handle_t *handle)
{
	struct control *c = handle->data;

	c->n_looks--;
	control_client_gone(c);
}

void control_close(struct control *c, void (*on_closed)(void *ctx), void *ctx)
{
	c->is_closing = true;
	c->on_closed = on_closed;
	c->ctx = ctx;
	control_follow_stop(c);
	(void)unlink(c->path);
	for (struct client *k = c->clients, *next; k != NULL; k = next) {
		next = k->next;
		control_client_close(k);
	}
	uv_close((uv_handle_t *)&c->look, on_look_closed);
	uv_close((uv_handle_t *)&c->again, on_look_closed);
	if (c->has_listener && !c->is_renewing)
		uv_close((uv_handle_t *)&c->listener, on_listener_closed);
}
