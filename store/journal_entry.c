/* What the journal carries: each kind of change copied, and written. */
#include "store/journal_entry.h"

#include "engine/arena.h"
#include "engine/err.h"
#include "store/journal.h"

/* ---- copying ---- */

/* Copies a text in place; *is_fine becomes false where there is no memory. */
static void keep(struct arena *a, const char **text, bool *is_fine)
{
	if (*text == NULL)
		return;
	*text = arena_strdup(a, *text);
	*is_fine = *is_fine && *text != NULL;
}

static void keep_run(struct arena *a, struct store_run *r, bool *is_fine)
{
	keep(a, &r->dag_id, is_fine);
	keep(a, &r->run_id, is_fine);
	keep(a, &r->run_type, is_fine);
	keep(a, &r->conf, is_fine);
	keep(a, &r->params, is_fine);
	keep(a, &r->actor, is_fine);
}

static void keep_errors(struct arena *a, struct journal_entry *n, bool *is_fine)
{
	struct store_import_error *list =
		arena_array(a, n->u.errors.n + 1, sizeof(*n->u.errors.list));

	keep(a, &n->u.errors.file, is_fine);
	*is_fine = *is_fine && list != NULL;
	for (size_t i = 0; i < n->u.errors.n && *is_fine; i++) {
		list[i] = n->u.errors.list[i];
		list[i].file = n->u.errors.file;
		keep(a, &list[i].text, is_fine);
	}
	n->u.errors.list = list;
}

static void keep_all(struct arena *a, struct journal_entry *n, bool *is_fine)
{
	switch (n->kind) {
	case JOURNAL_RUN:
		keep_run(a, &n->u.run, is_fine);
		break;
	case JOURNAL_TASK:
		keep(a, &n->u.task.task_id, is_fine);
		keep(a, &n->u.task.items, is_fine);
		break;
	case JOURNAL_TRY:
		keep(a, &n->u.try.execution_id, is_fine);
		keep(a, &n->u.try.message, is_fine);
		keep(a, &n->u.try.log_path, is_fine);
		keep(a, &n->u.try.outputs, is_fine);
		break;
	case JOURNAL_DAG:
		keep(a, &n->u.dag.dag_id, is_fine);
		keep(a, &n->u.dag.file, is_fine);
		break;
	case JOURNAL_DAG_VERSION:
		keep(a, &n->u.version.dag_id, is_fine);
		keep(a, &n->u.version.source_hash, is_fine);
		break;
	case JOURNAL_SOURCE:
		keep(a, &n->u.text.source.hash, is_fine);
		keep(a, &n->u.text.source.file_name, is_fine);
		n->u.text.source.text = arena_memdup(a, n->u.text.source.text, n->u.text.len);
		*is_fine = *is_fine && n->u.text.source.text != NULL;
		break;
	case JOURNAL_IMPORT_ERRORS:
		keep_errors(a, n, is_fine);
		break;
	case JOURNAL_POOL:
		keep(a, &n->u.pool.name, is_fine);
		keep(a, &n->u.pool.description, is_fine);
		break;
	case JOURNAL_POOL_DELETE:
	case JOURNAL_DAG_DELETE:
	case JOURNAL_AUDIT:
		keep(a, &n->u.pair.actor, is_fine);
		keep(a, &n->u.pair.action, is_fine);
		keep(a, &n->u.pair.name, is_fine);
		break;
	case JOURNAL_CALLBACK:
	case JOURNAL_CALLBACK_DELETE:
		keep(a, &n->u.callback.execution_id, is_fine);
		keep(a, &n->u.callback.event, is_fine);
		keep(a, &n->u.callback.facts, is_fine);
		break;
	}
}

struct journal_entry *journal_entry_copy(struct arena *a, const struct journal_entry *entry)
{
	struct journal_entry *n = arena_alloc(a, sizeof(*n));
	bool is_fine = true;

	if (n == NULL)
		return NULL;
	*n = *entry;
	n->next = NULL;
	keep_all(a, n, &is_fine);
	return is_fine ? n : NULL;
}

/* ---- writing ---- */

/* N.B. what is to be deleted may be gone already: that is no reason to hold up a batch. */
static int gone_is_fine(int r)
{
	return r == ERR_NOTFOUND ? 0 : r;
}

int journal_entry_write(struct store *s, const struct journal_entry *n, struct err *e)
{
	switch (n->kind) {
	case JOURNAL_RUN:
		return store_run_put(s, &n->u.run, e);
	case JOURNAL_TASK:
		return store_task_put(s, &n->u.task, e);
	case JOURNAL_TRY:
		return store_try_put(s, &n->u.try, e);
	case JOURNAL_DAG:
		return store_dag_put(s, &n->u.dag, e);
	case JOURNAL_DAG_VERSION:
		return store_dag_version_put(
			s, n->u.version.dag_id, n->u.version.number, n->u.version.source_hash, e);
	case JOURNAL_SOURCE:
		return store_source_put(s, n->u.text.source.hash, n->u.text.source.file_name,
			n->u.text.source.text, n->u.text.len, e);
	case JOURNAL_IMPORT_ERRORS:
		return store_import_errors_put(
			s, n->u.errors.file, n->u.errors.list, n->u.errors.n, e);
	case JOURNAL_POOL:
		return store_pool_put(s, &n->u.pool, e);
	case JOURNAL_POOL_DELETE:
		return gone_is_fine(store_pool_delete(s, n->u.pair.name, e));
	case JOURNAL_DAG_DELETE:
		return gone_is_fine(store_dag_delete(s, n->u.pair.name, e));
	case JOURNAL_CALLBACK:
		return store_callback_put(s, &n->u.callback, e);
	case JOURNAL_CALLBACK_DELETE:
		return store_callback_delete(s, n->u.callback.execution_id, e);
	case JOURNAL_AUDIT:
		return store_audit(s, n->u.pair.actor, n->u.pair.action, n->u.pair.name, e);
	}
	return err_set(e, ERR_BUG, "the journal holds a change of no kind");
}
