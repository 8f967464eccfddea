/*
 * A task's log that another process goes on with: every line of output is in it once, wherever the
 * first one died. A host that keeps all output is asked for it from where the mark says.
 */
#include "scheduler/task_log.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#include "engine/buf.h"
#include "engine/err.h"
#include "engine/mask.h"
#include "engine/run.h"
#include "tests/unit/store_kit.h"
#include "tests/unit/tap.h"

static char folder[KIT_PATH_MAX + 8];

static struct task_log *open_log(const struct mask *mask)
{
	struct task_log_place place = {.folder = folder,
		.dag_id = "d",
		.run_id = "r",
		.task_id = "t",
		.instance = RUN_NO_INSTANCE,
		.try_number = 1,
		.mask = mask,
		.has_mark = true};
	struct task_log_listener listener = {0};
	struct task_log *l;

	if (task_log_open(&place, &listener, &l) != 0)
		abort();
	return l;
}

static const char *path_of(const char *name)
{
	static char path[KIT_PATH_MAX * 2];

	(void)snprintf(path, sizeof(path), "%s/dag_id=d/run_id=r/task_id=t/%s", folder, name);
	return path;
}

/* What the lines of the log say, each without its beginning. */
static char *said(void)
{
	struct buf out;
	size_t len;
	char *bytes = kit_read(path_of("attempt=1.log"), &len);
	char *text = strndup(bytes, len);

	buf_init(&out, 0);
	free(bytes);
	for (char *line = strtok(text, "\n"); line != NULL; line = strtok(NULL, "\n")) {
		const char *at = strstr(line, " - ");

		buf_addf(&out, "%s;", at == NULL ? line : at + 3);
	}
	free(text);
	return buf_steal(&out);
}

static void says(const char *want, const char *what)
{
	char *got = said();

	IS_STR(got, want, "%s", what);
	free(got);
}

/* A process dies: what is not written is lost, and its files stay as they are. */
static void die(struct task_log *l)
{
	struct buf kept;
	size_t len = 0;
	char *log = kit_read(path_of("attempt=1.log"), &len);

	buf_init(&kept, 0);
	buf_add(&kept, log, len);
	(void)task_log_close(l, false, NULL);
	kit_write(path_of("attempt=1.log"), kept.data, kept.len);
	buf_free(&kept);
	free(log);
}

static void feed(struct task_log *l, const char *text)
{
	task_log_output(l, 1000, OP_STDOUT, text, strlen(text));
}

/* What the host sends from the mark on, in pieces. */
static void feed_from(struct task_log *l, const struct task_log_mark *m, const char *all)
{
	for (const char *at = all + m->output_at[0]; *at != '\0'; at++)
		task_log_output(l, 2000, OP_STDOUT, at, 1);
	task_log_output_end(l, 2000);
}

static void over(struct task_log *l)
{
	IS_INT(task_log_close(l, true, NULL), 0, "the log is closed");
	OK(access(path_of(".attempt=1.mark"), F_OK) != 0, "and its mark is gone");
	(void)unlink(path_of("attempt=1.log"));
}

static void test_goes_on(void)
{
	static const char all[] = "one\ntwo\nthree\nfour\n";
	struct task_log *l = open_log(NULL);
	struct task_log_mark m;

	task_log_line(l, 1000, OP_INFO, "x.c", 1, "begun", 5);
	feed(l, "one\ntwo\nth");
	IS_INT(task_log_flush(l, NULL), 0, "some of it is written");
	die(l);
	says("begun;one;two;", "lines that are whole");

	l = open_log(NULL);
	task_log_resume(l, &m);
	IS_INT((long long)m.output_at[0], 8, "the rest is asked for from the line's beginning");
	task_log_line(l, 2000, OP_INFO, "x.c", 1, "taken up", 8);
	(void)task_log_flush(l, NULL);
	says("begun;one;two;taken up;", "that it was taken up is told before there is output");
	feed_from(l, &m, all);
	(void)task_log_flush(l, NULL);
	says("begun;one;two;taken up;three;four;", "each line is there once");
	over(l);
}

/* The end was written, and nobody knew: the host sends everything again. */
static void test_written_past_its_mark(void)
{
	static const char all[] = "one\ntwo\nthree\n";
	struct task_log *l = open_log(NULL);
	struct task_log_mark m;
	char *mark;
	size_t len;

	feed(l, "one\n");
	(void)task_log_flush(l, NULL);
	mark = kit_read(path_of(".attempt=1.mark"), &len);
	feed(l, "two\nthree\n");
	(void)task_log_flush(l, NULL);
	die(l);
	kit_write(path_of(".attempt=1.mark"), mark, len);
	free(mark);
	says("one;two;three;", "more is written than the mark says");

	l = open_log(NULL);
	task_log_resume(l, &m);
	IS_INT((long long)m.output_at[0], 4, "the mark counts");
	feed_from(l, &m, all);
	(void)task_log_flush(l, NULL);
	says("one;two;three;", "and each line is there once");
	over(l);
}

