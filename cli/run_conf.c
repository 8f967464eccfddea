/* --conf and --logical-date. */
#include "cli/run_conf.h"

#include <string.h>
#include <time.h>

#include "cli/command.h"
#include "cli/report.h"
#include "engine/dag.h"
#include "engine/err.h"
#include "engine/instant.h"
#include "engine/timetable.h"
#include "scheduler/params.h"

static int conf_parse(struct run_conf *c, struct arena *a, const char *text)
{
	struct err e;
	int r;

	if (strlen(text) > RUN_CONF_MAX)
		r = err_set(&e, ERR_LIMIT, "it has more than %zu bytes", RUN_CONF_MAX);
	else
		r = value_parse_json(a, text, strlen(text), &c->facts.conf, &e);
	if (r == 0)
		return EXIT_DONE;
	report_error("--conf: %s", e.text);
	return EXIT_USAGE;
}

/* The data interval begins at the logical date; without a schedule it has no length. */
static int dates_set(struct run_conf *c, const struct dag *d, const char *text)
{
	struct run_facts *f = &c->facts;
	int64_t next;
	struct err e;

	f->logical_date = c->now;
	if (text != NULL &&
		instant_parse(text, strlen(text), d->zone, &f->logical_date, NULL, &e) != 0) {
		report_error("--logical-date: %s", e.text);
		return EXIT_USAGE;
	}
	next = timetable_next(d->timetable, f->logical_date, f->logical_date);
	f->interval_start = f->logical_date;
	f->interval_end = next == INSTANT_NONE ? f->logical_date : next;
	return EXIT_DONE;
}

int run_conf_read(struct run_conf *c, const struct dag *d, struct arena *a, const char *conf,
	const char *date)
{
	char time[INSTANT_TEXT_MAX];
	struct timespec t;
	struct err e;
	int status;

	(void)clock_gettime(CLOCK_REALTIME, &t);
	c->now = (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
	status = conf_parse(c, a, conf);
	if (status == EXIT_DONE)
		status = dates_set(c, d, date);
	if (status != EXIT_DONE)
		return status;
	if (params_resolve(d, &c->facts.conf, a, &c->facts.params, &e) != 0) {
		report_error("%s: %s", d->dag_id, e.text);
		return EXIT_USAGE;
	}
	(void)snprintf(c->run_id, sizeof(c->run_id), "manual__%s", instant_format(c->now, time));
	c->facts.run_id = c->run_id;
	return EXIT_DONE;
}
