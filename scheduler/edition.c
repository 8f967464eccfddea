/*
 * Editions. Counted by plain numbers: they are made on any thread, and shared on the loop's alone.
 */
#include "scheduler/edition.h"

#include <stdlib.h>
#include <string.h>

#include "engine/dag.h"
#include "engine/diag.h"
#include "engine/err.h"
#include "engine/load.h"
#include "scheduler/dag_source.h"
#include "scheduler/plan.h"

struct shared {
	struct edition edition; /* first: what is given out */
	size_t refs;
	struct dag *dag;
	struct plan *plan;
	char *hash;
};

int edition_create(
	struct dag *dag, uint32_t number, const char *hash, struct edition **out, struct err *e)
{
	struct shared *s = calloc(1, sizeof(*s));
	int r;

	if (s != NULL)
		s->hash = strdup(hash == NULL ? "" : hash);
	if (s == NULL || s->hash == NULL) {
		free(s);
		return err_set(e, ERR_NOMEM, "%s", err_text(ERR_NOMEM));
	}
	r = plan_create(dag, &s->plan, e);
	if (r != 0) {
		free(s->hash);
		free(s);
		return r;
	}
	s->refs = 1;
	s->dag = dag;
	s->edition =
		(struct edition){.dag = dag, .plan = s->plan, .number = number, .hash = s->hash};
	*out = &s->edition;
	return 0;
}

/* The DAG of that id out of a list, taken from it; the others are destroyed. */
static struct dag *pick(struct dag **dags, size_t n, const char *dag_id)
{
	struct dag *found = NULL;

	for (size_t i = 0; i < n; i++)
		if (found == NULL && strcmp(dags[i]->dag_id, dag_id) == 0)
			found = dags[i];
		else
			dag_destroy(dags[i]);
	free(dags);
	return found;
}

int edition_load(const char *text, size_t len, const char *file, const char *dag_id,
	uint32_t number, const char *hash, const struct load_options *o, struct edition **out,
	struct err *e)
{
	struct load_options options = *o;
	struct diags *diags = diags_create(file);
	char *id = dag_source_id(file);
	struct dag **dags = NULL;
	struct dag *dag;
	size_t n = 0;
	int r;

	options.default_id = id;
	r = diags == NULL || id == NULL ? ERR_NOMEM
					: dag_load(text, len, &options, diags, &dags, &n);
	diags_destroy(diags);
	free(id);
	if (r == ERR_INVALID)
		return err_set(e, r, "%s: version %u of %s cannot be loaded any more", file, number,
			dag_id);
	if (r != 0)
		return err_set(e, r, "%s", err_text(r));
	dag = pick(dags, n, dag_id);
	if (dag == NULL)
		return err_set(e, ERR_NOTFOUND, "%s: there is no DAG \"%s\" in it", file, dag_id);
	r = edition_create(dag, number, hash, out, e);
	if (r != 0)
		dag_destroy(dag);
	return r;
}

struct edition *edition_ref(struct edition *ed)
{
	((struct shared *)ed)->refs++;
	return ed;
}

void edition_unref(struct edition *ed)
{
	struct shared *s = (struct shared *)ed;

	if (s == NULL || --s->refs > 0)
		return;
	plan_destroy(s->plan);
	dag_destroy(s->dag);
	free(s->hash);
	free(s);
}

bool edition_is_shared(const struct edition *ed)
{
	return ((const struct shared *)ed)->refs > 1;
}
