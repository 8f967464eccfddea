/* Words to the service manager that started us: systemd's protocol, a datagram each. Without a
 * manager nothing is said. */
#ifndef SCHEDULER_NOTIFY_H
#define SCHEDULER_NOTIFY_H

#include <stdint.h>

/* Sends lines of NAME=VALUE to $NOTIFY_SOCKET of env. */
void notify_send(char *const *env, const char *lines);

/* How often the watchdog wants to hear WATCHDOG=1 from this process, in ms; 0: it does not. Half of
 * what it would wait. */
uint64_t notify_watchdog_ms(char *const *env);

#endif
