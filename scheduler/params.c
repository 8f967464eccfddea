/* A run's parameters. */
#include "scheduler/params.h"

#include <string.h>

#include "engine/arena.h"
#include "engine/dag.h"
#include "engine/err.h"
#include "engine/param.h"
#include "engine/value.h"

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
		int r = given == NULL ? 0 : param_check(p, given, e);

		if (r != 0)
			return r;
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
