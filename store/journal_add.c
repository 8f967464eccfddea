/* What the journal takes: one function for each kind of change. */
#include "store/journal.h"
#include "store/journal_entry.h"

int journal_run(struct journal *j, const struct store_run *r)
{
	return journal_add(j, &(struct journal_entry){.kind = JOURNAL_RUN, .u.run = *r});
}

int journal_task(struct journal *j, const struct store_task *t)
{
	return journal_add(j, &(struct journal_entry){.kind = JOURNAL_TASK, .u.task = *t});
}

int journal_try(struct journal *j, const struct store_try *t)
{
	return journal_add(j, &(struct journal_entry){.kind = JOURNAL_TRY, .u.try = *t});
}

int journal_dag(struct journal *j, const struct store_dag *d)
{
	return journal_add(j, &(struct journal_entry){.kind = JOURNAL_DAG, .u.dag = *d});
}

int journal_dag_version(
	struct journal *j, const char *dag_id, uint32_t number, const char *source_hash)
{
	struct journal_entry n = {.kind = JOURNAL_DAG_VERSION,
		.u.version = {.dag_id = dag_id, .number = number, .source_hash = source_hash}};

	return journal_add(j, &n);
}

int journal_source(
	struct journal *j, const char *hash, const char *file_name, const char *text, size_t len)
{
	struct journal_entry n = {.kind = JOURNAL_SOURCE,
		.u.text = {.source = {.hash = hash, .file_name = file_name, .text = text},
			.len = len}};

	return journal_add(j, &n);
}

int journal_import_errors(
	struct journal *j, const char *file, const struct store_import_error *list, size_t n)
{
	struct journal_entry entry = {
		.kind = JOURNAL_IMPORT_ERRORS, .u.errors = {.file = file, .list = list, .n = n}};

	return journal_add(j, &entry);
}

int journal_pool(struct journal *j, const struct store_pool *p)
{
	return journal_add(j, &(struct journal_entry){.kind = JOURNAL_POOL, .u.pool = *p});
}

int journal_pool_delete(struct journal *j, const char *name)
{
	struct journal_entry n = {.kind = JOURNAL_POOL_DELETE, .u.pair.name = name};

	return journal_add(j, &n);
}

int journal_dag_delete(struct journal *j, const char *dag_id)
{
	struct journal_entry n = {.kind = JOURNAL_DAG_DELETE, .u.pair.name = dag_id};

	return journal_add(j, &n);
}

int journal_callback(struct journal *j, const struct store_callback *c)
{
	return journal_add(j, &(struct journal_entry){.kind = JOURNAL_CALLBACK, .u.callback = *c});
}

int journal_callback_delete(struct journal *j, const char *execution_id)
{
	struct journal_entry n = {
		.kind = JOURNAL_CALLBACK_DELETE, .u.callback.execution_id = execution_id};

	return journal_add(j, &n);
}

int journal_audit(struct journal *j, const char *actor, const char *action, const char *name)
{
	struct journal_entry n = {
		.kind = JOURNAL_AUDIT, .u.pair = {.actor = actor, .action = action, .name = name}};

	return journal_add(j, &n);
}
