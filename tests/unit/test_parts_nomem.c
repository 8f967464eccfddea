/*
 * What reads and makes texts, where memory runs out: a part that got lost in silence would be a
 * secret that is shown, a value without its quotes, a setting that does not count.
 */
#include <string.h>

#include "engine/arena.h"
#include "engine/cond.h"
#include "engine/err.h"
#include "engine/mask.h"
#include "engine/scan.h"
#include "engine/template.h"
#include "engine/value.h"
#include "scheduler/request.h"
#include "store/connection_file.h"
#include "store/settings_impl.h"
#include "store/yaml_value.h"
#include "tests/unit/expr_world.h"
#include "tests/unit/nomem_job.h"
#include "tests/unit/tap.h"

static int mask_job(struct buf *said)
{
	static const char secret[] = "hunter2 \"and\" more", lines[] = "first line\nsecond line\n",
			  text[] = "it is hunter2 \"and\" more, hunter2 \\\"and\\\" more, "
				   "aHVudGVyMiAiYW5kIiBtb3Jl, second line, and no more";
	struct mask *m = mask_create();
	struct buf out;
	int r = m == NULL ? ERR_NOMEM : mask_add(m, secret, strlen(secret));

	buf_init(&out, 0);
	if (r == 0)
		r = mask_add(m, lines, strlen(lines));
	if (r == 0)
		mask_text(m, text, strlen(text), &out);
	nomem_job_stop();
	r = r == 0 ? buf_status(&out) : r;
	buf_adds(said, buf_str(&out));
	buf_free(&out);
	mask_destroy(m);
	return r;
}

static int stream_job(struct buf *said)
{
	static const char secret[] = "hunter2 and more", text[] = "it is hunter2 and more, it is";
	struct mask *m = mask_create();
	struct mask_stream *s = NULL;
	struct buf out;
	int r = m == NULL ? ERR_NOMEM : mask_add(m, secret, strlen(secret));

	buf_init(&out, 0);
	if (r == 0 && (s = mask_stream_create(m)) == NULL)
		r = ERR_NOMEM;
	for (size_t i = 0; r == 0 && i < strlen(text); i++)
		mask_stream_feed(s, text + i, 1, &out);
	if (r == 0)
		mask_stream_flush(s, &out);
	nomem_job_stop();
	r = r == 0 ? buf_status(&out) : r;
	buf_adds(said, buf_str(&out));
	buf_free(&out);
	mask_stream_destroy(s);
	mask_destroy(m);
	return r;
}

static void on_problem(void *ctx, bool is_warning, size_t at, const char *sentence)
{
	(void)ctx;
	(void)is_warning;
	(void)at;
	(void)sentence;
}

static int template_job(struct buf *said)
{
	static const char text[] =
		"cat <<END\n$<Dump.pg_dump.output.response>\nEND\n"
		"echo $<params.evil> \"$<params.evil | upper>\" '$<params.list | json>' `echo "
		"$<params.database>` $<params.list | join(',')> $<var.x | default('y')>\n";
	const struct template_report report = {NULL, on_problem};
	struct arena *a = arena_create(0);
	struct scan *scan = scan_create();
	struct template *t = NULL;
	struct err e = {0};
	struct buf out;
	int r = a == NULL || scan == NULL
		? ERR_NOMEM
		: template_compile(a, scan, text, strlen(text), TEMPLATE_SHELL, SH_POSIX,
			  world_scope(false), &report, &t);

	buf_init(&out, 0);
	if (r == 0)
		r = template_render(t, world_env(), &out, &e);
	nomem_job_stop();
	r = r == 0 ? buf_status(&out) : r;
	buf_addf(said, "%s%s", buf_str(&out), e.text);
	buf_free(&out);
	scan_destroy(scan);
	arena_destroy(a);
	return r;
}

static int cond_job(struct buf *said)
{
	static const char text[] =
		"($<params.keep> > 6 and $<params.list | join('-')> == 'a-b c-3') or "
		"$<params.database> not in ['x', \"shop\"] or not $<Check.size.output.completed>";
	const struct template_report report = {NULL, on_problem};
	struct arena *a = arena_create(0);
	struct scan *scan = scan_create();
	struct cond *c = NULL;
	struct err e = {0};
	bool truth = false;
	int r = a == NULL || scan == NULL
		? ERR_NOMEM
		: cond_compile(a, scan, text, strlen(text), world_scope(false), &report, &c);

	if (r == 0)
		r = cond_eval(c, world_env(), &truth, &e);
	nomem_job_stop();
	buf_addf(said, "%d %s", truth, e.text);
	scan_destroy(scan);
	arena_destroy(a);
	return r;
}

/* Adds what a value came to. */
static int say_value(struct buf *said, int r, const struct value *v, const struct err *e)
{
	nomem_job_stop();
	if (r == 0)
		value_json(v, said);
	else
		buf_adds(said, e->text);
	return r;
}

static int json_job(struct buf *said)
{
	static const char text[] =
		"{\"a\": [1, \"b\\n\\u00e9\", {\"c\": null}], \"a\": [2], \"d\": 1e9}";
	struct arena *a = arena_create(0);
	struct value v = {0};
	struct err e = {0};
	int r = a == NULL ? ERR_NOMEM : value_parse_json(a, text, strlen(text), &v, &e);

	r = say_value(said, r, &v, &e);
	arena_destroy(a);
	return r;
}

