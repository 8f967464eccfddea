/* Values through a masker. N.B. a number that holds a secret becomes a text. */
#include <string.h>

#include "engine/arena.h"
#include "engine/buf.h"
#include "engine/err.h"
#include "engine/mask.h"
#include "engine/value.h"

static int mask_bytes(
	const struct mask *m, struct arena *a, const struct value *v, struct value *out)
{
	const char *text = v->u.text;
	size_t len = v->len;
	bool is_same;
	struct buf b;
	int r;

	buf_init(&b, 0);
	mask_text(m, text, len, &b);
	is_same = b.len == len && memcmp(buf_str(&b), text, len) == 0;
	text = arena_memdup(a, buf_str(&b), b.len);
	r = text == NULL ? ERR_NOMEM : buf_status(&b);
	if (r == 0) {
		*out = value_string(text, b.len);
		out->type = is_same ? v->type : VALUE_STRING;
	}
	buf_free(&b);
	return r;
}

static int mask_items(
	const struct mask *m, struct arena *a, const struct value *v, struct value *out)
{
	struct value *items = arena_array(a, v->len, sizeof(*items));
	int r = items == NULL ? ERR_NOMEM : 0;

	for (size_t i = 0; i < v->len && r == 0; i++)
		r = mask_value(m, a, &v->u.items[i], &items[i]);
	if (r == 0)
		*out = (struct value){.type = VALUE_LIST, .len = v->len, .u.items = items};
	return r;
}

static int mask_pairs(
	const struct mask *m, struct arena *a, const struct value *v, struct value *out)
{
	struct value_pair *pairs = arena_array(a, v->len, sizeof(*pairs));
	int r = pairs == NULL ? ERR_NOMEM : 0;

	for (size_t i = 0; i < v->len && r == 0; i++) {
		pairs[i] = v->u.pairs[i];
		r = mask_value(m, a, &v->u.pairs[i].value, &pairs[i].value);
	}
	if (r == 0)
		*out = (struct value){.type = VALUE_MAP, .len = v->len, .u.pairs = pairs};
	return r;
}

int mask_value(const struct mask *m, struct arena *a, const struct value *v, struct value *out)
{
	switch (v->type) {
	case VALUE_NUMBER:
	case VALUE_STRING:
		return mask_bytes(m, a, v, out);
	case VALUE_LIST:
		return mask_items(m, a, v, out);
	case VALUE_MAP:
		return mask_pairs(m, a, v, out);
	case VALUE_NULL:
	case VALUE_BOOL:
		break;
	}
	*out = *v;
	return 0;
}
