/*
 * The live tree: from the view of a run to lines of a terminal. Pure: what is drawn follows from
 * the view, the time and the size alone.
 */
#ifndef CLI_TREE_H
#define CLI_TREE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "cli/run_view.h"

struct buf;

struct tree_style {
	unsigned columns; /* no line is wider */
	unsigned rows; /* no more lines; 0: as many as there are */
	bool has_colour;
};

/* Adds the lines, each with its newline, and returns how many. Fits by leaving out, in this order:
 * output of what runs, tasks of stages that ended well, tasks of stages that have not begun, all
 * but what runs or failed, and at last whole stages, which are counted then. */
unsigned tree_draw(
	const struct run_view *v, int64_t now, const struct tree_style *style, struct buf *out);

/* 940ms, 2.1s, 1m05s, 2h03m: at most seven characters. text has TREE_TIME_SIZE bytes. */
#define TREE_TIME_SIZE 24
char *tree_time(int64_t ms, char *text);

#endif
