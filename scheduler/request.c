/*
 * The form of requests, from one table: which member belongs to which kinds, which of them must
 * have it, and what it may be. Reading and writing both go by it, so that they cannot disagree.
 */
#include "scheduler/request.h"

#include <stdlib.h>
#include <string.h>

#include "engine/arena.h"
#include "engine/buf.h"
#include "engine/err.h"
#include "engine/hint.h"
#include "engine/utf8.h"

enum member_type { MEMBER_NAME, MEMBER_TEXT, MEMBER_BOOL, MEMBER_INT, MEMBER_MAP };

#define ON(kind) (1U << REQUEST_##kind)
#define ANY ((1U << REQUEST_COUNT) - 1)
#define ON_RUN (ON(TRIGGER) | ON(CANCEL) | ON(CLEAR) | ON(MARK) | ON(FOLLOW))
#define ON_DAG (ON_RUN | ON(PAUSE) | ON(UNPAUSE) | ON(DELETE) | ON(BACKFILL))
#define ON_POOL (ON(POOL_SET) | ON(POOL_DELETE))

struct member {
	const char *key;
	enum member_type type;
	size_t offset; /* in struct request */
	unsigned allowed, needed; /* kinds */
	int64_t min, max; /* MEMBER_INT */
};

#define AT(name) offsetof(struct request, name)

static const struct member members[] = {
	{"actor", MEMBER_NAME, AT(actor), ANY, 0, 0, 0},
	{"dag_id", MEMBER_NAME, AT(dag_id), ON_DAG, ON_DAG & ~ON(CANCEL), 0, 0},
	{"run_id", MEMBER_NAME, AT(run_id), ON_RUN, ON(CANCEL) | ON(MARK) | ON(FOLLOW), 0, 0},
	{"task_id", MEMBER_TEXT, AT(task_id), ON(MARK), 0, 0, 0},
	{"map_index", MEMBER_INT, AT(map_index), ON(MARK), 0, 0, UINT32_MAX - 1},
	{"state", MEMBER_NAME, AT(state), ON(MARK), ON(MARK), 0, 0},
	{"conf", MEMBER_MAP, AT(conf), ON(TRIGGER), 0, 0, 0},
	{"logical_date", MEMBER_NAME, AT(logical_date), ON(TRIGGER), 0, 0, 0},
	{"start_date", MEMBER_NAME, AT(start_date), ON(CLEAR) | ON(BACKFILL), ON(BACKFILL), 0, 0},
	{"end_date", MEMBER_NAME, AT(end_date), ON(CLEAR) | ON(BACKFILL), ON(BACKFILL), 0, 0},
	{"task_regex", MEMBER_TEXT, AT(task_regex), ON(CLEAR), 0, 0, 0},
	{"upstream", MEMBER_BOOL, AT(upstream), ON(CLEAR), 0, 0, 0},
	{"downstream", MEMBER_BOOL, AT(downstream), ON(CLEAR), 0, 0, 0},
	{"only_failed", MEMBER_BOOL, AT(only_failed), ON(CLEAR), 0, 0, 0},
	{"teardowns_too", MEMBER_BOOL, AT(teardowns_too), ON(CANCEL), 0, 0, 0},
	{"dry_run", MEMBER_BOOL, AT(dry_run), ON(CLEAR) | ON(BACKFILL) | ON(DELETE), 0, 0, 0},
	{"reset_dagruns", MEMBER_BOOL, AT(reset_dagruns), ON(BACKFILL), 0, 0, 0},
	{"max_active_runs", MEMBER_INT, AT(max_active_runs), ON(BACKFILL), 0, 1, REQUEST_RUNS_MAX},
	{"pool", MEMBER_NAME, AT(pool), ON_POOL, ON_POOL, 0, 0},
	{"slots", MEMBER_INT, AT(slots), ON(POOL_SET), ON(POOL_SET), 0, 1000000000},
	{"description", MEMBER_TEXT, AT(description), ON(POOL_SET), 0, 0, 0},
	{"lines", MEMBER_BOOL, AT(lines), ON(FOLLOW), 0, 0, 0},
};
#define MEMBERS_COUNT (sizeof(members) / sizeof(members[0]))

