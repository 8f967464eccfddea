/*
 * Renders plans: each value encoded for its place, and here-documents with values given another
 * delimiter where a line could be taken for theirs.
 */
#include "engine/shquote.h"

#include <stdlib.h>

#include "engine/buf.h"
#include "engine/shplan.h"
#include "engine/utf8.h"

#define NEW_DELIMITER "WINDROW_EOF"

static const char *const inserts[] = {[SH_INSERT_BRACE] = "{",
	[SH_INSERT_BRACE_END] = "}",
	[SH_INSERT_BACKSLASH] = "\\",
	[SH_INSERT_PWD] = "${PWD+}"};

/* The delimiter that a here-document gets in place of its own: a letter, NEW_DELIMITER, and some
 * underscores. */
struct new_delimiter {
	char letter; /* NUL: it keeps its own */
	size_t n_underscores;
};

/* What became of a here-document. */
struct rendered_heredoc {
	struct buf body; /* as it stands in the script, with its values */
	struct new_delimiter delimiter;
};

struct rendering {
	const struct sh_plan *plan;
	const struct sh_value *values;
	struct rendered_heredoc *heredocs; /* as many as the plan has */
	struct buf scratch[2];
};

static void delimiter_add(const struct rendering *r, const struct sh_op *op, struct buf *out)
{
	const struct sh_heredoc *h = &r->plan->heredocs[op->index];
	const struct new_delimiter *d = &r->heredocs[op->index].delimiter;
	bool has_quotes = h->is_quoted && op->kind == SH_OP_DELIM;

	if (d->letter == '\0') {
		buf_add(out, r->plan->text + op->pos, op->del);
		return;
	}
	if (has_quotes)
		buf_addc(out, '\'');
	buf_addc(out, d->letter);
	buf_adds(out, NEW_DELIMITER);
	for (size_t i = 0; i < d->n_underscores; i++)
		buf_addc(out, '_');
	if (has_quotes)
		buf_addc(out, '\'');
}

/* Adds the text from start to end, with the operations first to first + n - 1 in it. */
static void range_render(
	struct rendering *r, size_t start, size_t end, size_t first, size_t n, struct buf *out)
{
	const struct sh_plan *p = r->plan;

	for (size_t i = first; i < first + n; i++) {
		const struct sh_op *op = &p->ops[i];
		const struct sh_value *v;

		buf_add(out, p->text + start, op->pos - start);
		start = op->pos + op->del;
		switch (op->kind) {
		case SH_OP_INSERT:
			buf_adds(out, inserts[op->index]);
			break;
		case SH_OP_HOLE:
			v = &r->values[op->index];
			sh_encode(out, op->enc, op->backquotes, v->bytes, v->len, r->scratch);
			break;
		case SH_OP_DELIM:
		case SH_OP_TERM:
			delimiter_add(r, op, out);
			break;
		default:
			break;
		}
	}
	buf_add(out, p->text + start, end - start);
}

/* What the lines of a body rule out. */
struct lines {
	bool has_delimiter; /* a line could be taken for the here-document's own delimiter */
	bool has_continuation; /* a line ends in a backslash */
	bool is_first[256]; /* a line begins with this byte and one that makes a shell stumble */
};

/* N.B. behind a beginning of the delimiter, dash (up to 0.5.12 at least) loses a byte that is not
 * ASCII, and ksh93 takes a backslash, $ or ` for itself. */
static bool makes_stumble(char c)
{
	return (unsigned char)c >= 0x80 || c == '\\' || c == '$' || c == '`';
}

/* The delimiter as a line's beginning is enough to be taken for it: old bash ends a here-document
 * inside $( ) at `EOF)`. */
static void line_look(
	const char *p, size_t len, const struct sh_heredoc *h, bool can_stumble, struct lines *out)
{
	size_t n = 0;

	while (n < len && n < h->delim.len && p[n] == h->delim.p[n])
		n++;
	if (n == h->delim.len && (n != 0 || len == 0))
		out->has_delimiter = true;
	if (!can_stumble || len < 2)
		return;
	if (n != 0 && n < len && makes_stumble(p[n]))
		out->has_delimiter = true;
	if (makes_stumble(p[1]) || p[1] == NEW_DELIMITER[0])
		out->is_first[(unsigned char)p[0]] = true;
}

static void lines_look(const char *body, size_t len, const struct sh_heredoc *h, bool can_stumble,
	struct lines *out)
{
	const char *p = body, *end = body + len, *nl;

	for (; p != NULL && p < end; p = nl == NULL ? NULL : nl + 1) {
		nl = memchr(p, '\n', (size_t)(end - p));
		line_look(p, (size_t)((nl == NULL ? end : nl) - p), h, can_stumble, out);
		if (nl != NULL && nl != body && nl[-1] == '\\')
			out->has_continuation = true;
	}
}

/* How many underscores a new delimiter must have to be unlike all there is in the body. */
static size_t underscores_count(const struct buf *body)
{
	const char *p = buf_str(body), *end = p + body->len;
	size_t n, most = 0;

	while ((p = memmem(p, (size_t)(end - p), NEW_DELIMITER, strlen(NEW_DELIMITER))) != NULL) {
		p += strlen(NEW_DELIMITER);
		for (n = 1; p < end && *p == '_'; p++)
			n++;
		most = n > most ? n : most;
	}
	return most;
}

