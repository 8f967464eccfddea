/*
 * How fast a DAG loads (parsed, checked, ordered), beside libyaml's bare event parse of the same
 * text: at most twice the time; and whether a hundred times as many tasks cost more each: at most
 * half as much again. Rounds are interleaved, and medians compared.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <yaml.h>

#include "engine/buf.h"
#include "engine/load.h"
#include "operators/specs.h"

#define STAGE_TASKS 100 /* tasks of a stage */
#define RATIO_MAX 2.0 /* loading, beside the bare parse */
#define GROWTH_MAX 1.5 /* a task of the large file, beside one of the small */

enum { SMALL = 1000, LARGE = 100000, SMALL_ROUNDS = 101, LARGE_ROUNDS = 11 };

static double now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static void task_make(struct buf *b, int stage, int number)
{
	buf_addf(b, "      task_%d:\n", number);
	if (number % 10 == 0)
		buf_adds(b, "        environment: {REGION: $<params.region>, MODE: fast}\n");
	if (stage == 0)
		buf_addf(b,
			"        command: collect --part %d --since $<run.ds> > "
			"\"$SCRIPT_RESPONSE_FILE\"\n",
			number);
	else
		buf_addf(b,
			"        command: process --from "
			"$<Stage_%d.task_%d.output.response.file> --mode fast\n",
			stage - 1, number);
	buf_addf(
		b, "        execution_timeout: 10m\n        priority_weight: %d\n", number % 7 + 1);
}

/* Stages behind each other, each task of one reading a task of the stage before. */
static void text_make(struct buf *b, int n)
{
	buf_init(b, 0);
	buf_adds(b,
		"description: generated\nparams: {region: eu}\n"
		"default_args:\n  operator: local\n  retries: 2\n  retry_delay: 30s\nstages:\n");
	for (int t = 0; t < n; t++) {
		if (t % STAGE_TASKS == 0)
			buf_addf(b, "  Stage_%d:\n    tasks:\n", t / STAGE_TASKS);
		task_make(b, t / STAGE_TASKS, t % STAGE_TASKS);
	}
}

static double bare_parse(const struct buf *b)
{
	double start = now();
	yaml_parser_t parser;
	yaml_event_t ev;
	int is_end = 0;

	if (!yaml_parser_initialize(&parser))
		exit(1);
	yaml_parser_set_input_string(&parser, (const unsigned char *)b->data, b->len);
	while (!is_end) {
		if (!yaml_parser_parse(&parser, &ev))
			exit(1);
		is_end = ev.type == YAML_STREAM_END_EVENT;
		yaml_event_delete(&ev);
	}
	yaml_parser_delete(&parser);
	return now() - start;
}

static double load(const struct buf *b)
{
	struct load_options options = {
		.ops = op_specs, .n_ops = op_specs_count, .default_id = "bench"};
	struct diags *diags = diags_create("bench.yaml");
	struct dag **dags;
	double start, took;
	size_t n;

	start = now();
	if (dag_load(b->data, b->len, &options, diags, &dags, &n) != 0) {
		struct buf out;

		buf_init(&out, 0);
		diags_print(diags, &out);
		(void)fputs(buf_str(&out), stderr);
		exit(1);
	}
	took = now() - start;
	for (size_t i = 0; i < n; i++)
		dag_destroy(dags[i]);
	free(dags);
	diags_destroy(diags);
	return took;
}

static int compare(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

/* Measures both in turn. Returns the load's seconds for a task. */
static double measure(int n_tasks, int rounds, double *ratio)
{
	double *bare = calloc((size_t)rounds, sizeof(*bare)), a_task;
	double *whole = calloc((size_t)rounds, sizeof(*whole));
	struct buf text;

	text_make(&text, n_tasks);
	for (int i = 0; i < rounds; i++) {
		bare[i] = bare_parse(&text);
		whole[i] = load(&text);
	}
	qsort(bare, (size_t)rounds, sizeof(*bare), compare);
	qsort(whole, (size_t)rounds, sizeof(*whole), compare);
	*ratio = whole[rounds / 2] / bare[rounds / 2];
	a_task = whole[rounds / 2] / n_tasks;
	printf("%6d tasks, %8zu bytes: libyaml's events %8.2f ms, dag_load %8.2f ms, ratio %.2f "
	       "(at most %.1f), %.2f us a task\n",
		n_tasks, text.len, bare[rounds / 2] * 1e3, whole[rounds / 2] * 1e3, *ratio,
		RATIO_MAX, a_task * 1e6);
	buf_free(&text);
	free(bare);
	free(whole);
	return a_task;
}

int main(void)
{
	double ratio[2], small, large;

	small = measure(SMALL, SMALL_ROUNDS, &ratio[0]);
	large = measure(LARGE, LARGE_ROUNDS, &ratio[1]);
	printf("a task of %d costs %.2f times one of %d (at most %.1f)\n", LARGE, large / small,
		SMALL, GROWTH_MAX);
	return ratio[0] > RATIO_MAX || ratio[1] > RATIO_MAX || large / small > GROWTH_MAX;
}
