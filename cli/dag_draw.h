/*
 * The drawings of `dags show`: each adds a whole picture to out, whose failure sticks. Names come
 * from files and are escaped as each form wants it.
 */
#ifndef CLI_DAG_DRAW_H
#define CLI_DAG_DRAW_H

#include <stdbool.h>

#include "cli/dag_view.h"

struct buf;

/* For a terminal of so many columns (0: no limit); is_colour: names stand out. */
void dag_draw_text(const struct dag_view *v, unsigned columns, bool is_colour, struct buf *out);

/* Graphviz, Mermaid, SVG (drawn here), JSON. */
void dag_draw_dot(const struct dag_view *v, struct buf *out);
void dag_draw_mermaid(const struct dag_view *v, struct buf *out);
int dag_draw_svg(const struct dag_view *v, struct arena *a, struct buf *out);
int dag_draw_json(const struct dag_view *v, struct arena *a, struct value *out);

#endif
