/* Forgetting: whole DAGs, and what is old. */
#include "engine/err.h"
#include "engine/instant.h"
#include "store/store_impl.h"
#include "store/store_run.h"

/* ---- one ---- */

static int dag_erase(struct store *s, const char *dag_id, int64_t *changed, struct err *e)
{
	static const char *const sql[] = {
		"DELETE FROM callbacks WHERE run IN (SELECT number FROM runs WHERE dag_id = $1)",
		"DELETE FROM tries WHERE run IN (SELECT number FROM runs WHERE dag_id = $1)",
		"DELETE FROM task_instances WHERE run IN (SELECT number FROM runs WHERE dag_id = "
		"$1)",
		"DELETE FROM runs WHERE dag_id = $1", "DELETE FROM dag_versions WHERE dag_id = $1",
		NULL};
	int r = 0;

	for (const char *const *one = sql; *one != NULL && r == 0; one++)
		r = db_run(s->db, e, NULL, *one, "t", dag_id);

	return r != 0
		? r
		: db_run(s->db, e, changed, "DELETE FROM dags WHERE dag_id = $1", "t", dag_id);
}

int store_dag_delete(struct store *s, const char *dag_id, struct err *e)
{
	int64_t changed = 0;
	int r = store_begin(s, e);

	if (r != 0)
		return r;
	r = dag_erase(s, dag_id, &changed, e);
	if (r != 0) {
		store_rollback(s);
		return r;
	}
	r = store_commit(s, e);
	if (r == 0 && changed == 0)
		r = err_set(e, ERR_NOTFOUND, "there is no DAG %s in the store", dag_id);
	return r;
}

/* ---- what is old ---- */

#define OLD_RUNS                                                                                   \
	"(SELECT number FROM runs WHERE ended_at < $1 AND state NOT IN ('queued', 'running') "     \
	"ORDER BY ended_at LIMIT $2)"
/* A version that neither its DAG nor a run that stays needs; a text that no such version needs.
 * N.B. the runs are listed once, and not looked for again with each version. */
#define IS_OLD_VERSION                                                                             \
	"v.created_at < $1 AND NOT EXISTS (SELECT 1 FROM dags d "                                  \
	"WHERE d.dag_id = v.dag_id AND d.version = v.number) "                                     \
	"AND (v.dag_id, v.number) NOT IN (SELECT r.dag_id, r.version FROM runs r "                 \
	"WHERE r.ended_at IS NULL OR r.ended_at >= $1 OR r.state IN ('queued', 'running'))"
#define OLD_VERSIONS "FROM dag_versions AS v WHERE " IS_OLD_VERSION
#define OLD_SOURCES                                                                                \
	"FROM dag_sources WHERE created_at < $1 AND hash NOT IN (SELECT v.source_hash "            \
	"FROM dag_versions v WHERE NOT (" IS_OLD_VERSION "))"

/* One kind of row: how it is counted, and how forgotten. */
struct kind {
	const char *count, *erase;
	bool is_limited; /* takes $2 */
};

static const struct kind kinds[] = {
	{"SELECT COUNT(*) FROM tries WHERE run IN " OLD_RUNS,
		"DELETE FROM tries WHERE run IN " OLD_RUNS, true},
	{"SELECT COUNT(*) FROM task_instances WHERE run IN " OLD_RUNS,
		"DELETE FROM task_instances WHERE run IN " OLD_RUNS, true},
	{"SELECT COUNT(*) FROM runs WHERE number IN " OLD_RUNS,
		"DELETE FROM runs WHERE number IN " OLD_RUNS, true},
	{"SELECT COUNT(*) " OLD_VERSIONS, "DELETE " OLD_VERSIONS, false},
	{"SELECT COUNT(*) " OLD_SOURCES, "DELETE " OLD_SOURCES, false},
};

static int count(struct store *s, const struct kind *k, int64_t before, int64_t limit, int64_t *out,
	struct err *e)
{
	struct db_rows *rows;
	int r = k->is_limited ? db_select(s->db, e, &rows, k->count, "ii", before, limit)
			      : db_select(s->db, e, &rows, k->count, "i", before);

	return r == 0 ? db_rows_number(rows, out, e) : r;
}

static int erase(struct store *s, const struct kind *k, int64_t before, int64_t limit, int64_t *out,
	struct err *e)
{
	return k->is_limited ? db_run(s->db, e, out, k->erase, "ii", before, limit)
			     : db_run(s->db, e, out, k->erase, "i", before);
}

/* N.B. versions and texts are looked at once the last slice of runs is gone. */
static int clean(struct store *s, int64_t before, int64_t limit, bool is_dry,
	struct store_cleaned *out, bool *is_done, struct err *e)
{
	uint64_t *const sums[] = {
		&out->tries, &out->tasks, &out->runs, &out->versions, &out->sources};
	int64_t n = 0;
	int r = 0;

	for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]) && r == 0; i++) {
		if (!kinds[i].is_limited && !*is_done)
			break;
		r = is_dry ? count(s, &kinds[i], before, limit, &n, e)
			   : erase(s, &kinds[i], before, limit, &n, e);
		*sums[i] += (uint64_t)n;
		if (sums[i] == &out->runs)
			*is_done = n < limit;
	}
	if (r == 0 && *is_done && !is_dry)
		r = db_run(s->db, e, NULL,
			"DELETE FROM callbacks WHERE NOT EXISTS (SELECT 1 FROM runs r "
			"WHERE r.number = callbacks.run)",
			"");
	return r;
}

static bool is_nothing(const struct store_cleaned *c)
{
	return c->runs + c->tasks + c->tries + c->versions + c->sources == 0;
}

/* Who forgot what, once, with the first slice of which anything goes. */
static int note(struct store *s, int64_t before, struct err *e)
{
	char text[INSTANT_TEXT_MAX];

	return store_audit(s, NULL, "db.clean", instant_format(before, text), e);
}

int store_history_clean(struct store *s, int64_t before, uint32_t max_runs, bool is_dry,
	struct store_cleaned *out, bool *is_done, struct err *e)
{
	bool is_first = is_nothing(out);
	int r = store_begin(s, e);

	*is_done = false;
	if (r != 0)
		return r;
	r = clean(s, before, is_dry ? INT64_MAX : (int64_t)max_runs, is_dry, out, is_done, e);
	if (r == 0 && !is_dry && is_first && !is_nothing(out))
		r = note(s, before, e);
	if (r == 0)
		return store_commit(s, e);
	store_rollback(s);
	return r;
}
