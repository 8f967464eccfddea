/* Runs of the store, for commands that look at one. */
#include "cli/run_stored.h"

#include <string.h>

#include "cli/command.h"
#include "cli/dag_files.h"
#include "cli/report.h"
#include "cli/stores.h"
#include "engine/arena.h"
#include "engine/err.h"
#include "engine/load.h"
#include "scheduler/edition.h"

static int edition_read(struct run_stored *r, struct err *e)
{
	struct load_options o = *dag_loader_options(r->loader);
	struct store_dag_version version;
	struct store_source source;
	int status = store_dag_version_get(
		r->store, r->arena, r->run.dag_id, r->run.version, &version, e);

	if (status == 0)
		status = store_source_get(r->store, r->arena, version.source_hash, &source, e);
	if (status != 0)
		return status;
	o.default_id = r->run.dag_id;
	status = edition_load(source.text, strlen(source.text), source.file_name, r->run.dag_id,
		r->run.version, source.hash, &o, &r->edition, e);
	if (status == 0)
		r->dag = r->edition->dag;
	return status;
}

int run_stored_open(const char *dag_id, const char *run_id, struct run_stored *out)
{
	struct err e;
	int status, r;

	memset(out, 0, sizeof(*out));
	out->arena = arena_create(0);
	if (out->arena == NULL)
		return report_no_memory();
	out->store = stores_open_to_read(&status);
	if (status != EXIT_DONE)
		return status;
	if (out->store == NULL) {
		report_error("there is no run yet: nothing was ever stored");
		return EXIT_FAILED;
	}
	r = store_run_find(out->store, out->arena, dag_id, run_id, &out->run, &e);
	if (r == 0) {
		out->loader = dag_loader_or_report();
		if (out->loader == NULL)
			return EXIT_FAILED;
		r = edition_read(out, &e);
	}
	return r == 0 ? EXIT_DONE : stores_report(&e);
}

void run_stored_close(struct run_stored *r)
{
	edition_unref(r->edition);
	dag_loader_destroy(r->loader);
	stores_close(r->store);
	arena_destroy(r->arena);
}
