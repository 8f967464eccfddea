/*
 * A local execution's claim and result, as they lie on disk. What is taken is what could have been
 * written: a process that a signal may be sent to, a status that a process can end with; and it is
 * the same when it is written anew. The first byte chooses.
 */
#include <inttypes.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "engine/err.h"
#include "operators/execution.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_claim(const char *text)
{
	struct execution_claim c, again;
	char anew[EXECUTION_CLAIM_MAX];
	int r = execution_claim_parse(text, &c), n;

	if (r != 0 && r != ERR_CORRUPT)
		abort();
	if (r != 0)
		return;
	if (c.owner.launcher < 1 || c.owner.boot_id[0] == '\0' || (c.group != 0 && c.group < 2))
		abort();
	n = snprintf(anew, sizeof(anew), "launcher %ld %" PRIu64 " %s\n", (long)c.owner.launcher,
		c.owner.started, c.owner.boot_id);
	if (c.group != 0)
		(void)snprintf(anew + n, sizeof(anew) - (size_t)n, "group %ld\n", (long)c.group);
	if (execution_claim_parse(anew, &again) != 0 || again.group != c.group ||
		again.owner.launcher != c.owner.launcher ||
		again.owner.started != c.owner.started ||
		strcmp(again.owner.boot_id, c.owner.boot_id) != 0)
		abort();
}

static void check_result(const char *text)
{
	struct execution_result out, again;
	char anew[EXECUTION_RESULT_MAX + 1];
	int r = execution_result_parse(text, &out);

	if (r != 0 && r != ERR_NOTFOUND && r != ERR_CORRUPT)
		abort();
	if (r != 0)
		return;
	if (out.number < (out.end == EXECUTION_EXITED ? 0 : 1) || out.number > 255)
		abort();
	(void)snprintf(anew, sizeof(anew), "%s%s %d", out.is_timed_out ? "timeout " : "",
		out.end == EXECUTION_EXITED ? "exit" : "signal", out.number);
	if (execution_result_parse(anew, &again) != 0 || again.end != out.end ||
		again.number != out.number || again.is_timed_out != out.is_timed_out)
		abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *text;

	if (size == 0)
		return 0;
	text = strndup((const char *)data + 1, size - 1);
	if (text == NULL)
		abort();
	(data[0] % 2 == 0 ? check_claim : check_result)(text);
	free(text);
	return 0;
}
