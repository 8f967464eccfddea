/* The trigger rules' spellings. What they mean stands with the run state machine. */
#include "engine/trigger.h"

#include <string.h>

static const char *const names[TRIGGER_RULE_COUNT] = {
#define TRIGGER_RULE_NAME(id, name) [TRIGGER_##id] = name,
	TRIGGER_RULE_LIST(TRIGGER_RULE_NAME)
#undef TRIGGER_RULE_NAME
};

const char *trigger_rule_name(enum trigger_rule r)
{
	return names[r];
}

int trigger_rule_find(const char *name, size_t len)
{
	for (int i = 0; i < TRIGGER_RULE_COUNT; i++)
		if (strlen(names[i]) == len && memcmp(names[i], name, len) == 0)
			return i;
	return -1;
}
