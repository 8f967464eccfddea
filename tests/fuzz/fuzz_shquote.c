/*
 * The shell quoter on random scripts. The first byte chooses the dialect, the second the value; @
 * in the rest is a hole. Checked beside memory: output is linear, and the value changes nothing for
 * what comes behind it. For that, the script rendered with a nasty value and with a harmless one
 * are lexed again with one more hole at their end: both must take it the same way.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "engine/arena.h"
#include "engine/buf.h"
#include "engine/err.h"
#include "engine/shquote.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define SCRIPT_MAX 4096
#define HOLES_MAX 64

static const char *const nasty[] = {
	"'\"`$(x)\\",
	"\nEOF\nx\n",
	"'; x; '",
	"\"; x; \"",
	"}\"; x; \"${x:-",
	")'; x; (",
	"`; x; `",
	"\\",
	"'",
	"\n",
	"E\\\nOF",
	"",
	"]] || x",
	";; esac; x",
	"\n\tEOF\nx",
	"# x",
};

struct script {
	struct sh_piece pieces[2 * HOLES_MAX + 1];
	size_t n, n_holes;
};

static void cut(const char *p, size_t len, struct script *s)
{
	size_t start = 0;

	s->n = s->n_holes = 0;
	for (size_t i = 0; i < len && s->n_holes < HOLES_MAX; i++) {
		if (p[i] != '@')
			continue;
		s->pieces[s->n++] = (struct sh_piece){.text = p + start, .len = i - start};
		s->pieces[s->n++] = (struct sh_piece){.is_hole = true};
		s->n_holes++;
		start = i + 1;
	}
	s->pieces[s->n++] = (struct sh_piece){.text = p + start, .len = len - start};
}

static int render(const struct sh_plan *plan, size_t n_holes, const char *value, struct buf *out)
{
	struct sh_value values[HOLES_MAX];
	struct err e;
	size_t bad;

	for (size_t i = 0; i < n_holes; i++)
		values[i] = (struct sh_value){value, strlen(value)};
	buf_reset(out);
	return sh_plan_render(plan, values, n_holes, out, &bad, &e);
}

/* Lexes the text with a hole behind it; what the hole became goes to out. 0, the lexer's refusal,
 * or 1 where the lexer is not certain, which says nothing. */
static int probe(const struct buf *text, enum sh_dialect d, struct buf *out)
{
	struct arena *a = arena_create(0);
	struct sh_piece pieces[3] = {{.text = buf_str(text), .len = text->len},
		{.text = "\nZ ", .len = 3}, {.is_hole = true}};
	struct sh_plan *plan = NULL;
	struct err e;
	size_t bad;
	int r = sh_plan_create(a, pieces, 3, d, &plan, &bad, &e);

	if (r == 0)
		r = render(plan, 1, "'\"$`\\", out);
	else if (strstr(e.text, "not certain") != NULL)
		r = 1;
	arena_destroy(a);
	return r;
}

static void compare(const struct buf *harmless, const struct buf *rendered, enum sh_dialect d)
{
	struct buf a, b;
	int x, y;

	buf_init(&a, 0);
	buf_init(&b, 0);
	x = probe(harmless, d, &a);
	y = probe(rendered, d, &b);
	if (x == 0 && y == 0) {
		const char *s = strrchr(buf_str(&a), 'Z'), *t = strrchr(buf_str(&b), 'Z');

		if (s == NULL || t == NULL || strcmp(s, t) != 0)
			abort();
	} else if (x == 0 && y < 0) {
		abort();
	}
	buf_free(&a);
	buf_free(&b);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct arena *a;
	struct script s;
	struct sh_plan *plan = NULL;
	struct buf harmless, rendered;
	enum sh_dialect d;
	const char *value;
	struct err e;
	size_t bad = 0;
	int r;

	if (size < 2 || size > SCRIPT_MAX || memchr(data, '\0', size) != NULL)
		return 0;
	d = (enum sh_dialect)(data[0] % 4);
	value = nasty[data[1] % (sizeof(nasty) / sizeof(nasty[0]))];
	cut((const char *)data + 2, size - 2, &s);
	a = arena_create(0);
	buf_init(&harmless, 0);
	buf_init(&rendered, 0);
	r = sh_plan_create(a, s.pieces, s.n, d, &plan, &bad, &e);
	if (r != 0 && (r != ERR_INVALID || bad >= s.n || !s.pieces[bad].is_hole))
		abort();
	if (r == 0 && render(plan, s.n_holes, value, &rendered) == 0 &&
		render(plan, s.n_holes, "x", &harmless) == 0) {
		if (rendered.len > 16 * size + 200 * s.n_holes * (strlen(value) + 1))
			abort();
		compare(&harmless, &rendered, d);
	}
	buf_free(&harmless);
	buf_free(&rendered);
	arena_destroy(a);
	return 0;
}
