/*
 * JSON and YAML for whoever asked. The values come from engine/value.h; here they become lines.
 *
 * N.B. JSON and YAML go to terminals too, so characters that could deceive there are written as
 * \u escapes, which mean the same to every reader.
 */
#include "cli/output.h"

#include <stdbool.h>
#include <string.h>
#include <unistd.h>

#include "cli/text.h"
#include "engine/buf.h"

const char *const output_formats[] = {
	[OUTPUT_TABLE] = "table",
	[OUTPUT_JSON] = "json",
	[OUTPUT_YAML] = "yaml",
	[OUTPUT_PLAIN] = "plain",
	NULL,
};

enum output_format output_format_of(const struct args *args)
{
	const char *name = args_text(args, "output", NULL);

	for (int i = 0; name != NULL && output_formats[i] != NULL; i++)
		if (strcmp(name, output_formats[i]) == 0)
			return (enum output_format)i;
	return isatty(STDOUT_FILENO) == 1 ? OUTPUT_TABLE : OUTPUT_PLAIN;
}

/* Adds JSON text, whose only odd characters stand inside its strings, with these escaped. N.B. YAML
 * knows no pairs of surrogates, and will not have U+FFFE and U+FFFF. */
static void add_json_text(struct buf *b, const char *s, size_t len, bool is_yaml)
{
	char shown[TEXT_UNIT_MAX];
	unsigned width;

	for (size_t i = 0; i < len;) {
		size_t n = text_unit(s + i, len - i, shown, &width);
		unsigned code = 0;
		bool is_odd = s[i] != '\n' && shown[0] == '\\' && s[i] != '\\' &&
			(sscanf(shown, "\\u{%x}", &code) == 1 ||
				sscanf(shown, "\\x%2x", &code) == 1);

		if (is_yaml && n == 3 && memcmp(s + i, "\xef\xbf", 2) == 0 &&
			(unsigned char)s[i + 2] >= 0xbe) {
			is_odd = true;
			code = 0xff00 | ((unsigned char)s[i + 2] + 0x40u);
		}
		if (!is_odd)
			buf_add(b, s + i, n);
		else if (code <= 0xffff)
			buf_addf(b, "\\u%04x", code);
		else if (is_yaml)
			buf_addf(b, "\\U%08x", code);
		else
			buf_addf(b, "\\u%04x\\u%04x", 0xd7c0 + (code >> 10),
				0xdc00 + (code & 0x3ff));
		i += n;
	}
}

static int write_buf(FILE *f, struct buf *b)
{
	int r = buf_status(b);

	if (r == 0)
		(void)fwrite(b->data, 1, b->len, f);
	buf_free(b);
	return r;
}

/* N.B. there may be very much of it: it goes out line by line, as no line break stands in a string.
 */
int output_json(FILE *f, const struct value *v)
{
	const char *line, *end, *eol;
	struct buf json, b;
	int r;

	buf_init(&json, 0);
	buf_init(&b, 0);
	value_json_pretty(v, &json);
	buf_addc(&json, '\n');
	r = buf_status(&json);
	end = json.data + json.len;
	for (line = json.data; r == 0 && line < end; line = eol + 1) {
		eol = memchr(line, '\n', (size_t)(end - line));
		buf_reset(&b);
		add_json_text(&b, line, (size_t)(eol + 1 - line), false);
		r = buf_status(&b);
		if (r == 0)
			(void)fwrite(b.data, 1, b.len, f);
	}
	buf_free(&json);
	buf_free(&b);
	return r;
}

