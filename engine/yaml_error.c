/*
 * libyaml's errors as sentences a person can act on, translated in full: what libyaml says, and
 * what windrow says of it. A problem that stands in no row is passed on as it is.
 */
#include "engine/yaml_error.h"

#include <string.h>

#include "engine/err.h"
#include "engine/yaml_tree.h"

struct row {
	const char *problem;
	const char *context; /* NULL: any */
	const char *sentence;
	bool is_at_start; /* told where the construct began, not where it broke */
};

static const struct row rows[] = {
	{"found unexpected end of stream", "while scanning a quoted scalar",
		"the quote that opens here is never closed", true},
	{"found unexpected document indicator", "while scanning a quoted scalar",
		"the quote that opens here is not closed before the document ends", true},
	{"found character that cannot start any token", "while scanning for the next token",
		"a value cannot begin with this character; put the value in quotes (and indent "
		"with "
		"blanks, not tabs)",
		false},
	{"mapping values are not allowed in this context", NULL,
		"a `: ` cannot stand here; put a text that holds one in quotes, and look whether "
		"the "
		"line before lacks its `:`",
		false},
	{"mapping keys are not allowed in this context", NULL, "a key cannot stand here", false},
	{"block sequence entries are not allowed in this context", NULL,
		"a list item (`- `) cannot stand here; look at the indentation", false},
	{"could not find expected ':'", NULL,
		"this line has no `:` behind its key; look at the indentation, or put a text of "
		"several lines in quotes",
		true},
	{"did not find expected key", NULL,
		"want a key of the map that begins at %u:%u; look at the indentation", false},
	{"did not find expected '-' indicator", NULL,
		"want an item (`- `) of the list that begins at %u:%u; look at the indentation",
		false},
	{"did not find expected ',' or ']'", NULL,
		"want `,` or `]` in the list that begins at %u:%u", false},
	{"did not find expected ',' or '}'", NULL,
		"want `,` or `}` in the map that begins at %u:%u", false},
	{"did not find expected node content", NULL, "want a value here", false},
	{"did not find expected <document start>", NULL,
		"want the document to end here; a file of several begins each with `---`", false},
	{"found a tab character that violates indentation", NULL,
		"YAML is indented with blanks; this is a tab", false},
	{"found a tab character where an indentation space is expected", NULL,
		"YAML is indented with blanks; this is a tab", false},
	{"found a tab character where an intendation space is expected", NULL,
		"YAML is indented with blanks; this is a tab", false},
	{"found unknown escape character", NULL,
		"in double quotes a backslash begins an escape, and this is none; write \\\\ for a "
		"backslash, or use single quotes",
		false},
	{"did not find expected hexdecimal number", NULL,
		"want hexadecimal digits behind \\x, \\u or \\U", false},
	{"found invalid Unicode character escape code", NULL, "this escape names no character",
		false},
	{"found unexpected ':'", NULL, "a `:` cannot stand here; put the text in quotes", false},
	{"did not find expected comment or line break", NULL,
		"want the line to end here, or a comment", false},
	{"found an indentation indicator equal to 0", NULL,
		"the digit behind `|` or `>` is from 1 to 9", false},
	{"did not find expected alphabetic or numeric character", "while scanning an alias",
		"a `*` begins an alias, and want its name; put a text that begins with `*` in "
		"quotes",
		false},
	{"did not find expected alphabetic or numeric character", "while scanning an anchor",
		"a `&` begins an anchor, and want its name; put a text that begins with `&` in "
		"quotes",
		false},
	{"found undefined tag handle", NULL,
		"a `!` begins a tag, and this one is not known; put a text that begins with `!` in "
		"quotes",
		true},
	{"did not find expected whitespace or line break", NULL,
		"want a blank or the line's end here", false},
	{"found incompatible YAML document", NULL, "the %%YAML line must say 1.1 or 1.2", false},
	{"found duplicate %YAML directive", NULL, "the %%YAML line stands here twice", false},
	{"found unknown directive name", NULL,
		"a line that begins with `%%` must be %%YAML or %%TAG", true},
	{"exceeded maximum depth", NULL, "lists and maps nest too deep here", false},
};

static const struct row *row_find(const yaml_parser_t *p)
{
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		const struct row *r = &rows[i];

		if (strcmp(r->problem, p->problem) != 0)
			continue;
		if (r->context == NULL ||
			(p->context != NULL && strcmp(r->context, p->context) == 0))
			return r;
	}
	return NULL;
}

static struct pos place(const yaml_mark_t *m)
{
	return (struct pos){(uint32_t)m->line + 1, (uint32_t)m->column + 1};
}

/* Whether a quoted text of several lines ends on the line where the error is: most likely its
 * closing quote was forgotten, and another's opening one taken for it. */
static bool is_runaway(const struct yaml_quoted *q, struct pos at)
{
	return q->is_quoted && q->start.line < q->end.line && q->end.line == at.line;
}

void yaml_error_report(const yaml_parser_t *p, struct yaml_text *t,
	const struct yaml_quoted *before, struct diags *diags)
{
	struct pos at = place(&p->problem_mark), began = place(&p->context_mark);
	struct err e;
	const struct row *r = p->problem == NULL ? NULL : row_find(p);

	if (p->error == YAML_READER_ERROR && yaml_text_check(t, &at, &e) != 0) {
		diag_error(diags, at, "%s", e.text);
		return;
	}
	if (is_runaway(before, at)) {
		diag_error(diags, before->start,
			"the quote that opens here is closed only at %u:%u; is one missing?",
			before->end.line, before->end.column - 1);
		return;
	}
	if (r == NULL) {
		diag_error(diags, at, "this is no YAML: %s%s%s",
			p->problem == NULL ? "it cannot be read" : p->problem,
			p->context == NULL ? "" : " ", p->context == NULL ? "" : p->context);
		return;
	}
	if (yaml_text_char(t, p->problem_mark.index) == '\t' && !r->is_at_start) {
		diag_error(diags, at, "YAML is indented with blanks; this is a tab");
		return;
	}
	if (r->is_at_start && p->context != NULL)
		at = began;
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wformat-nonliteral"
	diag_error(diags, at, r->sentence, began.line, began.column);
#pragma GCC diagnostic pop
}
