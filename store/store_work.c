/*
 * Work on the store: transactions around what the other files do with its tables, and what they
 * have in common. N.B. a piece of work may be done twice, where a rotation came between its reading
 * of a row and of the key.
 */
#include <string.h>

#include "engine/arena.h"
#include "engine/buf.h"
#include "engine/err.h"
#include "engine/utf8.h"
#include "store/clock.h"
#include "store/secret.h"
#include "store/store_impl.h"
#include "store/store_run.h"

#define KEY_TRIES 3 /* how often a rotation may come between */

/* ---- transactions ---- */

void store_output_forget(struct store *s)
{
	secret_free(s->output_key, sizeof(*s->output_key));
	s->output_key = NULL;
	s->is_output_key_sure = false;
}

/* N.B. keys that were made in a transaction that is undone are none. */
static void keys_forget(struct store *s)
{
	vault_forget(s->vault);
	store_output_forget(s);
}

int store_begin(struct store *s, struct err *e)
{
	int r = s->depth > 0 ? 0 : db_begin(s->db, true, e);

	if (r == 0 && s->depth++ == 0)
		s->is_broken = s->is_output_key_sure = false;
	return r;
}

int store_commit(struct store *s, struct err *e)
{
	int r;

	if (--s->depth > 0)
		return 0;
	if (s->is_broken) {
		db_rollback(s->db);
		keys_forget(s);
		return err_set(e, ERR_ILLEGAL, "a change failed, so none was made");
	}
	r = db_commit(s->db, e);
	if (r != 0) {
		keys_forget(s);
		return r;
	}
	return vault_committed(s->vault, e);
}

void store_rollback(struct store *s)
{
	if (s->depth == 0)
		return;
	s->is_broken = true;
	if (--s->depth > 0)
		return;
	db_rollback(s->db);
	keys_forget(s);
}

int store_reading(struct store *s, store_work *work, void *ctx, struct err *e)
{
	int r;

	if (s->depth > 0)
		return work(s, ctx, e);
	for (int i = 0; i < KEY_TRIES; i++) {
		r = db_begin(s->db, false, e);
		if (r != 0)
			return r;
		s->has_missed_key = false;
		r = work(s, ctx, e);
		db_rollback(s->db);
		if (r == 0 || !s->has_missed_key)
			return r;
	}
	return r;
}

int store_audit(
	struct store *s, const char *actor, const char *action, const char *name, struct err *e)
{
	return db_run(s->db, e, NULL,
		"INSERT INTO audit_log (at, actor, action, name) VALUES ($1, $2, $3, $4)", "ittt",
		clock_wall_ms(), actor == NULL ? s->actor : actor, action, name);
}

int store_writing(struct store *s, const char *action, const char *name, store_work *work,
	void *ctx, struct err *e)
{
	int r = store_begin(s, e);

	if (r != 0)
		return r;
	r = work(s, ctx, e);
	if (r == 0)
		r = store_audit(s, NULL, action, name, e);
	if (r == 0)
		return store_commit(s, e);
	store_rollback(s);
	return r;
}

/* ---- what the tables' files need ---- */

int store_seal(struct store *s, const struct seal_place *place, const void *plain, size_t len,
	struct buf *out, struct err *e)
{
	int r;

	if (plain == NULL)
		return 0;
	r = vault_load(s->vault, s->db, true, e);
	return r == 0 ? vault_close(s->vault, place, plain, len, out, e) : r;
}

int store_open_sealed(struct store *s, const struct seal_place *place, const void *sealed,
	size_t sealed_len, struct arena *a, const char **plain, size_t *len, struct err *e)
{
	int r = vault_load(s->vault, s->db, false, e);

	if (r != 0) {
		s->has_missed_key = true;
		return r;
	}
	return vault_open(s->vault, place, sealed, sealed_len, a, plain, len, e);
}

int store_name_check(const char *what, const char *name, struct err *e)
{
	size_t len = strlen(name);

	if (len == 0)
		return err_set(e, ERR_INVALID, "the name of a %s cannot be empty", what);
	if (len > STORE_NAME_MAX)
		return err_set(e, ERR_INVALID,
			"the name of a %s has at most %d bytes; this one has %zu", what,
			STORE_NAME_MAX, len);
	for (size_t i = 0; i < len; i++)
		if ((unsigned char)name[i] < 0x20 || name[i] == 0x7f)
			return err_set(e, ERR_INVALID,
				"the name of a %s cannot hold control characters", what);
	return utf8_valid(name, len) == len
		? 0
		: err_set(e, ERR_INVALID, "the name of a %s must be UTF-8", what);
}

int store_text_check(
	const char *what, const char *name, const char *part, const char *text, struct err *e)
{
	size_t len = text == NULL ? 0 : strlen(text);

	if (len > STORE_TEXT_MAX)
		return err_set(e, ERR_LIMIT, "%s %s: the %s has more than %zu KiB", what, name,
			part, STORE_TEXT_MAX >> 10);
	if (len > 0 && utf8_valid(text, len) < len)
		return err_set(e, ERR_INVALID, "%s %s: the %s holds bytes that are no UTF-8", what,
			name, part);
	return 0;
}

const char *store_text(struct arena *a, const char *text, int *r)
{
	const char *copy = text == NULL ? NULL : arena_strdup(a, text);

	if (text != NULL && copy == NULL)
		*r = ERR_NOMEM;
	return copy;
}
