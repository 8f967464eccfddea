/* Instants, read and written. Pure arithmetic: neither the clock nor the system's zone is asked. */
#include "engine/instant.h"

#include <string.h>

#include "engine/calendar.h"
#include "engine/err.h"
#include "engine/zone.h"

#define DAY_MS INT64_C(86400000)

/* --- parsing --- */

struct cursor {
	const char *at, *end;
};

/* Exactly n digits into *out. */
static bool take_digits(struct cursor *c, unsigned n, unsigned *out)
{
	unsigned value = 0;

	if ((size_t)(c->end - c->at) < n)
		return false;
	for (unsigned i = 0; i < n; i++) {
		if (c->at[i] < '0' || c->at[i] > '9')
			return false;
		value = value * 10 + (unsigned)(c->at[i] - '0');
	}
	c->at += n;
	*out = value;
	return true;
}

static bool take(struct cursor *c, const char *any)
{
	for (; c->at < c->end && *any != '\0'; any++) {
		if (*c->at == *any) {
			c->at++;
			return true;
		}
	}
	return false;
}

struct fields {
	unsigned year, month, day, hour, minute, second, ms;
	bool has_time, has_offset;
	int offset_s;
};

/* A fraction of a second, as many digits as there are; what is below a millisecond is dropped. */
static bool take_fraction(struct cursor *c, unsigned *ms)
{
	unsigned scale = 100;
	const char *from = c->at;

	for (; c->at < c->end && *c->at >= '0' && *c->at <= '9'; c->at++) {
		*ms += (unsigned)(*c->at - '0') * scale;
		scale /= 10;
	}
	return c->at > from;
}

static bool take_offset(struct cursor *c, struct fields *f)
{
	unsigned hours, minutes = 0;
	int sign;

	if (c->at == c->end)
		return true;
	f->has_offset = true;
	if (take(c, "Zz"))
		return true;
	sign = *c->at == '-' ? -1 : 1;
	if (!take(c, "+-") || !take_digits(c, 2, &hours) || hours > 26)
		return false;
	if (c->at < c->end) {
		(void)take(c, ":");
		if (!take_digits(c, 2, &minutes) || minutes > 59)
			return false;
	}
	f->offset_s = sign * (int)(hours * 3600 + minutes * 60);
	return true;
}

static bool fields_take(struct cursor *c, struct fields *f)
{
	if (!take_digits(c, 4, &f->year) || !take(c, "-") || !take_digits(c, 2, &f->month) ||
		!take(c, "-") || !take_digits(c, 2, &f->day))
		return false;
	if (c->at == c->end)
		return true;
	f->has_time = true;
	if (!take(c, "Tt ") || !take_digits(c, 2, &f->hour) || !take(c, ":") ||
		!take_digits(c, 2, &f->minute))
		return false;
	if (take(c, ":") && !take_digits(c, 2, &f->second))
		return false;
	if (take(c, ".,") && !take_fraction(c, &f->ms))
		return false;
	return take_offset(c, f) && c->at == c->end;
}

int instant_parse(const char *text, size_t len, const struct zone *zone, int64_t *out,
	bool *is_date_only, struct err *e)
{
	struct cursor c = {text, text + len};
	struct fields f = {0};
	int64_t wall;
	int show = len > 60 ? 60 : (int)len;

	if (!fields_take(&c, &f))
		return err_set(e, ERR_INVALID,
			"\"%.*s\" is no date or time; write 2026-01-31, 2026-01-31T02:30:00 or "
			"2026-01-31T02:30:00+01:00",
			show, text);
	if (f.year == 0 || f.month == 0 || f.month > 12 || f.day == 0 ||
		f.day > calendar_month_days(f.year, f.month))
		return err_set(e, ERR_INVALID, "there is no day %.10s in the calendar", text);
	if (f.hour > 23 || f.minute > 59 || f.second > 59)
		return err_set(e, ERR_INVALID,
			"\"%.*s\" has no such time of day; it runs from 00:00:00 to 23:59:59", show,
			text);
	wall = calendar_days(f.year, f.month, f.day) * 86400 + f.hour * 3600 + f.minute * 60 +
		f.second;
	if (f.has_offset || zone == NULL)
		*out = (wall - f.offset_s) * 1000 + f.ms;
	else
		*out = zone_first(zone, wall) * 1000 + f.ms;
	if (is_date_only != NULL)
		*is_date_only = !f.has_time;
	return 0;
}

int instant_parse_end(
	const char *text, size_t len, const struct zone *zone, int64_t *out, struct err *e)
{
	bool is_date = false;
	int64_t at, wall;
	int r = instant_parse(text, len, zone, &at, &is_date, e);

	if (r == 0 && is_date) {
		r = instant_parse(text, len, NULL, &wall, NULL, e);
		at = zone_first(zone == NULL ? zone_utc() : zone, (wall + DAY_MS) / 1000) * 1000 -
			1;
	}
	if (r == 0)
		*out = at;
	return r;
}

/* --- formatting --- */

static int64_t floor_div(int64_t a, int64_t b)
{
	return a / b - (a % b < 0);
}

/* The date and the time of day, for all that formats. */
static void split(int64_t t, int64_t *year, unsigned *month, unsigned *day, unsigned *ms_of_day)
{
	int64_t days;

	if (t < INSTANT_MIN)
		t = INSTANT_MIN;
	if (t > INSTANT_MAX)
		t = INSTANT_MAX;
	days = floor_div(t, DAY_MS);
	calendar_date(days, year, month, day);
	*ms_of_day = (unsigned)(t - days * DAY_MS);
}

/* Adds n digits. N.B. every line of every log has a time: snprintf would cost ten times as much. */
static char *put(char *at, unsigned value, unsigned n)
{
	for (unsigned i = n; i-- > 0; value /= 10)
		at[i] = (char)('0' + value % 10);
	return at + n;
}

static char *put_date(char *at, int64_t year, unsigned month, unsigned day, bool has_dashes)
{
	at = put(at, (unsigned)year, 4);
	if (has_dashes)
		*at++ = '-';
	at = put(at, month, 2);
	if (has_dashes)
		*at++ = '-';
	return put(at, day, 2);
}

static char *format(int64_t t, char *text, bool with_ms, const char *zone)
{
	int64_t year;
	unsigned month, day, ms, s;
	char *at;

	split(t, &year, &month, &day, &ms);
	s = ms / 1000;
	at = put_date(text, year, month, day, true);
	*at++ = 'T';
	at = put(at, s / 3600, 2);
	*at++ = ':';
	at = put(at, s / 60 % 60, 2);
	*at++ = ':';
	at = put(at, s % 60, 2);
	if (with_ms) {
		*at++ = '.';
		at = put(at, ms % 1000, 3);
	}
	memcpy(at, zone, strlen(zone) + 1);
	return text;
}

char *instant_format(int64_t t, char *text)
{
	return format(t, text, t % 1000 != 0, "+00:00");
}

char *instant_format_z(int64_t t, char *text)
{
	return format(t, text, false, "Z");
}

char *instant_format_log(int64_t t, char *text)
{
	return format(t, text, true, "+0000");
}

char *instant_format_date(int64_t t, char *text)
{
	int64_t year;
	unsigned month, day, ms;

	split(t, &year, &month, &day, &ms);
	*put_date(text, year, month, day, true) = '\0';
	return text;
}

char *instant_format_nodash(int64_t t, char *text)
{
	int64_t year;
	unsigned month, day, ms;

	split(t, &year, &month, &day, &ms);
	*put_date(text, year, month, day, false) = '\0';
	return text;
}
