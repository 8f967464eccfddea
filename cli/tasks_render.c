/*
 * `windrow tasks render`: what the expressions of a task become, quoted just as its host would get
 * them. Nothing runs. What other tasks have left is a stored run's, or would have left is said with
 * --response; an expression that needs more than that is told, as it would be in a run.
 */
#include <string.h>
#include <unistd.h>

#include "cli/args.h"
#include "cli/commands.h"
#include "cli/dag_files.h"
#include "cli/lookup.h"
#include "cli/report.h"
#include "cli/run_conf.h"
#include "cli/run_stored.h"
#include "cli/stores.h"
#include "cli/table.h"
#include "cli/text.h"
#include "engine/arena.h"
#include "engine/err.h"
#include "engine/mask.h"
#include "scheduler/outputs.h"

struct preview {
	struct dag_opened opened; /* a file's DAG */
	struct run_stored stored; /* or that of a stored run */
	const struct dag *dag;
	struct arena *arena;
	const struct task *task;
	struct run_conf conf;
	uint32_t try_number;
	struct lookup lookup;
	struct outputs *outputs;
	struct value items; /* of a for_each */
	struct render render;
	struct value_pair *pairs; /* what is shown: keys and what they became */
	size_t n;
};

static struct value bytes_value(struct op_bytes b)
{
	return value_string(b.data, b.len);
}

static void add(struct preview *p, const char *key, struct value v)
{
	p->pairs[p->n++] = (struct value_pair){key, strlen(key), v};
}

/* TASK=JSON, as though that task had left this response. */
static int response_take(struct preview *p, const char *text)
{
	const char *equals = strchr(text, '=');
	const char *name =
		equals == NULL ? NULL : arena_memdup(p->arena, text, (size_t)(equals - text));
	const struct task *t;
	struct op_result r = {.verdict = OP_EXITED, .completed = true, .message = ""};
	struct err e;

	if (equals == NULL) {
		report_error("--response: \"%s\" is not TASK=JSON, for example "
			     "'Build.make={\"version\": 7}'",
			text);
		return EXIT_USAGE;
	}
	t = name == NULL ? NULL : dag_find_task(p->dag, name);
	if (t == NULL)
		return EXIT_USAGE;
	if (t->is_for_each) {
		report_error("--response: %s is a for_each, whose outputs are lists; those of a "
			     "run cannot be made up here",
			t->id);
		return EXIT_USAGE;
	}
	r.response = (struct op_bytes){equals + 1, strlen(equals + 1)};
	r.logs = r.error = (struct op_bytes){"", 0};
	r.response_path = r.log_path = r.error_path = r.user_folder = "";
	if (outputs_keep(p->outputs, t->number, RUN_NO_INSTANCE, "", &r, &e) == 0)
		return EXIT_DONE;
	report_error("--response: %s: %s", t->id, e.text);
	return EXIT_USAGE;
}

/* The place in the run: of a for_each one item. */
static int place_make(struct preview *p, long index, struct err *e)
{
	int status;

	p->render = (struct render){.dag = p->dag,
		.run = &p->conf.facts,
		.outputs = p->outputs,
		.source = &p->lookup.source,
		.task = p->task->number,
		.try_number = p->try_number};
	if (!p->task->is_for_each)
		return 0;
	status = p->items.type == VALUE_LIST ? 0 : render_items(&p->render, p->arena, &p->items, e);
	if (status != 0)
		return status;
	if ((size_t)index >= p->items.len)
		return err_set(e, ERR_NOTFOUND,
			"for_each has %zu items, counted from 0; there is no item %ld",
			p->items.len, index);
	p->render.item = &p->items.u.items[index];
	p->render.index = (uint32_t)index;
	return 0;
}

/* The keys that may hold expressions, rendered. */
static int keys_add(struct preview *p, const struct render_job *job)
{
	const struct op_spec *op = p->task->op;

	for (size_t k = 0; k < op->n_keys; k++) {
		const struct op_setting *s = &job->settings[k];
		struct value *items;

		if (!s->is_set)
			continue;
		switch (op->keys[k].type) {
		case KEY_TEMPLATE:
		case KEY_COMMAND:
		case KEY_SCRIPT:
			add(p, op->keys[k].name, bytes_value(s->text));
			break;
		case KEY_TEMPLATES:
			items = arena_array(p->arena, s->n + 1, sizeof(*items));
			if (items == NULL)
				return ERR_NOMEM;
			for (size_t i = 0; i < s->n; i++)
				items[i] = bytes_value(s->list[i]);
			add(p, op->keys[k].name,
				(struct value){.type = VALUE_LIST, .len = s->n, .u.items = items});
			break;
		default:
			break;
		}
	}
	return 0;
}

