/*
 * From a job to what the launcher is asked to run.
 *
 * A command and a script are both run as `INTERPRETER FILE ARGUMENTS`: nothing of them stands in an
 * argument list for others to see, and neither the folder's mount options nor the file's mode
 * matter. So the shebang is read here, by the kernel's rules: one word and at most one argument.
 */
#include <stdlib.h>
#include <string.h>

#include "engine/err.h"
#include "operators/launcher.h"
#include "operators/local_impl.h"
#include "operators/specs.h"
#include "operators/wire.h"

#define BLANKS " \t"

/* Adds the interpreter's words. How many; 0 where there is none. */
static int64_t send_interpreter(struct buf *out, size_t start, struct op_bytes script,
	const struct op_setting *interpreter, bool is_command)
{
	const char *at, *end;
	int64_t n = 0;

	if (interpreter->is_set && interpreter->text.len > 0) {
		at = interpreter->text.data;
		for (at += strspn(at, BLANKS); *at != '\0'; at += strspn(at, BLANKS), n++) {
			wire_string(out, start, at, strcspn(at, BLANKS));
			at += strcspn(at, BLANKS);
		}
		return n;
	}
	if (is_command || script.len < 2 || memcmp(script.data, "#!", 2) != 0) {
		wire_string(out, start, "/bin/sh", 7);
		return 1;
	}
	at = script.data + 2;
	end = memchr(at, '\n', script.len - 2);
	end = end == NULL ? script.data + script.len : end;
	for (; end > at && strchr(" \t\r", end[-1]) != NULL; end--)
		;
	for (; at < end && strchr(BLANKS, *at) != NULL; at++)
		;
	for (const char *from = at; at < end && n < 2; from = at, n++) {
		/* N.B. the second word reaches to the line's end. */
		while (at < end && (n == 1 || strchr(BLANKS, *at) == NULL))
			at++;
		wire_string(out, start, from, (size_t)(at - from));
		for (; at < end && strchr(BLANKS, *at) != NULL; at++)
			;
	}
	return n;
}

/* The folder to start in, in scratch where it had to be put together. */
static struct op_bytes directory_of(
	const struct local *l, const struct op_setting *directory, struct buf *scratch)
{
	if (!directory->is_set || directory->text.len == 0)
		return (struct op_bytes){.data = l->user_folder, .len = strlen(l->user_folder)};
	if (directory->text.data[0] == '/')
		return directory->text;
	buf_addf(scratch, "%s/", l->user_folder);
	buf_add(scratch, directory->text.data, directory->text.len);
	return (struct op_bytes){.data = buf_str(scratch), .len = scratch->len};
}

static bool has_nul(struct op_bytes b)
{
	return b.len > 0 && memchr(b.data, '\0', b.len) != NULL;
}

static int check(const struct op_setting *script, const struct op_setting *arguments,
	const struct op_setting *directory, const struct op_setting *interpreter, struct err *e)
{
	if (!script->is_set)
		return err_set(e, ERR_INVALID, "there is neither a command nor a script");
	if (has_nul(directory->text))
		return err_set(e, ERR_INVALID, "working_directory holds a NUL byte");
	if (has_nul(interpreter->text))
		return err_set(e, ERR_INVALID, "interpreter holds a NUL byte");
	for (size_t i = 0; i < arguments->n; i++)
		if (has_nul(arguments->list[i]))
			return err_set(e, ERR_INVALID,
				"argument %zu holds a NUL byte, which no argument can", i + 1);
	return 0;
}

/* The line for the log that says what runs: a command's first line, or a script's size. */
static void running_text_set(struct local_try *t, const struct op_setting *script, bool is_command)
{
	size_t len = strcspn(script->text.data, "\n");
	bool is_cut = len < script->text.len || len > LOCAL_SHOWN_MAX;
	int n;

	if (len > LOCAL_SHOWN_MAX)
		len = LOCAL_SHOWN_MAX;
	n = is_command ? asprintf(&t->running, "Running command: %.*s%s", (int)len,
				 script->text.data, is_cut ? " ..." : "")
		       : asprintf(&t->running, "Running script: %zu bytes", script->text.len);
	if (n < 0)
		t->running = NULL;
}

int local_script_send(const struct local *l, struct local_try *t, const struct op_job *job,
	struct buf *out, struct err *e)
{
	const struct op_setting *settings = job->settings;
	const struct op_setting *command = &settings[LOCAL_KEY_COMMAND];
	const struct op_setting *script = command->is_set ? command : &settings[LOCAL_KEY_SCRIPT];
	const struct op_setting *arguments = &settings[LOCAL_KEY_ARGUMENTS];
	const struct op_setting *directory = &settings[LOCAL_KEY_WORKING_DIRECTORY];
	const struct op_setting *interpreter = &settings[LOCAL_KEY_INTERPRETER];
	const struct op_setting *detach = &settings[LOCAL_KEY_DETACH];
	const char *search = local_environ_search(l, job);
	struct wire_message m = {.kind = LAUNCHER_START, .job = t->number};
	struct buf scratch;
	struct op_bytes folder;
	char *file;
	size_t start;
	int r = check(script, arguments, directory, interpreter, e);

	if (r != 0)
		return r;
	running_text_set(t, script, command->is_set);
	m.n[0] = t->timeout_ms;
	m.n[1] = job->kill_grace_ms;
	if (job->dies_with_engine || (detach->is_set && !detach->truth))
		m.n[2] |= LAUNCHER_DIES_WITH_ENGINE;
	if (!directory->is_set)
		m.n[2] |= LAUNCHER_HOME_OR_ROOT;
	buf_init(&scratch, 0);
	folder = directory_of(l, directory, &scratch);
	wire_begin(out, &m, &start);
	wire_string(out, start, t->folder, strlen(t->folder));
	wire_string(out, start, job->execution_id, strlen(job->execution_id));
	wire_string(out, start, script->text.data, script->text.len);
	wire_string(out, start, folder.data, folder.len);
	wire_string(out, start, search, strlen(search));
	buf_reset(&scratch);
	m.n[3] = send_interpreter(out, start, script->text, interpreter, command->is_set);
	if (m.n[3] == 0)
		r = err_set(e, ERR_INVALID, "the script's first line, #!, names no interpreter");
	buf_addf(&scratch, "%s/script", t->folder);
	file = buf_steal(&scratch);
	if (file == NULL && r == 0)
		r = err_set(e, ERR_NOMEM, "%s", err_text(ERR_NOMEM));
	if (r == 0)
		wire_string(out, start, file, strlen(file));
	for (size_t i = 0; i < arguments->n; i++)
		wire_string(out, start, arguments->list[i].data, arguments->list[i].len);
	m.n[3] += 1 + (int64_t)arguments->n;
	wire_numbers_set(out, start, m.n);
	if (r == 0)
		r = local_environ_send(l, job, t->response_path, out, start, e);
	wire_end(out, start);
	if (r == 0 && buf_status(out) != 0)
		r = err_set(e, ERR_NOMEM, "%s", err_text(ERR_NOMEM));
	free(file);
	buf_free(&scratch);
	return r;
}
