/* The daemon's socket: what clients are answered, and what they cannot do to it. */
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>
#include <uv.h>

#include "engine/arena.h"
#include "engine/err.h"
#include "scheduler/bag.h"
#include "scheduler/conductor.h"
#include "scheduler/control.h"
#include "scheduler/requests.h"
#include "store/journal.h"
#include "store/store.h"
#include "tests/unit/tap.h"

#define ANSWER_MAX ((size_t)1 << 16)
#define TASKS                                                                                      \
	20000 /* of a DAG that is followed: all it tells is more than may wait for a client        \
	       */

/* A daemon's inside. */
struct rig {
	uv_loop_t loop;
	char home[300], dags[310];
	struct store *store;
	struct journal *journal;
	struct bag *bag;
	struct conductor *conductor;
	struct requests *requests;
	struct control *control;
	int open; /* that are being closed */
	bool has_stopped; /* writing, for good */
	char answer[ANSWER_MAX];
};

static int edition_get(
	void *ctx, const char *dag_id, uint32_t version, struct edition **out, struct err *e)
{
	const struct rig *g = ctx;

	return bag_edition(g->bag, dag_id, version, out, e);
}

static void on_stall(void *ctx, const struct err *e)
{
	struct rig *g = ctx;

	g->has_stopped = true;
	control_give_up(g->control, e);
}

static void rig_open(struct rig *g, const char *home)
{
	struct store_options so = {
		.home = home, .env = environ, .actor = "test", .may_create = true};
	struct journal_options jo = {
		.loop = &g->loop, .store = &so, .ctx = g, .on_stall = on_stall};
	struct conductor_options co = {
		.loop = &g->loop, .default_pool_slots = 1, .is_offline = true};
	struct bag_options bo = {.loop = &g->loop, .is_once = true};
	struct requests_options ro = {0};
	struct control_options o = {.loop = &g->loop};
	struct err e = {0};
	bool is_open;

	(void)snprintf(g->home, sizeof(g->home), "%s", home);
	(void)snprintf(g->dags, sizeof(g->dags), "%s/dags", home);
	(void)uv_loop_init(&g->loop);
	g->has_stopped = false;
	is_open = store_open(&so, &g->store, &e) == 0;
	jo.reader = g->store;
	is_open = is_open && journal_open(&jo, &g->journal, &e) == 0;
	co.editions = (struct edition_source){.ctx = g, .get = edition_get};
	co.store = bo.store = ro.store = g->store;
	co.journal = bo.journal = ro.journal = g->journal;
	bo.folder = g->dags;
	is_open = is_open && conductor_create(&co, &g->conductor, &e) == 0 &&
		bag_open(&bo, &g->bag, &e) == 0;
	ro.conductor = g->conductor;
	ro.bag = g->bag;
	is_open = is_open && requests_create(&ro, &g->requests, &e) == 0;
	o.home = g->home;
	o.requests = g->requests;
	is_open = is_open && control_open(&o, &g->control, &e) == 0;
	OK(is_open, "the socket is opened%s", e.text);
}

static void on_closed(void *ctx)
{
	struct rig *g = ctx;

	g->open--;
}

static void wait_closed(struct rig *g)
{
	while (g->open > 0)
		(void)uv_run(&g->loop, UV_RUN_ONCE);
}

static void rig_close(struct rig *g)
{
	g->open = 1;
	requests_destroy(g->requests);
	control_close(g->control, on_closed, g);
	wait_closed(g);
	g->open = 2;
	bag_close(g->bag, on_closed, g);
	conductor_close(g->conductor, on_closed, g);
	wait_closed(g);
	g->open = 1;
	journal_close(g->journal, on_closed, g);
	wait_closed(g);
	(void)uv_run(&g->loop, UV_RUN_NOWAIT);
	store_close(g->store);
	IS_INT(uv_loop_close(&g->loop), 0, "nothing is left open");
}

static int client_open(struct rig *g)
{
	struct err e = {0};
	int fd = -1;

	IS_INT(control_connect(g->home, &fd, &e), 0, "a client connects%s", e.text);
	return fd;
}

/* Writes all of it, letting the daemon run meanwhile; false where it hung up. */
static bool say(struct rig *g, int fd, const char *text, size_t len)
{
	while (len > 0) {
		ssize_t n = send(fd, text, len, MSG_DONTWAIT | MSG_NOSIGNAL);

		if (n < 0 && errno != EAGAIN)
			return false;
		text += n < 0 ? 0 : n;
		len -= n < 0 ? 0 : (size_t)n;
		(void)uv_run(&g->loop, UV_RUN_NOWAIT);
	}
	return true;
}