/* Takes out each backslash at a line's end with its newline, as shells do in some bodies before
 * they look for the end line. */
static void lines_join(const char *body, size_t len, struct buf *out)
{
	size_t start = 0;

	for (size_t i = 0; i + 1 < len; i++) {
		if (body[i] != '\\')
			continue;
		if (body[i + 1] == '\n') {
			buf_add(out, body + start, i - start);
			start = i + 2;
		}
		i++;
	}
	buf_add(out, body + start, len - start);
}

/* Looks for a delimiter that none of these lines can be taken for. */
static int delimiter_choose(const struct lines *lines, const struct buf *body,
	const struct buf *joined, struct new_delimiter *out, struct err *e)
{
	const char *letter = "XABCDEFGHIJKLMNOPQRSTUVWYZabcdefghijklmnopqrstuvwxyz_";
	size_t n = underscores_count(body), n_joined = underscores_count(joined);

	while (lines->is_first[(unsigned char)*letter])
		letter++;
	if (*letter == '\0')
		return err_set(e, ERR_INVALID,
			"a here-document with these values has lines that begin with every letter, "
			"so no delimiter is left for it; pass them through `environment:`");
	*out = (struct new_delimiter){*letter, n > n_joined ? n : n_joined};
	return 0;
}

/* Renders a here-document's body and finds out whether it needs another delimiter. */
static int body_render(struct rendering *r, size_t index, struct err *e)
{
	const struct sh_heredoc *h = &r->plan->heredocs[index];
	struct buf *body = &r->heredocs[index].body, joined;
	bool can_stumble = r->plan->dialect == SH_POSIX || r->plan->dialect == SH_KSH;
	struct lines lines = {0};
	int status;

	buf_init(&joined, 0);
	range_render(r, h->body, h->end, h->first_op, h->n_ops, body);
	lines_look(buf_str(body), body->len, h, can_stumble, &lines);
	if (lines.has_continuation) {
		lines_join(buf_str(body), body->len, &joined);
		lines_look(buf_str(&joined), joined.len, h, can_stumble, &lines);
	}
	status = buf_status(body) != 0 ? buf_status(body) : buf_status(&joined);
	if (status != 0)
		err_set(e, status, "a here-document cannot be rendered: %s", err_text(status));
	/* N.B. ksh93 never comes back from a here-document that is not UTF-8 in a UTF-8 locale. */
	if (status == 0 && r->plan->dialect == SH_KSH &&
		utf8_valid(buf_str(body), body->len) != body->len)
		status = err_set(e, ERR_INVALID,
			"a here-document with these values is not valid UTF-8, on which ksh hangs; "
			"pass them through `environment:` or encode them with `| b64encode`");
	if (status == 0 && (lines.has_delimiter || h->is_converted))
		status = delimiter_choose(&lines, body, &joined, &r->heredocs[index].delimiter, e);
	buf_free(&joined);
	return status;
}

/* Adds the whole script. The bodies of here-documents, which stand in order, are there already. */
static void script_render(struct rendering *r, struct buf *out)
{
	const struct sh_plan *p = r->plan;
	size_t at = 0, op = 0;

	for (size_t i = 0; i < p->n_heredocs; i++) {
		const struct sh_heredoc *h = &p->heredocs[i];

		if (h->body < at)
			continue;
		range_render(r, at, h->body, op, h->first_op - op, out);
		buf_add(out, buf_str(&r->heredocs[i].body), r->heredocs[i].body.len);
		at = h->end;
		op = h->first_op + h->n_ops;
	}
	range_render(r, at, p->len, op, p->n_ops - op, out);
}

static int values_check(const struct sh_plan *p, const struct sh_value *values, size_t n,
	size_t *bad, struct err *e)
{
	*bad = n;
	if (n != p->n_holes)
		return err_set(e, ERR_INVALID,
			"the script has %zu expressions, and %zu values came", p->n_holes, n);
	for (size_t i = 0; i < n; i++) {
		if (values[i].len != 0 && memchr(values[i].bytes, '\0', values[i].len) != NULL) {
			*bad = i;
			return err_set(e, ERR_INVALID,
				"the value holds a NUL byte, which no shell can keep in a word; "
				"encode it with `| b64encode`");
		}
	}
	return 0;
}

int sh_plan_render(const struct sh_plan *p, const struct sh_value *values, size_t n_values,
	struct buf *out, size_t *bad, struct err *e)
{
	struct rendering r = {.plan = p, .values = values};
	int status = values_check(p, values, n_values, bad, e);

	if (status != 0)
		return status;
	buf_init(&r.scratch[0], 0);
	buf_init(&r.scratch[1], 0);
	if (p->n_heredocs != 0) {
		r.heredocs = calloc(p->n_heredocs, sizeof(*r.heredocs));
		if (r.heredocs == NULL)
			return err_set(e, ERR_NOMEM, "out of memory");
	}
	for (size_t i = 0; i < p->n_heredocs && status == 0; i++)
		status = body_render(&r, i, e);
	if (status == 0) {
		script_render(&r, out);
		status = buf_status(out);
		if (status != 0)
			err_set(e, status, "the script cannot be rendered: %s", err_text(status));
	}
	for (size_t i = 0; i < p->n_heredocs; i++)
		buf_free(&r.heredocs[i].body);
	free(r.heredocs);
	buf_free(&r.scratch[0]);
	buf_free(&r.scratch[1]);
	return status;
}
