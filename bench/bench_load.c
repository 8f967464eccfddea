/*
 * How fast a DAG loads (parsed, checked, ordered), beside libyaml's bare event parse of the same
 * text: at least half its speed; and whether a hundred times as many tasks cost more each: at most
 * half as much again.
 *
 * The mixed file has what DAGs have, in the proportions that they have it; the others have one
 * thing over and over.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <yaml.h>

#include "bench/bench.h"
#include "bench/texts.h"
#include "engine/buf.h"
#include "engine/load.h"
#include "operators/specs.h"
#include "store/pages.h"

#define SPEED_MIN 0.5 /* of loading, beside the bare parse */
#define GROWTH_MAX 1.5 /* a task of the large file, beside one of the small */

enum { SMALL = 1000, LARGE = 100000 };
enum { LARGE_ROUNDS = 11, SMALL_IN_LARGE = 9, ROUNDS_MAX = LARGE_ROUNDS * SMALL_IN_LARGE };

static double bare_parse(const struct buf *b)
{
	double start = bench_now();
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
	return bench_now() - start;
}

static double load(const struct buf *b)
{
	struct load_options options = {.ops = op_specs,
		.n_ops = op_specs_count,
		.default_id = "bench",
		.memory = &pages_memory};
	struct diags *diags = diags_create("bench.yaml");
	struct dag **dags;
	double start, took;
	size_t n;

	start = bench_now();
	if (dag_load(b->data, b->len, &options, diags, &dags, &n) != 0) {
		struct buf out;

		buf_init(&out, 0);
		diags_print(diags, &out);
		(void)fputs(buf_str(&out), stderr);
		exit(1);
	}
	took = bench_now() - start;
	for (size_t i = 0; i < n; i++)
		dag_destroy(dags[i]);
	free(dags);
	diags_destroy(diags);
	return took;
}

/* A file of one shape and size, and what its rounds took. */
struct sample {
	int n_tasks;
	struct buf text;
	double bare[ROUNDS_MAX], whole[ROUNDS_MAX], speed[ROUNDS_MAX];
	size_t n;
};

static void sample_begin(struct sample *s, const struct text *text, int n_tasks)
{
	s->n_tasks = n_tasks;
	s->n = 0;
	buf_init(&s->text, 0);
	text_make(&s->text, text, n_tasks);
}

static void sample_take(struct sample *s)
{
	s->bare[s->n] = bare_parse(&s->text);
	s->whole[s->n] = load(&s->text);
	s->speed[s->n] = s->bare[s->n] / s->whole[s->n];
	s->n++;
}

/* Returns the load's seconds for a task; *speed is the load's, beside the bare parse. */
static double sample_end(struct sample *s, const struct text *text, double *speed)
{
	double parsed = bench_median(s->bare, s->n), loaded = bench_median(s->whole, s->n);

	*speed = bench_median(s->speed, s->n);
	printf("%-11s %6d tasks, %8zu bytes: libyaml %7.2f ms, dag_load %7.2f ms, speed %.2f, "
	       "%.2f us a task\n",
		text->name, s->n_tasks, s->text.len, parsed * 1e3, loaded * 1e3, *speed,
		loaded / s->n_tasks * 1e6);
	buf_free(&s->text);
	return loaded / s->n_tasks;
}

/* Measures the text in both sizes, in turn. Returns how many times as much a task of the large
 * file costs; *speed is the slower of both. */
static double measure(const struct text *text, double *speed)
{
	static struct sample small, large;
	double small_task, large_task, large_speed;

	sample_begin(&small, text, SMALL);
	sample_begin(&large, text, LARGE);
	for (int i = 0; i < LARGE_ROUNDS; i++) {
		for (int k = 0; k < SMALL_IN_LARGE; k++)
			sample_take(&small);
		sample_take(&large);
	}
	small_task = sample_end(&small, text, speed);
	large_task = sample_end(&large, text, &large_speed);
	if (large_speed < *speed)
		*speed = large_speed;
	return large_task / small_task;
}

int main(void)
{
	double growth = 0;

	for (size_t i = 0; i < TEXTS; i++) {
		double speed, grown = measure(&texts[i], &speed);
		char what[64];

		growth = grown > growth ? grown : growth;
		(void)snprintf(what, sizeof(what), "loading, %s: libyaml's speed", texts[i].name);
		(void)bench_goal(what, speed, BENCH_AT_LEAST, SPEED_MIN);
	}
	(void)bench_goal("loading, a task of 100,000: times one of 1,000, most of all", growth,
		BENCH_AT_MOST, GROWTH_MAX);
	return 0;
}
