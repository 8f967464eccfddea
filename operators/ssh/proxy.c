/*
 * host_proxy_cmd: a command whose standard input and output lead to the host. It is given one end
 * of a pair of sockets, and the session the other.
 *
 * The process is a child of ours until it exits; the session may be gone by then.
 */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "operators/ssh/transport_internal.h"

struct proxy {
	uv_process_t process;
	struct session *session; /* NULL: it is gone */
};

static void on_process_closed(uv_handle_t *handle)
{
	free(handle->data);
}

static void on_process_exit(uv_process_t *process, int64_t status, int signal)
{
	struct proxy *p = process->data;

	(void)status, (void)signal; /* The session reads the end of its socket. */
	if (p->session != NULL)
		p->session->proxy = NULL;
	uv_close((uv_handle_t *)process, on_process_closed);
}

/* N.B. these go into a shell command: what could be more than a name is refused. */
static bool is_plain_word(const char *word)
{
	return word[0] != '-' &&
		word[strspn(word,
			"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
			"0123456789._:@%+-")] == '\0';
}

/* The command with %h, %p, %r and %% replaced. */
static int expand(const struct ssh_target *t, struct buf *out, struct err *e)
{
	if (!is_plain_word(t->host) || !is_plain_word(t->login))
		return err_set(e, ERR_INVALID,
			"connection %s: host and login must be plain words where there is a "
			"host_proxy_cmd",
			t->conn_id);
	buf_adds(out, "exec ");
	for (const char *p = t->proxy_command; *p != '\0'; p++) {
		if (*p != '%') {
			buf_addc(out, *p);
			continue;
		}
		switch (*++p) {
		case 'h':
			buf_adds(out, t->host);
			break;
		case 'p':
			buf_addf(out, "%d", t->port);
			break;
		case 'r':
			buf_adds(out, t->login);
			break;
		case '%':
			buf_addc(out, '%');
			break;
		default:
			return err_set(e, ERR_INVALID,
				"connection %s: host_proxy_cmd knows %%h, %%p, %%r and %%%%",
				t->conn_id);
		}
	}
	return buf_status(out) == 0 ? 0 : err_set(e, ERR_NOMEM, "out of memory");
}

static int spawn(struct session *s, struct proxy *p, char *command, int fd)
{
	char shell[] = "/bin/sh", option[] = "-c";
	char *args[] = {shell, option, command, NULL};
	uv_stdio_container_t stdio[] = {
		{.flags = UV_INHERIT_FD, .data.fd = fd},
		{.flags = UV_INHERIT_FD, .data.fd = fd},
		{.flags = UV_IGNORE},
	};
	uv_process_options_t o = {.exit_cb = on_process_exit,
		.file = shell,
		.args = args,
		.stdio_count = 3,
		.stdio = stdio};

	return uv_spawn(&s->lane->loop, &p->process, &o);
}

int proxy_open(struct session *s, int *fd, struct err *e)
{
	struct proxy *p = calloc(1, sizeof(*p));
	int ends[2] = {-1, -1}, r;
	struct buf command;

	buf_init(&command, 0);
	r = p == NULL ? err_set(e, ERR_NOMEM, "out of memory")
		      : expand(s->endpoint->target, &command, e);
	if (r == 0 && socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) != 0)
		r = err_set(e, ERR_IO, "no sockets for host_proxy_cmd: %s", strerror(errno));
	if (r != 0) {
		free(p);
	} else {
		p->process.data = p;
		r = spawn(s, p, command.data, ends[1]);
		if (r == 0) {
			(void)fcntl(ends[0], F_SETFL, O_NONBLOCK);
			p->session = s;
			s->proxy = p;
			*fd = ends[0];
		} else {
			r = err_set(e, ERR_UNAVAILABLE, "host_proxy_cmd cannot be run: %s",
				uv_strerror(r));
			(void)close(ends[0]);
			/* N.B. libuv has made a handle of it all the same. */
			uv_close((uv_handle_t *)&p->process, on_process_closed);
		}
		(void)close(ends[1]);
	}
	buf_free(&command);
	return r;
}

void proxy_close(struct session *s)
{
	if (s->proxy == NULL)
		return;
	/* A lane that is to stop cannot wait for one that does not mind. */
	(void)uv_process_kill(&s->proxy->process, s->lane->is_stopping ? SIGKILL : SIGTERM);
	s->proxy->session = NULL;
	s->proxy = NULL;
}
