/*
 * What a plain scalar means. YAML 1.1 as PyYAML reads it: yes, no, on and off are booleans, 0x1f,
 * 0b11 and 017 are numbers, and underscores may part digits. N.B. two things differ on purpose:
 * base 60 (12:30) and dates stay text, since nobody means anything else by them in a DAG; and 1e3
 * is the number that JSON reads it as.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "engine/arena.h"
#include "engine/err.h"
#include "engine/utf8.h"
#include "engine/value.h"
#include "engine/yaml_tree.h"

#define SHOWN_MAX 40 /* bytes of a text in a message */
#define NUMBER_MAX 128 /* bytes of a plain scalar that may still be a number */

static bool is_open_text(const struct yaml_node *n)
{
	return n->kind == YAML_SCALAR && n->style == YAML_PLAIN && n->tag != YAML_TAG_STR;
}

static bool is_word(const struct yaml_node *n, const char *const *words)
{
	for (; *words != NULL; words++)
		if (strcmp(*words, n->text) == 0)
			return true;
	return false;
}

bool yaml_is_null(const struct yaml_node *n)
{
	static const char *const words[] = {"", "~", "null", "Null", "NULL", NULL};

	return n->kind == YAML_SCALAR && n->n <= 4 &&
		(n->tag == YAML_TAG_NULL ||
			(is_open_text(n) && n->tag == YAML_TAG_NONE && is_word(n, words)));
}

bool yaml_is_bool(const struct yaml_node *n, bool *truth)
{
	static const char *const yes[] = {
		"true", "True", "TRUE", "yes", "Yes", "YES", "on", "On", "ON", NULL};
	static const char *const no[] = {
		"false", "False", "FALSE", "no", "No", "NO", "off", "Off", "OFF", NULL};

	if (n->kind != YAML_SCALAR || n->n > 5 ||
		!(n->tag == YAML_TAG_BOOL || (is_open_text(n) && n->tag == YAML_TAG_NONE)))
		return false;
	*truth = is_word(n, yes);
	return *truth || is_word(n, no);
}

/* The digits of an integer, its base, and whether it is one. */
static bool int_parts(const char *s, bool *is_negative, unsigned *base, const char **digits)
{
	*is_negative = *s == '-';
	if (*s == '-' || *s == '+')
		s++;
	*base = 10;
	if (s[0] == '0' && s[1] != '\0') {
		*base = s[1] == 'x' ? 16 : s[1] == 'b' ? 2 : 8;
		s += *base == 8 ? 1 : 2;
	}
	*digits = s;
	if (*s == '\0' || *s == '_')
		return false;
	for (; *s != '\0'; s++) {
		unsigned d = *s >= '0' && *s <= '9' ? (unsigned)(*s - '0')
			: (*s | 0x20) >= 'a' && (*s | 0x20) <= 'f'
			? (unsigned)((*s | 0x20) - 'a' + 10)
			: 99;

		if (*s != '_' && d >= *base)
			return false;
	}
	return true;
}

/* An integer's value; false where it does not fit 64 bits. */
static bool int_value(const char *digits, unsigned base, uint64_t *magnitude)
{
	uint64_t v = 0;

	for (; *digits != '\0'; digits++) {
		unsigned d;

		if (*digits == '_')
			continue;
		d = *digits <= '9' ? (unsigned)(*digits - '0')
				   : (unsigned)((*digits | 0x20) - 'a' + 10);
		if (__builtin_mul_overflow(v, (uint64_t)base, &v) ||
			__builtin_add_overflow(v, (uint64_t)d, &v))
			return false;
	}
	*magnitude = v;
	return true;
}

bool yaml_is_int(const struct yaml_node *n, int64_t *number)
{
	bool is_negative;
	unsigned base;
	const char *digits;
	uint64_t m;

	if (n->kind != YAML_SCALAR || n->n > NUMBER_MAX ||
		!(n->tag == YAML_TAG_INT || (is_open_text(n) && n->tag == YAML_TAG_NONE)))
		return false;
	if (!int_parts(n->text, &is_negative, &base, &digits) || !int_value(digits, base, &m) ||
		m > (uint64_t)INT64_MAX + (is_negative ? 1 : 0))
		return false;
	*number = is_negative ? (int64_t)(0 - m) : (int64_t)m;
	return true;
}

/* Drops underscores, which stand behind digits alone, a leading + and the zeros of 01.5, and puts
 * the 0 where .5 and 5. want one. 0: it is none. */
static size_t float_spell(const char *s, char *out)
{
	bool is_behind_digit = false, is_power = false;
	size_t len = 0;

	if (*s == '+')
		s++;
	else if (*s == '-')
		out[len++] = *s++;
	if (*s == '-' || *s == '+' || (*s == '.' && (s[1] < '0' || s[1] > '9')))
		return 0;
	while (*s == '0' && s[1] >= '0' && s[1] <= '9' && strchr(s, '.') != NULL)
		s++;
	if (*s == '.')
		out[len++] = '0';
	for (; *s != '\0'; s++) {
		if (*s == '_' && !is_behind_digit)
			return 0;
		if (*s == '_')
			continue;
		is_behind_digit = *s >= '0' && *s <= '9' && !is_power;
		is_power = is_power || (*s | 0x20) == 'e';
		out[len++] = *s;
		if (*s == '.' && (s[1] < '0' || s[1] > '9'))
			out[len++] = '0';
	}
	return len;
}

