/*
 * The environment of local tasks: a small clean part of the engine's own, the script contract, and
 * what the task says. The engine's own settings and connections, WINDROW_..., never pass.
 */
#include <errno.h>
#include <pwd.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "engine/err.h"
#include "operators/local_impl.h"
#include "operators/wire.h"

#define DEFAULT_PATH "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"

/* What passes from the engine's environment. LC_... does too. */
static const char *const inherited[] = {
	"HOME", "LANG", "LANGUAGE", "LOGNAME", "PATH", "SHELL", "TMPDIR", "TZ", "USER"};

/* Whether entry is NAME=..., for a name of this length. */
static bool names(const char *entry, const char *name, size_t len)
{
	return strncmp(entry, name, len) == 0 && entry[len] == '=';
}

static const char *entry_find(const char *block, size_t len, const char *name)
{
	size_t name_len = strlen(name);

	for (const char *at = block; at < block + len; at += strlen(at) + 1)
		if (names(at, name, name_len))
			return at + name_len + 1;
	return NULL;
}

static bool passes(const char *entry)
{
	if (strncmp(entry, "LC_", 3) == 0)
		return true;
	for (size_t i = 0; i < sizeof(inherited) / sizeof(inherited[0]); i++)
		if (names(entry, inherited[i], strlen(inherited[i])))
			return true;
	return false;
}

static void add_default(struct buf *b, const char *name, const char *value)
{
	if (value == NULL || (b->len > 0 && entry_find(b->data, b->len, name) != NULL))
		return;
	buf_addf(b, "%s=%s", name, value);
	buf_addc(b, '\0');
}

int local_environ_gather(struct local *l)
{
	const struct passwd *user = getpwuid(getuid());
	struct buf *b = &l->environ;
	const char *home;

	for (size_t i = 0; l->host->environ != NULL && l->host->environ[i] != NULL; i++)
		if (passes(l->host->environ[i]))
			buf_add(b, l->host->environ[i], strlen(l->host->environ[i]) + 1);
	add_default(b, "PATH", DEFAULT_PATH);
	add_default(b, "HOME", user == NULL ? "/" : user->pw_dir);
	add_default(b, "USER", user == NULL ? NULL : user->pw_name);
	add_default(b, "LOGNAME", user == NULL ? NULL : user->pw_name);
	add_default(b, "SHELL", "/bin/sh");
	if (buf_status(b) != 0)
		return ERR_NOMEM;
	home = entry_find(b->data, b->len, "HOME");
	l->user_folder = strdup(home[0] == '/' ? home : "/");
	return l->user_folder == NULL ? ERR_NOMEM : 0;
}

/* The contract's own variables, which a task cannot take away. */
static bool is_ours(const char *name)
{
	static const char *const ours[] = {"SCRIPT_RESPONSE_FILE", "WINDROW_SCRIPT_EXECUTION_ID",
		"WINDROW_DAG_ID", "WINDROW_TASK_ID", "WINDROW_RUN_ID", "WINDROW_TRY_NUMBER"};

	for (size_t i = 0; i < sizeof(ours) / sizeof(ours[0]); i++)
		if (strcmp(name, ours[i]) == 0)
			return true;
	return false;
}

static bool is_overridden(const struct op_job *job, const char *entry)
{
	for (size_t i = 0; i < job->n_environment; i++)
		if (names(entry, job->environment[i].name, strlen(job->environment[i].name)))
			return true;
	return false;
}

static void send_pair(
	struct buf *out, size_t start, struct buf *scratch, const char *name, struct op_bytes value)
{
	buf_reset(scratch);
	buf_adds(scratch, name);
	buf_addc(scratch, '=');
	buf_add(scratch, value.data, value.len);
	wire_string(out, start, buf_str(scratch), scratch->len);
}

static struct op_bytes bytes_of(const char *s)
{
	return (struct op_bytes){.data = s, .len = strlen(s)};
}

int local_environ_send(const struct local *l, const struct op_job *job, const char *response_path,
	struct buf *out, size_t start, struct err *e)
{
	struct buf scratch;
	char number[16];
	int r = 0;

	buf_init(&scratch, 0);
	for (size_t i = 0; i < l->environ.len; i += strlen(l->environ.data + i) + 1)
		if (!is_overridden(job, l->environ.data + i))
			wire_string(out, start, l->environ.data + i, strlen(l->environ.data + i));
	for (size_t i = 0; i < job->n_environment && r == 0; i++) {
		const struct op_variable *v = &job->environment[i];

		if (v->value.len > 0 && memchr(v->value.data, '\0', v->value.len) != NULL)
			r = err_set(e, ERR_INVALID,
				"the value of %s in its environment holds a NUL byte, which no "
				"environment can",
				v->name);
		else if (!is_ours(v->name))
			send_pair(out, start, &scratch, v->name, v->value);
	}
	(void)snprintf(number, sizeof(number), "%u", job->try_number);
	send_pair(out, start, &scratch, "SCRIPT_RESPONSE_FILE", bytes_of(response_path));
	send_pair(out, start, &scratch, "WINDROW_SCRIPT_EXECUTION_ID", bytes_of(job->execution_id));
	send_pair(out, start, &scratch, "WINDROW_DAG_ID", bytes_of(job->dag_id));
	send_pair(out, start, &scratch, "WINDROW_TASK_ID", bytes_of(job->task_id));
	send_pair(out, start, &scratch, "WINDROW_RUN_ID", bytes_of(job->run_id));
	send_pair(out, start, &scratch, "WINDROW_TRY_NUMBER", bytes_of(number));
	if (r == 0 && buf_status(&scratch) != 0)
		r = err_set(e, ERR_NOMEM, "%s", err_text(ERR_NOMEM));
	buf_free(&scratch);
	return r;
}

const char *local_environ_search(const struct local *l, const struct op_job *job)
{
	for (size_t i = 0; i < job->n_environment; i++)
		if (strcmp(job->environment[i].name, "PATH") == 0)
			return job->environment[i].value.data;
	return entry_find(l->environ.data, l->environ.len, "PATH");
}