/* The next line; "" where it hung up. */
static const char *hear(struct rig *g, int fd)
{
	size_t n = 0;
	char c;

	for (;;) {
		ssize_t r = recv(fd, &c, 1, MSG_DONTWAIT);

		if (r < 0 && errno == EAGAIN) {
			(void)uv_run(&g->loop, UV_RUN_NOWAIT);
			continue;
		}
		if (r <= 0 || c == '\n' || n + 1 == ANSWER_MAX)
			break;
		g->answer[n++] = c;
	}
	g->answer[n] = '\0';
	return g->answer;
}

static const char *ask(struct rig *g, int fd, const char *line)
{
	(void)say(g, fd, line, strlen(line));
	return hear(g, fd);
}

static void test_answers(struct rig *g)
{
	static const char several[] = "{\"do\":\"health\"}\n{\"do\":\"x\"}\n{\"do\":\"hea";
	char pid[40];
	int fd = client_open(g);
	struct stat st;
	char path[400];

	(void)snprintf(path, sizeof(path), "%s/" CONTROL_NAME, g->home);
	OK(stat(path, &st) == 0 && (st.st_mode & 07777) == 0600, "the socket is its owner's alone");
	(void)snprintf(pid, sizeof(pid), "{\"ok\":{\"pid\":%d,", (int)getpid());
	OK(strncmp(ask(g, fd, "{\"do\":\"health\"}\n"), pid, strlen(pid)) == 0,
		"health tells whose it is: %s", g->answer);
	OK(strstr(g->answer, "\"runs\":0") != NULL, "and how many runs there are");
	IS_STR(ask(g, fd, "{\"do\":\"helth\"}\n"),
		"{\"error\":{\"code\":\"ERR_INVALID\",\"message\":\"\\\"helth\\\" is nothing that "
		"can be "
		"asked for; did you mean \\\"health\\\"?\"}}",
		"a wrong word is told, with the right one");
	OK(strncmp(ask(g, fd, "nonsense\n"), "{\"error\"", 8) == 0, "so is what is no JSON");
	(void)say(g, fd, several, strlen(several));
	OK(strncmp(hear(g, fd), "{\"ok\"", 5) == 0, "several at once are answered in order");
	OK(strncmp(hear(g, fd), "{\"error\"", 8) == 0, "each by its own line");
	OK(strncmp(ask(g, fd, "lth\"}\n"), "{\"ok\"", 5) == 0,
		"and one in pieces when it is whole");
	(void)say(g, fd, "{\"do\":\"health\"}\n", 16);
	(void)shutdown(fd, SHUT_WR);
	OK(strncmp(hear(g, fd), "{\"ok\"", 5) == 0, "who has ended speaking still hears");
	IS_STR(hear(g, fd), "", "and is then hung up on");
	(void)close(fd);
}

static void test_limits(struct rig *g)
{
	size_t len = REQUEST_LINE_MAX + (1 << 20);
	char *big = malloc(len);
	int fd = client_open(g), other = client_open(g), silent = client_open(g);
	int fds[CONTROL_CLIENTS_MAX + 1], tries = 0;
	bool is_heard;

	memset(big, ' ', len);
	OK(!say(g, fd, big, len) || strstr(hear(g, fd), "ERR_LIMIT") != NULL,
		"a request without an end is refused");
	free(big);
	OK(strncmp(ask(g, other, "{\"do\":\"health\"}\n"), "{\"ok\"", 5) == 0,
		"and nobody else notices");
	(void)say(g, silent, "{\"do\":", 6);
	(void)close(silent);
	(void)close(fd);
	(void)close(other);
	for (int i = 0; i <= CONTROL_CLIENTS_MAX; i++) {
		fds[i] = client_open(g);
		(void)uv_run(&g->loop, UV_RUN_NOWAIT);
	}
	OK(strstr(hear(g, fds[CONTROL_CLIENTS_MAX]), "ERR_LIMIT") != NULL,
		"one too many is told so");
	for (int i = 0; i <= CONTROL_CLIENTS_MAX; i++)
		(void)close(fds[i]);
	do {
		(void)control_connect(g->home, &fd, NULL);
		is_heard = strncmp(ask(g, fd, "{\"do\":\"health\"}\n"), "{\"ok\"", 5) == 0;
		(void)close(fd);
	} while (!is_heard && tries++ < 1000);
	OK(is_heard, "when they are gone there is room again");
}

/* A DAG of many tasks, each of which does nothing. */
static void dag_write(const char *home)
{
	char path[400];
	FILE *f;

	(void)snprintf(path, sizeof(path), "%s/dags", home);
	(void)mkdir(path, 0700);
	(void)snprintf(path, sizeof(path), "%s/dags/t.yaml", home);
	f = fopen(path, "w");
	OK(f != NULL, "a DAG is written");
	if (f == NULL)
		return;
	(void)fputs("default_args: {operator: local, command: \"true\"}\ntasks:\n", f);
	for (int i = 0; i < TASKS; i++)
		(void)fprintf(f, "  t%d: {}\n", i);
	(void)fclose(f);
}

