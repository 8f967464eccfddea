/*
 * A bad network between windrow and a host, for tests: a proxy on loopback that harms the first
 * connection to each of its ports, and lets all later ones pass.
 *
 *	faults PORT FAULT:N...
 *
 * For each FAULT:N it listens on a port of its own, prints `FAULT:N PORT`, and forwards to PORT:
 *	out:N	cuts the connection after N bytes to the host
 *	in:N	cuts it after N bytes from the host
 *	stall:N	forwards nothing more after N bytes from the host, and leaves the connection open
 *	silent:0	never forwards anything
 *	flip:N	one bit of byte N from the host is another when it arrives
 *	flipout:N	one of byte N to the host
 *	trickle:0	forwards byte by byte
 *	clog:N	takes nothing more from windrow after N bytes to the host, until there is a byte on
 *		standard input
 * It ends when its standard input does.
 */
#include <netinet/tcp.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <uv.h>

enum fault {
	FAULT_OUT,
	FAULT_IN,
	FAULT_STALL,
	FAULT_SILENT,
	FAULT_FLIP,
	FAULT_FLIPOUT,
	FAULT_TRICKLE,
	FAULT_CLOG,
	FAULT_NONE
};

static const char *const names[] = {
	"out", "in", "stall", "silent", "flip", "flipout", "trickle", "clog"};

/* N.B. else the system would take in more for us than is sent. */
#define CLOG_SEGMENT 536
#define CLOG_ROOM 4096

struct port {
	uv_tcp_t listener;
	enum fault fault;
	long limit;
};

/* One of a link's two ends. */
struct end {
	uv_tcp_t tcp;
	struct link *link;
	bool is_host;
};

struct link {
	struct end client, host;
	enum fault fault;
	long left; /* bytes until the fault */
	int open; /* handles */
	bool is_closing, is_stalled;
};

static uv_loop_t loop;
static struct sockaddr_in target;
static struct link *clogged; /* NULL: none */

static void on_closed(uv_handle_t *handle)
{
	struct end *end = handle->data;

	if (--end->link->open > 0)
		return;
	if (clogged == end->link)
		clogged = NULL;
	free(end->link);
}

static void link_close(struct link *l)
{
	if (l->is_closing)
		return;
	l->is_closing = true;
	uv_close((uv_handle_t *)&l->client.tcp, on_closed);
	uv_close((uv_handle_t *)&l->host.tcp, on_closed);
}

static void on_alloc(uv_handle_t *handle, size_t suggested, uv_buf_t *out)
{
	(void)handle;
	*out = uv_buf_init(malloc(suggested), (unsigned)suggested);
}

static void on_written(uv_write_t *request, int status)
{
	struct link *l =
		request->handle->data == NULL ? NULL : ((struct end *)request->handle->data)->link;

	free(request->data);
	free(request);
	if (status != 0 && l != NULL)
		link_close(l);
}

/* How many of n bytes pass, and whether the fault strikes behind them. */
static long passing(struct link *l, bool from_host, long n, bool *strikes)
{
	bool counts = ((l->fault == FAULT_OUT || l->fault == FAULT_CLOG) && !from_host) ||
		((l->fault == FAULT_IN || l->fault == FAULT_STALL) && from_host);

	*strikes = counts && n >= l->left;
	if (!counts)
		return n;
	if (*strikes && l->fault != FAULT_CLOG)
		n = l->left;
	l->left -= n;
	return n;
}

/* Turns the bit over where its byte is among these. */
static void flip(struct link *l, bool from_host, char *bytes, long n)
{
	if (!((l->fault == FAULT_FLIP && from_host) || (l->fault == FAULT_FLIPOUT && !from_host)))
		return;
	if (l->left < n) {
		bytes[l->left] = (char)(bytes[l->left] ^ 0x10);
		l->fault = FAULT_NONE;
	}
	l->left -= n;
}

static void forward(struct end *from, char *bytes, long n)
{
	struct end *to = from->is_host ? &from->link->client : &from->link->host;
	uv_write_t *request = calloc(1, sizeof(*request));
	uv_buf_t buf = uv_buf_init(bytes, (unsigned)n);

	if (request == NULL)
		abort();
	request->data = bytes;
	if (uv_write(request, (uv_stream_t *)&to->tcp, &buf, 1, on_written) != 0) {
		free(bytes);
		free(request);
		link_close(from->link);
	}
}

/* Each byte in a segment of its own. */
static void trickle(struct end *from, char *bytes, long n)
{
	for (long i = 0; i < n && !from->link->is_closing; i++) {
		char *one = malloc(1);

		if (one == NULL)
			abort();
		*one = bytes[i];
		forward(from, one, 1);
	}
	free(bytes);
}

/* N.B. what was written is sent before the close: shutdown waits for it. */
static void on_shut(uv_shutdown_t *request, int status)
{
	struct end *end = request->data;

	(void)status;
	free(request);
	link_close(end->link);
}

static void cut_after_writes(struct end *to)
{
	uv_shutdown_t *request = calloc(1, sizeof(*request));

	if (request == NULL)
		abort();
	request->data = to;
	if (uv_shutdown(request, (uv_stream_t *)&to->tcp, on_shut) != 0) {
		free(request);
		link_close(to->link);
	}
}

