/* Hot paths over text: templates, the shell's lexer and quoter, JSON, cron lines, the masker. */
#include <stdlib.h>
#include <string.h>

#include "engine/arena.h"
#include "engine/buf.h"
#include "engine/cron.h"
#include "engine/err.h"
#include "engine/mask.h"
#include "engine/scan.h"
#include "engine/template.h"
#include "engine/value.h"
#include "tests/counts/path.h"
#include "tests/unit/expr_world.h"

#define TIMES 1000 /* that something small is done */

/* What the paths of this file work on and with. */
struct work {
	struct arena *arena;
	struct scan *scan;
	struct template *template;
	enum template_mode mode;
	struct mask *mask;
	struct mask_stream *stream;
	struct cron cron;
	struct buf text, out;
};

static struct work *work_create(const char *line, int times)
{
	struct work *w = path_alloc(sizeof(*w));

	w->arena = arena_create(0);
	w->scan = scan_create();
	buf_init(&w->text, 0);
	buf_init(&w->out, 0);
	for (int i = 0; i < times; i++)
		buf_adds(&w->text, line);
	if (w->arena == NULL || w->scan == NULL || buf_status(&w->text) != 0)
		path_fail("out of memory");
	return w;
}

static void work_end(void *it)
{
	struct work *w = it;

	mask_stream_destroy(w->stream);
	mask_destroy(w->mask);
	scan_destroy(w->scan);
	arena_destroy(w->arena);
	buf_free(&w->text);
	if (buf_status(&w->out) != 0)
		path_fail("out of memory");
	buf_free(&w->out);
	free(w);
}

/* ---- templates ---- */

static void on_problem(void *ctx, bool is_warning, size_t at, const char *sentence)
{
	(void)ctx, (void)is_warning, (void)at;
	path_fail(sentence);
}

static void compile_work(void *it)
{
	static const struct template_report report = {NULL, on_problem};
	struct work *w = it;

	if (template_compile(w->arena, w->scan, w->text.data, w->text.len, w->mode, SH_BASH,
		    world_scope(false), &report, &w->template) != 0)
		path_fail("a template does not compile");
}

/* Every kind of place that a value can stand in. */
static void *compile_begin(int mode)
{
	struct work *w = work_create(
		"printf '%s' $<params.database> \"in $<run.id | upper> quotes\"\n"
		"x=$(basename \"$<params.database>\") # $<run.ds>\n"
		"case $x in *.gz) echo '$<params.database>' ;; esac\n"
		"if [ -n \"${x:-y}\" ]; then cat <<END; fi\na line of $<params.database> text\n"
		"END\n",
		100);

	w->mode = (enum template_mode)mode;
	return w;
}

static void *render_begin(int mode)
{
	struct work *w = compile_begin(mode);

	compile_work(w);
	return w;
}

static void render_work(void *it)
{
	struct work *w = it;
	struct err e;

	if (template_render(w->template, world_env(), &w->out, &e) != 0)
		path_fail(e.text);
}

/* ---- words ---- */

static void *quote_begin(int which)
{
	(void)which;
	return work_create("it's a value with $(things) in \"it\"\n", 1);
}

static void quote_work(void *it)
{
	struct work *w = it;

	for (int i = 0; i < TIMES; i++)
		sh_quote_word(&w->out, w->text.data, w->text.len);
}

/* ---- responses ---- */

static void *json_begin(int which)
{
	struct work *w = work_create("[", 1);

	(void)which;
	for (int i = 0; i < 500; i++)
		buf_addf(&w->text, "%s{\"file\": \"/srv/dump-%d.gz\", \"bytes\": %d, \"ok\": true}",
			i == 0 ? "" : ", ", i, i * 1000);
	buf_addc(&w->text, ']');
	return w;
}

static void json_work(void *it)
{
	struct work *w = it;
	struct value v;
	struct err e;

	if (value_parse_json(w->arena, w->text.data, w->text.len, &v, &e) != 0)
		path_fail(e.text);
	value_json(&v, &w->out);
}

/* ---- schedules ---- */

static void *cron_begin(int which)
{
	struct work *w = work_create("*/7 3-5 * * mon,FRI#L", 1);
	struct err e;

	(void)which;
	if (cron_parse(w->text.data, w->text.len, &w->cron, &e) != 0)
		path_fail(e.text);
	return w;
}

static void cron_work(void *it)
{
	struct work *w = it;
	int64_t t = 1767225600; /* 2026-01-01 */

	for (int i = 0; i < TIMES; i++)
		t = cron_next(&w->cron, zone_utc(), t);
}

/* ---- the masker ---- */

static void *mask_begin(int which)
{
	static const char *const secrets[] = {"secret-of-mine-17", "an0ther $ecret"};
	struct work *w =
		work_create("a line of output as programs print it, secret-of-mine-17 too\n", 500);

	(void)which;
	w->mask = mask_create();
	for (size_t i = 0; i < 2; i++)
		if (w->mask == NULL || mask_add(w->mask, secrets[i], strlen(secrets[i])) != 0)
			path_fail("out of memory");
	w->stream = mask_stream_create(w->mask);
	if (w->stream == NULL)
		path_fail("out of memory");
	return w;
}

static void mask_work(void *it)
{
	struct work *w = it;

	mask_stream_feed(w->stream, w->text.data, w->text.len, &w->out);
	mask_stream_flush(w->stream, &w->out);
}

const struct path paths_text[] = {
	{"compile_script", compile_begin, TEMPLATE_SHELL, compile_work, work_end},
	{"render_plain", render_begin, TEMPLATE_PLAIN, render_work, work_end},
	{"render_script", render_begin, TEMPLATE_SHELL, render_work, work_end},
	{"quote_word", quote_begin, 0, quote_work, work_end},
	{"json", json_begin, 0, json_work, work_end}, {"cron", cron_begin, 0, cron_work, work_end},
	{"mask", mask_begin, 0, mask_work, work_end}, {0}};
