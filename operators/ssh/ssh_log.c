/* What a try says and prints, on its way out. Of output past the log_limit the beginning goes on as
 * it comes, and the end at the end; what lies between stays on the host. What is secret is masked
 * by whoever writes the log. */
#include <stdarg.h>
#include <stdio.h>

#include "operators/ssh/ssh_try.h"

void ssh_try_log(struct ssh_try *t, enum op_level level, int line, const char *fmt, ...)
{
	char text[2048];
	va_list ap;

	va_start(ap, fmt);
	(void)vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	if (!t->is_abandoned)
		t->events.on_log(t->ctx, level, "ssh.c", line, text);
}

/* What is held back for the end of the log; the tails have it. */
static uint64_t end_room(const struct ssh_try *t)
{
	return t->log_limit / 2 < OP_TAIL_MAX ? t->log_limit / 2 : OP_TAIL_MAX;
}

void ssh_try_output(struct ssh_try *t, bool is_stderr, const char *bytes, size_t len)
{
	uint64_t first = t->log_limit - end_room(t);
	uint64_t room = t->logged < first ? first - t->logged : 0;
	size_t known = len < t->known[is_stderr] ? len : t->known[is_stderr];
	size_t part;

	ssh_tail_add(&t->tails[is_stderr], bytes, len);
	t->known[is_stderr] -= known;
	bytes += known;
	len -= known;
	part = len < room ? len : (size_t)room;
	if (part > 0)
		t->events.on_output(t->ctx, is_stderr ? OP_STDERR : OP_STDOUT, bytes, part);
	t->logged += part;
	t->held[is_stderr] += len - part;
}

/* Where all of the output lies of which something is left out. */
static void left_out_tell(struct ssh_try *t, const uint64_t left[2], const char *const paths[2])
{
	bool is_kept = paths[0][0] != '\0' && paths[1][0] != '\0';

	TRY_LOG(t, OP_WARNING, "%llu bytes of output are left out here, past the log_limit%s%s%s%s",
		(unsigned long long)(left[0] + left[1]),
		is_kept ? "; all of it is on the host, in " : "",
		is_kept && left[0] > 0 ? paths[0] : "",
		is_kept && left[0] > 0 && left[1] > 0 ? " and " : "",
		is_kept && left[1] > 0 ? paths[1] : "");
}

void ssh_try_output_end(
	struct ssh_try *t, const struct op_bytes tails[2], const char *const paths[2])
{
	uint64_t room = t->logged < t->log_limit ? t->log_limit - t->logged : 0;
	uint64_t half[2] = {room / 2, room - room / 2}, left[2];
	size_t shown[2];

	for (int i = 0; i < 2; i++) {
		int other = 1 - i;
		uint64_t share =
			room - (t->held[other] < half[other] ? t->held[other] : half[other]);
		uint64_t n = t->held[i] < share ? t->held[i] : share;

		shown[i] = n < tails[i].len ? (size_t)n : tails[i].len;
		left[i] = t->held[i] - shown[i];
		if (left[i] > 0)
			t->events.on_gap(t->ctx, i == 0 ? OP_STDOUT : OP_STDERR);
	}
	if (left[0] > 0 || left[1] > 0)
		left_out_tell(t, left, paths);
	for (int i = 0; i < 2; i++)
		if (shown[i] > 0)
			t->events.on_output(t->ctx, i == 0 ? OP_STDOUT : OP_STDERR,
				tails[i].data + tails[i].len - shown[i], shown[i]);
}
