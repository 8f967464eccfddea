/* `dags details`: all that a DAG's file says of it, under Airflow's names. */
#include <string.h>

#include "cli/args.h"
#include "cli/commands.h"
#include "cli/dag_files.h"
#include "cli/report.h"
#include "cli/table.h"
#include "engine/arena.h"
#include "engine/err.h"
#include "engine/instant.h"

#define FIELDS_MAX 24

/* The object that is shown. After a failed allocation it is VALUE_NULL somewhere, and is_short. */
struct details {
	struct arena *a;
	struct value_pair pairs[FIELDS_MAX];
	size_t n;
	bool is_short; /* memory was */
};

static void add(struct details *d, const char *name, struct value v)
{
	d->pairs[d->n++] = (struct value_pair){name, strlen(name), v};
}

static void add_text(struct details *d, const char *name, const char *s)
{
	add(d, name, s == NULL ? value_null() : value_string(s, strlen(s)));
}

static void add_int(struct details *d, const char *name, int64_t n)
{
	struct value v = value_int(d->a, n);

	d->is_short |= v.type == VALUE_NULL;
	add(d, name, v);
}

/* A time as Airflow writes it, or null. */
static void add_time(struct details *d, const char *name, int64_t t)
{
	char text[INSTANT_TEXT_MAX];
	char *copy = NULL;

	if (t != INSTANT_NONE) {
		copy = arena_strdup(d->a, instant_format(t, text));
		d->is_short |= copy == NULL;
	}
	add_text(d, name, copy);
}

/* Milliseconds as seconds, or null for 0. */
static void add_seconds(struct details *d, const char *name, int64_t ms)
{
	struct value v = {.type = VALUE_NUMBER};

	if (ms == 0) {
		add(d, name, value_null());
		return;
	}
	v.u.text = ms % 1000 == 0
		? arena_printf(d->a, "%lld", (long long)ms / 1000)
		: arena_printf(d->a, "%lld.%03d", (long long)ms / 1000, (int)(ms % 1000));
	d->is_short |= v.u.text == NULL;
	v.len = v.u.text == NULL ? 0 : strlen(v.u.text);
	add(d, name, v.u.text == NULL ? value_null() : v);
}

static void add_tags(struct details *d, const struct dag *dag)
{
	struct value *items = arena_array(d->a, dag->n_tags + 1, sizeof(*items));

	d->is_short |= items == NULL;
	for (size_t i = 0; items != NULL && i < dag->n_tags; i++)
		items[i] = value_string(dag->tags[i], strlen(dag->tags[i]));
	add(d, "tags",
		(struct value){.type = VALUE_LIST,
			.len = items == NULL ? 0 : dag->n_tags,
			.u.items = items});
}

/* The parameters' defaults; null for one that must come with the trigger. */
static void add_params(struct details *d, const struct dag *dag)
{
	struct value_pair *pairs = arena_array(d->a, dag->n_params + 1, sizeof(*pairs));

	d->is_short |= pairs == NULL;
	for (size_t i = 0; pairs != NULL && i < dag->n_params; i++)
		pairs[i] = (struct value_pair){.key = dag->params[i].name,
			.key_len = strlen(dag->params[i].name),
			.value = dag->params[i].has_default ? dag->params[i].dflt : value_null()};
	add(d, "params",
		(struct value){.type = VALUE_MAP,
			.len = pairs == NULL ? 0 : dag->n_params,
			.u.pairs = pairs});
}

static void collect(struct details *d, const struct dag *dag)
{
	add_text(d, "dag_id", dag->dag_id);
	add_text(d, "description", dag->description);
	add_text(d, "doc_md", dag->doc);
	add_text(d, "fileloc", dag->file);
	add_text(d, "owners", dag->owner);
	add_tags(d, dag);
	add_text(d, "schedule", dag->schedule_text[0] == '\0' ? NULL : dag->schedule_text);
	add_text(d, "timezone", dag->timezone);
	add_time(d, "start_date", dag->start_date);
	add_time(d, "end_date", dag->end_date);
	add(d, "catchup", value_bool(dag->catchup));
	add_int(d, "max_active_runs", dag->max_active_runs);
	add_int(d, "max_active_tasks", dag->max_active_tasks);
	add_seconds(d, "dagrun_timeout", dag->dagrun_timeout_ms);
	add(d, "is_paused_upon_creation", value_bool(dag->is_paused_upon_creation));
	add_params(d, dag);
	add_int(d, "stages", dag->n_stages);
	add_int(d, "tasks", dag->n_tasks);
}

static int show(const struct dag_opened *o, const struct args *args)
{
	struct details d = {.a = o->arena};
	struct value map;

	collect(&d, o->dag);
	if (d.is_short) {
		report_error("%s", err_text(ERR_NOMEM));
		return EXIT_FAILED;
	}
	map = (struct value){.type = VALUE_MAP, .len = d.n, .u.pairs = d.pairs};
	return table_show_object(&map, args);
}

static int details_exec(const struct args *args)
{
	struct dag_opened o;
	int status = dag_open(args_word(args, 0), &o);

	if (status == EXIT_DONE)
		status = show(&o, args);
	dag_close(&o);
	return status;
}

static const struct flag details_flags[] = {OUTPUT_FLAG};

const struct command command_dags_details = {
	.group = "dags",
	.verb = "details",
	.words = "ID|FILE",
	.summary = "all that a DAG's file says of it",
	.details = "Times are ISO 8601 in UTC, dagrun_timeout is in seconds, params are their "
		   "defaults (null: must come with the trigger).",
	.flags = details_flags,
	.n_flags = sizeof(details_flags) / sizeof(details_flags[0]),
	.example = "windrow dags details nightly_backup -o yaml",
	.exec = details_exec,
};
