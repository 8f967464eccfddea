/*
 * Time zones: the transitions of a TZif file, and behind the last of them the rule of its footer,
 * which is worked out for the years around the time that is asked for. Invariants: transitions rise
 * strictly; no offset is past OFFSET_MAX. Leap seconds and abbreviations are passed over.
 */
#include "engine/zone.h"

#include <stdbool.h>
#include <string.h>

#include "engine/arena.h"
#include "engine/calendar.h"
#include "engine/err.h"

#define TRANSITIONS_MAX 100000u
#define TYPES_MAX 256u
/* No clock has ever been further from UTC than this, and none that is may be parsed. */
#define OFFSET_MAX 93600 /* 26 hours */

/* When a footer's rule changes the clocks: the day of the year, and the wall time on that day. */
struct rule_day {
	enum { DAY_JULIAN, DAY_ZERO_BASED, DAY_WEEK } kind;
	int day, month, week;
	int32_t time;
};

struct rule {
	bool has_dst;
	int32_t standard, dst; /* offsets */
	struct rule_day begin, end;
};

struct zone {
	const char *name;
	size_t n;
	const int64_t *times;
	const int32_t *offsets; /* n + 1: before the first transition, and behind each */
	bool has_rule;
	struct rule rule;
};

static const int32_t utc_offsets[] = {0};
static const struct zone utc = {.name = "UTC", .offsets = utc_offsets};

const struct zone *zone_utc(void)
{
	return &utc;
}

const char *zone_name(const struct zone *z)
{
	return z->name;
}

/* --- the footer: a POSIX TZ string --- */

struct cursor {
	const char *at, *end;
};

static bool take(struct cursor *c, char want)
{
	if (c->at == c->end || *c->at != want)
		return false;
	c->at++;
	return true;
}

static bool take_number(struct cursor *c, int max, int *out)
{
	int value = 0;
	const char *from = c->at;

	for (; c->at < c->end && *c->at >= '0' && *c->at <= '9'; c->at++) {
		value = value * 10 + (*c->at - '0');
		if (value > max)
			return false;
	}
	*out = value;
	return c->at > from;
}

/* A zone's abbreviation: letters, or anything in <>. */
static bool take_name(struct cursor *c)
{
	const char *from = c->at;

	if (take(c, '<')) {
		while (c->at < c->end && *c->at != '>')
			c->at++;
		return take(c, '>');
	}
	while (c->at < c->end && ((*c->at | 0x20) >= 'a' && (*c->at | 0x20) <= 'z'))
		c->at++;
	return c->at - from >= 3;
}

/* [+-]hh[:mm[:ss]] in seconds. */
static bool take_time(struct cursor *c, int max_hours, int32_t *out)
{
	int h, m = 0, s = 0, sign = 1;

	if (take(c, '-'))
		sign = -1;
	else
		(void)take(c, '+');
	if (!take_number(c, max_hours, &h))
		return false;
	if (take(c, ':') && !take_number(c, 59, &m))
		return false;
	if (take(c, ':') && !take_number(c, 59, &s))
		return false;
	*out = sign * (h * 3600 + m * 60 + s);
	return true;
}

static bool take_rule_day(struct cursor *c, struct rule_day *d)
{
	d->time = 7200;
	if (take(c, 'M')) {
		d->kind = DAY_WEEK;
		if (!take_number(c, 12, &d->month) || d->month == 0 || !take(c, '.') ||
			!take_number(c, 5, &d->week) || d->week == 0 || !take(c, '.') ||
			!take_number(c, 6, &d->day))
			return false;
	} else if (take(c, 'J')) {
		d->kind = DAY_JULIAN;
		if (!take_number(c, 365, &d->day) || d->day == 0)
			return false;
	} else {
		d->kind = DAY_ZERO_BASED;
		if (!take_number(c, 365, &d->day))
			return false;
	}
	return !take(c, '/') || take_time(c, 167, &d->time);
}

static bool take_rule(struct cursor *c, struct rule *r)
{
	int32_t west;

	if (!take_name(c) || !take_time(c, 24, &west))
		return false;
	r->standard = -west;
	if (c->at == c->end)
		return true;
	if (!take_name(c))
		return false;
	r->has_dst = true;
	r->dst = r->standard + 3600;
	if (c->at < c->end && *c->at != ',') {
		if (!take_time(c, 24, &west))
			return false;
		r->dst = -west;
	}
	return take(c, ',') && take_rule_day(c, &r->begin) && take(c, ',') &&
		take_rule_day(c, &r->end) && c->at == c->end;
}

