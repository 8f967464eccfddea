/* --conf and --logical-date. */
#include "cli/run_conf.h"

#include <stdio.h>
#include <string.h>

#include "cli/command.h"
#include "cli/report.h"
#include "engine/dag.h"
#include "engine/err.h"
#include "engine/instant.h"
#include "scheduler/params.h"
#include "store/clock.h"

int run_conf_parse(const char *text, struct arena *a, struct value *out)
{
	struct err e;
	int r;

	if (strlen(text) > RUN_CONF_MAX)
		r = err_set(&e, ERR_LIMIT, "it has more than %zu bytes", RUN_CONF_MAX);
	else
		r = value_parse_json(a, text, strlen(text), out, &e);
	if (r == 0)
		return EXIT_DONE;
	report_error("--conf: %s", e.text);
	return EXIT_USAGE;
}

int run_conf_read(struct run_conf *c, const struct dag *d, struct arena *a, const char *conf,
	const char *date)
{
	char time[INSTANT_TEXT_MAX];
	struct err e;
	int status;

	c->now = clock_wall_ms();
	status = run_conf_parse(conf, a, &c->facts.conf);
	if (status != EXIT_DONE)
		return status;
	if (params_dates_set(d, date, c->now, &c->facts, &e) != 0) {
		report_error("--logical-date: %s", e.text);
		return EXIT_USAGE;
	}
	if (params_resolve(d, &c->facts.conf, a, &c->facts.params, &e) != 0) {
		report_error("%s: %s", d->dag_id, e.text);
		return EXIT_USAGE;
	}
	(void)snprintf(c->run_id, sizeof(c->run_id), "manual__%s", instant_format(c->now, time));
	c->facts.run_id = c->run_id;
	return EXIT_DONE;
}
