/*
 * What a task is made of, and what is imported, where memory runs out: a part that got lost in
 * silence would be a host that is not checked, an argument that is missing, a line that never runs.
 */
#include <stdlib.h>
#include <string.h>

#include "cli/import.h"
#include "engine/arena.h"
#include "engine/diag.h"
#include "engine/err.h"
#include "operators/ssh/known_hosts.h"
#include "operators/ssh/target_make.h"
#include "scheduler/outputs.h"
#include "scheduler/render.h"
#include "store/zoneinfo.h"
#include "tests/unit/dag_kit.h"
#include "tests/unit/nomem_job.h"
#include "tests/unit/tap.h"

static int known_hosts_job(struct buf *said)
{
	static const char text[] =
		"# a note\n"
		"box,10.0.0.1 ssh-ed25519 "
		"AAAAC3NzaC1lZDI1NTE5AAAAIAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA\n"
		"@revoked * ssh-ed25519 "
		"AAAAC3NzaC1lZDI1NTE5AAAAIAEAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA\n";
	static const unsigned char key[51] = "\0\0\0\013ssh-ed25519\0\0\0\040",
				   other[51] = "\0\0\0\013ssh-ed25519\0\0\0\040\001";
	struct known_hosts *k = known_hosts_create();
	struct known_hosts_result first = {0}, second = {0};
	struct buf algorithms;
	struct err e = {0};
	int r = k == NULL ? ERR_NOMEM : known_hosts_add(k, "file", text, strlen(text), &e);

	buf_init(&algorithms, 0);
	if (r == 0) {
		first = known_hosts_check(k, "box", 22, key, sizeof(key));
		second = known_hosts_check(k, "box", 22, other, sizeof(other));
		known_hosts_algorithms(k, "box", 22, &algorithms);
	}
	nomem_job_stop();
	r = r == 0 ? buf_status(&algorithms) : r;
	buf_addf(said, "%d:%u %d:%u %s%s", (int)first.verdict, first.line, (int)second.verdict,
		second.line, buf_str(&algorithms), e.text);
	buf_free(&algorithms);
	known_hosts_destroy(k);
	return r;
}

/* Connections for targets. */
static int find(void *ctx, struct arena *a, const char *id, struct connection *out, struct err *e)
{
	static const char far[] =
		"{\"conn_type\": \"ssh\", \"host\": \"far\", \"login\": \"anna\", "
		"\"extra\": {\"jump\": \"near\", \"max_sessions\": 3, "
		"\"conn_timeout\": 7, \"private_key\": \"k\", "
		"\"private_key_passphrase\": \"p\"}}",
			  near[] = "ssh://bob@near:2222/?keypair=deploy&look_for_keys=no&"
				   "host_proxy_cmd=nc%20%25h";
	const char *text = strcmp(id, "far") == 0 ? far : near;

	(void)ctx;
	return connection_parse(a, id, text, strlen(text), out, e);
}

static int keypair(
	void *ctx, struct arena *a, const char *name, const char **key, size_t *len, struct err *e)
{
	(void)ctx, (void)a, (void)name, (void)e;
	*key = "one";
	*len = strlen(*key);
	return 0;
}

static void say_target(struct buf *said, const struct ssh_target *t)
{
	buf_addf(said, "%s %s@%s %s %u %u %s", t->conn_id, t->login, t->place, t->identity,
		t->max_sessions, t->conn_timeout_ms,
		t->proxy_command == NULL ? "" : t->proxy_command);
	for (size_t i = 0; i < t->n_keys; i++)
		buf_addf(said, " %.*s:%s", (int)t->keys[i].len, t->keys[i].bytes,
			t->keys[i].passphrase == NULL ? "" : t->keys[i].passphrase);
	buf_addc(said, '\n');
}

static int target_job(struct buf *said)
{
	static const struct connection_source source = {.find = find, .keypair = keypair};
	struct ssh_target *t = NULL;
	struct err e = {0};
	int r = ssh_target_make(&source, "far", NULL, 0, &t, &e);

	nomem_job_stop();
	for (const struct ssh_target *at = t; at != NULL; at = at->jump)
		say_target(said, at);
	buf_adds(said, e.text);
	ssh_target_release(t);
	return r;
}