static int yaml(struct buf *said, const char *text)
{
	struct arena *a = arena_create(0);
	struct value v = {0};
	struct err e = {0};
	int r = a == NULL ? ERR_NOMEM : yaml_value_parse(a, "x", text, strlen(text), &v, &e);

	r = say_value(said, r, &v, &e);
	arena_destroy(a);
	return r;
}

static int yaml_job(struct buf *said)
{
	return yaml(said,
		"a: &x [1, 'b', {c: null}]\nd: *x\ne: |\n  text\n  more\nf: {<<: {g: 0x1f}}\n");
}

static int yaml_bad_job(struct buf *said)
{
	return yaml(said, "a: [1, 2\nb: 3\n");
}

static int request_job(struct buf *said)
{
	static const char text[] =
		"{\"do\": \"trigger\", \"dag_id\": \"nightly\", \"conf\": {\"n\": "
		"[3, \"x\"]}, \"actor\": \"cli:anna\"}";
	struct arena *a = arena_create(0);
	struct request q = {0};
	struct err e = {0};
	int r = a == NULL ? ERR_NOMEM : request_parse(a, text, strlen(text), &q, &e);

	nomem_job_stop();
	if (r == 0)
		request_write(&q, said);
	buf_adds(said, e.text);
	arena_destroy(a);
	return r;
}

/* Reads connections, and writes them as JSON. */
static int connections(struct buf *said, enum connection_format format, const char *text)
{
	struct arena *a = arena_create(0);
	struct connection_entry *list = NULL;
	struct connection *all;
	struct err e = {0};
	struct buf out;
	size_t n = 0;
	int r = a == NULL
		? ERR_NOMEM
		: connection_file_read(a, "file", format, text, strlen(text), &list, &n, &e);

	buf_init(&out, 0);
	all = r == 0 ? arena_array(a, n + 1, sizeof(*all)) : NULL;
	r = r == 0 && all == NULL ? ERR_NOMEM : r;
	for (size_t i = 0; r == 0 && i < n; i++)
		all[i] = list[i].said;
	if (r == 0)
		r = connection_file_write(a, CONNECTION_JSON, all, n, &out);
	nomem_job_stop();
	r = r == 0 ? buf_status(&out) : r;
	for (size_t i = 0; r == 0 && i < n; i++)
		buf_addf(said, "%s %zu %s\n", list[i].said.id, list[i].line,
			list[i].fault == NULL ? "" : list[i].fault);
	buf_addf(said, "%s%s", buf_str(&out), e.text);
	buf_free(&out);
	arena_destroy(a);
	return r;
}

static int connections_json_job(struct buf *said)
{
	return connections(said, CONNECTION_JSON,
		"{\"box\": {\"conn_type\": \"ssh\", \"host\": \"h\", \"password\": \"pw\", "
		"\"extra\": "
		"\"{\\\"key_file\\\": \\\"/k\\\"}\"}, \"uri\": "
		"\"ssh://u%40x:p%20w@[::1]:22/?key_file=%2Fk&no_host_key_check=true\", \"bad\": "
		"7}");
}

static int connections_yaml_job(struct buf *said)
{
	return connections(said, CONNECTION_YAML,
		"box: {conn_type: ssh, host: h, port: 22, extra: {key_file: /k, x: [1]}}\n"
		"uri: ssh://u:p@h:99999\n");
}

static int connections_env_job(struct buf *said)
{
	return connections(said, CONNECTION_ENV,
		"# a note\nBOX=ssh://u:p@h:22/?key_file=%2Fk\nOTHER={\"conn_type\": \"ssh\", "
		"\"host\": "
		"\"h\"}\nthis is none\n");
}

static int settings_job(struct buf *said)
{
	static char home[] = "HOME=/home/somebody", set[] = "WINDROW__CORE__REMOTE_RETENTION=3d";
	static char *const env[] = {home, set, NULL};
	static const char text[] = "core:\n  dags_folder: ~/dags\nscheduler: {dag_dir_watch: no}\n";
	struct settings s = {.home = "/home/somebody/.windrow",
		.file = "/home/somebody/.windrow/windrow.yaml",
		.arena = arena_create(0)};
	struct err e = {0};
	int r = s.arena == NULL ? ERR_NOMEM : settings_text_take(&s, env, text, strlen(text), &e);

	nomem_job_stop();
	for (int i = 0; r == 0 && i < SETTING_COUNT; i++)
		buf_addf(said, "%s: %s (%s)\n", setting_defs[i].key, s.values[i].text,
			s.values[i].origin);
	buf_adds(said, e.text);
	arena_destroy(s.arena);
	return r;
}

int main(void)
{
	nomem_job_test(mask_job, "a mask");
	nomem_job_test(stream_job, "a stream through it");
	nomem_job_test(template_job, "a template");
	nomem_job_test(cond_job, "a condition");
	nomem_job_test(json_job, "JSON");
	nomem_job_test(yaml_job, "YAML");
	nomem_job_test(yaml_bad_job, "YAML that is none");
	nomem_job_test(request_job, "a request");
	nomem_job_test(connections_json_job, "connections in JSON");
	nomem_job_test(connections_yaml_job, "connections in YAML");
	nomem_job_test(connections_env_job, "connections as an environment");
	nomem_job_test(settings_job, "settings");
	return tap_done();
}