static const char *const names[REQUEST_COUNT] = {
#define REQUEST_NAME(id, name) [REQUEST_##id] = name,
	REQUEST_LIST(REQUEST_NAME)
#undef REQUEST_NAME
};

static void *place(const struct request *r, const struct member *m)
{
	return (char *)(uintptr_t)r + m->offset;
}

static int text_take(
	const struct member *m, const struct value *v, struct request *r, struct err *e)
{
	size_t max = m->type == MEMBER_NAME ? REQUEST_NAME_MAX : REQUEST_TEXT_MAX;

	if (v->type != VALUE_STRING || memchr(v->u.text, '\0', v->len) != NULL)
		return err_set(e, ERR_INVALID, "%s: it is not a text", m->key);
	if (v->len > max)
		return err_set(e, ERR_LIMIT, "%s: it has more than %zu bytes", m->key, max);
	if (v->len == 0 && m->type == MEMBER_NAME)
		return err_set(e, ERR_INVALID, "%s: it is empty", m->key);
	memcpy(place(r, m), &v->u.text, sizeof(v->u.text));
	return 0;
}

static int number_take(
	const struct member *m, const struct value *v, struct request *r, struct err *e)
{
	char *end;
	int64_t n;

	if (v->type == VALUE_NUMBER && v->len < 20) {
		n = strtoll(v->u.text, &end, 10);
		if (end == v->u.text + v->len && n >= m->min && n <= m->max) {
			memcpy(place(r, m), &n, sizeof(n));
			return 0;
		}
	}
	return err_set(e, ERR_INVALID, "%s: it is not a whole number from %lld to %lld", m->key,
		(long long)m->min, (long long)m->max);
}

static int member_take(
	const struct member *m, const struct value *v, struct request *r, struct err *e)
{
	switch (m->type) {
	case MEMBER_NAME:
	case MEMBER_TEXT:
		return text_take(m, v, r, e);
	case MEMBER_INT:
		return number_take(m, v, r, e);
	case MEMBER_BOOL:
		if (v->type != VALUE_BOOL)
			return err_set(e, ERR_INVALID, "%s: it is neither true nor false", m->key);
		memcpy(place(r, m), &v->truth, sizeof(v->truth));
		return 0;
	case MEMBER_MAP:
		if (v->type != VALUE_MAP)
			return err_set(e, ERR_INVALID, "%s: it is not a JSON object", m->key);
		memcpy(place(r, m), v, sizeof(*v));
		return 0;
	}
	return 0;
}

static const struct member *member_find(enum request_kind kind, const char *key, size_t len)
{
	for (size_t i = 0; i < MEMBERS_COUNT; i++)
		if ((members[i].allowed & (1U << kind)) != 0 && strlen(members[i].key) == len &&
			memcmp(members[i].key, key, len) == 0)
			return &members[i];
	return NULL;
}

static int kind_take(const struct value *map, struct request *r, struct err *e)
{
	const struct value *v = value_member(map, "do", 2);
	struct hint h;

	if (v == NULL || v->type != VALUE_STRING)
		return err_set(e, ERR_INVALID, "a request says what to do: {\"do\": \"health\"}");
	hint_begin(&h, v->u.text, v->len);
	for (int i = 0; i < REQUEST_COUNT; i++) {
		if (strlen(names[i]) == v->len && memcmp(names[i], v->u.text, v->len) == 0) {
			r->kind = (enum request_kind)i;
			return 0;
		}
		hint_offer(&h, names[i], strlen(names[i]));
	}
	return err_set(e, ERR_INVALID, "\"%.*s\" is nothing that can be asked for%s%s%s",
		(int)h.len, h.word, h.best == NULL ? "" : "; did you mean \"",
		h.best == NULL ? "" : h.best, h.best == NULL ? "" : "\"?");
}

static int members_take(const struct value *map, struct request *r, struct err *e)
{
	for (size_t i = 0; i < map->len; i++) {
		const struct value_pair *p = &map->u.pairs[i];
		const struct member *m = member_find(r->kind, p->key, p->key_len);
		int status;

		if (p->key_len == 2 && memcmp(p->key, "do", 2) == 0)
			continue;
		if (m == NULL)
			return err_set(e, ERR_INVALID, "%s has no \"%.*s\"", names[r->kind],
				(int)(p->key_len < 64 ? p->key_len : 64), p->key);
		status = p->value.type == VALUE_NULL ? 0 : member_take(m, &p->value, r, e);
		if (status != 0)
			return status;
	}
	return 0;
}