static int var(void *ctx, const char *name, size_t len, struct arena *scratch, struct value *out,
	struct err *e)
{
	const char *text = arena_printf(scratch, "the value of %.*s", (int)len, name);

	(void)ctx;
	if (text == NULL)
		return err_set(e, ERR_NOMEM, "%s", err_text(ERR_NOMEM));
	*out = value_string(text, strlen(text));
	return 0;
}

static int conn(void *ctx, const char *id, size_t len, const char *attribute, struct arena *scratch,
	struct value *out, struct err *e)
{
	(void)ctx, (void)id, (void)len, (void)attribute;
	*out = value_int(scratch, 2222);
	return out->type == VALUE_NULL ? err_set(e, ERR_NOMEM, "%s", err_text(ERR_NOMEM)) : 0;
}

/* What is rendered: a task of it. */
static const char dag_text[] =
	"dag_id: d\nparams: {p: it's, l: [a, b c]}\ntasks:\n"
	"  first: {operator: local, command: x}\n"
	"  a:\n"
	"    operator: ssh\n"
	"    ssh_conn_id: box\n"
	"    script: |\n"
	"      cat <<END\n"
	"      $<first.output.response> $<params.l | join(',')>\n"
	"      END\n"
	"      echo $<params.p> \"$<run.ds>\" $<conn.box.port> $<first.output.exitCode>\n"
	"    arguments: [$<params.p | upper>, $<params.l>, $<task.try_number>, $<index>]\n"
	"    environment: {V: $<var.v>, I: $<run.id>, W: $<task.id>}\n"
	"    when: $<first.output.exitCode> == 3\n"
	"    for_each: $<params.l>\n";
static struct dag *dag;

static void say_job(struct buf *said, const struct render_job *j)
{
	for (size_t i = 0; i < dag->tasks[1].op->n_keys; i++) {
		const struct op_setting *s = &j->settings[i];

		buf_addf(said, "%d %s", s->is_set, s->text.data == NULL ? "" : s->text.data);
		for (size_t k = 0; k < s->n; k++)
			buf_addf(said, " %s", s->list[k].data);
		buf_addc(said, '\n');
	}
	for (size_t i = 0; i < j->n_environment; i++)
		buf_addf(said, "%s=%s\n", j->environment[i].name, j->environment[i].value.data);
}

static int first_ends(struct outputs *o, struct err *e)
{
	static const struct op_result result = {.response = {"{\"x\": [1]}", 10},
		.exit_code = 3,
		.completed = true,
		.message = "",
		.response_path = "/r",
		.log_path = "/l",
		.error_path = "/e",
		.user_folder = "/u"};

	return outputs_keep(o, 0, RUN_NO_INSTANCE, "x", &result, e);
}

static int render_job(struct buf *said)
{
	static const struct render_source source = {.var = var, .conn = conn};
	const struct value items[2] = {value_cstring("a"), value_cstring("b c")};
	const struct value_pair pairs[2] = {value_pair_of("p", value_cstring("it's")),
		value_pair_of("l", (struct value){.type = VALUE_LIST, .len = 2, .u.items = items})};
	const struct run_facts facts = {.run_id = "manual__1",
		.conf = {.type = VALUE_MAP},
		.params = {.type = VALUE_MAP, .len = 2, .u.pairs = pairs}};
	struct outputs *o = outputs_create(dag);
	const struct render r = {.dag = dag,
		.run = &facts,
		.outputs = o,
		.source = &source,
		.task = 1,
		.try_number = 2,
		.item = &items[1],
		.index = 1};
	struct arena *a = arena_create(0);
	struct render_job made = {0};
	struct value list = {0};
	struct err e = {0};
	bool truth = false;
	int status = a == NULL || o == NULL ? ERR_NOMEM : first_ends(o, &e);

	if (status == 0)
		status = render_task(&r, a, &made, &e);
	if (status == 0)
		status = render_when(&r, &truth, &e);
	if (status == 0)
		status = render_items(&r, a, &list, &e);
	nomem_job_stop();
	if (status == 0)
		say_job(said, &made);
	value_json(&list, said);
	buf_addf(said, " %d%s", truth, e.text);
	outputs_destroy(o);
	arena_destroy(a);
	return status;
}

