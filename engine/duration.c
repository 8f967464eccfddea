/* Durations. Units come from the largest to the smallest, each at most once, in either notation. */
#include "engine/duration.h"

#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "engine/err.h"

struct unit {
	const char *name;
	int64_t ms;
};

static const struct unit plain_units[] = {
	{"d", 86400000}, {"h", 3600000}, {"m", 60000}, {"s", 1000}, {"ms", 1}};
static const struct unit iso_date_units[] = {{"W", 604800000}, {"D", 86400000}};
static const struct unit iso_time_units[] = {{"H", 3600000}, {"M", 60000}, {"S", 1000}};

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

/* Adds amounts with their units from *at on. False where something else stands there, or nothing.
 */
static bool amounts_take(
	const char **at, const char *end, const struct unit *units, size_t n, int64_t *total)
{
	size_t next = 0, i;
	int64_t amount;
	const char *p = *at;
	bool any = false;

	while (p < end && *p >= '0' && *p <= '9') {
		for (amount = 0; p < end && *p >= '0' && *p <= '9'; p++) {
			if (amount > DURATION_MAX / 10)
				return false;
			amount = amount * 10 + (*p - '0');
		}
		/* N.B. from the back, so that ms is not read as m. */
		for (i = n; i > next; i--) {
			size_t len = strlen(units[i - 1].name);

			if ((size_t)(end - p) >= len && memcmp(p, units[i - 1].name, len) == 0)
				break;
		}
		if (i == next || amount > (DURATION_MAX - *total) / units[i - 1].ms)
			return false;
		*total += amount * units[i - 1].ms;
		p += strlen(units[i - 1].name);
		next = i;
		any = true;
	}
	*at = p;
	return any;
}

static bool iso_take(const char *at, const char *end, int64_t *total)
{
	bool any;

	at++;
	any = amounts_take(&at, end, iso_date_units, COUNT(iso_date_units), total);
	if (at < end && *at == 'T') {
		at++;
		any = amounts_take(&at, end, iso_time_units, COUNT(iso_time_units), total);
	}
	return any && at == end;
}

/* A bare number is seconds. */
static bool seconds_take(const char *at, const char *end, int64_t *total)
{
	int64_t seconds = 0;

	if (at == end)
		return false;
	for (; at < end; at++) {
		if (*at < '0' || *at > '9' || seconds > DURATION_MAX / 10000)
			return false;
		seconds = seconds * 10 + (*at - '0');
	}
	*total = seconds * 1000;
	return *total <= DURATION_MAX;
}

int duration_parse(const char *text, size_t len, int64_t *ms, struct err *e)
{
	const char *at = text, *end = text + len;
	int64_t total = 0;
	bool is_good;

	if (seconds_take(at, end, &total)) {
		*ms = total;
		return 0;
	}
	total = 0;
	if (len > 0 && text[0] == 'P')
		is_good = iso_take(at, end, &total);
	else
		is_good = amounts_take(&at, end, plain_units, COUNT(plain_units), &total) &&
			at == end;
	if (!is_good)
		return err_set(e, ERR_INVALID,
			"\"%.*s\" is no duration of at most ten years; write 90, 90s, 5m, 2h30m, "
			"1d or PT5M",
			len > 60 ? 60 : (int)len, text);
	*ms = total;
	return 0;
}

char *duration_format(int64_t ms, char *text)
{
	size_t used = 0;

	text[0] = '\0';
	for (size_t i = 0; i < COUNT(plain_units); i++) {
		if (ms < plain_units[i].ms)
			continue;
		used += (size_t)snprintf(text + used, DURATION_TEXT_MAX - used, "%lld%s",
			(long long)(ms / plain_units[i].ms), plain_units[i].name);
		ms %= plain_units[i].ms;
	}
	if (used == 0)
		(void)snprintf(text, DURATION_TEXT_MAX, "0s");
	return text;
}