static void test_without_a_mark(void)
{
	static const char all[] = "one\ntwo\n";
	struct task_log *l = open_log(NULL);
	struct task_log_mark m;

	feed(l, all);
	(void)task_log_flush(l, NULL);
	die(l);
	(void)unlink(path_of(".attempt=1.mark"));
	l = open_log(NULL);
	task_log_resume(l, &m);
	IS_INT((long long)m.output_at[0], 0, "without a mark all is asked for");
	feed_from(l, &m, all);
	(void)task_log_flush(l, NULL);
	says("one;two;", "and each line is there once");
	over(l);
}

/* Nothing comes any more: what is there is all there will ever be. */
static void test_lost(void)
{
	struct task_log *l = open_log(NULL);
	struct task_log_mark m;

	feed(l, "one\ntwo\n");
	(void)task_log_flush(l, NULL);
	die(l);
	(void)unlink(path_of(".attempt=1.mark"));
	l = open_log(NULL);
	task_log_resume(l, &m);
	task_log_line(l, 2000, OP_ERROR, "x.c", 1, "lost", 4);
	(void)task_log_flush(l, NULL);
	(void)task_log_close(l, true, NULL);
	says("one;two;lost;", "the log of a task that was lost is kept");
	(void)unlink(path_of("attempt=1.log"));
}

/* Somebody took the log away while its task ran: what comes then is in a new one, and where another
 * process takes the task up, all is. */
static void test_taken_away(void)
{
	static const char all[] = "one\ntwo\nthree\n";
	struct task_log *l = open_log(NULL);
	struct task_log_mark m;

	feed(l, "one\n");
	(void)task_log_flush(l, NULL);
	(void)unlink(path_of("attempt=1.log"));
	(void)unlink(path_of(".attempt=1.mark"));
	feed(l, "two\n");
	IS_INT(task_log_flush(l, NULL), 0, "a log that was taken away is written");
	says("two;", "anew");
	die(l);
	l = open_log(NULL);
	task_log_resume(l, &m);
	feed_from(l, &m, all);
	(void)task_log_flush(l, NULL);
	says("one;two;three;", "and whole once all is asked for again");
	over(l);
}

/* Writes a log of which died_at bytes came, in pieces, then the rest to another process. */
static void write_log(const struct mask *mask, const char *all, size_t died_at, size_t piece)
{
	struct task_log *l = open_log(mask);
	struct task_log_mark m;

	task_log_line(l, 1000, OP_INFO, "x.c", 1, "begun", 5);
	(void)task_log_flush(l, NULL);
	for (size_t i = 0; i < died_at; i += piece) {
		size_t left = died_at - i;

		task_log_output(l, 1000, OP_STDOUT, &all[i], left < piece ? left : piece);
		(void)task_log_flush(l, NULL);
	}
	die(l);
	l = open_log(mask);
	task_log_resume(l, &m);
	feed_from(l, &m, all);
	(void)task_log_close(l, true, NULL);
}

/* What the mask does to the bytes, the mark does not get wrong. */
static void test_masked(void)
{
	static const char all[] =
		"the word is swordfish\nplain\nab\ncd\nefgh\nswordfish again\nab\ncd\nno\nend\n";
	struct mask *mask = mask_create();
	char *want, *got;
	bool is_whole = true;

	(void)mask_add(mask, "swordfish", 9);
	(void)mask_add(mask, "ab\ncd\nef", 8);
	write_log(mask, all, 0, 1);
	want = said();
	OK(strstr(want, "swordfish") == NULL && strstr(want, "ef") == NULL,
		"secrets are masked: %s", want);
	(void)unlink(path_of("attempt=1.log"));
	for (size_t died_at = 0; died_at < sizeof(all); died_at++)
		for (size_t piece = 1; piece < sizeof(all); piece += 7) {
			write_log(mask, all, died_at, piece);
			got = said();
			if (is_whole && strcmp(got, want) != 0) {
				tap_note("died at %zu, pieces of %zu: %s", died_at, piece, got);
				is_whole = false;
			}
			free(got);
			(void)unlink(path_of("attempt=1.log"));
		}
	OK(is_whole, "with secrets in it, too, each line is there once, wherever it died");
	free(want);
	mask_destroy(mask);
}

static const char missing[] = "what was printed here is missing: the log could not be written;";

/* More than may wait, in lines of 1,000 bytes. To be freed. */
static char *much_make(size_t *len)
{
	char *much;

	*len = TASK_LOG_KEPT_MAX / 1000 * 1000 * 2;
	much = malloc(*len);
	if (much == NULL)
		abort();
	memset(much, 'x', *len);
	for (size_t i = 999; i < *len; i += 1000)
		much[i] = '\n';
	return much;
}