/* Reads what a follower is told, to the end; how many of the tasks it was told have succeeded. */
static int hear_all(struct rig *g, int fd, char *states)
{
	const char *line, *id;
	int n = 0;

	memset(states, 0, TASKS);
	while (*(line = hear(g, fd)) != '\0' && strncmp(line, "{\"end\"", 6) != 0) {
		id = strstr(line, "\"main.t");
		if (strncmp(line, "{\"task\"", 7) == 0 && id != NULL)
			states[atoi(id + 7)] = strstr(line, "\"state\":\"success\"") != NULL;
	}
	for (int i = 0; i < TASKS; i++)
		n += states[i];
	return n;
}

static void test_follow(struct rig *g)
{
	static const char follow[] = "{\"do\":\"follow\",\"dag_id\":\"t\",\"run_id\":\"r\"}\n";
	int asks = client_open(g), idle = client_open(g), quick = client_open(g);
	int gone = client_open(g), last = client_open(g);
	char *states = malloc(TASKS);

	OK(strncmp(ask(g, asks, "{\"do\":\"trigger\",\"dag_id\":\"t\",\"run_id\":\"r\"}\n"),
		   "{\"ok\"", 5) == 0,
		"a run is made: %s", g->answer);
	OK(strstr(ask(g, asks, "{\"do\":\"follow\",\"dag_id\":\"t\",\"run_id\":\"x\"}\n"),
		   "ERR_NOTFOUND") != NULL,
		"one that there is not cannot be followed");
	OK(strncmp(ask(g, idle, follow), "{\"ok\"", 5) == 0, "a run is followed");
	OK(strncmp(ask(g, quick, follow), "{\"ok\"", 5) == 0, "by several");
	OK(strncmp(hear(g, quick), "{\"run\":{\"state\":\"queued\"", 24) == 0,
		"how it stands is told first: %s", g->answer);
	(void)ask(g, gone, follow);
	(void)close(gone);
	OK(strncmp(ask(g, asks,
			   "{\"do\":\"mark\",\"dag_id\":\"t\",\"run_id\":\"r\",\"state\":"
			   "\"success\"}\n"),
		   "{\"ok\"", 5) == 0,
		"much happens at once: %s", g->answer);
	IS_INT(hear_all(g, quick, states), TASKS, "who reads is told all of it");
	IS_STR(g->answer, "{\"end\":{\"state\":\"success\"}}", "to its end");
	IS_INT(hear_all(g, idle, states), TASKS, "so is, in the end, who did not read");
	IS_STR(g->answer, "{\"end\":{\"state\":\"success\"}}", "to its end too");
	OK(strncmp(ask(g, idle, follow), "{\"ok\"", 5) == 0, "a run that is over can be followed");
	IS_INT(hear_all(g, idle, states), TASKS, "and is told of as a whole");
	OK(strncmp(ask(g, idle, "{\"do\":\"health\"}\n"), "{\"ok\"", 5) == 0,
		"behind it other things can be asked for");
	(void)say(g, last, follow, strlen(follow));
	(void)say(g, last, "{\"do\":\"pause\",\"dag_id\":\"t\"}\n", 28);
	(void)say(g, last, "{\"do\":\"unpause\",\"dag_id\":\"t\"}\n", 30);
	(void)shutdown(last, SHUT_WR);
	IS_INT(hear_all(g, last, states), TASKS, "who has ended speaking is told of it all too");
	OK(strncmp(hear(g, last), "{\"ok\"", 5) == 0,
		"and what was asked for behind it is answered");
	OK(strncmp(hear(g, last), "{\"ok\"", 5) == 0, "to its end");
	IS_STR(hear(g, last), "", "before it is hung up on");
	free(states);
	(void)close(last);
	(void)close(asks);
	(void)close(idle);
	(void)close(quick);
}

/* What is said within a few turns of the loop; "": nothing. */
static const char *hear_soon(struct rig *g, int fd)
{
	ssize_t n = -1;

	for (int i = 0; i < 100 && n < 0; i++) {
		n = recv(fd, g->answer, ANSWER_MAX - 1, MSG_DONTWAIT);
		if (n < 0)
			(void)uv_run(&g->loop, UV_RUN_NOWAIT);
	}
	g->answer[n < 0 ? 0 : n] = '\0';
	return g->answer;
}

static const char *ask_soon(struct rig *g, int fd, const char *line)
{
	(void)say(g, fd, line, strlen(line));
	return hear_soon(g, fd);
}

