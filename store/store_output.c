/*
 * What tries leave, sealed: responses and the ends of what was printed hold secrets often enough;
 * and the items of a for_each, which may be made of these.
 *
 * It is sealed under an output key, which lies in output_keys, sealed under the data key. So a
 * rotation seals a few keys anew, however many tries there are; the first try behind one begins a
 * new output key. A key's bytes never change under its number, so that one that was read stays
 * right; which is the one to seal with is looked up once a transaction.
 */
#include <stdio.h>
#include <string.h>

#include "engine/arena.h"
#include "engine/buf.h"
#include "engine/err.h"
#include "store/clock.h"
#include "store/secret.h"
#include "store/store_impl.h"
#include "store/store_list.h"
#include "store/store_run.h"

#define ROW_NAME_SIZE 64
#define PLAIN_AT_ONCE 1000 /* texts that are sealed in one transaction */

static int no_memory(struct err *e)
{
	return err_set(e, ERR_NOMEM, "%s", err_text(ERR_NOMEM));
}

/* What is sealed here: what tries leave, and the items of a for_each, whose rows have no try. */
enum kind { OUTPUTS, ITEMS };

static const struct {
	const char *table, *column;
	const char *select, *update; /* what an older windrow left plain */
} kinds[] = {
	[OUTPUTS] = {"tries", "outputs",
		"SELECT run, task, instance, try_number, outputs FROM tries WHERE outputs IS NOT "
		"NULL LIMIT $1",
		"UPDATE tries SET sealed = $1, outputs = NULL "
		"WHERE run = $2 AND task = $3 AND instance = $4 AND try_number = $5"},
	[ITEMS] = {"task_instances", "items",
		"SELECT run, task, instance, 0, items FROM task_instances WHERE items IS NOT NULL "
		"LIMIT $1",
		"UPDATE task_instances SET sealed_items = $1, items = NULL "
		"WHERE run = $2 AND task = $3 AND instance = $4 AND 0 = $5"},
};

/* One of them: its row and, where it is not sealed, its text. */
struct one {
	enum kind kind;
	uint64_t run;
	uint32_t task, instance, try_number;
	const char *text;
};

static struct one outputs_of(const struct store_try *t)
{
	return (struct one){OUTPUTS, t->run, t->task, t->instance, t->try_number, t->outputs};
}

static struct one items_of(const struct store_task *t)
{
	return (struct one){ITEMS, t->run, t->row.task, t->row.instance, 0, t->items};
}

/* Its row, as the seal names it. */
static struct seal_place place_of(const struct one *o, char *row)
{
	(void)snprintf(row, ROW_NAME_SIZE, "%llu/%u/%d/%u", (unsigned long long)o->run, o->task,
		(int)o->instance, o->try_number);
	return (struct seal_place){kinds[o->kind].table, row, kinds[o->kind].column};
}

/* ---- the key ---- */

static int key_room(struct store *s, struct err *e)
{
	store_output_forget(s);
	s->output_key = secret_alloc(sizeof(*s->output_key));
	return s->output_key == NULL ? no_memory(e) : 0;
}

static struct seal_place key_place(uint32_t number, char *row)
{
	(void)snprintf(row, ROW_NAME_SIZE, "%u", number);
	return (struct seal_place){"output_keys", row, "key"};
}

static int key_take(struct store *s, struct db_rows *rows, struct err *e)
{
	struct arena *a = secret_arena_create(0);
	uint32_t number = (uint32_t)db_rows_int(rows, 0);
	char row[ROW_NAME_SIZE];
	const struct seal_place place = key_place(number, row);
	size_t sealed_len, len = 0;
	const void *sealed = db_rows_bytes(rows, 2, &sealed_len);
	const char *plain;
	int r = a == NULL ? no_memory(e) : key_room(s, e);

	if (r == 0)
		r = store_open_sealed(s, &place, sealed, sealed_len, a, &plain, &len, e);
	if (r == 0 && len != SEAL_KEY_SIZE)
		r = err_set(e, ERR_CORRUPT, "the store's key of outputs has a wrong length");
	if (r == 0) {
		s->output_key->number = number;
		memcpy(s->output_key->bytes, plain, SEAL_KEY_SIZE);
		s->output_vault = (uint32_t)db_rows_int(rows, 1);
	} else {
		store_output_forget(s);
	}
	arena_destroy(a);
	return r;
}

