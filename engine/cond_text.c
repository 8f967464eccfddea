/*
 * Texts in quotes that hold expressions, "v$<params.version>": in a condition as elsewhere $<
 * begins an expression wherever it stands. Such a text is a template, and its value is a string,
 * whatever its expressions give.
 */
#include "engine/cond_text.h"

#include "engine/scan.h"

/* The problems of a text in quotes, told as the condition's. */
struct inner {
	const struct template_report *outer;
	size_t begin; /* of the text, in the condition */
	bool has_escapes; /* which stand for fewer bytes: then its beginning must do */
};

static void on_problem(void *ctx, bool is_warning, size_t at, const char *sentence)
{
	const struct inner *in = ctx;

	in->outer->on_problem(
		in->outer->ctx, is_warning, in->begin + (in->has_escapes ? 0 : at), sentence);
}

int cond_text_compile(struct arena *a, struct scan *scan, const struct value *text, size_t begin,
	size_t written, const struct expr_scope *scope, const struct template_report *report,
	struct template **out)
{
	struct inner in = {.outer = report, .begin = begin, .has_escapes = written != text->len};
	struct template_report own = {&in, on_problem};

	return template_compile(
		a, scan, text->u.text, text->len, TEMPLATE_PLAIN, SH_POSIX, scope, &own, out);
}

int cond_text_find(struct scan *scan, const struct value *v, bool has_item, bool *found)
{
	struct scan_hit hit;
	int rc = 0;

	for (size_t i = 0; v->type == VALUE_LIST && i < v->len && rc == 0 && !*found; i++)
		rc = cond_text_find(scan, &v->u.items[i], has_item, found);
	if (v->type == VALUE_STRING) {
		rc = scan_first(scan, v->u.text, v->len, has_item, &hit);
		*found = rc == 0 && hit.kind != SCAN_NONE;
	}
	return rc;
}
