/*
 * The help pages. Knows the layout and nothing else: what they say stands in the descriptors. All
 * of it is ASCII of our own, so that a column is a byte.
 */
#include "cli/help.h"

#include <string.h>

#include "engine/buf.h"

/* Adds text, broken at blanks, its lines indented by `indent`. The first line goes on where the
 * buffer's last one ended, at column `at`. */
static void add_wrapped(struct buf *b, const char *text, size_t at, size_t indent)
{
	size_t column = at;

	while (*text != '\0') {
		size_t n = strcspn(text, " \n");

		if (column > indent && column + 1 + n > HELP_COLUMNS) {
			buf_addf(b, "\n%*s", (int)indent, "");
			column = indent;
		} else if (column > indent) {
			buf_addc(b, ' ');
			column++;
		}
		buf_add(b, text, n);
		column += n;
		text += n;
		if (*text == '\n') {
			buf_addf(b, "\n%*s", (int)indent, "");
			column = indent;
		}
		text += *text != '\0';
	}
	buf_addc(b, '\n');
}

/* One entry of a list: what, and behind it in column `indent`, why. */
static void add_entry(struct buf *b, const char *what, const char *why, size_t indent)
{
	size_t len = 2 + strlen(what);

	buf_addf(b, "  %s", what);
	if (len + 2 > indent) {
		buf_addc(b, '\n');
		len = 0;
	}
	buf_addf(b, "%*s", (int)(indent - len), "");
	add_wrapped(b, why, indent, indent);
}

static void add_example(struct buf *b, const char *example)
{
	buf_adds(b, "\nexample:\n  ");
	for (; *example != '\0'; example++) {
		buf_addc(b, *example);
		if (*example == '\n')
			buf_adds(b, "  ");
	}
	buf_addc(b, '\n');
}

static int print(FILE *f, struct buf *b)
{
	int r = buf_status(b);

	if (r == 0)
		(void)fputs(buf_str(b), f);
	buf_free(b);
	return r;
}

/* Groups that are told of by their names alone, so that the page fits a screen. */
static void add_asides(struct buf *b)
{
	bool is_first = true;

	buf_adds(b, "\nand: ");
	for (size_t i = 0; i < command_groups_count; i++) {
		if (!command_groups[i].is_aside)
			continue;
		buf_addf(b, "%s%s", is_first ? "" : ", ", command_groups[i].name);
		is_first = false;
	}
	buf_addc(b, '\n');
}

int help_program(FILE *f)
{
	struct buf b;

	buf_init(&b, 0);
	buf_adds(&b,
		"windrow runs DAGs of tasks: stages of scripts, written in YAML\n\n"
		"usage: windrow GROUP VERB [ARGUMENTS] [FLAGS]\n\n");
	for (size_t i = 0; i < command_groups_count; i++)
		if (!command_groups[i].is_aside)
			add_entry(&b, command_groups[i].name, command_groups[i].summary, 17);
	add_asides(&b);
	add_example(&b, "windrow dags validate dags/nightly.yaml");
	add_wrapped(&b,
		"\n`windrow GROUP --help` lists a group's verbs, `windrow GROUP VERB --help` tells "
		"all.",
		0, 0);
	return print(f, &b);
}

int help_group(FILE *f, const struct command_group *g)
{
	const char *example = NULL;
	struct buf b;
	struct buf what;
	size_t indent = 0;

	for (size_t i = 0; i < commands_count; i++) {
		const struct command *c = commands[i];
		size_t len;

		if (strcmp(c->group, g->name) != 0)
			continue;
		len = 5 + strlen(c->verb) + (c->words == NULL ? 0 : strlen(c->words));
		indent = len > indent && len <= 30 ? len : indent;
	}
	buf_init(&b, 0);
	buf_init(&what, 0);
	buf_addf(&b, "windrow %s: %s\n\nusage: windrow %s VERB [ARGUMENTS] [FLAGS]\n\n", g->name,
		g->summary, g->name);
	for (size_t i = 0; i < commands_count; i++) {
		const struct command *c = commands[i];

		if (strcmp(c->group, g->name) != 0)
			continue;
		buf_reset(&what);
		buf_addf(&what, "%s%s%s", c->verb, c->words == NULL ? "" : " ",
			c->words == NULL ? "" : c->words);
		add_entry(&b, buf_str(&what), c->summary, indent);
		example = example == NULL ? c->example : example;
	}
	add_example(&b, example == NULL ? "" : example);
	buf_addf(&b, "\n`windrow %s VERB --help` tells of a command.\n", g->name);
	buf_free(&what);
	return print(f, &b);
}

/* `-o, --output FORMAT` */
static void add_flag_name(struct buf *b, const struct flag *f)
{
	if (f->letter != 0)
		buf_addf(b, "-%c, ", f->letter);
	buf_addf(b, "--%s", f->name);
	if (f->value != NULL)
		buf_addf(b, " %s", f->value);
}

static void add_usage(struct buf *b, const struct command *c)
{
	struct buf line;
	size_t indent;

	buf_init(&line, 0);
	buf_addf(&line, "usage: windrow %s%s%s", c->group, c->verb == NULL ? "" : " ",
		c->verb == NULL ? "" : c->verb);
	indent = line.len;
	buf_adds(b, buf_str(&line));
	buf_reset(&line);
	if (c->words != NULL)
		buf_adds(&line, c->words);
	if (c->n_flags > 0)
		buf_adds(&line, line.len > 0 ? " [FLAGS]" : "[FLAGS]");
	if (line.len > 0) {
		buf_addc(b, ' ');
		add_wrapped(b, buf_str(&line), indent + 1, indent + 1);
	} else {
		buf_addc(b, '\n');
	}
	buf_free(&line);
}

static void add_flags(struct buf *b, const struct command *c)
{
	size_t indent = strlen("  -h, --help  ");
	struct buf name;

	buf_init(&name, 0);
	for (size_t i = 0; i < c->n_flags; i++) {
		buf_reset(&name);
		add_flag_name(&name, &c->flags[i]);
		if (name.len + 4 > indent && name.len <= 26)
			indent = name.len + 4;
	}
	for (size_t i = 0; i < c->n_flags; i++) {
		buf_reset(&name);
		add_flag_name(&name, &c->flags[i]);
		add_entry(b, buf_str(&name), c->flags[i].help, indent);
	}
	add_entry(b, "-h, --help", "this page", indent);
	buf_free(&name);
}

int help_command(FILE *f, const struct command *c)
{
	struct buf b;

	buf_init(&b, 0);
	add_usage(&b, c);
	buf_addc(&b, '\n');
	add_wrapped(&b, c->summary, 0, 0);
	if (c->details != NULL) {
		buf_addc(&b, '\n');
		add_wrapped(&b, c->details, 0, 0);
	}
	buf_addc(&b, '\n');
	add_flags(&b, c);
	add_example(&b, c->example);
	return print(f, &b);
}