static int environment_add(struct preview *p, const struct render_job *job)
{
	struct value_pair *pairs = arena_array(p->arena, job->n_environment + 1, sizeof(*pairs));

	if (pairs == NULL)
		return ERR_NOMEM;
	for (size_t i = 0; i < job->n_environment; i++)
		pairs[i] = (struct value_pair){job->environment[i].name,
			strlen(job->environment[i].name), bytes_value(job->environment[i].value)};
	if (job->n_environment > 0)
		add(p, "environment",
			(struct value){
				.type = VALUE_MAP, .len = job->n_environment, .u.pairs = pairs});
	return 0;
}

static int render_all(struct preview *p, struct err *e)
{
	struct render_job job;
	bool truth;
	int status;

	p->pairs = arena_array(p->arena, p->task->op->n_keys + 3, sizeof(*p->pairs));
	if (p->pairs == NULL)
		return err_set(e, ERR_NOMEM, "%s", err_text(ERR_NOMEM));
	if (p->render.item != NULL)
		add(p, "item", *p->render.item);
	if (p->task->when != NULL) {
		status = render_when(&p->render, &truth, e);
		if (status != 0)
			return status;
		add(p, "when", value_bool(truth));
	}
	status = render_task(&p->render, p->arena, &job, e);
	if (status != 0)
		return status;
	status = keys_add(p, &job);
	status = status == 0 ? environment_add(p, &job) : status;
	return status == 0 ? 0 : err_set(e, status, "%s", err_text(status));
}

static int mask_all(struct preview *p, struct err *e)
{
	int r = 0;

	for (size_t i = 0; i < p->n && r == 0; i++)
		r = mask_value(p->lookup.mask, p->arena, &p->pairs[i].value, &p->pairs[i].value);
	return r == 0 ? 0 : err_set(e, r, "%s", err_text(r));
}

/* Bytes as they are; on a terminal line for line, made harmless. */
static void print_text(const char *text, size_t len)
{
	const char *end = text + len;

	if (isatty(STDOUT_FILENO) != 1) {
		(void)fwrite(text, 1, len, stdout);
		(void)putchar('\n');
		return;
	}
	for (const char *line = text, *stop; line <= end; line = stop + 1) {
		stop = memchr(line, '\n', (size_t)(end - line));
		stop = stop == NULL ? end : stop;
		text_write_shown(stdout, line, (size_t)(stop - line));
		(void)putchar('\n');
	}
}

static int print_value(const struct value *v)
{
	if (v->type == VALUE_STRING) {
		print_text(v->u.text, v->len);
		return 0;
	}
	return output_json(stdout, v);
}

/* Each key under a heading of its own. */
static int print_blocks(const struct preview *p)
{
	int r = 0;

	for (size_t i = 0; i < p->n && r == 0; i++) {
		(void)printf("%s# %s\n", i == 0 ? "" : "\n", p->pairs[i].key);
		r = print_value(&p->pairs[i].value);
	}
	if (r != 0)
		report_error("%s", err_text(r));
	else if (p->n == 0)
		report_note("%s has nothing that is rendered", p->task->id);
	return r == 0 ? EXIT_DONE : EXIT_FAILED;
}

static int open_outputs(struct preview *p)
{
	struct err e;

	if (!lookup_home(&p->lookup))
		return EXIT_FAILED;
	/* What a run has left may hold secrets that its tasks were given. */
	if (p->stored.dag != NULL && render_secrets_learn(p->dag, &p->lookup.source, &e) != 0)
		return stores_report(&e);
	lookup_hide_secrets(&p->lookup);
	p->try_number = 1;
	p->outputs = outputs_create(p->dag);
	return p->outputs == NULL ? report_no_memory() : EXIT_DONE;
}

/* A run that is made up: --conf, --logical-date and --response say what it is. */
static int prepare(struct preview *p, const struct args *args)
{
	int status = dag_open(args_word(args, 0), &p->opened);

	if (status != EXIT_DONE)
		return status;
	p->dag = p->opened.dag;
	p->arena = p->opened.arena;
	p->task = dag_find_task(p->dag, args_word(args, 1));
	if (p->task == NULL)
		return EXIT_FAILED;
	status = run_conf_read(&p->conf, p->dag, p->arena, args_text(args, "conf", "{}"),
		args_text(args, "logical-date", NULL));
	if (status == EXIT_DONE)
		status = open_outputs(p);
	for (size_t i = 0; status == EXIT_DONE && args_nth(args, "response", i) != NULL; i++)
		status = response_take(p, args_nth(args, "response", i));
	return status;
}