/* Reads the key that the statement finds, if there is one. */
static int key_read(
	struct store *s, const char *sql, uint32_t number, bool *is_there, struct err *e)
{
	struct db_rows *rows;
	int r = db_select(s->db, e, &rows, sql, "i", (int64_t)number);

	if (r != 0)
		return r;
	r = db_rows_next(rows, e);
	*is_there = r == 1;
	if (*is_there)
		r = key_take(s, rows, e);
	db_rows_close(rows);
	return r;
}

static int key_make(struct store *s, struct err *e)
{
	char row[ROW_NAME_SIZE];
	struct seal_place place;
	struct buf sealed;
	int r = key_room(s, e);

	if (r == 0)
		r = seal_random(s->output_key, sizeof(*s->output_key), e);
	if (r != 0)
		return r;
	buf_init(&sealed, 0);
	s->output_vault = vault_number(s->vault);
	place = key_place(s->output_key->number, row);
	r = store_seal(s, &place, s->output_key->bytes, SEAL_KEY_SIZE, &sealed, e);
	if (r == 0)
		r = db_run(s->db, e, NULL,
			"INSERT INTO output_keys (number, vault, sealed, created_at) VALUES ($1, "
			"$2, $3, $4)",
			"iibi", (int64_t)s->output_key->number, (int64_t)s->output_vault,
			sealed.data, sealed.len, clock_wall_ms());
	buf_free(&sealed);
	return r;
}

/* Whether the key at hand is one that the store still has, sealed under whatever data key it has
 * now. */
static bool key_is_kept(struct store *s)
{
	struct db_rows *rows;
	struct err e;
	int r;

	if (s->output_key == NULL ||
		db_select(s->db, &e, &rows, "SELECT 1 FROM output_keys WHERE number = $1", "i",
			(int64_t)s->output_key->number) != 0)
		return false;
	r = db_rows_next(rows, &e);
	db_rows_close(rows);
	return r == 1;
}

/* The key to seal with, in a transaction that writes: nobody can rotate until its end. N.B. who has
 * the master key from his environment has the old one behind a rotation, until he is started anew:
 * he goes on with the key that he has. */
static int key_for_sealing(struct store *s, struct err *e)
{
	bool is_there = true;
	int r;

	if (s->is_output_key_sure)
		return 0;
	r = vault_load(s->vault, s->db, true, e);
	if (r != 0 && key_is_kept(s)) {
		s->is_output_key_sure = true;
		return 0;
	}
	if (r == 0 && (s->output_key == NULL || s->output_vault != vault_number(s->vault)))
		r = key_read(s,
			"SELECT number, vault, sealed FROM output_keys WHERE vault = $1 ORDER BY "
			"number LIMIT 1",
			vault_number(s->vault), &is_there, e);
	if (r == 0 && !is_there)
		r = key_make(s, e);
	s->is_output_key_sure = r == 0;
	return r;
}

static int key_for_opening(struct store *s, uint32_t number, struct err *e)
{
	bool is_there = true;
	int r = 0;

	if (s->output_key == NULL || s->output_key->number != number)
		r = key_read(s, "SELECT number, vault, sealed FROM output_keys WHERE number = $1",
			number, &is_there, e);
	if (is_there)
		return r;
	return err_set(e, ERR_CORRUPT,
		"what a try has left is sealed under a key (%08x) that the store does not have: it "
		"came from "
		"another store",
		number);
}

/* ---- texts ---- */

static const unsigned char *nonce_draw(struct store *s, struct err *e)
{
	if (s->n_nonces == 0) {
		if (seal_random(s->nonces, sizeof(s->nonces), e) != 0)
			return NULL;
		s->n_nonces = sizeof(s->nonces) / sizeof(s->nonces[0]);
	}
	return s->nonces[--s->n_nonces];
}

static int text_seal(struct store *s, const struct one *o, struct buf *out, struct err *e)
{
	const unsigned char *nonce;
	char row[ROW_NAME_SIZE];
	struct seal_place place;
	int r;

	if (o->text == NULL)
		return 0;
	r = key_for_sealing(s, e);
	if (r != 0)
		return r;
	nonce = nonce_draw(s, e);
	if (nonce == NULL)
		return ERR_IO;
	place = place_of(o, row);
	return seal_close_with(s->output_key, &place, nonce, o->text, strlen(o->text), out, e);
}

