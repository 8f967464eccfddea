/* JSON out of values: compact, or over several lines. What is no UTF-8 comes out as U+FFFD, or in a
 * way that can be read back. */
#include "engine/buf.h"
#include "engine/utf8.h"
#include "engine/value.h"

static void string_json(struct buf *out, const char *s, size_t len, bool is_exact)
{
	static const char shorts[0x20] = {
		['\b'] = 'b', ['\f'] = 'f', ['\n'] = 'n', ['\r'] = 'r', ['\t'] = 't'};
	size_t done = 0, at = 0;
	uint32_t cp;

	buf_addc(out, '"');
	while (at < len) {
		unsigned char c = (unsigned char)s[at];
		size_t n = c >= 0x20 && c < 0x80 && c != '"' && c != '\\'
			? 1
			: (c < 0x80 ? 0 : utf8_decode(s + at, len - at, &cp));

		if (n != 0) {
			at += n;
			continue;
		}
		buf_add(out, s + done, at - done);
		if (c >= 0x80 && is_exact)
			buf_addf(out, "\\udc%02x", c);
		else if (c >= 0x80)
			buf_adds(out, "\xef\xbf\xbd");
		else if (c >= 0x20)
			buf_addf(out, "\\%c", c);
		else if (shorts[c] != '\0')
			buf_addf(out, "\\%c", shorts[c]);
		else
			buf_addf(out, "\\u%04x", c);
		done = ++at;
	}
	buf_add(out, s + done, at - done);
	buf_addc(out, '"');
}

/* A new line indented for a depth; nothing where the depth is negative, which means compact. */
static void line_begin(struct buf *out, int depth)
{
	if (depth < 0)
		return;
	buf_addc(out, '\n');
	for (int i = 0; i < depth; i++)
		buf_adds(out, "  ");
}

static void json_add(struct buf *out, const struct value *v, int depth, bool is_exact)
{
	int inner = depth < 0 ? depth : depth + 1;
	bool is_map = v->type == VALUE_MAP;

	switch (v->type) {
	case VALUE_NULL:
		buf_adds(out, "null");
		return;
	case VALUE_BOOL:
		buf_adds(out, v->truth ? "true" : "false");
		return;
	case VALUE_NUMBER:
		buf_add(out, v->u.text, v->len);
		return;
	case VALUE_STRING:
		string_json(out, v->u.text, v->len, is_exact);
		return;
	case VALUE_LIST:
	case VALUE_MAP:
		break;
	}
	buf_addc(out, is_map ? '{' : '[');
	for (size_t i = 0; i < v->len; i++) {
		if (i != 0)
			buf_addc(out, ',');
		line_begin(out, inner);
		if (is_map) {
			string_json(out, v->u.pairs[i].key, v->u.pairs[i].key_len, is_exact);
			buf_adds(out, depth < 0 ? ":" : ": ");
		}
		json_add(out, is_map ? &v->u.pairs[i].value : &v->u.items[i], inner, is_exact);
	}
	if (v->len != 0)
		line_begin(out, depth);
	buf_addc(out, is_map ? '}' : ']');
}

void value_json(const struct value *v, struct buf *out)
{
	json_add(out, v, -1, false);
}

void value_json_pretty(const struct value *v, struct buf *out)
{
	json_add(out, v, 0, false);
}

void value_json_exact(const struct value *v, struct buf *out)
{
	json_add(out, v, -1, true);
}
