/* Instants and durations: what is written is read back, and what is wrong is told. */
#include "engine/instant.h"

#include <string.h>

#include "engine/calendar.h"
#include "engine/duration.h"
#include "engine/err.h"
#include "tests/unit/tap.h"

static void check_parse(const char *text, const char *want)
{
	char got[INSTANT_TEXT_MAX];
	struct err e = {0};
	int64_t t;

	if (instant_parse(text, strlen(text), NULL, &t, NULL, &e) != 0)
		OK(want == NULL, "%s is refused: %s", text, e.text);
	else
		IS_STR(instant_format(t, got), want, "%s is read", text);
}

static void check_duration(const char *text, long long want, const char *format)
{
	char got[DURATION_TEXT_MAX];
	struct err e = {0};
	int64_t ms;

	if (duration_parse(text, strlen(text), &ms, &e) != 0) {
		OK(want < 0, "the duration %s is refused: %s", text, e.text);
		return;
	}
	IS_INT(ms, want, "the duration %s is read", text);
	IS_STR(duration_format(ms, got), format, "and written as %s", format);
}

int main(void)
{
	char text[INSTANT_TEXT_MAX];
	size_t wrong = 0;
	int64_t year, t;
	unsigned month, day;
	bool is_date;

	for (int64_t d = calendar_days(1, 1, 1); d <= calendar_days(9999, 12, 31); d++) {
		calendar_date(d, &year, &month, &day);
		wrong += calendar_days(year, month, day) != d;
	}
	IS_INT((long long)wrong, 0, "every day of the years 1 to 9999 comes back");
	IS_INT(calendar_days(1970, 1, 1), 0, "1970-01-01 is day 0");
	IS_INT(calendar_days(2000, 3, 1), 11017, "2000-03-01 is day 11017");

	check_parse("2026-01-01", "2026-01-01T00:00:00+00:00");
	check_parse("2026-03-29T01:30", "2026-03-29T01:30:00+00:00");
	check_parse("2026-03-29 01:30:59", "2026-03-29T01:30:59+00:00");
	check_parse("2026-03-29T01:30:59.25Z", "2026-03-29T01:30:59.250+00:00");
	check_parse("2026-03-29T01:30:59+01:00", "2026-03-29T00:30:59+00:00");
	check_parse("2026-03-29T01:30:59-0530", "2026-03-29T07:00:59+00:00");
	check_parse("1969-12-31T23:59:59.999999Z", "1969-12-31T23:59:59.999+00:00");
	check_parse("2024-02-29", "2024-02-29T00:00:00+00:00");
	check_parse("2026-02-29", NULL);
	check_parse("2026-13-01", NULL);
	check_parse("2026-01-01T24:00", NULL);
	check_parse("2026-1-1", NULL);
	check_parse("2026-01-01T", NULL);
	check_parse("2026-01-01T00:00:00+1", NULL);
	check_parse("", NULL);
	check_parse("tomorrow", NULL);
	OK(instant_parse("2026-01-01", 10, NULL, &t, &is_date, NULL) == 0 && is_date,
		"a date alone is told apart from a time");
	IS_STR(instant_format_z(t, text), "2026-01-01T00:00:00Z", "the form with Z");
	IS_STR(instant_format_log(t + 123, text), "2026-01-01T00:00:00.123+0000", "the log's form");
	IS_STR(instant_format_date(t, text), "2026-01-01", "the date alone");
	IS_STR(instant_format_nodash(t, text), "20260101", "the date without dashes");
	IS_STR(instant_format(INSTANT_MIN, text), "0001-01-01T00:00:00+00:00", "the first instant");
	IS_STR(instant_format(INSTANT_MAX, text), "9999-12-31T23:59:59.999+00:00",
		"the last instant");

	check_duration("90", 90000, "1m30s");
	check_duration("90s", 90000, "1m30s");
	check_duration("5m", 300000, "5m");
	check_duration("2h30m", 9000000, "2h30m");
	check_duration("1d", 86400000, "1d");
	check_duration("500ms", 500, "500ms");
	check_duration("1s500ms", 1500, "1s500ms");
	check_duration("PT5M", 300000, "5m");
	check_duration("P1DT2H", 93600000, "1d2h");
	check_duration("P2W", 1209600000, "14d");
	check_duration("0", 0, "0s");
	check_duration("", -1, NULL);
	check_duration("m", -1, NULL);
	check_duration("5m2h", -1, NULL);
	check_duration("5x", -1, NULL);
	check_duration("-5m", -1, NULL);
	check_duration("1.5h", -1, NULL);
	check_duration("P", -1, NULL);
	check_duration("PT", -1, NULL);
	check_duration("99999999999999999999d", -1, NULL);
	check_duration("11y", -1, NULL);
	return tap_done();
}
