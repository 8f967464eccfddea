/* `dags show`: the graph of one DAG. */
#include <string.h>

#include "cli/args.h"
#include "cli/commands.h"
#include "cli/dag_draw.h"
#include "cli/dag_files.h"
#include "cli/report.h"
#include "cli/table.h"
#include "cli/terminal.h"
#include "cli/text.h"
#include "engine/buf.h"
#include "engine/err.h"

enum format { FORMAT_TEXT, FORMAT_DOT, FORMAT_MERMAID, FORMAT_SVG, FORMAT_JSON };

static const char *const formats[] = {
	[FORMAT_TEXT] = "text",
	[FORMAT_DOT] = "dot",
	[FORMAT_MERMAID] = "mermaid",
	[FORMAT_SVG] = "svg",
	[FORMAT_JSON] = "json",
	NULL,
};

static enum format format_of(const struct args *args)
{
	const char *name = args_text(args, "format", "text");
	int i = 0;

	while (strcmp(formats[i], name) != 0)
		i++;
	return (enum format)i;
}

/* Draws to standard output. 0 or ERR_NOMEM. */
static int draw(const struct dag_view *v, struct arena *a, enum format format)
{
	struct value map;
	struct buf b;
	int r = 0;

	buf_init(&b, 0);
	switch (format) {
	case FORMAT_TEXT:
		dag_draw_text(v, terminal_columns(stdout), terminal_has_colour(stdout), &b);
		if (terminal_is_ascii(stdout))
			text_make_ascii(&b);
		break;
	case FORMAT_DOT:
		dag_draw_dot(v, &b);
		break;
	case FORMAT_MERMAID:
		dag_draw_mermaid(v, &b);
		break;
	case FORMAT_SVG:
		r = dag_draw_svg(v, a, &b);
		break;
	case FORMAT_JSON:
		r = dag_draw_json(v, a, &map);
		r = r == 0 ? output_json(stdout, &map) : r;
		break;
	}
	r = r == 0 ? buf_status(&b) : r;
	if (r == 0)
		(void)fwrite(buf_str(&b), 1, b.len, stdout);
	buf_free(&b);
	return r;
}

static int show_exec(const struct args *args)
{
	struct dag_opened o;
	struct dag_view v;
	int status = dag_open(args_word(args, 0), &o);
	int r = 0;

	if (status == EXIT_DONE) {
		r = dag_view_make(o.dag, o.arena, &v);
		r = r == 0 ? draw(&v, o.arena, format_of(args)) : r;
	}
	if (r != 0)
		report_error("%s", err_text(r));
	dag_close(&o);
	return r == 0 ? status : EXIT_FAILED;
}

static const struct flag show_flags[] = {
	{"format", 'f', FLAG_ENUM, "FORMAT",
		"text (the default), dot (Graphviz), mermaid, svg or json", .choices = formats},
};

const struct command command_dags_show = {
	.group = "dags",
	.verb = "show",
	.words = "ID|FILE",
	.summary = "draw the graph of a DAG",
	.details = "Stages in the order in which they run; behind a task what is remarkable of it, "
		   "what it waits for (after ...) and whose outputs it reads. ID is a DAG of the "
		   "dags folder, FILE a path with a / or an ending of .yaml or .yml; FILE:ID one "
		   "DAG of several.",
	.flags = show_flags,
	.n_flags = sizeof(show_flags) / sizeof(show_flags[0]),
	.example = "windrow dags show nightly_backup\n"
		   "windrow dags show dags/nightly.yaml --format svg > nightly.svg",
	.exec = show_exec,
};