static bool is_given(const struct request *r, const struct member *m)
{
	const char *text;
	int64_t n;
	bool truth;

	switch (m->type) {
	case MEMBER_NAME:
	case MEMBER_TEXT:
		memcpy(&text, place(r, m), sizeof(text));
		return text != NULL;
	case MEMBER_INT:
		memcpy(&n, place(r, m), sizeof(n));
		return n >= 0;
	case MEMBER_BOOL:
		memcpy(&truth, place(r, m), sizeof(truth));
		return truth;
	case MEMBER_MAP:
		return r->conf.type == VALUE_MAP;
	}
	return false;
}

int request_parse(struct arena *a, const char *text, size_t len, struct request *out, struct err *e)
{
	struct request r = {.map_index = -1, .max_active_runs = -1, .slots = -1};
	struct value map;
	int status;

	if (len > REQUEST_LINE_MAX)
		return err_set(e, ERR_LIMIT, "a request has at most %zu bytes", REQUEST_LINE_MAX);
	status = value_parse_json(a, text, len, &map, e);
	if (status == 0 && map.type != VALUE_MAP)
		status = err_set(e, ERR_INVALID, "a request is a JSON object");
	if (status == 0)
		status = kind_take(&map, &r, e);
	if (status == 0)
		status = members_take(&map, &r, e);
	for (size_t i = 0; i < MEMBERS_COUNT && status == 0; i++)
		if ((members[i].needed & (1U << r.kind)) != 0 && !is_given(&r, &members[i]))
			status = err_set(
				e, ERR_INVALID, "%s needs \"%s\"", names[r.kind], members[i].key);
	if (status == 0)
		*out = r;
	return status;
}

int request_check(const struct request *r, struct err *e)
{
	struct request taken;
	int status = 0;

	for (size_t i = 0; i < MEMBERS_COUNT && status == 0; i++) {
		const struct member *m = &members[i];
		struct value v;
		const char *text;

		if ((m->type != MEMBER_NAME && m->type != MEMBER_TEXT) || !is_given(r, m))
			continue;
		memcpy(&text, place(r, m), sizeof(text));
		v = value_string(text, strlen(text));
		status = text_take(m, &v, &taken, e);
		if (status == 0 && utf8_valid(text, v.len) < v.len)
			status = err_set(e, ERR_INVALID, "%s: it is no UTF-8", m->key);
	}
	return status;
}

static void member_write(const struct request *r, const struct member *m, struct buf *out)
{
	struct value v;
	const char *text;
	int64_t n;

	buf_addf(out, ",\"%s\":", m->key);
	switch (m->type) {
	case MEMBER_NAME:
	case MEMBER_TEXT:
		memcpy(&text, place(r, m), sizeof(text));
		v = value_string(text, strlen(text));
		value_json(&v, out);
		break;
	case MEMBER_INT:
		memcpy(&n, place(r, m), sizeof(n));
		buf_addf(out, "%lld", (long long)n);
		break;
	case MEMBER_BOOL:
		buf_adds(out, "true");
		break;
	case MEMBER_MAP:
		value_json(&r->conf, out);
		break;
	}
}

void request_write(const struct request *r, struct buf *out)
{
	buf_addf(out, "{\"do\":\"%s\"", names[r->kind]);
	for (size_t i = 0; i < MEMBERS_COUNT; i++)
		if ((members[i].allowed & (1U << r->kind)) != 0 && is_given(r, &members[i]))
			member_write(r, &members[i], out);
	buf_adds(out, "}\n");
}

int request_run_id_check(const char *run_id, struct err *e)
{
	static const char allowed[] =
		"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_.~:+-";
	size_t n = strspn(run_id, allowed);

	if (n > REQUEST_NAME_MAX)
		return err_set(e, ERR_INVALID, "a run id has at most %d bytes", REQUEST_NAME_MAX);
	if (n > 0 && run_id[n] == '\0')
		return 0;
	return err_set(e, ERR_INVALID,
		"\"%.250s\" cannot be a run id: it is made of letters, digits and _.~:+-", run_id);
}
