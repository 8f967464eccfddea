/*
 * The trigger rules: which states of its upstream let a task start. Names and meanings are
 * Airflow's.
 */
#ifndef ENGINE_TRIGGER_H
#define ENGINE_TRIGGER_H

#include <stddef.h>

/* X(enum suffix, spelling) */
#define TRIGGER_RULE_LIST(X)                                                                       \
	X(ALL_SUCCESS, "all_success")                                                              \
	X(ALL_FAILED, "all_failed")                                                                \
	X(ALL_DONE, "all_done")                                                                    \
	X(ALL_DONE_MIN_ONE_SUCCESS, "all_done_min_one_success")                                    \
	X(ALL_SKIPPED, "all_skipped")                                                              \
	X(ONE_FAILED, "one_failed")                                                                \
	X(ONE_SUCCESS, "one_success")                                                              \
	X(ONE_DONE, "one_done")                                                                    \
	X(NONE_FAILED, "none_failed")                                                              \
	X(NONE_FAILED_MIN_ONE_SUCCESS, "none_failed_min_one_success")                              \
	X(NONE_SKIPPED, "none_skipped")                                                            \
	X(ALWAYS, "always")

enum trigger_rule {
#define TRIGGER_RULE_ENUM(id, name) TRIGGER_##id,
	TRIGGER_RULE_LIST(TRIGGER_RULE_ENUM)
#undef TRIGGER_RULE_ENUM
		TRIGGER_RULE_COUNT
};

/* The rule's spelling. */
const char *trigger_rule_name(enum trigger_rule r);

#endif
