/*
 * The answers of an ssh-agent, over a real socket: the first byte says how long the pieces are in
 * which they come. Whatever it says, every question comes to an end, once; its keys are as many as
 * it may have, and their comments fit a terminal; the first answer is the same however it is cut. A
 * signature that was made can be read whatever it says behind it.
 */
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>
#include <uv.h>

#include "operators/ssh/agent.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define SIZE_MOST 20000 /* of an input */
#define PIECES_MOST 500 /* of one: each takes a turn of the loop */
#define SIGNS_MOST 3

static struct sockaddr_un address = {.sun_family = AF_UNIX};
static char folder[] = "/tmp/windrow-fuzz-XXXXXX";
static int listener = -1;
static uv_loop_t loop;

static void leave(void)
{
	(void)unlink(address.sun_path);
	(void)rmdir(folder);
}

static void prepare(void)
{
	(void)signal(SIGPIPE, SIG_IGN);
	listener = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (mkdtemp(folder) == NULL || listener < 0 || uv_loop_init(&loop) != 0)
		abort();
	(void)snprintf(address.sun_path, sizeof(address.sun_path), "%s/agent", folder);
	if (bind(listener, (const struct sockaddr *)&address, sizeof(address)) != 0 ||
		listen(listener, 8) != 0 || atexit(leave) != 0)
		abort();
}

/* One conversation. */
struct talk {
	struct agent *agent;
	int fd; /* the agent's end */
	int moves, asked;
	enum agent_state first; /* what its first answer came to */
	uint64_t digest, signatures; /* of the keys, 0: not looked at yet; of what it signed */
};

static void on_moved(void *ctx)
{
	struct talk *t = ctx;

	t->moves++;
	if (agent_state(t->agent) == AGENT_WAITING)
		abort();
}

static void turn(struct talk *t)
{
	char bytes[4096];

	(void)uv_run(&loop, UV_RUN_NOWAIT);
	(void)uv_run(&loop, UV_RUN_NOWAIT);
	while (recv(t->fd, bytes, sizeof(bytes), MSG_DONTWAIT) > 0)
		;
	if (t->moves > t->asked)
		abort();
}

static uint64_t digest(uint64_t d, const void *bytes, size_t len)
{
	const unsigned char *b = bytes;

	for (size_t i = 0; i < len; i++)
		d = (d ^ b[i]) * UINT64_C(1099511628211);
	return d ^ len;
}

static void keys_check(struct talk *t)
{
	size_t n;
	const struct agent_key *keys = agent_keys(t->agent, &n);

	if (n > AGENT_KEYS_MAX)
		abort();
	t->digest = n + 1;
	for (size_t i = 0; i < n; i++) {
		t->digest = digest(t->digest, keys[i].blob, keys[i].len);
		t->digest = digest(t->digest, keys[i].comment, strlen(keys[i].comment));
		if (strlen(keys[i].comment) > 200)
			abort();
		for (const char *c = keys[i].comment; *c != '\0'; c++)
			if (*c < ' ' || *c > '~')
				abort();
	}
}

/* Looks at what has been answered, and asks for a signature. */
static void go_on(struct talk *t)
{
	const unsigned char *sig;
	size_t n, len;
	const struct agent_key *keys;

	if (agent_state(t->agent) == AGENT_WAITING)
		return;
	if (t->asked == 1 && t->digest == 0) {
		t->first = agent_state(t->agent);
		keys_check(t);
	}
	if (agent_state(t->agent) == AGENT_SIGNED) {
		agent_signature_take(t->agent, &sig, &len);
		t->signatures = digest(t->signatures, sig, len); /* each byte can be read */
	}
	agent_settle(t->agent);
	keys = agent_keys(t->agent, &n);
	if (agent_state(t->agent) != AGENT_LISTED || n == 0 || t->asked > SIGNS_MOST)
		return;
	t->asked++;
	agent_sign(t->agent, &keys[(size_t)t->asked % n], "to be signed", 12, 0);
	if (agent_state(t->agent) == AGENT_GONE)
		t->moves++; /* told at once, not by a call */
}

static void talk(struct talk *t, const uint8_t *data, size_t size, size_t piece)
{
	size_t at = 0;

	*t = (struct talk){.asked = 1};
	t->agent = agent_open(&loop, address.sun_path, on_moved, t);
	t->fd = accept(listener, NULL, NULL);
	if (t->agent == NULL || t->fd < 0)
		abort();
	turn(t);
	while (at < size) {
		size_t n = size - at < piece ? size - at : piece;

		if (send(t->fd, data + at, n, MSG_DONTWAIT | MSG_NOSIGNAL) != (ssize_t)n)
			break;
		at += n;
		turn(t);
		go_on(t);
	}
	/* It hangs up: nothing is waited for any more. */
	(void)shutdown(t->fd, SHUT_WR);
	for (int i = 0; i < SIGNS_MOST + 2; i++) {
		turn(t);
		go_on(t);
	}
	if (agent_state(t->agent) == AGENT_WAITING || t->moves != t->asked)
		abort();
	agent_close(t->agent);
	(void)uv_run(&loop, UV_RUN_DEFAULT);
	(void)close(t->fd);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct talk whole, pieces;
	size_t piece;

	if (listener < 0)
		prepare();
	if (size == 0 || size > SIZE_MOST)
		return 0;
	talk(&whole, data + 1, size - 1, SIZE_MOST);
	piece = (size_t)data[0] * 32 + 1;
	talk(&pieces, data + 1, size - 1,
		piece > size / PIECES_MOST ? piece : size / PIECES_MOST + 1);
	if (whole.first != pieces.first || whole.digest != pieces.digest)
		abort();
	return 0;
}
