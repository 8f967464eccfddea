/* Reading cron lines. Each field becomes a set of bits; what a field may hold stands in one table.
 */
#include "engine/cron.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "engine/calendar.h"
#include "engine/err.h"

static const char *const month_names[] = {
	"JAN", "FEB", "MAR", "APR", "MAY", "JUN", "JUL", "AUG", "SEP", "OCT", "NOV", "DEC"};
static const char *const weekday_names[] = {"SUN", "MON", "TUE", "WED", "THU", "FRI", "SAT"};

struct field {
	const char *name;
	unsigned min, max;
	const char *const *names; /* of min, min + 1, ... */
	unsigned n_names;
};

enum { MINUTE, HOUR, DAY, MONTH, WEEKDAY, FIELDS };

static const struct field fields[FIELDS] = {
	[MINUTE] = {"minute", 0, 59, NULL, 0},
	[HOUR] = {"hour", 0, 23, NULL, 0},
	[DAY] = {"day-of-month", 1, 31, NULL, 0},
	[MONTH] = {"month", 1, 12, month_names, 12},
	[WEEKDAY] = {"day-of-week", 0, 7, weekday_names, 7},
};

static const struct {
	const char *name, *line;
} macros[] = {
	{"@hourly", "0 * * * *"},
	{"@daily", "0 0 * * *"},
	{"@midnight", "0 0 * * *"},
	{"@weekly", "0 0 * * 0"},
	{"@monthly", "0 0 1 * *"},
	{"@yearly", "0 0 1 1 *"},
	{"@annually", "0 0 1 1 *"},
};

struct parse {
	const char *text, *at, *end; /* the whole line, where we are, the end of this field */
	const struct field *field;
	struct err *e;
};

/* An error at the place where we are: `cron "…", column 3: hour …`. */
#define REFUSE(p, ...) refuse((p), (p)->at, __VA_ARGS__)

static int refuse(struct parse *p, const char *at, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));

static int refuse(struct parse *p, const char *at, const char *fmt, ...)
{
	char why[512];
	va_list ap;

	va_start(ap, fmt);
	(void)vsnprintf(why, sizeof(why), fmt, ap);
	va_end(ap);
	return err_set(p->e, ERR_INVALID, "column %zu: %s: %s", (size_t)(at - p->text) + 1,
		p->field->name, why);
}

static char upper(char c)
{
	return c >= 'a' && c <= 'z' ? (char)(c - 'a' + 'A') : c;
}

static bool is_name_char(char c)
{
	return upper(c) >= 'A' && upper(c) <= 'Z';
}

/* A number or a name. is_end: the second of a range, in which Sunday is 7. */
static int take_value(struct parse *p, bool is_end, unsigned *out)
{
	const char *from = p->at;
	unsigned value = 0;
	size_t len;

	while (p->at < p->end && is_name_char(*p->at))
		p->at++;
	len = (size_t)(p->at - from);
	for (unsigned i = 0; len == 3 && i < p->field->n_names; i++) {
		const char *name = p->field->names[i];

		if (upper(from[0]) == name[0] && upper(from[1]) == name[1] &&
			upper(from[2]) == name[2]) {
			*out = p->field->min + i;
			if (is_end && p->field == &fields[WEEKDAY] && *out == 0)
				*out = 7;
			return 0;
		}
	}
	if (len > 0 && p->field->n_names > 0)
		return refuse(p, from, "there is no \"%.*s\"; its names are %s to %s", (int)len,
			from, p->field->names[0], p->field->names[p->field->n_names - 1]);
	if (len > 0)
		return refuse(p, from, "\"%.*s\" is no number from %u to %u", (int)len, from,
			p->field->min, p->field->max);
	for (; p->at < p->end && *p->at >= '0' && *p->at <= '9' && p->at - from < 4; p->at++)
		value = value * 10 + (unsigned)(*p->at - '0');
	if (p->at == from)
		return refuse(p, from, "want a number from %u to %u%s here", p->field->min,
			p->field->max,
			p->field == &fields[DAY]	? ", * or L"
				: p->field->n_names > 0 ? ", a name or *"
							: " or *");
	if (value < p->field->min || value > p->field->max)
		return refuse(
			p, from, "%u is not within %u to %u", value, p->field->min, p->field->max);
	*out = value;
	return 0;
}

static int take_step(struct parse *p, unsigned *step)
{
	const char *from;
	unsigned value = 0;

	*step = 1;
	if (p->at == p->end || *p->at != '/')
		return 0;
	from = ++p->at;
	for (; p->at < p->end && *p->at >= '0' && *p->at <= '9' && p->at - from < 4; p->at++)
		value = value * 10 + (unsigned)(*p->at - '0');
	if (value == 0)
		return refuse(p, from, "want a step of 1 or more behind the /");
	*step = value;
	return 0;
}

/* What may follow a day of the week: #1 to #5, #L. */
static int take_nth(struct parse *p, struct cron *c, unsigned weekday)
{
	p->at++;
	if (p->at < p->end && upper(*p->at) == 'L') {
		c->weekday_nth[weekday % 7] |= 1u << 6;
	} else if (p->at < p->end && *p->at >= '1' && *p->at <= '5') {
		c->weekday_nth[weekday % 7] |= (uint8_t)(1u << (*p->at - '0'));
	} else {
		return REFUSE(p, "want 1 to 5 or L behind the #, as in MON#2 or FRI#L");
	}
	p->at++;
	return 0;
}

