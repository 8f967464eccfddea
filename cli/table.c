/*
 * Listings. Cells are values in the table's arena, row behind row; a format decides at the end how
 * they look. Nothing here knows what a column means.
 */
#include "cli/table.h"

#include <stdlib.h>
#include <string.h>

#include "cli/report.h"
#include "cli/terminal.h"
#include "cli/text.h"
#include "engine/arena.h"
#include "engine/buf.h"
#include "engine/err.h"

#define GAP 2 /* blanks between columns */
#define NARROWEST 8 /* a column is not cut below this */
#define NARROW_TIME 17 /* 2026-11-21T08:29… */

struct table {
	struct arena *arena;
	const char *const *columns;
	size_t n_columns;
	struct value *cells;
	size_t n_cells, room;
	int status;
};

struct table *table_create(const char *const *columns, size_t n)
{
	struct table *t = calloc(1, sizeof(*t));

	if (t == NULL)
		return NULL;
	t->columns = columns;
	t->n_columns = n;
	t->arena = arena_create(0);
	if (t->arena == NULL) {
		free(t);
		return NULL;
	}
	return t;
}

void table_destroy(struct table *t)
{
	if (t == NULL)
		return;
	arena_destroy(t->arena);
	free(t->cells);
	free(t);
}

static void add_cell(struct table *t, struct value v)
{
	if (t->n_cells == t->room) {
		size_t room = t->room == 0 ? 64 : t->room * 2;
		struct value *grown = reallocarray(t->cells, room, sizeof(*grown));

		if (grown == NULL) {
			t->status = ERR_NOMEM;
			return;
		}
		t->cells = grown;
		t->room = room;
	}
	t->cells[t->n_cells++] = v;
}

void table_value(struct table *t, const struct value *v)
{
	struct value copy;

	if (t == NULL || t->status != 0)
		return;
	t->status = value_copy(t->arena, v, &copy);
	if (t->status == 0)
		add_cell(t, copy);
}

void table_text(struct table *t, const char *s)
{
	struct value v = s == NULL ? value_null() : value_string(s, strlen(s));

	table_value(t, &v);
}

void table_int(struct table *t, int64_t n)
{
	struct value v;

	if (t == NULL || t->status != 0)
		return;
	t->status = value_int_make(t->arena, n, &v);
	if (t->status == 0)
		add_cell(t, v);
}

void table_bool(struct table *t, bool truth)
{
	struct value v = value_bool(truth);

	table_value(t, &v);
}

void table_strings(struct table *t, const char *const *list, size_t n)
{
	struct value *items;

	if (t == NULL || t->status != 0)
		return;
	items = arena_array(t->arena, n + 1, sizeof(*items));
	if (items == NULL) {
		t->status = ERR_NOMEM;
		return;
	}
	for (size_t i = 0; i < n; i++)
		items[i] = value_string(list[i], strlen(list[i]));
	table_value(t, &(struct value){.type = VALUE_LIST, .len = n, .u.items = items});
}

size_t table_rows(const struct table *t)
{
	return t == NULL ? 0 : t->n_cells / t->n_columns;
}

/* A cell as text: nothing for null, a list of strings with commas between. */
static void add_cell_text(const struct value *v, struct buf *out)
{
	bool is_strings = v->type == VALUE_LIST;

	for (size_t i = 0; is_strings && i < v->len; i++)
		is_strings = v->u.items[i].type == VALUE_STRING;
	if (is_strings) {
		for (size_t i = 0; i < v->len; i++) {
			buf_adds(out, i > 0 ? ", " : "");
			value_text(&v->u.items[i], out);
		}
	} else if (v->type != VALUE_NULL) {
		value_text(v, out);
	}
}

/* An id is what a person copies into the next command. */
static bool is_id(const char *column)
{
	size_t len = strlen(column);

	return len > 3 && strcmp(column + len - 3, "_id") == 0;
}

/* How far a column is cut, by and by: to where a time still tells its minute, to its head, to the
 * end; ids at last alone. */
static size_t narrowest(const char *column, int round)
{
	size_t head = strlen(column) > NARROWEST ? strlen(column) : NARROWEST;

	if (round == 2)
		return NARROWEST;
	if (is_id(column))
		return SIZE_MAX;
	return round == 0 && head < NARROW_TIME ? NARROW_TIME : head;
}

/* Takes columns off the widest that may be cut until all fit, or none is to be had any more. */
static void cut_widths(const struct table *t, size_t *widths, size_t total, int round)
{
	size_t n = t->n_columns;

	for (;;) {
		size_t sum = GAP * (n - 1);
		size_t widest = n;

		for (size_t i = 0; i < n; i++) {
			sum += widths[i];
			if (widths[i] > narrowest(t->columns[i], round) &&
				(widest == n || widths[i] > widths[widest]))
				widest = i;
		}
		if (sum <= total || widest == n)
			return;
		widths[widest]--;
	}
}

/* How wide each column is, and whether it holds numbers only. */
static void measure(const struct table *t, size_t *widths, bool *is_number, struct buf *text)
{
	for (size_t c = 0; c < t->n_columns; c++) {
		widths[c] = strlen(t->columns[c]);
		is_number[c] = table_rows(t) > 0;
	}
	for (size_t i = 0; i < table_rows(t) * t->n_columns; i++) {
		size_t c = i % t->n_columns;
		size_t w;

		buf_reset(text);
		add_cell_text(&t->cells[i], text);
		w = text_width(buf_str(text), text->len);
		widths[c] = w > widths[c] ? w : widths[c];
		is_number[c] &= t->cells[i].type == VALUE_NUMBER;
	}
}

static void add_fitted(
	struct buf *line, const char *s, size_t len, size_t width, bool is_right, bool is_last)
{
	size_t w = text_width(s, len);

