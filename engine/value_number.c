/*
 * Numbers by their spelling. They are compared digit by digit and never become a double or an
 * int64, so that nothing is rounded: 2^53 + 1 differs from 2^53, and 1e400 from 1e401.
 */
#include <stdint.h>
#include <string.h>

#include "engine/value.h"

#define EXPONENT_MAX INT64_C(400000000000000000) /* larger ones count as this */

static bool is_digit(char c)
{
	return c >= '0' && c <= '9';
}

/* How many digits stand at text[at]. */
static size_t digits(const char *text, size_t len, size_t at)
{
	size_t n = 0;

	while (at + n < len && is_digit(text[at + n]))
		n++;
	return n;
}

bool value_number_is_valid(const char *text, size_t len)
{
	size_t at = 0, n;

	if (at < len && text[at] == '-')
		at++;
	n = digits(text, len, at);
	if (n == 0 || (n > 1 && text[at] == '0'))
		return false;
	at += n;
	if (at < len && text[at] == '.') {
		n = digits(text, len, at + 1);
		if (n == 0)
			return false;
		at += n + 1;
	}
	if (at < len && (text[at] == 'e' || text[at] == 'E')) {
		at++;
		if (at < len && (text[at] == '+' || text[at] == '-'))
			at++;
		n = digits(text, len, at);
		if (n == 0)
			return false;
		at += n;
	}
	return at == len;
}

/* A number as 0.DIGITS times ten to the power `scale`; the digits begin with no zero. They are
 * text[first] .. text[last - 1], in which a dot may stand. No digits: it is 0. */
struct decimal {
	const char *text;
	size_t first, last;
	int64_t scale;
	bool is_negative;
};

static int64_t exponent_read(const char *text, size_t len)
{
	bool is_negative = len > 0 && text[0] == '-';
	int64_t n = 0;

	for (size_t i = len > 0 && !is_digit(text[0]) ? 1 : 0; i < len; i++) {
		n = n * 10 + (text[i] - '0');
		if (n > EXPONENT_MAX)
			n = EXPONENT_MAX;
	}
	return is_negative ? -n : n;
}

static struct decimal decimal_read(const char *text, size_t len)
{
	struct decimal d = {.text = text, .is_negative = text[0] == '-'};
	size_t begin = d.is_negative ? 1 : 0;
	size_t whole = digits(text, len, begin);
	size_t end = begin + whole;

	if (end < len && text[end] == '.')
		end += 1 + digits(text, len, end + 1);
	d.first = begin;
	while (d.first < end && (text[d.first] == '0' || text[d.first] == '.'))
		d.first++;
	d.last = end;
	while (d.last > d.first && (text[d.last - 1] == '0' || text[d.last - 1] == '.'))
		d.last--;
	if (d.first == d.last) {
		d.is_negative = false;
		return d;
	}
	/* Digits before the dot count up, zeros behind it count down. */
	d.scale = (int64_t)(begin + whole) - (int64_t)d.first;
	if (d.first > begin + whole)
		d.scale++;
	if (end < len)
		d.scale += exponent_read(text + end + 1, len - end - 1);
	return d;
}

static bool decimal_is_zero(const struct decimal *d)
{
	return d->first == d->last;
}

static int digits_compare(const struct decimal *a, const struct decimal *b)
{
	size_t i = a->first, j = b->first;

	for (;;) {
		if (i < a->last && a->text[i] == '.')
			i++;
		if (j < b->last && b->text[j] == '.')
			j++;
		if (i == a->last || j == b->last)
			return (i < a->last) - (j < b->last);
		if (a->text[i] != b->text[j])
			return a->text[i] < b->text[j] ? -1 : 1;
		i++;
		j++;
	}
}

int value_number_compare(const char *a, size_t a_len, const char *b, size_t b_len)
{
	struct decimal x = decimal_read(a, a_len), y = decimal_read(b, b_len);
	int c;

	if (decimal_is_zero(&x) || decimal_is_zero(&y)) {
		if (decimal_is_zero(&x) && decimal_is_zero(&y))
			return 0;
		return decimal_is_zero(&x) ? (y.is_negative ? 1 : -1) : (x.is_negative ? -1 : 1);
	}
	if (x.is_negative != y.is_negative)
		return x.is_negative ? -1 : 1;
	c = x.scale != y.scale ? (x.scale < y.scale ? -1 : 1) : digits_compare(&x, &y);
	return x.is_negative ? -c : c;
}

bool value_number_is_integer(const char *text, size_t len)
{
	struct decimal d = decimal_read(text, len);
	bool has_dot = memchr(text + d.first, '.', d.last - d.first) != NULL;

	return decimal_is_zero(&d) || d.scale >= (int64_t)(d.last - d.first - (has_dot ? 1 : 0));
}