/* However much comes before anybody asks. */
static void test_gap(void)
{
	struct mask *mask = mask_create();
	struct task_log *l = open_log(mask);

	feed(l, "one\ntwo");
	task_log_output_gap(l, 1000, OP_STDOUT);
	feed(l, "\nthree\n");
	(void)mask_add(mask, "swordfish", 9);
	feed(l, "it is sword");
	task_log_output_gap(l, 1000, OP_STDOUT);
	feed(l, "dfi");
	feed(l, "sh\n\nswordfish");
	task_log_output_gap(l, 1000, OP_STDOUT);
	feed(l, "fish");
	task_log_output_end(l, 1000);
	(void)task_log_flush(l, NULL);
	says("one;two;three;it is ***;;***;",
		"where output is left out nothing of a secret is shown, nor lines that are none");
	over(l);
	mask_destroy(mask);
}

static void test_cannot_be_made(void)
{
	struct task_log *l;
	struct err e = {0};
	size_t len;
	char *much = much_make(&len), *got;

	kit_write(folder, "", 0);
	l = open_log(NULL);
	feed(l, "first\n");
	IS_INT(task_log_flush(l, &e), ERR_IO, "a log that cannot be written is told");
	OK(strncmp(e.text, "cannot make the log ", 20) == 0 &&
			strstr(e.text, "attempt=1.log: Not a directory") != NULL,
		"with the reason: %s", e.text);
	feed(l, "second\n");
	IS_INT(task_log_flush(l, &e), 0, "once");
	(void)unlink(folder);
	feed(l, "third\n");
	IS_INT(task_log_flush(l, &e), 0, "when it can be written it is");
	says("first;second;third;", "with all that had come");
	over(l);

	(void)strcat(folder, "2");
	kit_write(folder, "", 0);
	l = open_log(NULL);
	task_log_output(l, 1000, OP_STDOUT, much, len);
	IS_INT(task_log_flush(l, &e), ERR_IO, "one that much goes into is told, too");
	(void)unlink(folder);
	task_log_output(l, 1000, OP_STDOUT, much, len / 2);
	feed(l, "last\n");
	IS_INT(task_log_flush(l, &e), 0, "and written when it can be");
	got = said();
	OK(strncmp(got, missing, sizeof(missing) - 1) == 0, "beginning with that more is missing");
	OK(strcmp(got + strlen(got) - 6, ";last;") == 0, "and ending with what came last");
	free(got);
	over(l);
	free(much);
}

/* Writes all of it to a file that may have 100 bytes, which stands for a disk that is full. */
static int flush_within(struct task_log *l, const char *text, size_t len, struct err *e)
{
	struct rlimit limit, was;
	int status;

	(void)signal(SIGXFSZ, SIG_IGN);
	(void)getrlimit(RLIMIT_FSIZE, &was);
	limit = was;
	limit.rlim_cur = 100;
	(void)setrlimit(RLIMIT_FSIZE, &limit);
	task_log_output(l, 1000, OP_STDOUT, text, len);
	status = task_log_flush(l, e);
	(void)setrlimit(RLIMIT_FSIZE, &was);
	return status;
}

static void test_full(void)
{
	static const char text[] = "line 0\nline 1\nline 2\nline 3\n";
	struct task_log *l = open_log(NULL);
	struct task_log_mark m;
	struct err e = {0};
	size_t len;
	char *much, *got;

	IS_INT(flush_within(l, text, sizeof(text) - 1, &e), ERR_IO, "a disk that is full is told");
	OK(strncmp(e.text, "cannot write the log ", 21) == 0, "with the reason: %s", e.text);
	IS_INT(task_log_flush(l, &e), 0, "with room it goes on");
	says("line 0;line 1;line 2;line 3;", "in the middle of the line");
	got = kit_read(path_of("attempt=1.log"), &len);
	IS_INT((long)strnlen(got, len), (long)len, "and with nothing else");
	free(got);
	die(l);
	l = open_log(NULL);
	task_log_resume(l, &m);
	IS_INT((long long)m.output_at[0], sizeof(text) - 1, "its mark is right");
	over(l);

	much = much_make(&len);
	l = open_log(NULL);
	IS_INT(flush_within(l, much, len, &e), ERR_IO, "one that stays full is told once, too");
	feed(l, "last\n");
	IS_INT(task_log_flush(l, &e), 0, "with room that goes on as well");
	got = said();
	OK(strstr(got, "x;what was printed here is missing") != NULL,
		"behind the piece that was written");
	free(got);
	over(l);
	free(much);
}

int main(void)
{
	struct store_kit kit;

	kit_begin(&kit);
	(void)snprintf(folder, sizeof(folder), "%s/logs", kit.folder);
	test_goes_on();
	test_written_past_its_mark();
	test_without_a_mark();
	test_lost();
	test_taken_away();
	test_masked();
	test_gap();
	(void)snprintf(folder, sizeof(folder), "%s/file", kit.folder);
	test_cannot_be_made();
	test_full();
	kit_end(&kit);
	return tap_done();
}
