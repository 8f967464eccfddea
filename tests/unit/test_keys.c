/*
 * The tables of keys: no name stands twice where it would be ambiguous, and the reference page has
 * each row as the tables have it. With an argument it prints the rows: so the page's tables are
 * made.
 */
#include "engine/keys.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "engine/buf.h"
#include "operators/specs.h"
#include "tests/unit/tap.h"

static const char *const type_words[] = {
	[KEY_STRING] = "text",
	[KEY_STRINGS] = "list of texts",
	[KEY_BOOL] = "true or false",
	[KEY_INT] = "whole number",
	[KEY_DURATION] = "duration",
	[KEY_SIZE] = "size",
	[KEY_DATE] = "date or time",
	[KEY_ENUM] = "one of",
	[KEY_TEMPLATE] = "text *",
	[KEY_TEMPLATES] = "list of texts *",
	[KEY_TEMPLATE_MAP] = "names to texts *",
	[KEY_COMMAND] = "shell command *",
	[KEY_SCRIPT] = "script *",
	[KEY_CONDITION] = "condition *",
	[KEY_ITEMS] = "list, or one expression *",
	[KEY_EXIT_CODES] = "0 to 255, or a list",
	[KEY_CALLBACK] = "callback *, or a list",
	[KEY_ANY] = "any value",
	[KEY_ANYS] = "list of values",
	[KEY_SCHEDULE] = "schedule",
	[KEY_PARAMS] = "names to parameters",
	[KEY_DEFAULTS] = "task keys",
	[KEY_STAGES] = "names to stages",
	[KEY_TASKS] = "names to tasks",
};

static void row_make(const struct key_def *k, struct buf *row)
{
	buf_reset(row);
	buf_addf(row, "| `%s` | %s", k->name, type_words[k->type]);
	if (k->type == KEY_INT)
		buf_addf(row, ", %lld to %lld", (long long)k->min, (long long)k->max);
	for (size_t i = 0; k->type == KEY_ENUM && k->choices[i] != NULL; i++)
		buf_addf(row, " `%s`", k->choices[i]);
	buf_addf(row, " | %s | %s |\n", k->dflt == NULL ? "" : k->dflt, k->doc);
}

/* The rows that the page lacks. */
static size_t missing(const char *page, const struct key_def *keys, size_t n)
{
	struct buf row;
	size_t count = 0;

	buf_init(&row, 0);
	for (size_t i = 0; i < n; i++) {
		row_make(&keys[i], &row);
		if (page == NULL) {
			(void)fputs(buf_str(&row), stdout);
		} else if (strstr(page, buf_str(&row)) == NULL) {
			tap_note("the page lacks %s", buf_str(&row));
			count++;
		}
	}
	buf_free(&row);
	return count;
}

static size_t twice(const struct op_spec *op)
{
	size_t count = 0;

	for (size_t i = 0; i < op->n_keys; i++) {
		for (size_t k = 0; k < i; k++)
			count += strcmp(op->keys[i].name, op->keys[k].name) == 0;
		for (size_t k = 0; k < TASK_KEY_COUNT; k++)
			count += strcmp(op->keys[i].name, task_keys[k].name) == 0;
	}
	return count;
}

static void read_page(struct buf *page)
{
	const char *top = getenv("top_srcdir");
	char path[1024], part[4096];
	size_t n;
	FILE *f;

	(void)snprintf(path, sizeof(path), "%s/docs/dag-language.md", top == NULL ? "." : top);
	f = fopen(path, "r");
	while (f != NULL && (n = fread(part, 1, sizeof(part), f)) > 0)
		buf_add(page, part, n);
	if (f != NULL)
		(void)fclose(f);
}

int main(int argc, char **argv)
{
	struct buf buf;
	const char *page;

	(void)argv;
	buf_init(&buf, 0);
	read_page(&buf);
	page = argc > 1 ? NULL : buf_str(&buf);
	IS_INT((long long)missing(page, dag_keys, DAG_KEY_COUNT), 0, "the DAG's keys");
	IS_INT((long long)missing(page, stage_keys, STAGE_KEY_COUNT), 0, "a stage's keys");
	IS_INT((long long)missing(page, task_keys, TASK_KEY_COUNT), 0, "a task's keys");
	IS_INT((long long)missing(page, param_keys, PARAM_KEY_COUNT), 0, "a parameter's keys");
	IS_INT((long long)missing(page, url_keys, URL_KEY_COUNT), 0, "a callback's keys");
	for (size_t i = 0; i < op_specs_count; i++) {
		IS_INT((long long)missing(page, op_specs[i]->keys, op_specs[i]->n_keys), 0,
			"the keys of operator %s", op_specs[i]->name);
		IS_INT((long long)twice(op_specs[i]), 0, "none of them is a task's already");
	}
	buf_free(&buf);
	return tap_done();
}
