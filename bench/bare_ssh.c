/*
 * The limit that the ssh operator is measured against: a bare loop over libssh2 that runs one
 * command many times, with as many channels at once as it is told, over as many connections. It
 * checks no host key, keeps no output, and knows no task.
 *
 *	bare_ssh HOST PORT USER KEY CONNECTIONS CHANNELS COUNT COMMAND
 */
#include <arpa/inet.h>
#include <libssh2.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define CHANNELS_MAX 256
#define CONNECTIONS_MAX 64

enum step { FREE, OPEN, EXEC, READ, CLOSE };

struct slot {
	LIBSSH2_CHANNEL *channel;
	enum step step;
};

struct connection {
	LIBSSH2_SESSION *session;
	int fd;
	struct slot slots[CHANNELS_MAX];
};

static struct connection connections[CONNECTIONS_MAX];
static int n_connections, n_channels, left, running, n_failed;
static const char *command;

static void fail(const char *what)
{
	(void)fprintf(stderr, "bare_ssh: %s\n", what);
	exit(1);
}

static void connection_open(
	struct connection *c, const char *host, int port, const char *user, const char *key)
{
	struct sockaddr_in a = {.sin_family = AF_INET, .sin_port = htons((uint16_t)port)};
	int one = 1;

	if (inet_pton(AF_INET, host, &a.sin_addr) != 1)
		fail("HOST is an IPv4 address");
	c->fd = socket(AF_INET, SOCK_STREAM, 0);
	if (c->fd < 0 || connect(c->fd, (struct sockaddr *)&a, sizeof(a)) != 0)
		fail("cannot connect");
	(void)setsockopt(c->fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof(one));
	c->session = libssh2_session_init();
	if (c->session == NULL || libssh2_session_handshake(c->session, c->fd) != 0)
		fail("the handshake failed");
	if (libssh2_userauth_publickey_fromfile(c->session, user, NULL, key, NULL) != 0)
		fail("cannot log in");
	libssh2_session_set_blocking(c->session, 0);
}

/* Whether another channel of the connection is being opened: libssh2 can do one at a time. */
static int is_opening(const struct connection *c)
{
	for (int i = 0; i < n_channels; i++)
		if (c->slots[i].step == OPEN || c->slots[i].step == EXEC)
			return 1;
	return 0;
}

static int drain(struct slot *s)
{
	char bytes[4096];
	ssize_t n;

	while ((n = libssh2_channel_read(s->channel, bytes, sizeof(bytes))) > 0)
		;
	if (n == LIBSSH2_ERROR_EAGAIN && !libssh2_channel_eof(s->channel))
		return LIBSSH2_ERROR_EAGAIN;
	return libssh2_channel_wait_closed(s->channel);
}

/* Takes a slot as far as it goes. Whether it went any way. */
static int slot_step(struct connection *c, struct slot *s)
{
	int r = 0;

	switch (s->step) {
	case FREE:
		if (left == 0 || is_opening(c))
			return 0;
		left--;
		running++;
		s->step = OPEN;
		return 1;
	case OPEN:
		s->channel = libssh2_channel_open_session(c->session);
		if (s->channel == NULL) {
			if (libssh2_session_last_errno(c->session) ==
				LIBSSH2_ERROR_CHANNEL_FAILURE) {
				/* The server counts one that it is still closing. */
				s->step = FREE;
				left++;
				running--;
			} else if (libssh2_session_last_errno(c->session) != LIBSSH2_ERROR_EAGAIN) {
				fail("a channel could not be opened");
			}
			return 0;
		}
		s->step = EXEC;
		return 1;
	case EXEC:
		r = libssh2_channel_exec(s->channel, command);
		break;
	case READ:
		r = drain(s);
		break;
	case CLOSE:
		n_failed += libssh2_channel_get_exit_status(s->channel) != 0;
		r = libssh2_channel_free(s->channel);
		break;
	}
	if (r == LIBSSH2_ERROR_EAGAIN)
		return 0;
	if (r != 0)
		fail("a channel broke");
	s->step = s->step == CLOSE ? FREE : s->step + 1;
	running -= s->step == FREE;
	return 1;
}

static void turn(void)
{
	int moved;

	do {
		moved = 0;
		for (int i = 0; i < n_connections; i++)
			for (int k = 0; k < n_channels; k++)
				moved |= slot_step(&connections[i], &connections[i].slots[k]);
	} while (moved);
}

int main(int argc, char **argv)
{
	struct pollfd fds[CONNECTIONS_MAX];

	if (argc != 9)
		fail("usage: bare_ssh HOST PORT USER KEY CONNECTIONS CHANNELS COUNT COMMAND");
	n_connections = atoi(argv[5]);
	n_channels = atoi(argv[6]);
	left = atoi(argv[7]);
	command = argv[8];
	if (n_connections < 1 || n_connections > CONNECTIONS_MAX || n_channels < 1 ||
		n_channels > CHANNELS_MAX)
		fail("too many, or too few, of them");
	if (libssh2_init(0) != 0)
		fail("libssh2 does not start");
	for (int i = 0; i < n_connections; i++)
		connection_open(&connections[i], argv[1], atoi(argv[2]), argv[3], argv[4]);
	for (turn(); left + running > 0; turn()) {
		for (int i = 0; i < n_connections; i++) {
			fds[i] = (struct pollfd){.fd = connections[i].fd, .events = POLLIN};
			if (libssh2_session_block_directions(connections[i].session) &
				LIBSSH2_SESSION_BLOCK_OUTBOUND)
				fds[i].events |= POLLOUT;
		}
		if (poll(fds, (nfds_t)n_connections, -1) < 0)
			fail("poll failed");
	}
	return n_failed == 0 ? 0 : 1;
}