/* A store that cannot be written for a while is told to who follows a run. */
static void test_stall(struct rig *g)
{
	static const struct err full = {.code = ERR_IO, .text = "\"full\""};
	static const char follow[] = "{\"do\":\"follow\",\"dag_id\":\"t\",\"run_id\":\"late\"}\n";
	int fd = client_open(g), silent = client_open(g);

	(void)ask(g, fd, "{\"do\":\"trigger\",\"dag_id\":\"t\",\"run_id\":\"late\"}\n");
	OK(strncmp(ask(g, fd, follow), "{\"ok\"", 5) == 0 &&
			strncmp(hear(g, fd), "{\"run\"", 6) == 0,
		"a run is followed");
	control_tell_stall(g->control, &full);
	IS_STR(hear_soon(g, fd), "{\"stall\":\"\\\"full\\\"\"}\n",
		"that nothing can be stored is told");
	control_tell_stall(g->control, NULL);
	IS_STR(hear_soon(g, fd), "{\"stall\":null}\n", "and that it can again");
	IS_STR(hear_soon(g, silent), "", "but to nobody else");
	(void)close(fd);
	(void)close(silent);
}

/* A store that turns out damaged: whoever waits for it is answered. */
static void test_damage(struct rig *g)
{
	static const struct err damage = {.code = ERR_CORRUPT, .text = "the store is spoilt"};
	static const char trigger[] = "{\"do\":\"trigger\",\"dag_id\":\"t\",\"run_id\":\"lost\"}\n";
	static const char follow[] = "{\"do\":\"follow\",\"dag_id\":\"t\",\"run_id\":\"late\"}\n";
	int follows = client_open(g), waits = client_open(g), asks = client_open(g);

	OK(strncmp(ask(g, follows, follow), "{\"ok\"", 5) == 0 &&
			strncmp(hear(g, follows), "{\"run\"", 6) == 0,
		"a run is followed");
	store_condemn(g->store, &damage);
	(void)say(g, waits, trigger, strlen(trigger));
	while (!g->has_stopped)
		(void)uv_run(&g->loop, UV_RUN_ONCE);
	IS_STR(hear_soon(g, waits),
		"{\"error\":{\"code\":\"ERR_UNAVAILABLE\",\"message\":\"nothing of this was "
		"stored: the store is spoilt\"}}\n",
		"who waits for an answer is told that the store is damaged");
	IS_STR(hear_soon(g, follows),
		"{\"error\":{\"code\":\"ERR_UNAVAILABLE\",\"message\":\"the run cannot go on: "
		"the store is spoilt\"}}\n",
		"so is who follows a run");
	OK(strstr(ask_soon(g, waits, follow), "\"nothing was done: the store is spoilt\"") != NULL,
		"and who begins to, or asks for something: %s", g->answer);
	OK(strstr(ask_soon(g, follows, "{\"do\":\"reparse\"}\n"), "\"nothing was done: ") != NULL,
		"whatever it is: %s", g->answer);
	OK(strstr(ask_soon(g, asks, "{\"do\":\"health\"}\n"),
		   "\"stall_reason\":\"the store is spoilt\"") != NULL,
		"how it is can be asked for");
	(void)close(follows);
	(void)close(waits);
	(void)close(asks);
}

static void remove_home(const char *home)
{
	static const char *const files[] = {
		"windrow.db", "windrow.db-wal", "windrow.db-shm", "dags/t.yaml", "dags"};
	char path[400];

	for (size_t i = 0; i < sizeof(files) / sizeof(files[0]); i++) {
		(void)snprintf(path, sizeof(path), "%s/%s", home, files[i]);
		(void)remove(path);
	}
	(void)rmdir(home);
}

static void test_homes(const char *folder)
{
	struct rig g;
	char deep[300];
	struct err e;
	int fd;

	IS_INT(control_connect(folder, &fd, &e), ERR_UNAVAILABLE, "no socket: nobody is there");
	(void)snprintf(deep, sizeof(deep), "%s/%0120d", folder, 7);
	(void)mkdir(deep, 0700);
	rig_open(&g, deep);
	fd = client_open(&g);
	OK(strncmp(ask(&g, fd, "{\"do\":\"health\"}\n"), "{\"ok\"", 5) == 0,
		"a home of any depth will do");
	(void)close(fd);
	rig_close(&g);
	IS_INT(control_connect(deep, &fd, &e), ERR_UNAVAILABLE, "and nothing is left of it");
	remove_home(deep);
}

int main(void)
{
	char folder[] = "/tmp/windrow-control.XXXXXX";
	struct rig *g = malloc(sizeof(*g));

	if (mkdtemp(folder) == NULL || g == NULL)
		return 1;
	(void)signal(SIGPIPE, SIG_IGN); /* as the program has it */
	test_homes(folder);
	dag_write(folder);
	rig_open(g, folder);
	test_answers(g);
	test_follow(g);
	test_limits(g);
	test_stall(g);
	test_damage(g);
	rig_close(g);
	remove_home(folder);
	OK(access(folder, F_OK) != 0, "nothing else was left in home");
	free(g);
	return tap_done();
}