/* The wall at which the rule's day comes in a year, by the clock in force before it. */
static int64_t rule_wall(const struct rule_day *d, int64_t year)
{
	int64_t first = calendar_days(year, 1, 1), days;
	bool is_leap = calendar_month_days(year, 2) == 29;
	unsigned length;
	int64_t weekday;

	switch (d->kind) {
	case DAY_JULIAN: /* 1 to 365, the leap day never counted */
		days = first + d->day - 1 + (is_leap && d->day >= 60);
		break;
	case DAY_ZERO_BASED:
		days = first + d->day;
		break;
	default:
		days = calendar_days(year, (unsigned)d->month, 1);
		weekday = ((days + 4) % 7 + 7) % 7;
		days += (d->day - weekday + 7) % 7 + (d->week - 1) * 7;
		length = calendar_month_days(year, (unsigned)d->month);
		while (days >= calendar_days(year, (unsigned)d->month, 1) + length)
			days -= 7;
		break;
	}
	return days * 86400 + d->time;
}

/* The span of the rule in which t lies, cut at `from`, where the rule begins to hold. */
static struct zone_span rule_span(const struct rule *r, int64_t from, int64_t t)
{
	struct zone_span s = {INT64_MIN, INT64_MAX, r->standard};
	int64_t year, at;
	unsigned month, day;

	if (r->has_dst) {
		calendar_date((t + r->standard) / 86400 - ((t + r->standard) % 86400 < 0), &year,
			&month, &day);
		/* The changes of three years surround t, whatever the offsets and the order of the
		 * two. Of two at one moment the later year's counts. */
		for (int i = 0; i < 6; i++) {
			bool is_begin = i % 2 == 0;
			const struct rule_day *d = is_begin ? &r->begin : &r->end;

			at = rule_wall(d, year - 1 + i / 2) - (is_begin ? r->standard : r->dst);
			if (at <= t && at >= s.from) {
				s.from = at;
				s.offset = is_begin ? r->dst : r->standard;
			} else if (at > t && at < s.to) {
				s.to = at;
			}
		}
	}
	if (s.from < from)
		s.from = from;
	return s;
}

/* --- asking --- */

