/* schedule, timezone, start_date, end_date and catchup: the timetable of a DAG. */
#include <string.h>

#include "engine/buf.h"
#include "engine/load_impl.h"

/* Takes note of how a call ended: what is wrong with the file is told at the node. */
static void note(
	struct loader *l, int rc, const struct yaml_node *n, const char *key, const struct err *e)
{
	if (rc == ERR_NOMEM || rc == ERR_UNAVAILABLE) /* descriptors are short, for a zone's file */
		load_nomem(l);
	else if (rc != 0)
		load_error(l, yaml_node_pos(n), "%s: %s", key, e->text);
}

static void load_zone(struct loader *l, const struct yaml_node *n)
{
	const struct zone_source *zones = l->opts->zones;
	const struct zone *zone = zone_utc();
	struct err e;
	const char *name;
	int rc = 0;

	l->dag->zone = zone;
	l->dag->timezone = "UTC";
	if (n == NULL || !load_string(l, &dag_keys[DAG_KEY_TIMEZONE], n, &name))
		return;
	if (strcmp(name, "UTC") != 0)
		rc = zones != NULL ? zones->find(zones->ctx, name, &zone, &e)
				   : err_set(&e, ERR_NOTFOUND, "no zone but UTC is known here");
	note(l, rc, n, "timezone", &e);
	if (rc == 0) {
		l->dag->timezone = name;
		l->dag->zone = zone;
	}
}

static int64_t load_date(
	struct loader *l, const struct key_def *k, const struct yaml_node *n, bool is_end)
{
	struct err e;
	int64_t t = INSTANT_NONE;
	int rc;

	if (n == NULL)
		return INSTANT_NONE;
	if (n->kind != YAML_SCALAR || yaml_is_null(n)) {
		load_wrong(l, k->name, n, "a date such as 2026-01-01 or 2026-01-01T02:30");
		return INSTANT_NONE;
	}
	rc = is_end ? instant_parse_end(n->text, n->n, l->dag->zone, &t, &e)
		    : instant_parse(n->text, n->n, l->dag->zone, &t, NULL, &e);
	note(l, rc, n, k->name, &e);
	return rc == 0 ? t : INSTANT_NONE;
}

/* The lines of a schedule; nothing is none. False and told where it is no schedule. */
static bool read_lines(
	struct loader *l, const struct yaml_node *n, const char ***lines, size_t *count)
{
	const struct key_def *k = &dag_keys[DAG_KEY_SCHEDULE];
	const char **one;

	*count = 0;
	*lines = NULL;
	if (n == NULL || yaml_is_null(n))
		return true;
	if (n->kind == YAML_MAP || (n->kind == YAML_LIST && n->n == 0)) {
		load_wrong(l, k->name, n,
			"a cron line, a macro such as @daily, `every 15m`, a list of cron lines, "
			"or "
			"nothing");
		return false;
	}
	if (n->kind == YAML_LIST)
		return load_strings(l, k, n, lines, count);
	one = arena_alloc(l->arena, sizeof(*one));
	if (one == NULL)
		load_nomem(l);
	if (one == NULL || !load_string(l, k, n, &one[0]))
		return false;
	*lines = one;
	*count = 1;
	return true;
}

static void keep_text(struct loader *l, const char *const *lines, size_t n)
{
	struct buf b;

	buf_init(&b, 0);
	for (size_t i = 0; i < n; i++) {
		buf_adds(&b, i > 0 ? ", " : "");
		buf_adds(&b, lines[i]);
	}
	l->dag->schedule_text = arena_strdup(l->arena, buf_str(&b));
	if (l->dag->schedule_text == NULL || buf_status(&b) != 0)
		load_nomem(l);
	buf_free(&b);
}

static void make_timetable(struct loader *l, const struct yaml_node *n)
{
	struct dag *d = l->dag;
	struct timetable_bounds bounds = {
		.zone = d->zone, .start = d->start_date, .end = d->end_date, .catchup = d->catchup};
	struct err e;
	const char **lines;
	size_t count, bad = 0;
	int rc;

	if (!read_lines(l, n, &lines, &count))
		return;
	keep_text(l, lines, count);
	rc = timetable_create(l->arena, lines, count, &bounds, &d->timetable, &bad, &e);
	if (rc != 0)
		note(l, rc, n != NULL && n->kind == YAML_LIST && bad < n->n ? n->items[bad] : n,
			"schedule", &e);
}

/* With a schedule nobody is there to give a parameter. */
static void check_params(struct loader *l)
{
	if (l->dag->timetable == NULL || timetable_kind(l->dag->timetable) == TIMETABLE_NONE)
		return;
	for (size_t i = 0; i < l->dag->n_params; i++)
		if (!l->dag->params[i].has_default)
			load_error(l, l->dag->params[i].pos,
				"parameter %s has no default, and the DAG has a schedule: give it "
				"one",
				l->dag->params[i].name);
}

void load_schedule(struct loader *l)
{
	struct yaml_node *const *v = l->dag_values;
	struct dag *d = l->dag;

	load_zone(l, v[DAG_KEY_TIMEZONE]);
	d->start_date = load_date(l, &dag_keys[DAG_KEY_START_DATE], v[DAG_KEY_START_DATE], false);
	d->end_date = load_date(l, &dag_keys[DAG_KEY_END_DATE], v[DAG_KEY_END_DATE], true);
	if (d->start_date != INSTANT_NONE && d->end_date != INSTANT_NONE &&
		d->start_date > d->end_date)
		load_error(l, yaml_node_pos(v[DAG_KEY_END_DATE]), "end_date is before start_date");
	make_timetable(l, v[DAG_KEY_SCHEDULE]);
	check_params(l);
}
