/*
 * Text with expressions in it, compiled once into literal and expression pieces and rendered in one
 * pass. A value that was put in is never scanned again.
 */
#ifndef ENGINE_TEMPLATE_H
#define ENGINE_TEMPLATE_H

#include <stdbool.h>
#include <stddef.h>

#include "engine/expr.h"
#include "engine/shquote.h"

#define TEMPLATE_TEXT_MAX ((size_t)64 << 20) /* bytes of one rendered text */
#define TEMPLATE_VALUES_MAX ((size_t)256 << 20) /* memory for the values of one rendering */

struct scan; /* engine/scan.h */
struct template;

enum template_mode {
	TEMPLATE_PLAIN, /* values go in as they are */
	TEMPLATE_SHELL, /* a shell's script: values are quoted for their place */
	TEMPLATE_FOREIGN /* another language's script: expressions must end in | json or | raw */
};

/* Hears of each problem in the text: `at` is the byte in text; warnings do not stop the loading. */
struct template_report {
	void *ctx;
	void (*on_problem)(void *ctx, bool is_warning, size_t at, const char *sentence);
};

/* Compiles text (which is copied) into the arena. All problems are reported, not only the first.
 * 0, ERR_INVALID (reported), ERR_NOMEM, ERR_LIMIT. dialect matters to TEMPLATE_SHELL alone. Make
 * one scan for a whole file with scan_create(). */
int template_compile(struct arena *a, struct scan *scan, const char *text, size_t len,
	enum template_mode mode, enum sh_dialect dialect, const struct expr_scope *scope,
	const struct template_report *report, struct template **out);

/* The expressions of a template in order; *n receives their number. */
const struct expr *template_exprs(const struct template *t, size_t *n);

/* Whether the template is one expression and nothing around it, whose value keeps its type. */
bool template_is_value(const struct template *t);

/* The text as it was written. */
const char *template_source(const struct template *t, size_t *len);

/* Adds the rendered text to out. On failure e says which expression and why. */
int template_render(
	const struct template *t, const struct expr_env *env, struct buf *out, struct err *e);

/* The rendered text as a string in scratch, whatever its expressions give. Fails as the above. */
int template_text(const struct template *t, const struct expr_env *env, struct arena *scratch,
	struct value *out, struct err *e);

/* The value of a template that is one expression; of any other, its text as a string in scratch. */
int template_eval(const struct template *t, const struct expr_env *env, struct arena *scratch,
	struct value *out, struct err *e);

#endif
