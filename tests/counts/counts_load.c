/* Hot paths of loading: whole files, by what they are made of. */
#include <stdlib.h>

#include "bench/texts.h"
#include "engine/buf.h"
#include "engine/load.h"
#include "operators/specs.h"
#include "tests/counts/path.h"

#define TASKS 300

struct loading {
	struct buf text;
	struct diags *diags;
	struct dag **dags;
	size_t n;
};

static void *load_begin(int which)
{
	struct loading *l = path_alloc(sizeof(*l));

	buf_init(&l->text, 0);
	text_make(&l->text, &texts[which], TASKS);
	l->diags = diags_create("counts.yaml");
	if (l->diags == NULL || buf_status(&l->text) != 0)
		path_fail("out of memory");
	return l;
}

static void load_work(void *it)
{
	const struct load_options options = {
		.ops = op_specs, .n_ops = op_specs_count, .default_id = "counts"};
	struct loading *l = it;

	if (dag_load(l->text.data, l->text.len, &options, l->diags, &l->dags, &l->n) != 0)
		path_fail("a file does not load");
}

static void load_end(void *it)
{
	struct loading *l = it;

	for (size_t i = 0; i < l->n; i++)
		dag_destroy(l->dags[i]);
	free(l->dags);
	diags_destroy(l->diags);
	buf_free(&l->text);
	free(l);
}

const struct path paths_load[] = {{"load_mixed", load_begin, TEXT_MIXED, load_work, load_end},
	{"load_plain", load_begin, TEXT_PLAIN, load_work, load_end},
	{"load_scripts", load_begin, TEXT_SCRIPTS, load_work, load_end},
	{"load_expressions", load_begin, TEXT_EXPRESSIONS, load_work, load_end}, {0}};
