/*
 * host_proxy_cmd: a command whose standard input and output lead to the host. It is given one end
 * of a pair of sockets, and the session the other. What it says on standard error is read, and the
 * beginning kept: it tells why it ended, where it ends before there is a connection.
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

#define SAID_MAX 300 /* bytes of its standard error that a message shows */

struct proxy {
	uv_process_t process;
	uv_pipe_t errors;
	int open; /* handles */
	struct session *session; /* NULL: it is gone */
	char said[SAID_MAX + 1];
	size_t n;
	char bytes[1024]; /* a read's worth */
};

static void on_handle_closed(uv_handle_t *handle)
{
	struct proxy *p = handle->data;

	if (--p->open == 0)
		free(p);
}

/* Keeps what it says, as one line, as far as there is room. */
static void said_add(struct proxy *p, const char *bytes, size_t len)
{
	for (size_t i = 0; i < len && p->n < SAID_MAX; i++)
		p->said[p->n++] = bytes[i] >= ' ' && bytes[i] < 0x7f ? bytes[i] : ' ';
}

static void on_errors_room(uv_handle_t *handle, size_t wish, uv_buf_t *out)
{
	struct proxy *p = handle->data;

	(void)wish;
	*out = uv_buf_init(p->bytes, sizeof(p->bytes));
}

static void on_errors(uv_stream_t *stream, ssize_t n, const uv_buf_t *bytes)
{
	if (n < 0)
		(void)uv_read_stop(stream);
	else
		said_add(stream->data, bytes->base, (size_t)n);
}

/* What it said last may not have been read yet. */
static void errors_drain(struct proxy *p)
{
	uv_os_fd_t fd;
	ssize_t n;

	while (uv_fileno((uv_handle_t *)&p->errors, &fd) == 0 &&
		(n = read(fd, p->bytes, sizeof(p->bytes))) > 0)
		said_add(p, p->bytes, (size_t)n);
}

static void fail_session(struct proxy *p, int64_t status, int signal)
{
	struct session *s = p->session;
	struct err why;

	errors_drain(p);
	while (p->n > 0 && p->said[p->n - 1] == ' ')
		p->n--;
	p->said[p->n] = '\0';
	err_set(&why, ERR_UNAVAILABLE,
		"%s: host_proxy_cmd ended with %s %lld before there was a connection%s%s",
		s->endpoint->target->place, signal != 0 ? "signal" : "exit status",
		signal != 0 ? signal : (long long)status, p->n == 0 ? "" : "; it said: ", p->said);
	session_fail(s, false, SSH_STAGE_CONNECT, &why);
}

static void on_process_exit(uv_process_t *process, int64_t status, int signal)
{
	struct proxy *p = process->data;
	struct session *s = p->session;

	if (s != NULL) {
		s->proxy = NULL;
		if (s->state != SESSION_READY && s->state != SESSION_DEAD)
			fail_session(p, status, signal);
		p->session = NULL;
	}
	uv_close((uv_handle_t *)process, on_handle_closed);
	uv_close((uv_handle_t *)&p->errors, on_handle_closed);
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

/* Whether an entry of the environment is windrow's alone: others of the same user see what a
 * command is given. */
static bool is_ours(const char *entry)
{
	static const char *const ours[] = {"WINDROW_CONN_", "WINDROW_VAR_", "WINDROW_MASTER_KEY"};

	for (size_t i = 0; i < sizeof(ours) / sizeof(ours[0]); i++)
		if (strncmp(entry, ours[i], strlen(ours[i])) == 0)
			return true;
	return false;
}

/* The environment less what is windrow's; to be freed. NULL: no memory. */
static char **environment(void)
{
	size_t n = 0, kept = 0;
	char **block;

	while (environ[n] != NULL)
		n++;
	block = calloc(n + 1, sizeof(*block));
	for (size_t i = 0; block != NULL && i < n; i++)
		if (!is_ours(environ[i]))
			block[kept++] = environ[i];
	return block;
}

static int spawn(struct session *s, struct proxy *p, char *command, char **env, int fd)
{
	char shell[] = "/bin/sh", option[] = "-c";
	char *args[] = {shell, option, command, NULL};
	uv_stdio_container_t stdio[] = {
		{.flags = UV_INHERIT_FD, .data.fd = fd},
		{.flags = UV_INHERIT_FD, .data.fd = fd},
		{.flags = UV_CREATE_PIPE | UV_WRITABLE_PIPE,
			.data.stream = (uv_stream_t *)&p->errors},
	};
	uv_process_options_t o = {.exit_cb = on_process_exit,
		.file = shell,
		.args = args,
		.env = env,
		.stdio_count = 3,
		.stdio = stdio};

	(void)uv_pipe_init(&s->lane->loop, &p->errors, 0);
	p->errors.data = p->process.data = p;
	p->open = 2;
	return uv_spawn(&s->lane->loop, &p->process, &o);
}

int proxy_open(struct session *s, int *fd, struct err *e)
{
	struct proxy *p = calloc(1, sizeof(*p));
	char **env = environment();
	int ends[2] = {-1, -1}, r;
	struct buf command;

	buf_init(&command, 0);
	r = p == NULL || env == NULL ? err_set(e, ERR_NOMEM, "out of memory")
				     : expand(s->endpoint->target, &command, e);
	if (r == 0 && socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) != 0)
		r = err_set(e, ERR_IO, "no sockets for host_proxy_cmd: %s", strerror(errno));
	if (r != 0) {
		free(p);
	} else {
		r = spawn(s, p, command.data, env, ends[1]);
		if (r == 0) {
			(void)uv_read_start((uv_stream_t *)&p->errors, on_errors_room, on_errors);
			(void)fcntl(ends[0], F_SETFL, O_NONBLOCK);
			p->session = s;
			s->proxy = p;
			*fd = ends[0];
		} else {
			r = err_set(e, ERR_UNAVAILABLE, "host_proxy_cmd cannot be run: %s",
				uv_strerror(r));
			(void)close(ends[0]);
			/* N.B. libuv has made handles of it all the same. */
			uv_close((uv_handle_t *)&p->process, on_handle_closed);
			uv_close((uv_handle_t *)&p->errors, on_handle_closed);
		}
		(void)close(ends[1]);
	}
	buf_free(&command);
	free(env);
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
