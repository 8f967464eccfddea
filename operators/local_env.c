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
#include "operators/script.h"
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

static bool is_overridden(const struct op_job *job, const char *entry)
{
	for (size_t i = 0; i < job->n_environment; i++)
		if (names(entry, job->environment[i].name, strlen(job->environment[i].name)))
			return true;
	return false;
}

struct pairs {
	struct buf *out;
	size_t start;
	struct buf scratch;
};

static void send_pair(void *ctx, const char *name, struct op_bytes value)
{
	struct pairs *p = ctx;

	buf_reset(&p->scratch);
	buf_adds(&p->scratch, name);
	buf_addc(&p->scratch, '=');
	buf_add(&p->scratch, value.data, value.len);
	wire_string(p->out, p->start, buf_str(&p->scratch), p->scratch.len);
}

int local_environ_send(const struct local *l, const struct op_job *job, const char *response_path,
	struct buf *out, size_t start)
{
	struct op_bytes response = {.data = response_path, .len = strlen(response_path)},
			id = {.data = job->execution_id, .len = strlen(job->execution_id)};
	struct pairs p = {.out = out, .start = start};
	int r;

	buf_init(&p.scratch, 0);
	for (size_t i = 0; i < l->environ.len; i += strlen(l->environ.data + i) + 1)
		if (!is_overridden(job, l->environ.data + i))
			wire_string(out, start, l->environ.data + i, strlen(l->environ.data + i));
	send_pair(&p, "SCRIPT_RESPONSE_FILE", response);
	send_pair(&p, "WINDROW_SCRIPT_EXECUTION_ID", id);
	script_variables(job, send_pair, &p);
	script_facts(job, send_pair, &p);
	r = buf_status(&p.scratch);
	buf_free(&p.scratch);
	return r;
}

const char *local_environ_search(const struct local *l, const struct op_job *job)
{
	for (size_t i = 0; i < job->n_environment; i++)
		if (strcmp(job->environment[i].name, "PATH") == 0)
			return job->environment[i].value.data;
	return entry_find(l->environ.data, l->environ.len, "PATH");
}
