/* Rows into lists: what the files of the store that read many rows share. */
#ifndef STORE_STORE_LIST_H
#define STORE_STORE_LIST_H

#include <stddef.h>

#include "store/store_impl.h"

/* A list that is being read. */
struct store_list {
	struct arena *arena;
	size_t size; /* of an item */
	/* Reads the row into a zeroed item. An error code alone; the sentence is made of it. */
	int (*read)(struct arena *a, struct db_rows *rows, void *item);
	void *items; /* NULL: none yet */
	size_t n, cap;
};

/* Takes all rows, and closes them. */
int store_list_read(struct store_list *l, struct db_rows *rows, struct err *e);

/* Takes the one row that there is, and closes them. ERR_NOTFOUND without a sentence: there is none.
 */
int store_list_read_one(struct store_list *l, struct db_rows *rows, void *item, struct err *e);

#endif
