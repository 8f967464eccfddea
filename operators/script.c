/*
 * A command and a script are both run as `INTERPRETER FILE ARGUMENTS`: nothing of them stands in an
 * argument list for others to see, and neither the folder's mount options nor the file's mode
 * matter. So the shebang is read here, by the kernel's rules.
 */
#include "operators/script.h"

#include <stdio.h>
#include <string.h>

#include "engine/buf.h"
#include "engine/err.h"
#include "operators/specs.h"

static bool is_blank(char c)
{
	return c == ' ' || c == '\t';
}

/* Not a script. */
static bool is_command(const struct op_job *job)
{
	return job->settings[LOCAL_KEY_COMMAND].is_set;
}

struct op_bytes script_text(const struct op_job *job)
{
	return job->settings[is_command(job) ? LOCAL_KEY_COMMAND : LOCAL_KEY_SCRIPT].text;
}

static bool has_nul(struct op_bytes b)
{
	return b.len > 0 && memchr(b.data, '\0', b.len) != NULL;
}

static void on_nothing(void *ctx, const char *word, size_t len)
{
	(void)ctx, (void)word, (void)len;
}

int script_check(const struct op_job *job, struct err *e)
{
	const struct op_setting *s = job->settings, *arguments = &s[LOCAL_KEY_ARGUMENTS];

	if (!is_command(job) && !s[LOCAL_KEY_SCRIPT].is_set)
		return err_set(e, ERR_INVALID, "there is neither a command nor a script");
	if (has_nul(s[LOCAL_KEY_WORKING_DIRECTORY].text))
		return err_set(e, ERR_INVALID, "working_directory holds a NUL byte");
	if (has_nul(s[LOCAL_KEY_INTERPRETER].text))
		return err_set(e, ERR_INVALID, "interpreter holds a NUL byte");
	for (size_t i = 0; i < arguments->n; i++)
		if (has_nul(arguments->list[i]))
			return err_set(e, ERR_INVALID,
				"argument %zu holds a NUL byte, which no argument can", i + 1);
	for (size_t i = 0; i < job->n_environment; i++)
		if (has_nul(job->environment[i].value))
			return err_set(e, ERR_INVALID,
				"the value of %s in its environment holds a NUL byte, which no "
				"environment can",
				job->environment[i].name);
	if (script_words(job, on_nothing, NULL) == 0)
		return err_set(e, ERR_INVALID, "the script's first line, #!, names no interpreter");
	return 0;
}

/* At most max words between at and end; the last of them reaches to the end. */
static size_t words_between(const char *at, const char *end, size_t max,
	void (*on_word)(void *ctx, const char *word, size_t len), void *ctx)
{
	const char *from;
	size_t n = 0;

	for (; end > at && (is_blank(end[-1]) || end[-1] == '\r'); end--)
		;
	for (;;) {
		for (; at < end && is_blank(*at); at++)
			;
		if (at == end)
			return n;
		from = at;
		if (++n == max)
			at = end;
		for (; at < end && !is_blank(*at); at++)
			;
		on_word(ctx, from, (size_t)(at - from));
	}
}

size_t script_words(const struct op_job *job,
	void (*on_word)(void *ctx, const char *word, size_t len), void *ctx)
{
	const struct op_setting *interpreter = &job->settings[LOCAL_KEY_INTERPRETER];
	struct op_bytes text = script_text(job);
	const char *end;

	if (interpreter->is_set && interpreter->text.len > 0)
		return words_between(interpreter->text.data,
			interpreter->text.data + interpreter->text.len, SIZE_MAX, on_word, ctx);
	if (is_command(job) || text.len < 2 || memcmp(text.data, "#!", 2) != 0) {
		on_word(ctx, "/bin/sh", strlen("/bin/sh"));
		return 1;
	}
	end = memchr(text.data, '\n', text.len);
	return words_between(
		text.data + 2, end == NULL ? text.data + text.len : end, 2, on_word, ctx);
}

/* The contract's own variables. */
static bool is_ours(const char *name)
{
	static const char *const ours[] = {"SCRIPT_RESPONSE_FILE", "WINDROW_SCRIPT_EXECUTION_ID",
		"WINDROW_DAG_ID", "WINDROW_TASK_ID", "WINDROW_RUN_ID", "WINDROW_TRY_NUMBER"};

	for (size_t i = 0; i < sizeof(ours) / sizeof(ours[0]); i++)
		if (strcmp(name, ours[i]) == 0)
			return true;
	return false;
}

static struct op_bytes bytes_of(const char *s)
{
	return (struct op_bytes){.data = s, .len = strlen(s)};
}

void script_variables(const struct op_job *job,
	void (*on_variable)(void *ctx, const char *name, struct op_bytes value), void *ctx)
{
	for (size_t i = 0; i < job->n_environment; i++)
		if (!is_ours(job->environment[i].name))
			on_variable(ctx, job->environment[i].name, job->environment[i].value);
}

void script_facts(const struct op_job *job,
	void (*on_variable)(void *ctx, const char *name, struct op_bytes value), void *ctx)
{
	char number[16];

	(void)snprintf(number, sizeof(number), "%u", job->try_number);
	on_variable(ctx, "WINDROW_DAG_ID", bytes_of(job->dag_id));
	on_variable(ctx, "WINDROW_TASK_ID", bytes_of(job->task_id));
	on_variable(ctx, "WINDROW_RUN_ID", bytes_of(job->run_id));
	on_variable(ctx, "WINDROW_TRY_NUMBER", bytes_of(number));
}

void script_running(const struct op_job *job, struct buf *out)
{
	struct op_bytes text = script_text(job);
	const char *nl = text.len == 0 ? NULL : memchr(text.data, '\n', text.len);
	size_t len = nl == NULL ? text.len : (size_t)(nl - text.data);
	bool is_whole = len == text.len && len <= SCRIPT_SHOWN_MAX;

	/* N.B. it is shown whole or not at all: what masks secrets does not know a piece of one. */
	buf_addf(out, "Running %s: ", is_command(job) ? "command" : "script");
	if (is_command(job) && is_whole)
		buf_add(out, text.data, len);
	else
		buf_addf(out, "%zu bytes", text.len);
}