static int zones(struct buf *said, const char *name)
{
	struct zoneinfo *z = zoneinfo_create(NULL);
	const struct zone *zone = NULL;
	struct zone_source source;
	struct err e = {0};
	int r = ERR_NOMEM;

	if (z != NULL) {
		source = zoneinfo_source(z);
		r = source.find(source.ctx, name, &zone, &e);
	}
	nomem_job_stop();
	buf_addf(said, "%s%s", r == 0 ? zone_name(zone) : "", e.text);
	zoneinfo_destroy(z);
	return r;
}

static int zone_job(struct buf *said)
{
	return zones(said, "Europe/London");
}

static int zone_bad_job(struct buf *said)
{
	return zones(said, "Europe/Lodnon");
}

/* Adds what an importer made, and what it told. */
static int say_import(struct buf *said, int r, struct diags *notes, struct buf *out)
{
	nomem_job_stop();
	r = r == 0 ? buf_status(out) : r;
	r = notes != NULL && diags_are_short(notes) ? ERR_NOMEM : r;
	buf_adds(said, buf_str(out));
	if (notes != NULL)
		diags_print(notes, said);
	buf_free(out);
	diags_destroy(notes);
	return r;
}

static int crontab_job(struct buf *said)
{
	static const struct import_crontab_options o = {.conn_id = "web", .timezone = "UTC"};
	static const char text[] =
		"MAILTO=root\nPATH=/bin\n# a note\n*/5 * * * * backup --to $HOME %x%y\n"
		"@reboot x\n@daily cd /srv && ./run '$<a>'\n61 * * * * wrong\n";
	struct diags *notes = diags_create("crontab");
	struct buf out;
	struct err e;
	size_t n;

	buf_init(&out, 0);
	return say_import(said,
		notes == NULL ? ERR_NOMEM
			      : import_crontab(&o, text, strlen(text), notes, &out, &n, &e),
		notes, &out);
}

static int codestream_job(struct buf *said)
{
	static const char text[] =
		"kind: PIPELINE\nname: a b\ninput: {x: '1', y z: ''}\nstageOrder: [S 1, "
		"T]\nstages:\n"
		"  S 1:\n    taskOrder: ['a,b']\n    tasks:\n"
		"      a: {type: SSH, input: {host: '${input.x}', username: u, password: "
		"'${var.p}', "
		"script: 'echo ${input.y z}', arguments: ['a b']}}\n"
		"      b: {type: Condition, input: {condition: '${input.x} == 1'}}\n"
		"  T:\n    taskOrder: [c, d]\n    tasks:\n"
		"      c: {type: REST, input: {action: get, url: "
		"'http://h/${a.output.response.x}'}}\n"
		"      d: {type: UserOperation, input: {}}\n"
		"---\nkind: VARIABLE\nname: p\ntype: SECRET\nvalue: x\n";
	struct diags *notes = diags_create("pipeline");
	struct buf out;
	struct err e;
	size_t n;

	buf_init(&out, 0);
	return say_import(said,
		notes == NULL ? ERR_NOMEM
			      : import_codestream(text, strlen(text), notes, &out, &n, &e),
		notes, &out);
}

int main(void)
{
	(void)setenv("HOME", "/var/empty/nobody", 1);
	dag = dag_kit_load(dag_text);
	nomem_job_test(known_hosts_job, "known hosts");
	nomem_job_test(target_job, "a target");
	nomem_job_test(render_job, "a task");
	nomem_job_test(zone_job, "a time zone");
	nomem_job_test(zone_bad_job, "one that there is not");
	nomem_job_test(crontab_job, "a crontab");
	nomem_job_test(codestream_job, "a pipeline");
	dag_destroy(dag);
	return tap_done();
}
