/*
 * The text of a YAML file: whether it is proper UTF-8, and where in it a byte of a scalar's value
 * stands. Lines end where libyaml ends them: LF, CR, CRLF, NEL, LS, PS.
 *
 * A scalar's value is not its source: quotes, escapes, folding and indentation stand between. But
 * each of its characters that is not blank stands in the source, in the same order, as itself or as
 * an escape. So the k-th such character of the value is the k-th of the source.
 */
#include "engine/yaml_text.h"

#include <string.h>

#include "engine/arena.h"
#include "engine/err.h"
#include "engine/utf8.h"
#include "engine/yaml_tree.h"

#define STRIDE 256 /* characters between two entries of the table */

/* What YAML lets stand in a text. */
static bool is_allowed(uint32_t c)
{
	return c == '\t' || c == '\n' || c == '\r' || (c >= 0x20 && c < 0x7f) || c == 0x85 ||
		(c >= 0xa0 && c <= 0xfffd && c != 0xfeff) || c >= 0x10000;
}

static bool is_break(uint32_t c)
{
	return c == '\n' || c == '\r' || c == 0x85 || c == 0x2028 || c == 0x2029;
}

/* A place in the text that is walked along, character by character. */
struct walker {
	const struct yaml_text *t;
	size_t at; /* byte */
	struct pos pos;
};

static uint32_t walker_peek(const struct walker *w, size_t *len)
{
	uint32_t c = 0;

	*len = w->at < w->t->len ? utf8_decode(w->t->bytes + w->at, w->t->len - w->at, &c) : 0;
	return c;
}

/* The bytes of the character at hand; a broken one counts as one. */
static size_t char_length(const struct walker *w)
{
	size_t len;

	(void)walker_peek(w, &len);
	return len > 0 ? len : 1;
}

static void walker_step(struct walker *w)
{
	size_t len;
	uint32_t c = walker_peek(w, &len);

	if (is_break(c)) {
		if (c == '\r' && w->at + 1 < w->t->len && w->t->bytes[w->at + 1] == '\n')
			len++;
		w->pos.line++;
		w->pos.column = 1;
	} else {
		w->pos.column++;
	}
	w->at += len > 0 ? len : 1;
}

/* The place of a byte, walked to from the beginning. */
static struct pos pos_from_start(const struct yaml_text *t, size_t at)
{
	struct walker w = {.t = t, .pos = {1, 1}};

	while (w.at < at)
		walker_step(&w);
	return w.pos;
}

static int refuse(
	const struct yaml_text *t, size_t at, struct pos *pos, struct err *e, const char *what)
{
	*pos = pos_from_start(t, at);
	return err_set(e, ERR_INVALID, "%s", what);
}

static int refuse_control(
	const struct yaml_text *t, size_t at, uint32_t c, struct pos *pos, struct err *e)
{
	*pos = pos_from_start(t, at);
	return err_set(e, ERR_INVALID,
		"the character U+%04X must not stand in YAML; write it as \"\\u%04X\" in double "
		"quotes",
		c, c);
}

int yaml_text_create(struct arena *a, const char *text, size_t len, struct yaml_text **out,
	struct pos *pos, struct err *e)
{
	struct yaml_text *t = arena_alloc(a, sizeof(*t));

	if (t == NULL)
		return ERR_NOMEM;
	t->arena = a;
	t->bytes = text;
	t->len = len;
	if (len >= 3 && memcmp(text, "\xef\xbb\xbf", 3) == 0) {
		t->bytes += 3;
		t->len -= 3;
	}
	if (len >= 2 && (memcmp(text, "\xff\xfe", 2) == 0 || memcmp(text, "\xfe\xff", 2) == 0)) {
		*pos = (struct pos){1, 1};
		return err_set(e, ERR_INVALID, "the file is in UTF-16; save it as UTF-8");
	}
	*out = t;
	return 0;
}

int yaml_text_check(const struct yaml_text *t, struct pos *pos, struct err *e)
{
	size_t len;

	for (size_t i = 0; i < t->len; i += len) {
		uint32_t c = 0;

		len = utf8_decode(t->bytes + i, t->len - i, &c);
		if (len == 0)
			return refuse(t, i, pos, e,
				"this byte is not part of UTF-8 text; save the file as UTF-8");
		if (!is_allowed(c))
			return refuse_control(t, i, c, pos, e);
	}
	return 0;
}

/* Notes where every STRIDE-th character begins, once. N.B. most files have no place to be found in
 * them, and are never indexed. */
static void make_index(struct yaml_text *t)
{
	uint32_t *offsets = arena_array(t->arena, t->len / STRIDE + 1, sizeof(*offsets));
	struct walker w = {.t = t};

	if (offsets == NULL)
		return;
	for (size_t n = 0; w.at < t->len; n++) {
		if (n % STRIDE == 0)
			offsets[n / STRIDE] = (uint32_t)w.at;
		w.at += char_length(&w);
		t->n_chars = n + 1;
	}
	t->offsets = offsets;
}

/* The byte at which a character begins. */
static size_t byte_of(struct yaml_text *t, size_t index)
{
	struct walker w = {.t = t};
	size_t n = 0;

	if (t->offsets == NULL)
		make_index(t);
	if (t->offsets != NULL && index >= t->n_chars)
		return t->len;
	if (t->offsets != NULL) {
		n = index - index % STRIDE;
		w.at = t->offsets[n / STRIDE];
	}
	for (; n < index && w.at < t->len; n++)
		w.at += char_length(&w);
	return w.at;
}