/* Writes a number in JSON's spelling into 2 * NUMBER_MAX bytes. How many, or 0: it is none. */
static size_t number_spell(const struct yaml_node *n, char *spelled)
{
	size_t len = 0;
	bool is_negative;
	unsigned base;
	const char *digits;
	uint64_t m;

	if (n->n == 0 || n->n > NUMBER_MAX || strlen(n->text) != n->n)
		return 0;
	if (int_parts(n->text, &is_negative, &base, &digits)) {
		if (base == 10)
			len = float_spell(n->text, spelled);
		else if (int_value(digits, base, &m))
			len = (size_t)snprintf(spelled, 2 * NUMBER_MAX, "%s%llu",
				is_negative ? "-" : "", (unsigned long long)m);
	} else if (strpbrk(n->text, "0123456789") != NULL) {
		len = float_spell(n->text, spelled);
	}
	return len > 0 && value_number_is_valid(spelled, len) ? len : 0;
}

/* A number in JSON's spelling; VALUE_NULL where the text is none. */
static int number_value(struct arena *a, const struct yaml_node *n, struct value *out)
{
	char spelled[2 * NUMBER_MAX];
	size_t len = number_spell(n, spelled);
	const char *text;

	*out = value_null();
	if (len == 0)
		return 0;
	text = arena_memdup(a, spelled, len);
	if (text == NULL)
		return ERR_NOMEM;
	*out = (struct value){.type = VALUE_NUMBER, .len = len, .u.text = text};
	return 0;
}

/* A scalar whose tag says what it must be. */
static int check_tag(const struct yaml_node *n, const struct value *v, struct err *e)
{
	static const char *const names[] = {[YAML_TAG_INT] = "!!int",
		[YAML_TAG_FLOAT] = "!!float",
		[YAML_TAG_BOOL] = "!!bool",
		[YAML_TAG_NULL] = "!!null"};
	bool is_right = (n->tag == YAML_TAG_INT && v->type == VALUE_NUMBER &&
				value_number_is_integer(v->u.text, v->len)) ||
		(n->tag == YAML_TAG_FLOAT && v->type == VALUE_NUMBER) ||
		(n->tag == YAML_TAG_BOOL && v->type == VALUE_BOOL) ||
		(n->tag == YAML_TAG_NULL && v->type == VALUE_NULL);

	if (n->tag == YAML_TAG_NONE || n->tag == YAML_TAG_STR || is_right)
		return 0;
	return err_set(e, ERR_INVALID, "the tag %s does not fit the text \"%.100s\"", names[n->tag],
		n->text);
}

int yaml_scalar_value(struct arena *a, const struct yaml_node *n, struct value *out, struct err *e)
{
	bool truth = false;
	int rc = 0;

	*out = value_string(n->text, n->n);
	if (n->tag == YAML_TAG_STR || (n->style != YAML_PLAIN && n->tag == YAML_TAG_NONE))
		return 0;
	if (yaml_is_null(n)) {
		*out = value_null();
	} else if (yaml_is_bool(n, &truth)) {
		*out = value_bool(truth);
	} else {
		struct value number;

		rc = number_value(a, n, &number);
		if (number.type == VALUE_NUMBER)
			*out = number;
	}
	return rc != 0 ? rc : check_tag(n, out, e);
}

/* Whether a scalar is a number where its text is one. */
static bool is_number(const struct yaml_node *n)
{
	return n->tag == YAML_TAG_INT || n->tag == YAML_TAG_FLOAT ||
		(is_open_text(n) && n->tag == YAML_TAG_NONE);
}

const char *yaml_node_describe(const struct yaml_node *n, char *out, size_t size)
{
	char spelled[2 * NUMBER_MAX];
	bool truth;
	size_t shown;

	if (n->kind == YAML_LIST)
		(void)snprintf(out, size, "%s", n->n == 0 ? "an empty list" : "a list");
	else if (n->kind == YAML_MAP)
		(void)snprintf(out, size, "%s", n->n == 0 ? "an empty map" : "a map");
	else if (yaml_is_null(n))
		(void)snprintf(out, size, "nothing");
	else if (yaml_is_bool(n, &truth))
		(void)snprintf(out, size, "the boolean %s", n->text);
	else if (is_number(n) && number_spell(n, spelled) > 0)
		(void)snprintf(out, size, "the number %s", n->text);
	else {
		shown = utf8_cut(n->text, n->n, SHOWN_MAX);
		(void)snprintf(out, size, "the text \"%.*s\"%s", (int)shown, n->text,
			shown < n->n ? "..." : "");
	}
	return out;
}