/* How many transitions have come at t: the place of its offset. */
static size_t transitions_until(const struct zone *z, int64_t t)
{
	size_t low = 0, high = z->n, middle;

	while (low < high) {
		middle = low + (high - low) / 2;
		if (z->times[middle] <= t)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

struct zone_span zone_span_at(const struct zone *z, int64_t t)
{
	size_t i = transitions_until(z, t);
	struct zone_span s;

	s.from = i == 0 ? INT64_MIN : z->times[i - 1];
	s.to = i == z->n ? INT64_MAX : z->times[i];
	s.offset = z->offsets[i];
	if (i == z->n && z->has_rule)
		return rule_span(&z->rule, s.from, t);
	return s;
}

int64_t zone_first(const struct zone *z, int64_t wall)
{
	struct zone_span s = zone_span_at(z, wall - OFFSET_MAX - 86400);

	/* Spans in the order of time; the first whose clocks reach the wall has the answer. */
	while (s.to != INT64_MAX && s.to + s.offset <= wall)
		s = zone_span_at(z, s.to);
	return s.from != INT64_MIN && wall - s.offset < s.from ? s.from : wall - s.offset;
}

int64_t zone_latest_wall(const struct zone *z, int64_t t)
{
	struct zone_span s = zone_span_at(z, t);
	int64_t latest = t + s.offset, end;

	/* Only a change within the last days can have set the clocks back over this time. */
	while (s.from != INT64_MIN && s.from > t - 2 * (int64_t)OFFSET_MAX) {
		end = s.from;
		s = zone_span_at(z, end - 1);
		if (end - 1 + s.offset > latest)
			latest = end - 1 + s.offset;
	}
	return latest;
}

/* --- the file --- */

struct header {
	char version;
	uint32_t n_utc, n_std, n_leap, n_times, n_types, n_chars;
};

struct file {
	const unsigned char *at, *end;
};

static uint32_t read_u32(const unsigned char *p)
{
	return (uint32_t)p[0] << 24 | (uint32_t)p[1] << 16 | (uint32_t)p[2] << 8 | p[3];
}

static int64_t read_i64(const unsigned char *p)
{
	return (int64_t)((uint64_t)read_u32(p) << 32 | read_u32(p + 4));
}

static bool header_read(struct file *f, struct header *h)
{
	if (f->end - f->at < 44 || memcmp(f->at, "TZif", 4) != 0)
		return false;
	h->version = (char)f->at[4];
	h->n_utc = read_u32(f->at + 20);
	h->n_std = read_u32(f->at + 24);
	h->n_leap = read_u32(f->at + 28);
	h->n_times = read_u32(f->at + 32);
	h->n_types = read_u32(f->at + 36);
	h->n_chars = read_u32(f->at + 40);
	f->at += 44;
	return h->n_times <= TRANSITIONS_MAX && h->n_types <= TYPES_MAX && h->n_types > 0 &&
		h->n_utc <= TYPES_MAX && h->n_std <= TYPES_MAX && h->n_leap <= TRANSITIONS_MAX &&
		h->n_chars <= 65536;
}

static size_t block_size(const struct header *h, size_t time_size)
{
	return h->n_times * (time_size + 1) + h->n_types * (size_t)6 + h->n_chars +
		h->n_leap * (time_size + 4) + h->n_std + h->n_utc;
}

static int damaged(struct err *e, const char *name, const char *what)
{
	return err_set(e, ERR_CORRUPT, "the zone file of %s is damaged: %s", name, what);
}

/* The 64-bit block: times, the type of each, and the types. */
static int block_read(struct arena *a, struct zone *z, const struct file *f, const struct header *h,
	struct err *e)
{
	const unsigned char *times = f->at, *kinds = times + h->n_times * (size_t)8;
	const unsigned char *types = kinds + h->n_times;
	int64_t *t = arena_array(a, h->n_times + 1, sizeof(*t));
	int32_t *offsets = arena_array(a, h->n_times + 1, sizeof(*offsets)), offset;

	if (t == NULL || offsets == NULL)
		return err_set(e, ERR_NOMEM, "out of memory for the zone %s", z->name);
	for (uint32_t i = 0; i <= h->n_times; i++) {
		unsigned kind = i == 0 ? 0 : kinds[i - 1];

		if (kind >= h->n_types)
			return damaged(e, z->name, "it names a type that it does not have");
		offset = (int32_t)read_u32(types + kind * (size_t)6);
		if (offset < -OFFSET_MAX || offset > OFFSET_MAX)
			return damaged(e, z->name, "an offset is past 26 hours");
		offsets[i] = offset;
		if (i == 0)
			continue;
		t[i - 1] = read_i64(times + (i - 1) * (size_t)8);
		if (t[i - 1] < INT64_MIN / 4 || t[i - 1] > INT64_MAX / 4 ||
			(i > 1 && t[i - 1] <= t[i - 2]))
			return damaged(e, z->name, "its times do not rise");
	}
	z->n = h->n_times;
	z->times = t;
	z->offsets = offsets;
	return 0;
}

static int footer_read(struct zone *z, const struct file *f, struct err *e)
{
	struct cursor c = {(const char *)f->at, (const char *)f->end};
	const char *nl;

	if (!take(&c, '\n'))
		return damaged(e, z->name, "it has no footer");
	nl = memchr(c.at, '\n', (size_t)(c.end - c.at));
	if (nl == NULL)
		return damaged(e, z->name, "its footer has no end");
	c.end = nl;
	if (c.at == c.end)
		return 0;
	if (!take_rule(&c, &z->rule))
		return damaged(e, z->name, "its footer is no rule");
	z->has_rule = true;
	return 0;
}

int zone_parse(struct arena *a, const char *name, const void *bytes, size_t len,
	const struct zone **out, struct err *e)
{
	struct file f = {bytes, (const unsigned char *)bytes + len};
	struct header h;
	struct zone *z;
	int r;

	z = arena_alloc(a, sizeof(*z));
	if (z == NULL || (z->name = arena_strdup(a, name)) == NULL)
		return err_set(e, ERR_NOMEM, "out of memory for the zone %s", name);
	if (len > ZONE_FILE_MAX || !header_read(&f, &h))
		return damaged(e, name, "it does not begin as a zone file does");
	if (h.version < '2')
		return damaged(e, name, "it is of the old kind without 64-bit times");
	if ((size_t)(f.end - f.at) < block_size(&h, 4))
		return damaged(e, name, "it is cut off");
	f.at += block_size(&h, 4);
	if (!header_read(&f, &h) || (size_t)(f.end - f.at) < block_size(&h, 8))
		return damaged(e, name, "it is cut off");
	if ((r = block_read(a, z, &f, &h, e)) != 0)
		return r;
	f.at += block_size(&h, 8);
	if ((r = footer_read(z, &f, e)) != 0)
		return r;
	*out = z;
	return 0;
}
