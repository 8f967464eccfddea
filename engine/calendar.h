/* The calendar by which people name days: the proleptic Gregorian one, years 1 to 9999. */
#ifndef ENGINE_CALENDAR_H
#define ENGINE_CALENDAR_H

#include <stdint.h>

/* Days since 1970-01-01 of a date, and back. */
int64_t calendar_days(int64_t year, unsigned month, unsigned day);
void calendar_date(int64_t days, int64_t *year, unsigned *month, unsigned *day);
unsigned calendar_month_days(int64_t year, unsigned month);

#endif
