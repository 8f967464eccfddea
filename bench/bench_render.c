/*
 * How fast a template renders, beside a bare PCRE2 scan (with its JIT) that only finds the
 * expressions in the same text: goal is half its speed. 1.0 is the scan's speed, and more is
 * faster; compiling is shown too.
 */
#define PCRE2_CODE_UNIT_WIDTH 8
#include <pcre2.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bench/bench.h"
#include "engine/arena.h"
#include "engine/buf.h"
#include "engine/err.h"
#include "engine/scan.h"
#include "engine/template.h"

#define TEXT_BYTES 262144
#define ROUNDS 41

static int task_find(void *ctx, const char *stage, size_t stage_len, const char *task,
	size_t task_len, uint32_t *index, struct err *e)
{
	(void)ctx, (void)stage, (void)stage_len, (void)task, (void)task_len, (void)index;
	return err_set(e, ERR_NOTFOUND, "no tasks here");
}

static int param_find(void *ctx, const char *name, size_t len, struct err *e)
{
	(void)ctx, (void)name, (void)len, (void)e;
	return 0;
}

static int get(
	void *ctx, const struct expr *x, struct arena *scratch, struct value *out, struct err *e)
{
	static const struct value value = {
		.type = VALUE_STRING, .len = 12, .u.text = "it's a value"};

	(void)ctx, (void)x, (void)scratch, (void)e;
	*out = value;
	return 0;
}

static void on_problem(void *ctx, bool is_warning, size_t at, const char *sentence)
{
	(void)ctx, (void)is_warning;
	fprintf(stderr, "bench_render: byte %zu: %s\n", at, sentence);
	exit(1);
}

/* A script with an expression in about every `gap` bytes, all in one kind of place. */
struct place {
	const char *name, *begin, *line, *end;
};

static const struct place places[] = {
	{"bare", "", "printf '%s' $<params.name>\n", ""},
	{"double", "", "printf '%s' \"$<params.name>\"\n", ""},
	{"here", "cat <<END\n", "a line of $<params.name> text\n", "END\n"},
};

static void text_make(struct buf *b, const struct place *place, size_t gap)
{
	buf_adds(b, place->begin);
	while (b->len < TEXT_BYTES) {
		size_t end = b->len + gap;

		buf_adds(b, place->line);
		while (b->len + 30 < end)
			buf_adds(b, "cp -- \"$HOME/a\" \"${b}\"\n");
	}
	buf_adds(b, place->end);
}

static size_t scan_bare(const pcre2_code *code, pcre2_match_data *match, const struct buf *text)
{
	size_t at = 0, n = 0;

	while (pcre2_match(code, (PCRE2_SPTR)text->data, text->len, at, 0, match, NULL) > 0) {
		at = pcre2_get_ovector_pointer(match)[1];
		n++;
	}
	return n;
}

/* Returns the rendering's speed beside the scan's. */
static double measure(const struct place *place, size_t gap, enum template_mode mode)
{
	static const struct expr_scope scope = {.task_find = task_find, .param_find = param_find};
	static const struct template_report report = {NULL, on_problem};
	static const struct expr_env env = {.get = get};
	double scans[ROUNDS], renders[ROUNDS], compiles[ROUNDS], start, scanned, ratio;
	pcre2_code *code;
	pcre2_match_data *match;
	struct scan *scan = scan_create();
	struct template *t = NULL;
	struct buf text, out;
	struct err e;
	PCRE2_SIZE where;
	size_t n = 0;
	int number;

	buf_init(&text, 0);
	buf_init(&out, 0);
	text_make(&text, place, gap);
	code = pcre2_compile(
		(PCRE2_SPTR) "\\$[<{]", PCRE2_ZERO_TERMINATED, 0, &number, &where, NULL);
	match = pcre2_match_data_create_from_pattern(code, NULL);
	if (pcre2_jit_compile(code, PCRE2_JIT_COMPLETE) != 0)
		puts("(no JIT here: the scan interprets)");
	for (int i = 0; i < ROUNDS; i++) {
		struct arena *a = arena_create(0);

		start = bench_now();
		n = scan_bare(code, match, &text);
		scans[i] = bench_now() - start;
		start = bench_now();
		if (template_compile(
			    a, scan, text.data, text.len, mode, SH_POSIX, &scope, &report, &t) != 0)
			exit(1);
		compiles[i] = bench_now() - start;
		buf_reset(&out);
		start = bench_now();
		if (template_render(t, &env, &out, &e) != 0)
			exit(1);
		renders[i] = bench_now() - start;
		arena_destroy(a);
	}
	scanned = bench_median(scans, ROUNDS);
	ratio = scanned / bench_median(renders, ROUNDS);
	printf("%-6s %-6s %6zu bytes an expression, %6zu marks: render %5.2f of the scan's speed, "
	       "compile %5.2f\n",
		mode == TEMPLATE_PLAIN ? "plain" : "shell", place->name, gap, n, ratio,
		scanned / bench_median(compiles, ROUNDS));
	buf_free(&text);
	buf_free(&out);
	scan_destroy(scan);
	pcre2_match_data_free(match);
	pcre2_code_free(code);
	return ratio;
}

int main(void)
{
	static const size_t gaps[] = {30, 100, 300, 1000, 10000};
	double plain = 0, shell = 0, ratio;

	for (size_t i = 0; i < sizeof(gaps) / sizeof(*gaps); i++) {
		ratio = measure(&places[0], gaps[i], TEMPLATE_PLAIN);
		plain = i == 0 || ratio < plain ? ratio : plain;
		for (size_t p = 0; p < sizeof(places) / sizeof(*places); p++) {
			ratio = measure(&places[p], gaps[i], TEMPLATE_SHELL);
			shell = (i == 0 && p == 0) || ratio < shell ? ratio : shell;
		}
	}
	(void)bench_goal(
		"rendering plain text, slowest: a PCRE2 scan's speed", plain, BENCH_AT_LEAST, 0.5);
	(void)bench_goal("rendering shell scripts, slowest: a PCRE2 scan's speed", shell,
		BENCH_AT_LEAST, 0.5);
	return 0;
}
