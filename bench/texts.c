/* DAG files for measurements. */
#include "bench/texts.h"

#include "engine/buf.h"

#define STAGE_TASKS 100 /* tasks of a stage */

/* Stages behind each other, each task of one reading a task of the stage before. */
static void mixed_make(struct buf *b, int n)
{
	int stage = n / STAGE_TASKS, number = n % STAGE_TASKS;

	if (n == 0)
		buf_adds(b,
			"params: {region: eu}\ndefault_args:\n  operator: local\n  retries: 2\n"
			"  retry_delay: 30s\nstages:\n");
	if (number == 0)
		buf_addf(b, "  Stage_%d:\n    tasks:\n", stage);
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

static void plain_make(struct buf *b, int n)
{
	if (n == 0)
		buf_adds(b, "tasks:\n");
	buf_addf(b, "  task_%d:\n    operator: local\n    command: echo hello %d\n", n, n);
	for (int i = n < 3 ? 0 : n - 3; i < n; i++)
		buf_addf(b, "%s      - task_%d\n", i == n - 3 || i == 0 ? "    depends_on:\n" : "",
			i);
}

static void chain_make(struct buf *b, int n)
{
	if (n == 0)
		buf_adds(b, "default_args: {operator: local}\ntasks:\n");
	buf_addf(b, "  t%d: {command: \"true\"", n);
	if (n > 0)
		buf_addf(b, ", depends_on: [t%d]", n - 1);
	buf_adds(b, "}\n");
}

static void wide_make(struct buf *b, int n)
{
	if (n == 0)
		buf_adds(b, "max_active_tasks: 16\ndefault_args: {operator: local}\ntasks:\n");
	buf_addf(b, "  t%d: {command: \"true\"}\n", n);
}

static void script_make(struct buf *b, int n)
{
	if (n == 0)
		buf_adds(b, "default_args: {operator: local}\ntasks:\n");
	buf_addf(b,
		"  task_%d:\n    script: |\n      set -eu\n      cd \"$HOME\"\n"
		"      for f in *.txt; do\n        if [ -f \"$f\" ]; then\n"
		"          grep -c x \"$f\" | sed 's/^/ /' >>\"out.$(date +%%s)\"\n"
		"        fi\n      done\n      echo \"done on $<run.ds>\"\n",
		n);
}

static void expr_make(struct buf *b, int n)
{
	if (n == 0)
		buf_adds(b, "params: {region: eu}\ndefault_args: {operator: local}\ntasks:\n");
	buf_addf(b, "  task_%d: {command: 'run $<params.region> $<run.ds> $<run.id>", n);
	if (n > 0)
		buf_addf(b, " $<task_%d.output.response.x>", n - 1);
	buf_adds(b, "'}\n");
}

const struct text texts[TEXTS] = {[TEXT_MIXED] = {"mixed", mixed_make},
	[TEXT_PLAIN] = {"plain", plain_make},
	[TEXT_CHAIN] = {"chain", chain_make},
	[TEXT_WIDE] = {"wide", wide_make},
	[TEXT_SCRIPTS] = {"scripts", script_make},
	[TEXT_EXPRESSIONS] = {"expressions", expr_make}};

void text_make(struct buf *b, const struct text *text, int n)
{
	for (int i = 0; i < n; i++)
		text->make(b, i);
}
