/*
 * A listing: rows under named columns, printed in any output format.
 *
 * Cells are added one after the other, and a row ends by itself when it has one a column. Failure
 * sticks, as with struct buf: only table_print() tells of it. Text is copied.
 */
#ifndef CLI_TABLE_H
#define CLI_TABLE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "cli/output.h"

struct table;

/* An empty table. The names must outlive it. NULL: no memory; every function takes that NULL, and
 * table_print() tells of it. */
struct table *table_create(const char *const *columns, size_t n);
void table_destroy(struct table *t);

/* Each adds a cell. A text of NULL is null, and shows as nothing. */
void table_text(struct table *t, const char *s);
void table_int(struct table *t, int64_t n);
void table_bool(struct table *t, bool truth);
void table_strings(struct table *t, const char *const *list, size_t n);
void table_value(struct table *t, const struct value *v);

/* How many rows are whole. */
size_t table_rows(const struct table *t);

/* Prints the rows. width: the terminal's columns, 0 where there is no such limit; is_bold: the
 * header stands out by bold type. 0 or ERR_NOMEM. */
int table_print(
	const struct table *t, enum output_format format, FILE *f, unsigned width, bool is_bold);

/* The same to standard output, as wide and as bold as that takes; reports what goes wrong and
 * returns an exit status. */
int table_show(const struct table *t, const struct args *args);

/* Prints one object: as a table of field and value, or as one object in JSON and YAML. */
int table_show_object(const struct value *map, const struct args *args);

#endif