static int text_open(struct store *s, const struct one *o, const void *sealed, size_t sealed_len,
	struct arena *a, const char **text, struct err *e)
{
	char row[ROW_NAME_SIZE];
	const struct seal_place place = place_of(o, row);
	size_t len;
	int r = key_for_opening(s, seal_number(sealed, sealed_len), e);

	return r == 0 ? seal_open(s->output_key, &place, sealed, sealed_len, a, text, &len, e) : r;
}

int store_output_seal(struct store *s, const struct store_try *t, struct buf *out, struct err *e)
{
	const struct one o = outputs_of(t);

	return text_seal(s, &o, out, e);
}

int store_output_open(struct store *s, struct store_try *t, const void *sealed, size_t sealed_len,
	struct arena *a, struct err *e)
{
	const struct one o = outputs_of(t);

	return text_open(s, &o, sealed, sealed_len, a, &t->outputs, e);
}

int store_items_seal(struct store *s, const struct store_task *t, struct buf *out, struct err *e)
{
	const struct one o = items_of(t);

	return text_seal(s, &o, out, e);
}

struct opening {
	struct arena *arena;
	struct store_task *task;
};

static int items_open(struct store *s, void *ctx, struct err *e)
{
	struct opening *w = ctx;
	const struct one o = items_of(w->task);

	return text_open(s, &o, w->task->sealed_items, w->task->sealed_items_len, w->arena,
		&w->task->items, e);
}

int store_task_items(struct store *s, struct arena *a, struct store_task *t, struct err *e)
{
	struct opening w = {.arena = a, .task = t};

	return t->sealed_items == NULL ? 0 : store_reading(s, items_open, &w, e);
}

/* ---- what an older windrow left plain ---- */

static int plain_read(struct arena *a, struct db_rows *rows, void *item)
{
	struct one *o = item;
	int r = 0;

	o->run = (uint64_t)db_rows_int(rows, 0);
	o->task = (uint32_t)db_rows_int(rows, 1);
	o->instance = (uint32_t)db_rows_int(rows, 2);
	o->try_number = (uint32_t)db_rows_int(rows, 3);
	o->text = store_text(a, db_rows_text(rows, 4), &r);
	return r;
}

static int plain_seal(struct store *s, const struct one *o, struct err *e)
{
	struct buf sealed;
	int r;

	buf_init(&sealed, 0);
	r = text_seal(s, o, &sealed, e);
	if (r == 0)
		r = db_run(s->db, e, NULL, kinds[o->kind].update, "biiii", sealed.data, sealed.len,
			(int64_t)o->run, (int64_t)o->task, (int64_t)(int32_t)o->instance,
			(int64_t)o->try_number);
	buf_free(&sealed);
	return r;
}

/* Some of them, in a transaction of the caller's. */
static int some_seal(struct store *s, enum kind kind, struct arena *a, size_t *n, struct err *e)
{
	struct store_list l = {.arena = a, .size = sizeof(struct one), .read = plain_read};
	struct db_rows *rows;
	struct one *list;
	int r = key_for_sealing(s, e);

	if (r == 0)
		r = db_select(s->db, e, &rows, kinds[kind].select, "i", (int64_t)PLAIN_AT_ONCE);
	if (r == 0)
		r = store_list_read(&l, rows, e);
	list = l.items;
	for (size_t i = 0; i < l.n && r == 0; i++) {
		list[i].kind = kind;
		r = plain_seal(s, &list[i], e);
	}
	*n = l.n;
	return r;
}

static int kind_seal(struct store *s, enum kind kind, uint64_t *n, struct err *e)
{
	size_t some = 1;
	int r = 0;

	while (r == 0 && some > 0) {
		struct arena *a = arena_create(0);

		r = a == NULL ? no_memory(e) : store_begin(s, e);
		if (r == 0) {
			r = some_seal(s, kind, a, &some, e);
			if (r == 0)
				r = store_commit(s, e);
			else
				store_rollback(s);
		}
		arena_destroy(a);
		*n += r == 0 ? some : 0;
	}
	return r;
}

int store_outputs_seal(struct store *s, uint64_t *n, struct err *e)
{
	int r;

	*n = 0;
	r = kind_seal(s, OUTPUTS, n, e);
	if (r == 0)
		r = kind_seal(s, ITEMS, n, e);
	/* What was plain is not to lie about in the log beside the file. */
	return r == 0 && *n > 0 ? db_settle(s->db, e) : r;
}
