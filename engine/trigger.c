/* The trigger rules' spellings. What they mean stands with the run state machine. */
#include "engine/trigger.h"

static const char *const names[TRIGGER_RULE_COUNT] = {
#define TRIGGER_RULE_NAME(id, name) [TRIGGER_##id] = name,
	TRIGGER_RULE_LIST(TRIGGER_RULE_NAME)
#undef TRIGGER_RULE_NAME
};

const char *trigger_rule_name(enum trigger_rule r)
{
	return names[r];
}
