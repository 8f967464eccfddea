/* Rows into lists in an arena. */
#include "store/store_list.h"

#include <string.h>

#include "engine/arena.h"
#include "engine/err.h"

static int no_memory(struct err *e)
{
	return err_set(e, ERR_NOMEM, "%s", err_text(ERR_NOMEM));
}

/* Room for one more. N.B. the arena keeps the smaller ones too: at most as much again. */
static void *item_add(struct store_list *l)
{
	void *items;

	if (l->n == l->cap) {
		l->cap = l->cap == 0 ? 16 : l->cap * 2;
		items = arena_array(l->arena, l->cap, l->size);
		if (items == NULL)
			return NULL;
		if (l->n > 0)
			memcpy(items, l->items, l->n * l->size);
		l->items = items;
	}
	items = (char *)l->items + l->n++ * l->size;
	memset(items, 0, l->size);
	return items;
}

int store_list_read(struct store_list *l, struct db_rows *rows, struct err *e)
{
	int step, r = 0;

	l->n = 0;
	while ((step = db_rows_next(rows, e)) == 1 && r == 0) {
		void *item = item_add(l);

		r = item == NULL ? ERR_NOMEM : l->read(l->arena, rows, item);
	}
	db_rows_close(rows);
	if (r == ERR_NOMEM)
		return no_memory(e);
	if (r != 0)
		return err_set(e, r, "the store holds a row that makes no sense");
	return step < 0 ? step : 0;
}

int store_list_read_one(struct store_list *l, struct db_rows *rows, void *item, struct err *e)
{
	int r = store_list_read(l, rows, e);

	if (r == 0 && l->n == 0)
		return ERR_NOTFOUND;
	if (r == 0)
		memcpy(item, l->items, l->size);
	return r;
}
