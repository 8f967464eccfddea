/* From a job to what the launcher is asked to run. */
#include <stdlib.h>
#include <string.h>

#include "engine/err.h"
#include "operators/launcher.h"
#include "operators/local_impl.h"
#include "operators/script.h"
#include "operators/specs.h"
#include "operators/wire.h"

struct words {
	struct buf *out;
	size_t start;
};

static void send_word(void *ctx, const char *word, size_t len)
{
	struct words *w = ctx;

	wire_string(w->out, w->start, word, len);
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

/* The line for the log that says what runs, kept until it does. */
static void running_text_set(struct local_try *t, const struct op_job *job)
{
	struct buf text;

	buf_init(&text, 0);
	script_running(job, &text);
	t->running = buf_steal(&text);
}

int local_script_send(const struct local *l, struct local_try *t, const struct op_job *job,
	struct buf *out, struct err *e)
{
	const struct op_setting *settings = job->settings;
	const struct op_setting *arguments = &settings[LOCAL_KEY_ARGUMENTS];
	const struct op_setting *directory = &settings[LOCAL_KEY_WORKING_DIRECTORY];
	const struct op_setting *detach = &settings[LOCAL_KEY_DETACH];
	const char *search = local_environ_search(l, job);
	struct wire_message m = {.kind = LAUNCHER_START, .job = t->number};
	struct buf scratch;
	struct op_bytes folder;
	char *file;
	size_t start;
	struct op_bytes script;
	struct words words = {.out = out};
	int r = script_check(job, e);

	if (r != 0)
		return r;
	script = script_text(job);
	running_text_set(t, job);
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
	wire_string(out, start, script.data, script.len);
	wire_string(out, start, folder.data, folder.len);
	wire_string(out, start, search, strlen(search));
	buf_reset(&scratch);
	words.start = start;
	m.n[3] = (int64_t)script_words(job, send_word, &words);
	buf_addf(&scratch, "%s/script", t->folder);
	file = buf_steal(&scratch);
	if (file == NULL)
		r = ERR_NOMEM;
	else
		wire_string(out, start, file, strlen(file));
	for (size_t i = 0; i < arguments->n; i++)
		wire_string(out, start, arguments->list[i].data, arguments->list[i].len);
	m.n[3] += 1 + (int64_t)arguments->n;
	wire_numbers_set(out, start, m.n);
	if (r == 0)
		r = local_environ_send(l, job, t->response_path, out, start);
	wire_end(out, start);
	if (r != 0 || buf_status(out) != 0)
		r = err_set(e, ERR_NOMEM, "%s", err_text(ERR_NOMEM));
	free(file);
	buf_free(&scratch);
	return r;
}