uint32_t yaml_text_char(struct yaml_text *t, size_t index)
{
	size_t at = byte_of(t, index);
	uint32_t c = 0;

	if (at < t->len)
		(void)utf8_decode(t->bytes + at, t->len - at, &c);
	return c;
}

static bool is_blank(uint32_t c)
{
	return c == ' ' || c == '\t' || is_break(c);
}

/* Characters that are not blank in the first `len` bytes. */
static size_t count_solid(const char *text, size_t len)
{
	size_t n = 0, step;
	uint32_t c;

	for (size_t i = 0; i<len; i += step> 0 ? step : 1) {
		step = utf8_decode(text + i, len - i, &c);
		n += step > 0 && !is_blank(c);
	}
	return n;
}

/* Moves over one character of a double-quoted source, an escape being one. Whether it is solid. */
static bool step_double(struct walker *w)
{
	size_t len, digits;
	uint32_t c = walker_peek(w, &len);

	walker_step(w);
	if (c != '\\')
		return !is_blank(c);
	c = walker_peek(w, &len);
	walker_step(w);
	digits = c == 'x' ? 2 : c == 'u' ? 4 : c == 'U' ? 8 : 0;
	if (digits > 0) {
		size_t value = 0;

		for (size_t i = 0; i < digits; i++) {
			c = walker_peek(w, &len);
			value = value * 16 + (c <= '9' ? c - '0' : (c | 0x20) - 'a' + 10);
			walker_step(w);
		}
		return !is_blank((uint32_t)value);
	}
	/* \N, \L and \P are line breaks of their own, and \_ is a blank that does not break. */
	return !is_blank(c) && strchr("tnNLP", (int)c) == NULL;
}

/* Moves over one character of the value as the source writes it. Whether it is solid. */
static bool step_source(struct walker *w, enum yaml_style style)
{
	size_t len;
	uint32_t c;

	if (style == YAML_DOUBLE)
		return step_double(w);
	c = walker_peek(w, &len);
	walker_step(w);
	if (style == YAML_SINGLE && c == '\'')
		walker_step(w);
	return !is_blank(c);
}

static void skip_to(struct walker *w, bool (*is_end)(uint32_t c))
{
	size_t len;

	while (w->at < w->t->len && !is_end(walker_peek(w, &len)))
		walker_step(w);
}

static bool is_solid(uint32_t c)
{
	return !is_blank(c);
}

/* Moves over the tag and the anchor that stand before a scalar, and what parts them from it. */
static void skip_properties(struct walker *w)
{
	size_t len;
	uint32_t c = walker_peek(w, &len);
	bool is_behind = false;

	while (c == '!' || c == '&' || (c == '#' && is_behind)) {
		skip_to(w, c == '#' ? is_break : is_blank);
		skip_to(w, is_solid);
		c = walker_peek(w, &len);
		is_behind = true;
	}
}

/* Moves to where a scalar's content begins: behind what stands before it, and behind its quote, or
 * its `|` and the rest of its line. */
static void enter(struct walker *w, enum yaml_style style)
{
	uint32_t line;

	skip_properties(w);
	line = w->pos.line;
	if (style == YAML_SINGLE || style == YAML_DOUBLE)
		walker_step(w);
	while ((style == YAML_LITERAL || style == YAML_FOLDED) && w->pos.line == line &&
		w->at < w->t->len)
		walker_step(w);
}

/* Moves from the scalar's beginning behind the last solid character of the first `at` bytes of its
 * value; from the last place that was found in it, where that is not behind. */
static void follow(struct yaml_text *t, struct walker *w, const struct yaml_node *n, size_t at)
{
	struct yaml_place *p = &t->last;
	size_t seen = 0, solid, from = 0;

	if (p->value == n->text && p->start == n->start && p->at <= at) {
		w->at = p->byte;
		w->pos = p->pos;
		seen = p->solid;
		from = p->at;
	} else {
		enter(w, (enum yaml_style)n->style);
	}
	solid = seen + count_solid(n->text + from, at - from);
	while (seen < solid && w->at < t->len)
		seen += step_source(w, (enum yaml_style)n->style);
	/* N.B. the rest of a character would be counted as none. */
	if (at == n->n || ((unsigned char)n->text[at] & 0xc0) != 0x80)
		*p = (struct yaml_place){n->text, n->start, at, solid, w->at, w->pos};
}

struct pos yaml_value_pos(struct yaml_text *t, const struct yaml_node *n, size_t at)
{
	struct walker w = {.t = t, .at = byte_of(t, n->start), .pos = yaml_node_pos(n)};
	struct walker next;
	size_t blanks = 0;

	if (n->kind != YAML_SCALAR || (n->style == YAML_PLAIN && n->n == 0))
		return w.pos;
	if (at > n->n)
		at = n->n;
	while (at - blanks > 0 && is_blank((unsigned char)n->text[at - blanks - 1]))
		blanks++;
	follow(t, &w, n, at);
	if (at == n->n || is_blank((unsigned char)n->text[at])) {
		while (blanks-- > 0 && w.at < t->len)
			(void)step_source(&w, (enum yaml_style)n->style);
		return w.pos;
	}
	for (next = w; next.at < t->len; w = next)
		if (step_source(&next, (enum yaml_style)n->style))
			break;
	return w.pos;
}

struct pos yaml_node_pos(const struct yaml_node *n)
{
	return (struct pos){n->line, n->column};
}
