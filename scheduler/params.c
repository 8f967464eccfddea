/* A run's parameters and dates. */
#include "scheduler/params.h"

#include <string.h>

#include "engine/arena.h"
#include "engine/dag.h"
#include "engine/err.h"
#include "engine/instant.h"
#include "engine/param.h"
#include "engine/timetable.h"
#include "engine/value.h"
#include "scheduler/render.h"

int params_resolve(const struct dag *d, const struct value *conf, struct arena *a,
	struct value *out, struct err *e)
{
	struct value_pair *pairs = arena_array(a, d->n_params + 1, sizeof(*pairs));

	if (pairs == NULL)
		return err_set(e, ERR_NOMEM, "%s", err_text(ERR_NOMEM));
	if (conf->type != VALUE_MAP)
		return err_set(e, ERR_INVALID, "the conf must be a JSON object; this is: %s",
			value_type_name(conf->type));
	for (size_t i = 0; i < d->n_params; i++) {
		const struct param *p = &d->params[i];
		const struct value *given = value_member(conf, p->name, strlen(p->name));
		struct err why;
		int r = given == NULL ? 0 : param_check(p, given, &why);

		if (r != 0)
			return err_set(e, r, "parameter %s", why.text);
		if (given == NULL && !p->has_default)
			return err_set(e, ERR_INVALID,
				"parameter %s has no default, and the conf does not give it",
				p->name);
		pairs[i] = (struct value_pair){.key = p->name,
			.key_len = strlen(p->name),
			.value = given == NULL ? p->dflt : *given};
	}
	*out = (struct value){.type = VALUE_MAP, .len = d->n_params, .u.pairs = pairs};
	return 0;
}

int params_dates_set(
	const struct dag *d, const char *date, int64_t now, struct run_facts *out, struct err *e)
{
	int64_t at = now;
	int status = 0;

	if (date != NULL)
		status = instant_parse(date, strlen(date), d->zone, &at, NULL, e);
	if (status != 0)
		return status;
	out->logical_date = at;
	timetable_manual_interval(d->timetable, at, &out->interval_start, &out->interval_end);
	return 0;
}
