/*
 * The socket that listens. Who has connected is control_client.c's.
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

#define BACKLOG 128

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

int control_open(const struct control_options *o, struct control **out, struct err *e)
{
	struct control *c = calloc(1, sizeof(*c));
	size_t size = strlen(o->home) + sizeof("/" CONTROL_NAME);
	int fd, status;

	if (c != NULL)
		c->path = malloc(size);
	if (c == NULL || c->path == NULL) {
		free(c);
		return err_set(e, ERR_NOMEM, "%s", err_text(ERR_NOMEM));
	}
	c->o = *o;
	(void)snprintf(c->path, size, "%s/" CONTROL_NAME, o->home);
	status = bind_socket(o->home, &fd, e);
	if (status != 0) {
		free(c->path);
		free(c);
		return status;
	}
	(void)uv_pipe_init(o->loop, &c->listener, 0);
	c->listener.data = c;
	status = uv_pipe_open(&c->listener, fd);
	if (status == 0)
		status = uv_listen((uv_stream_t *)&c->listener, BACKLOG, on_connection);
	if (status != 0) {
		(void)err_set(e, ERR_IO, "cannot listen at %s: %s", c->path, uv_strerror(status));
		control_close(c, NULL, NULL);
		return ERR_IO;
	}
	control_follow_listen(c);
	*out = c;
	return 0;
}

void control_client_gone(struct control *c)
{
	if (c->is_stuck && !c->is_closing)
		control_client_accept(c);
	if (!c->is_closing || !c->is_listener_closed || c->n_clients > 0)
		return;
	if (c->on_closed != NULL)
		c->on_closed(c->ctx);
	free(c->path);
	free(c);
}

static void on_listener_closed(uv_handle_t *handle)
{
	struct control *c = handle->data;

	c->is_listener_closed = true;
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
	uv_close((uv_handle_t *)&c->listener, on_listener_closed);
}