/* The task's own row: its tries, and its items as they were. */
static int row_take(struct preview *p, const struct store_task *t, struct err *e)
{
	if (t->row.task != p->task->number || t->row.instance != RUN_NO_INSTANCE)
		return 0;
	p->try_number = t->row.try_number == 0 ? 1 : t->row.try_number;
	return t->items == NULL
		? 0
		: value_parse_json_exact(p->arena, t->items, strlen(t->items), &p->items, e);
}

/* A run of the store, with its DAG as it was. */
static int prepare_stored(struct preview *p, const struct args *args)
{
	struct store_task *tasks;
	struct err e;
	size_t n;
	int r, status;

	if (args_has(args, "conf") || args_has(args, "logical-date") ||
		args_has(args, "response")) {
		report_error("tasks render: conf, date and responses are those of the run %s",
			args_word(args, 2));
		return EXIT_USAGE;
	}
	status = run_stored_open(args_word(args, 0), args_word(args, 2), &p->stored);
	if (status != EXIT_DONE)
		return status;
	p->dag = p->stored.dag;
	p->arena = p->stored.arena;
	p->task = dag_find_task(p->dag, args_word(args, 1));
	if (p->task == NULL)
		return EXIT_FAILED;
	status = open_outputs(p);
	if (status != EXIT_DONE)
		return status;
	r = run_stored_facts(&p->stored, &p->conf.facts, &e);
	if (r == 0)
		r = run_stored_outputs(&p->stored, p->outputs, &tasks, &n, &e);
	for (size_t i = 0; r == 0 && i < n; i++)
		r = row_take(p, &tasks[i], &e);
	return r == 0 ? EXIT_DONE : stores_report(&e);
}

static int show(struct preview *p, const struct args *args)
{
	struct value map;
	struct err e;
	int status = place_make(p, args_int(args, "index", 0), &e);

	if (status == 0)
		status = render_all(p, &e);
	if (status == 0)
		status = mask_all(p, &e);
	if (status != 0) {
		report_error("%s: %s", p->task->id, e.text);
		return status == ERR_UNAVAILABLE ? EXIT_UNREACHABLE : EXIT_FAILED;
	}
	if (!args_has(args, "output"))
		return print_blocks(p);
	map = (struct value){.type = VALUE_MAP, .len = p->n, .u.pairs = p->pairs};
	return table_show_object(&map, args);
}

static int exec(const struct args *args)
{
	struct preview p = {.n = 0};
	bool is_stored = args_word(args, 2) != NULL;
	int status = is_stored ? prepare_stored(&p, args) : prepare(&p, args);

	if (status == EXIT_DONE)
		status = show(&p, args);
	outputs_destroy(p.outputs);
	lookup_close(&p.lookup);
	if (is_stored)
		run_stored_close(&p.stored);
	else
		dag_close(&p.opened);
	return status;
}

static const struct flag flags[] = {
	{"conf", 'c', FLAG_TEXT, "JSON", "the run's conf, an object; its members are parameters"},
	{"logical-date", 'l', FLAG_TEXT, "DATE", "the run's logical date; now, unless said"},
	{"response", 'r', FLAG_TEXTS, "TASK=JSON",
		"what another task has left as its response; once a task"},
	{"index", 'i', FLAG_INT, "N", "of a for_each, the item to show, from 0 (the default)", 0,
		INT32_MAX},
	{"output", 'o', FLAG_ENUM, "FORMAT", "as one object: table, json, yaml or plain",
		.choices = output_formats},
};

const struct command command_tasks_render = {
	.group = "tasks",
	.verb = "render",
	.words = "ID|FILE TASK [RUN]",
	.summary = "what a task's expressions become, quoted as the host will get it",
	.details = "Nothing runs. Each key that may hold expressions is shown as it would be "
		   "handed to the task. Of a stored RUN, all is as it was there; else responses of "
		   "other tasks are said with --response, and one that is not there is an error "
		   "unless the expression has a default().",
	.flags = flags,
	.n_flags = sizeof(flags) / sizeof(flags[0]),
	.example =
		"windrow tasks render release.yaml Deploy.copy -r 'Build.make={\"file\": \"a b\"}'",
	.exec = exec,
};