	if (is_right && w < width)
		buf_addf(line, "%*s", (int)(width - w), "");
	text_add_fitted(line, s, len, is_right && w < width ? w : width, !is_last);
	if (!is_last)
		buf_addf(line, "%*s", GAP, "");
}

static int print_table(const struct table *t, FILE *f, unsigned width, bool is_bold)
{
	size_t n = t->n_columns;
	size_t *widths = arena_array(t->arena, n, sizeof(*widths));
	bool *is_number = arena_array(t->arena, n, sizeof(*is_number));
	struct buf line, text;
	int r;

	if (widths == NULL || is_number == NULL)
		return ERR_NOMEM;
	buf_init(&line, 0);
	buf_init(&text, 0);
	measure(t, widths, is_number, &text);
	for (int round = 0; width > 0 && round < 3; round++)
		cut_widths(t, widths, width, round);
	for (size_t c = 0; c < n; c++)
		add_fitted(&line, t->columns[c], strlen(t->columns[c]), widths[c], is_number[c],
			c + 1 == n);
	(void)fprintf(f, is_bold ? "\033[1m%s\033[0m\n" : "%s\n", buf_str(&line));
	for (size_t row = 0; row < table_rows(t); row++) {
		buf_reset(&line);
		for (size_t c = 0; c < n; c++) {
			buf_reset(&text);
			add_cell_text(&t->cells[row * n + c], &text);
			add_fitted(&line, buf_str(&text), text.len, widths[c], is_number[c],
				c + 1 == n);
		}
		while (line.len > 0 && line.data[line.len - 1] == ' ')
			line.data[--line.len] = '\0';
		(void)fprintf(f, "%s\n", buf_str(&line));
	}
	r = buf_status(&line) != 0 ? buf_status(&line) : buf_status(&text);
	buf_free(&line);
	buf_free(&text);
	return r;
}

/* Writes a field of a plain line. On a terminal nothing may drive it; elsewhere only what would
 * break the line is escaped. */
static void write_plain(FILE *f, const struct buf *text, bool is_terminal)
{
	if (is_terminal) {
		text_write_shown(f, buf_str(text), text->len);
		return;
	}
	for (size_t i = 0; i < text->len; i++) {
		char c = text->data[i];

		if (c == '\t' || c == '\n' || c == '\\')
			(void)fprintf(f, "\\%c", c == '\t' ? 't' : c == '\n' ? 'n' : c);
		else
			(void)fputc(c, f);
	}
}

static int print_plain(const struct table *t, FILE *f, bool is_terminal)
{
	struct buf text;
	int r;

	buf_init(&text, 0);
	for (size_t i = 0; i < table_rows(t) * t->n_columns; i++) {
		buf_reset(&text);
		add_cell_text(&t->cells[i], &text);
		write_plain(f, &text, is_terminal);
		(void)fputc((i + 1) % t->n_columns == 0 ? '\n' : '\t', f);
	}
	r = buf_status(&text);
	buf_free(&text);
	return r;
}

/* The rows as a list of objects, in the table's arena; VALUE_NULL where memory is short. */
static struct value as_objects(const struct table *t)
{
	size_t n = table_rows(t);
	struct value *rows = arena_array(t->arena, n + 1, sizeof(*rows));

	for (size_t row = 0; rows != NULL && row < n; row++) {
		struct value_pair *pairs = arena_array(t->arena, t->n_columns, sizeof(*pairs));

		if (pairs == NULL)
			return value_null();
		for (size_t c = 0; c < t->n_columns; c++)
			pairs[c] = (struct value_pair){.key = t->columns[c],
				.key_len = strlen(t->columns[c]),
				.value = t->cells[row * t->n_columns + c]};
		rows[row] =
			(struct value){.type = VALUE_MAP, .len = t->n_columns, .u.pairs = pairs};
	}
	if (rows == NULL)
		return value_null();
	return (struct value){.type = VALUE_LIST, .len = n, .u.items = rows};
}

int table_print(
	const struct table *t, enum output_format format, FILE *f, unsigned width, bool is_bold)
{
	struct value objects;

	if (t == NULL)
		return ERR_NOMEM;
	if (t->status != 0)
		return t->status;
	if (format == OUTPUT_TABLE)
		return print_table(t, f, width, is_bold);
	if (format == OUTPUT_PLAIN)
		return print_plain(t, f, width > 0);
	objects = as_objects(t);
	if (objects.type == VALUE_NULL)
		return ERR_NOMEM;
	return format == OUTPUT_JSON ? output_json(f, &objects) : output_yaml(f, &objects);
}

int table_show(const struct table *t, const struct args *args)
{
	int r = table_print(t, output_format_of(args), stdout, terminal_columns(stdout),
		terminal_has_colour(stdout));

	if (r == 0)
		return EXIT_DONE;
	report_error("%s", err_text(r));
	return EXIT_FAILED;
}

int table_show_object(const struct value *map, const struct args *args)
{
	static const char *const columns[] = {"field", "value"};
	enum output_format format = output_format_of(args);
	struct table *t;
	int status;
	int r;

	if (format == OUTPUT_JSON || format == OUTPUT_YAML) {
		r = format == OUTPUT_JSON ? output_json(stdout, map) : output_yaml(stdout, map);
		if (r != 0)
			report_error("%s", err_text(r));
		return r == 0 ? EXIT_DONE : EXIT_FAILED;
	}
	t = table_create(columns, 2);
	for (size_t i = 0; i < map->len; i++) {
		const struct value key = value_string(map->u.pairs[i].key, map->u.pairs[i].key_len);

		table_value(t, &key);
		table_value(t, &map->u.pairs[i].value);
	}
	status = table_show(t, args);
	table_destroy(t);
	return status;
}
