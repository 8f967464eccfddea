/*
 * What a try says and prints, on its way out: nothing leaves here but through the masker of the
 * connection in use, and output past the log_limit stays on the host.
 *
 * N.B. outputs that a later task reads (the response, the ends of the streams) are not masked: they
 * are values, not logs.
 */
#include <stdarg.h>
#include <stdio.h>

#include "engine/mask.h"
#include "operators/ssh/ssh_try.h"

void ssh_try_log(struct ssh_try *t, enum op_level level, int line, const char *fmt, ...)
{
	char text[2048];
	struct buf masked;
	va_list ap;
	int n;

	if (t->is_abandoned)
		return;
	va_start(ap, fmt);
	n = vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	if (n < 0 || t->target == NULL || t->target->mask == NULL) {
		t->events.on_log(t->ctx, level, "ssh.c", line, text);
		return;
	}
	buf_init(&masked, 0);
	mask_text(t->target->mask, text, (size_t)n < sizeof(text) ? (size_t)n : sizeof(text) - 1,
		&masked);
	if (buf_status(&masked) == 0)
		t->events.on_log(t->ctx, level, "ssh.c", line, buf_str(&masked));
	buf_free(&masked);
}

int ssh_masks_open(struct ssh_try *t)
{
	for (int i = 0; i < 2 && t->target->mask != NULL; i++)
		if ((t->masks[i] = mask_stream_create(t->target->mask)) == NULL)
			return ERR_NOMEM;
	return 0;
}

void ssh_masks_close(struct ssh_try *t)
{
	for (int i = 0; i < 2; i++) {
		mask_stream_destroy(t->masks[i]);
		t->masks[i] = NULL;
	}
}

/* Hands output on, whatever the limit says. What cannot be masked for want of memory is left out.
 */
static void pass(struct ssh_try *t, bool is_stderr, const char *bytes, size_t len, bool is_last)
{
	enum op_stream stream = is_stderr ? OP_STDERR : OP_STDOUT;
	struct buf masked;

	if (t->masks[is_stderr] == NULL) {
		if (len > 0)
			t->events.on_output(t->ctx, stream, bytes, len);
		return;
	}
	buf_init(&masked, 0);
	mask_stream_feed(t->masks[is_stderr], bytes, len, &masked);
	if (is_last)
		mask_stream_flush(t->masks[is_stderr], &masked);
	if (buf_status(&masked) == 0 && masked.len > 0)
		t->events.on_output(t->ctx, stream, masked.data, masked.len);
	buf_free(&masked);
}

void ssh_try_output(struct ssh_try *t, bool is_stderr, const char *bytes, size_t len)
{
	uint64_t room = t->logged < t->log_limit ? t->log_limit - t->logged : 0;

	ssh_tail_add(&t->tails[is_stderr], bytes, len);
	/* Past the limit only the tails go on; the end of the log comes from them. */
	if (room > 0)
		pass(t, is_stderr, bytes, len < room ? len : (size_t)room, false);
	t->logged += len;
}

void ssh_try_output_end(struct ssh_try *t, const char *last, size_t len, const char *rest_is_in)
{
	uint64_t left = t->logged > t->log_limit ? t->logged - t->log_limit : 0;
	size_t shown = len < left ? len : (size_t)left;

	pass(t, false, NULL, 0, true);
	pass(t, true, NULL, 0, true);
	if (left == 0)
		return;
	TRY_LOG(t, OP_WARNING, "%llu bytes of output are left out here, past the log_limit%s%s",
		(unsigned long long)(left - shown),
		rest_is_in[0] == '\0' ? "" : "; all of it is on the host, in ", rest_is_in);
	pass(t, false, last + len - shown, shown, true);
}
