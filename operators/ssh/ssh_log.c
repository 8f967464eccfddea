/* What a try says and prints, on its way out. Output past the log_limit stays on the host; what is
 * secret is masked by whoever writes the log. */
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

void ssh_try_output(struct ssh_try *t, bool is_stderr, const char *bytes, size_t len)
{
	uint64_t room = t->logged < t->log_limit ? t->log_limit - t->logged : 0;
	size_t known = len < t->known[is_stderr] ? len : t->known[is_stderr];

	ssh_tail_add(&t->tails[is_stderr], bytes, len);
	t->known[is_stderr] -= known;
	bytes += known;
	len -= known;
	if (len == 0)
		return;
	/* Past the limit only the tails go on; the end of the log comes from them. */
	if (room > 0)
		t->events.on_output(t->ctx, is_stderr ? OP_STDERR : OP_STDOUT, bytes,
			len < room ? len : (size_t)room);
	t->logged += len;
}

void ssh_try_output_end(struct ssh_try *t, const char *last, size_t len, const char *rest_is_in)
{
	uint64_t left = t->logged > t->log_limit ? t->logged - t->log_limit : 0;
	size_t shown = len < left ? len : (size_t)left;

	if (left == 0)
		return;
	TRY_LOG(t, OP_WARNING, "%llu bytes of output are left out here, past the log_limit%s%s",
		(unsigned long long)(left - shown),
		rest_is_in[0] == '\0' ? "" : "; all of it is on the host, in ", rest_is_in);
	if (shown > 0)
		t->events.on_output(t->ctx, OP_STDOUT, last + len - shown, shown);
}
