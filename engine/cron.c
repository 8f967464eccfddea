/*
 * Fire times.
 *
 * For most lines: a zone's clocks show the walls in rising order but for the repeats of an overlap,
 * and zone_first() maps each wall to the first time that has reached it. That map rises with the
 * wall, so the next fire time is the image of the first matching wall above all that the clocks
 * have shown so far; no special case for gaps and overlaps is left. Where every hour is served, the
 * walls of each span of constant offset are walked as they are.
 */
#include "engine/cron.h"

#include "engine/calendar.h"
#include "engine/instant.h"

#define DAY_S 86400
#define WALL_MIN (INSTANT_MIN / 1000)
#define WALL_MAX (INSTANT_MAX / 1000)

static int64_t floor_div(int64_t a, int64_t b)
{
	return a / b - (a % b < 0);
}

/* The days of a month on which the line fires: bit d for day d. */
static uint32_t month_days(const struct cron *c, int64_t year, unsigned month)
{
	unsigned length = calendar_month_days(year, month);
	unsigned first =
		(unsigned)(((calendar_days(year, month, 1) + 4) % 7 + 7) % 7); /* weekday */
	uint32_t all = (uint32_t)((UINT64_C(2) << length) - 2), by_day, by_weekday = 0;

	by_day = c->days & all;
	if (c->has_last_day)
		by_day |= UINT32_C(1) << length;
	for (unsigned d = 1; d <= length; d++) {
		unsigned weekday = (first + d - 1) % 7, nth = (d - 1) / 7 + 1;
		bool is_hit = (c->weekdays >> weekday & 1) ||
			(c->weekday_nth[weekday] >> nth & 1) ||
			((c->weekday_nth[weekday] >> 6 & 1) && d + 7 > length);

		if (is_hit)
			by_weekday |= UINT32_C(1) << d;
	}
	if (c->any_day)
		return by_weekday;
	if (c->any_weekday)
		return by_day;
	return by_day | by_weekday;
}

/* The lowest bit at or above `from`, the highest at or below it; -1 where there is none. */
static int bit_up(uint64_t bits, unsigned from)
{
	bits = from > 63 ? 0 : bits >> from << from;
	return bits == 0 ? -1 : __builtin_ctzll(bits);
}

static int bit_down(uint64_t bits, int from)
{
	if (from < 0)
		return -1;
	bits &= from >= 63 ? UINT64_MAX : (UINT64_C(2) << from) - 1;
	return bits == 0 ? -1 : 63 - __builtin_clzll(bits);
}

static int64_t wall_of(int64_t year, unsigned month, int day, int hour, int minute)
{
	return calendar_days(year, month, (unsigned)day) * DAY_S + hour * 3600 + minute * 60;
}

/* The first matching wall above w, in the calendar alone. */
static int64_t wall_next(const struct cron *c, int64_t w)
{
	int64_t year, last_year, days;
	unsigned month, day, minute_of_day;
	int hour, minute, d;

	if (w < WALL_MIN)
		w = WALL_MIN - 1;
	w = floor_div(w, 60) * 60 + 60;
	days = floor_div(w, DAY_S);
	minute_of_day = (unsigned)(w - days * DAY_S) / 60;
	calendar_date(days, &year, &month, &day);
	last_year = year + 401;
	/* The rest of this day, if it is one. */
	if (year <= 9999 && (c->months >> month & 1) && (month_days(c, year, month) >> day & 1)) {
		hour = bit_up(c->hours, minute_of_day / 60);
		minute = hour == (int)minute_of_day / 60 ? bit_up(c->minutes, minute_of_day % 60)
							 : -1;
		if (hour >= 0 && minute < 0) {
			if (hour == (int)minute_of_day / 60)
				hour = bit_up(c->hours, minute_of_day / 60 + 1);
			minute = bit_up(c->minutes, 0);
		}
		if (hour >= 0)
			return wall_of(year, month, (int)day, hour, minute);
	}
	for (day++; year <= 9999 && year <= last_year; day = 1) {
		d = (c->months >> month & 1) ? bit_up(month_days(c, year, month), day) : -1;
		if (d > 0)
			return wall_of(year, month, d, bit_up(c->hours, 0), bit_up(c->minutes, 0));
		if (++month > 12) {
			month = 1;
			year++;
		}
	}
	return CRON_NEVER;
}

/* The last matching wall at or below w. */
static int64_t wall_prev(const struct cron *c, int64_t w)
{
	int64_t year, last_year, days;
	unsigned month, day;
	int hour, minute, minute_of_day, d;

	if (w > WALL_MAX)
		w = WALL_MAX;
	days = floor_div(w, DAY_S);
	minute_of_day = (int)((w - days * DAY_S) / 60);
	calendar_date(days, &year, &month, &day);
	last_year = year - 401;
	if (year >= 1 && (c->months >> month & 1) && (month_days(c, year, month) >> day & 1)) {
		hour = bit_down(c->hours, minute_of_day / 60);
		minute = hour == minute_of_day / 60 ? bit_down(c->minutes, minute_of_day % 60) : -1;
		if (hour >= 0 && minute < 0) {
			if (hour == minute_of_day / 60)
				hour = bit_down(c->hours, minute_of_day / 60 - 1);
			minute = bit_down(c->minutes, 59);
		}
		if (hour >= 0)
			return wall_of(year, month, (int)day, hour, minute);
	}
	for (d = (int)day - 1; year >= 1 && year >= last_year; d = 31) {
		d = (c->months >> month & 1) ? bit_down(month_days(c, year, month), d) : -1;
		if (d > 0)
			return wall_of(
				year, month, d, bit_down(c->hours, 23), bit_down(c->minutes, 59));
		if (--month == 0) {
			month = 12;
			year--;
		}
	}
	return CRON_NEVER;
}

/* Every real hour: the walls of each span, as its clocks show them. */
static int64_t hourly_next(const struct cron *c, const struct zone *z, int64_t t)
{
	struct zone_span s = zone_span_at(z, t);
	int64_t wall = wall_next(c, t + s.offset);

	while (wall != CRON_NEVER && s.to != INT64_MAX && wall - s.offset >= s.to) {
		s = zone_span_at(z, s.to);
		wall = wall_next(c, s.from + s.offset - 1);
	}
	return wall == CRON_NEVER ? CRON_NEVER : wall - s.offset;
}

static int64_t hourly_prev(const struct cron *c, const struct zone *z, int64_t t)
{
	struct zone_span s = zone_span_at(z, t - 1);
	int64_t wall = wall_prev(c, t - 1 + s.offset);

	while (wall != CRON_NEVER && s.from != INT64_MIN && wall - s.offset < s.from) {
		s = zone_span_at(z, s.from - 1);
		wall = wall_prev(c, s.to - 1 + s.offset);
	}
	return wall == CRON_NEVER ? CRON_NEVER : wall - s.offset;
}

int64_t cron_next(const struct cron *c, const struct zone *z, int64_t t)
{
	int64_t wall;

	if (c->every_hour)
		return hourly_next(c, z, t);
	wall = wall_next(c, zone_latest_wall(z, t));
	return wall == CRON_NEVER ? CRON_NEVER : zone_first(z, wall);
}

int64_t cron_prev(const struct cron *c, const struct zone *z, int64_t t)
{
	int64_t wall;

	if (c->every_hour)
		return hourly_prev(c, z, t);
	wall = wall_prev(c, zone_latest_wall(z, t - 1));
	return wall == CRON_NEVER ? CRON_NEVER : zone_first(z, wall);
}