static void on_read(uv_stream_t *stream, ssize_t n, const uv_buf_t *buf)
{
	struct end *end = stream->data;
	struct link *l = end->link;
	bool strikes = false;
	long pass;

	if (n <= 0 || l->is_closing || l->is_stalled) {
		free(buf->base);
		if (n < 0)
			link_close(l);
		return;
	}
	flip(l, end->is_host, buf->base, n);
	pass = passing(l, end->is_host, n, &strikes);
	if (l->fault == FAULT_TRICKLE)
		trickle(end, buf->base, n);
	else
		forward(end, buf->base, pass);
	if (!strikes)
		return;
	if (l->fault == FAULT_STALL) {
		l->is_stalled = true;
	} else if (l->fault == FAULT_CLOG) {
		l->fault = FAULT_NONE;
		clogged = l;
		(void)uv_read_stop(stream);
	} else {
		cut_after_writes(end->is_host ? &l->client : &l->host);
	}
}

static void on_connected(uv_connect_t *request, int status)
{
	struct link *l = request->data;

	free(request);
	if (status != 0) {
		link_close(l);
		return;
	}
	(void)uv_read_start((uv_stream_t *)&l->client.tcp, on_alloc, on_read);
	(void)uv_read_start((uv_stream_t *)&l->host.tcp, on_alloc, on_read);
}

static void end_init(struct link *l, struct end *end, bool is_host)
{
	(void)uv_tcp_init(&loop, &end->tcp);
	end->tcp.data = end;
	end->link = l;
	end->is_host = is_host;
	l->open++;
}

static void on_connection(uv_stream_t *listener, int status)
{
	struct port *p = listener->data;
	struct link *l = calloc(1, sizeof(*l));
	uv_connect_t *request = calloc(1, sizeof(*request));

	if (status != 0 || l == NULL || request == NULL)
		abort();
	l->fault = p->fault;
	l->left = p->limit;
	p->fault = FAULT_NONE;
	end_init(l, &l->client, false);
	end_init(l, &l->host, true);
	(void)uv_accept(listener, (uv_stream_t *)&l->client.tcp);
	(void)uv_tcp_nodelay(&l->client.tcp, 1);
	(void)uv_tcp_nodelay(&l->host.tcp, 1);
	request->data = l;
	if (l->fault == FAULT_SILENT)
		free(request);
	else if (uv_tcp_connect(request, &l->host.tcp, (const struct sockaddr *)&target,
			 on_connected) != 0)
		abort();
}

static bool clog_prepare(uv_tcp_t *listener)
{
	int segment = CLOG_SEGMENT, room = CLOG_ROOM;
	uv_os_fd_t fd;

	return uv_fileno((uv_handle_t *)listener, &fd) == 0 &&
		setsockopt(fd, IPPROTO_TCP, TCP_MAXSEG, &segment, sizeof(segment)) == 0 &&
		setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &room, sizeof(room)) == 0;
}

static bool port_open(struct port *p, const char *spec)
{
	struct sockaddr_in any;
	struct sockaddr_storage name;
	int len = sizeof(name);
	const char *colon = strchr(spec, ':');

	p->fault = FAULT_NONE;
	for (int i = 0; colon != NULL && i < FAULT_NONE; i++)
		if (strlen(names[i]) == (size_t)(colon - spec) &&
			strncmp(spec, names[i], strlen(names[i])) == 0)
			p->fault = (enum fault)i;
	if (p->fault == FAULT_NONE)
		return false;
	p->limit = atol(colon + 1);
	(void)uv_tcp_init(&loop, &p->listener);
	p->listener.data = p;
	if (uv_ip4_addr("127.0.0.1", 0, &any) != 0 ||
		uv_tcp_bind(&p->listener, (const struct sockaddr *)&any, 0) != 0 ||
		(p->fault == FAULT_CLOG && !clog_prepare(&p->listener)) ||
		uv_listen((uv_stream_t *)&p->listener, 16, on_connection) != 0 ||
		uv_tcp_getsockname(&p->listener, (struct sockaddr *)&name, &len) != 0)
		return false;
	printf("%s %d\n", spec, ntohs(((struct sockaddr_in *)&name)->sin_port));
	return true;
}

static void on_input(uv_stream_t *stream, ssize_t n, const uv_buf_t *buf)
{
	(void)stream;
	free(buf->base);
	if (n < 0)
		uv_stop(&loop);
	if (n > 0 && clogged != NULL && !clogged->is_closing)
		(void)uv_read_start((uv_stream_t *)&clogged->client.tcp, on_alloc, on_read);
}

int main(int argc, char **argv)
{
	struct port *ports = calloc((size_t)argc, sizeof(*ports));
	uv_pipe_t input;

	if (argc < 3 || ports == NULL || uv_loop_init(&loop) != 0 ||
		uv_ip4_addr("127.0.0.1", atoi(argv[1]), &target) != 0)
		return 2;
	(void)signal(
		SIGPIPE, SIG_IGN); /* libuv tells of it: an end that is gone is no end of ours */
	for (int i = 2; i < argc; i++)
		if (!port_open(&ports[i], argv[i])) {
			fprintf(stderr, "faults: %s cannot be done\n", argv[i]);
			return 2;
		}
	(void)fclose(stdout);
	(void)uv_pipe_init(&loop, &input, 0);
	if (uv_pipe_open(&input, 0) == 0)
		(void)uv_read_start((uv_stream_t *)&input, on_alloc, on_input);
	return uv_run(&loop, UV_RUN_DEFAULT) < 0;
}
