/* The command's end of the daemon's socket. */
#include "cli/client.h"

#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cli/command.h"
#include "cli/report.h"
#include "engine/buf.h"
#include "engine/err.h"
#include "operators/fdio.h"
#include "scheduler/control.h"

#define READ_SIZE ((size_t)64 << 10)

struct client {
	int fd;
	struct buf in;
	size_t taken, scanned; /* no newline stands between */
};

struct request client_request(enum request_kind kind)
{
	return (struct request){.kind = kind, .map_index = -1, .max_active_runs = -1, .slots = -1};
}

/* ---- the socket ---- */

int client_open(const char *home, struct client **out)
{
	struct client *c = calloc(1, sizeof(*c));
	struct err e;
	int r;

	*out = NULL;
	if (c == NULL)
		return report_no_memory();
	buf_init(&c->in, CLIENT_ANSWER_MAX);
	r = control_connect(home, &c->fd, &e);
	if (r == 0) {
		*out = c;
		return EXIT_DONE;
	}
	free(c);
	if (r == ERR_UNAVAILABLE)
		return EXIT_DONE;
	report_error("the scheduler cannot be reached: %s", e.text);
	return EXIT_UNREACHABLE;
}

void client_close(struct client *c)
{
	if (c == NULL)
		return;
	(void)close(c->fd);
	buf_free(&c->in);
	free(c);
}

static int report_gone(void)
{
	report_error("the scheduler went away before it answered; what was asked for may have been "
		     "done");
	return EXIT_UNREACHABLE;
}

int client_send(struct client *c, const struct request *r)
{
	struct buf b;
	int status = EXIT_DONE;

	buf_init(&b, 0);
	request_write(r, &b);
	if (buf_status(&b) != 0)
		status = report_no_memory();
	else if (fdio_write_all(c->fd, b.data, b.len) != 0)
		status = report_gone();
	buf_free(&b);
	return status;
}

/* Whether a whole line is there. */
static bool has_line(struct client *c)
{
	const char *end = c->in.len == c->scanned
		? NULL
		: memchr(c->in.data + c->scanned, '\n', c->in.len - c->scanned);

	c->scanned = end == NULL ? c->in.len : (size_t)(end - c->in.data);
	return end != NULL;
}

/* Takes what has come, waiting for it; false: there is no more. */
static bool read_some(struct client *c)
{
	char *room;
	ssize_t n;

	if (c->taken > 0) {
		c->in.len -= c->taken;
		c->scanned -= c->taken;
		memmove(c->in.data, c->in.data + c->taken, c->in.len);
		c->taken = 0;
	}
	room = buf_room(&c->in, READ_SIZE);
	if (room == NULL)
		return false;
	do
		n = read(c->fd, room, READ_SIZE);
	while (n < 0 && errno == EINTR);
	c->in.len += n > 0 ? (size_t)n : 0;
	return n > 0;
}

int client_fd(const struct client *c)
{
	return c->fd;
}

int client_has_line(struct client *c)
{
	struct pollfd p = {.fd = c->fd, .events = POLLIN};

	while (!has_line(c)) {
		if (poll(&p, 1, 0) <= 0)
			return 0;
		if (!read_some(c))
			return -1;
	}
	return 1;
}

int client_receive(struct client *c, struct arena *a, struct value *line)
{
	struct err e;
	int r;

	while (!has_line(c))
		if (!read_some(c))
			return report_gone();
	r = value_parse_json(a, c->in.data + c->taken, c->scanned - c->taken, line, &e);
	c->taken = ++c->scanned;
	if (r == 0 && line->type == VALUE_MAP)
		return EXIT_DONE;
	report_error("the scheduler's answer cannot be read: %s", r == 0 ? "no object" : e.text);
	return EXIT_UNREACHABLE;
}

/* ---- answers ---- */

const char *client_text(const struct value *map, const char *key)
{
	const struct value *v = value_member(map, key, strlen(key));

	return v == NULL || v->type != VALUE_STRING ? "" : v->u.text;
}

bool client_truth(const struct value *map, const char *key)
{
	const struct value *v = value_member(map, key, strlen(key));

	return v != NULL && v->type == VALUE_BOOL && v->truth;
}

/* The exit status that an error has, by its code's name. */
static int status_of(const char *code)
{
	static const int unreachable[] = {
		ERR_UNAVAILABLE, ERR_IO, ERR_DENIED, ERR_AGAIN, ERR_CORRUPT};

	if (strcmp(code, err_name(ERR_INVALID)) == 0)
		return EXIT_USAGE;
	for (size_t i = 0; i < sizeof(unreachable) / sizeof(unreachable[0]); i++)
		if (strcmp(code, err_name(unreachable[i])) == 0)
			return EXIT_UNREACHABLE;
	return EXIT_FAILED;
}

int client_error(const struct err *e)
{
	report_error("%s", e->text);
	return status_of(err_name(e->code));
}

int client_answer(const struct value *line, const struct value **ok)
{
	const struct value *error = value_member(line, "error", 5);

	*ok = value_member(line, "ok", 2);
	if (*ok != NULL)
		return EXIT_DONE;
	report_error("%s",
		error == NULL ? "the scheduler's answer cannot be read"
			      : client_text(error, "message"));
	return error == NULL ? EXIT_UNREACHABLE : status_of(client_text(error, "code"));
}