/* One member of a list: `*`, `*` with a step, a value, a range, a range with a step. */
static int take_member(struct parse *p, struct cron *c, uint64_t *bits)
{
	const struct field *f = p->field;
	const char *from = p->at;
	unsigned low = f->min, high = f->max, step;
	bool is_single = false;
	int r;

	if (p->at < p->end && *p->at == '*') {
		p->at++;
		if (f == &fields[WEEKDAY])
			high = 6;
	} else if (f == &fields[DAY] && p->at < p->end && upper(*p->at) == 'L') {
		p->at++;
		c->has_last_day = true;
		return 0;
	} else {
		if ((r = take_value(p, false, &low)) != 0)
			return r;
		if (f == &fields[WEEKDAY] && p->at < p->end && *p->at == '#')
			return take_nth(p, c, low);
		if (f == &fields[WEEKDAY] && p->at < p->end && upper(*p->at) == 'L')
			return REFUSE(p, "write %s#L for the last one of a month",
				weekday_names[low % 7]);
		is_single = p->at == p->end || *p->at != '-';
		if (!is_single) {
			p->at++;
			if ((r = take_value(p, true, &high)) != 0)
				return r;
			if (high < low)
				return refuse(p, from,
					"the range runs backwards; write it as two: %u-%u,%u-%u",
					low, f == &fields[WEEKDAY] ? 6 : f->max, f->min, high);
		}
	}
	if (is_single && (p->at == p->end || *p->at != '/'))
		high = low;
	if ((r = take_step(p, &step)) != 0)
		return r;
	for (unsigned v = low; v <= high; v += step)
		*bits |= UINT64_C(1) << v;
	return 0;
}

static int take_field(struct parse *p, struct cron *c, uint64_t *bits, bool *is_any)
{
	const char *from = p->at;
	int r;

	*bits = 0;
	*is_any = p->end - p->at == 1 && *p->at == '*';
	for (;;) {
		if (p->at < p->end && *p->at == '?')
			return REFUSE(p, "? is Quartz's; write * here");
		if ((r = take_member(p, c, bits)) != 0)
			return r;
		if (p->at == p->end)
			return 0;
		if (*p->at != ',')
			return REFUSE(p, "\"%.*s\" cannot be read from here on",
				(int)(p->end - from), from);
		p->at++;
	}
}

static bool is_blank(char c)
{
	return c == ' ' || c == '\t';
}

static unsigned words_count(const char *at, const char *end)
{
	unsigned n = 0;

	for (; at < end; at++)
		n += !is_blank(*at) && (at + 1 == end || is_blank(at[1]));
	return n;
}

static int take_fields(struct parse *p, const char *end, struct cron *c)
{
	uint64_t bits[FIELDS];
	bool is_any[FIELDS];
	unsigned n = words_count(p->at, end);
	int r;

	if (n != FIELDS)
		return err_set(p->e, ERR_INVALID,
			"a cron line has five fields (minute hour day-of-month month day-of-week), "
			"not "
			"%u%s",
			n, n == 6 ? "; seconds and years are not known" : "");
	for (unsigned i = 0; i < FIELDS; i++) {
		while (is_blank(*p->at))
			p->at++;
		for (p->end = p->at; p->end < end && !is_blank(*p->end);)
			p->end++;
		p->field = &fields[i];
		if ((r = take_field(p, c, &bits[i], &is_any[i])) != 0)
			return r;
		p->at = p->end;
	}
	c->minutes = bits[MINUTE];
	c->hours = (uint32_t)bits[HOUR];
	c->days = (uint32_t)bits[DAY];
	c->months = (uint32_t)bits[MONTH];
	c->weekdays = (uint8_t)((bits[WEEKDAY] | bits[WEEKDAY] >> 7) & 0x7f);
	c->any_day = is_any[DAY];
	c->any_weekday = is_any[WEEKDAY];
	c->every_hour = is_any[HOUR];
	return 0;
}

int cron_parse(const char *text, size_t len, struct cron *out, struct err *e)
{
	struct parse p = {.text = text, .at = text, .e = e};
	struct cron c;
	int r;

	memset(&c, 0, sizeof(c));
	if (len > CRON_LENGTH_MAX)
		return err_set(e, ERR_LIMIT, "a cron line has at most %d bytes", CRON_LENGTH_MAX);
	for (size_t i = 0; i < sizeof(macros) / sizeof(macros[0]); i++) {
		if (strlen(macros[i].name) == len && memcmp(macros[i].name, text, len) == 0)
			return cron_parse(macros[i].line, strlen(macros[i].line), out, e);
	}
	if (len > 0 && text[0] == '@')
		return err_set(e, ERR_INVALID,
			"there is no \"%.*s\"; there are @once @hourly @daily @midnight @weekly "
			"@monthly "
			"@yearly @annually @continuous",
			len > 40 ? 40 : (int)len, text);
	if ((r = take_fields(&p, text + len, &c)) != 0)
		return r;
	/* Any stretch of 400 years shows all that the calendar can do. */
	if (cron_next(&c, zone_utc(), calendar_days(2000, 1, 1) * 86400) == CRON_NEVER)
		return err_set(e, ERR_INVALID, "it can never fire: no year has such a day");
	*out = c;
	return 0;
}