/* Whether a string can stand in YAML without quotes and stay a string. */
static bool is_plain_yaml(const char *s, size_t len)
{
	static const char *const taken[] = {
		"null", "true", "false", "yes", "no", "on", "off", "y", "n", ".inf", ".nan"};
	static const char safe[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
				   "0123456789_./-";
	bool is_word = len > 0 && strspn(s, safe) == len &&
		(strchr(safe, s[0]) - safe < 52 || s[0] == '_' || s[0] == '/');

	for (size_t i = 0; is_word && i < sizeof(taken) / sizeof(taken[0]); i++)
		if (strlen(taken[i]) == len && strncasecmp(taken[i], s, len) == 0)
			return false;
	return is_word;
}

/* A number, which keeps its value. N.B. readers of YAML 1.1 take one with an exponent for text
 * unless it has a dot and the exponent a sign: 1e5 becomes 1.0e+5. */
static void add_yaml_number(struct buf *b, const char *text, size_t len)
{
	size_t n = strcspn(text, "eE");

	if (n == len) {
		buf_add(b, text, len);
		return;
	}
	buf_add(b, text, n);
	buf_addf(b, "%s%c", memchr(text, '.', n) == NULL ? ".0" : "", text[n]);
	n++;
	if (text[n] != '-' && text[n] != '+')
		buf_addc(b, '+');
	buf_add(b, text + n, len - n);
}

/* A value on what is left of a line. N.B. YAML takes a JSON string as it is. */
static void add_yaml_scalar(struct buf *b, const struct value *v)
{
	struct buf json;

	if (v->type == VALUE_STRING && is_plain_yaml(v->u.text, v->len)) {
		buf_add(b, v->u.text, v->len);
		return;
	}
	if (v->type == VALUE_NUMBER) {
		add_yaml_number(b, v->u.text, v->len);
		return;
	}
	buf_init(&json, 0);
	value_json(v, &json);
	add_json_text(b, buf_str(&json), json.len, true);
	if (buf_status(&json) != 0)
		b->status = buf_status(&json);
	buf_free(&json);
}

/* Whether a string reads best as a block of lines, and can be one: it has several, and nothing in
 * them that YAML would take for something else. */
static bool is_block_yaml(const char *s, size_t len)
{
	if (memchr(s, '\n', len) == NULL || *s == ' ' || *s == '\n' || *s == '\t')
		return false;
	for (size_t i = 0; i < len; i++) {
		unsigned char c = (unsigned char)s[i];

		if ((c < ' ' && c != '\n' && c != '\t') || c >= 0x7f)
			return false;
	}
	return true;
}

static void add_yaml_block(struct buf *b, const char *s, size_t len, int indent)
{
	const char *end = s + len, *eol;
	bool has_end = s[len - 1] == '\n', has_more = len > 1 && has_end && s[len - 2] == '\n';

	buf_addf(b, " |%s\n", !has_end ? "-" : has_more ? "+" : "");
	for (; s < end; s = eol + 1) {
		eol = memchr(s, '\n', (size_t)(end - s));
		if (eol == NULL)
			eol = end;
		if (eol > s)
			buf_addf(b, "%*s", indent, "");
		buf_add(b, s, (size_t)(eol - s));
		buf_addc(b, '\n');
	}
}

static void add_yaml(struct buf *b, const struct value *v, int indent);

/* A value behind `key:` or `-`: on the same line where it is one, else below. */
static void add_yaml_member(struct buf *b, const struct value *v, int indent, bool is_item)
{
	bool is_nested = (v->type == VALUE_LIST || v->type == VALUE_MAP) && v->len > 0;

	if (v->type == VALUE_STRING && is_block_yaml(v->u.text, v->len)) {
		add_yaml_block(b, v->u.text, v->len, indent + 2);
	} else if (!is_nested) {
		buf_addc(b, ' ');
		add_yaml_scalar(b, v);
		buf_addc(b, '\n');
	} else if (is_item) {
		buf_addc(b, ' '); /* its first line goes on behind the dash */
		add_yaml(b, v, -(indent + 2));
	} else {
		buf_addc(b, '\n');
		add_yaml(b, v, indent + 2);
	}
}

/* A list or a map, each line indented; a negative indent says that the first line stands already.
 */
static void add_yaml(struct buf *b, const struct value *v, int indent)
{
	int column = indent < 0 ? -indent : indent;

	for (size_t i = 0; i < v->len; i++) {
		if (i > 0 || indent >= 0)
			buf_addf(b, "%*s", column, "");
		if (v->type == VALUE_LIST) {
			buf_addc(b, '-');
			add_yaml_member(b, &v->u.items[i], column, true);
		} else {
			const struct value_pair *p = &v->u.pairs[i];
			const struct value key = value_string(p->key, p->key_len);

			add_yaml_scalar(b, &key);
			buf_addc(b, ':');
			add_yaml_member(b, &p->value, column, false);
		}
	}
}

void output_yaml_add(struct buf *b, const struct value *v)
{
	if ((v->type == VALUE_LIST || v->type == VALUE_MAP) && v->len > 0) {
		add_yaml(b, v, 0);
	} else {
		add_yaml_scalar(b, v);
		buf_addc(b, '\n');
	}
}

int output_yaml(FILE *f, const struct value *v)
{
	struct buf b;

	buf_init(&b, 0);
	output_yaml_add(&b, v);
	return write_buf(f, &b);
}
