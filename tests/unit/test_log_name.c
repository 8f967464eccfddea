/* What folders of logs are called. */
#include "scheduler/log_name.h"

#include <string.h>

#include "tests/unit/tap.h"

int main(void)
{
	char out[LOG_NAME_SIZE], other[LOG_NAME_SIZE], name[502];

	IS_STR(log_name_make("task_id", "Dump.pg_dump", out), "task_id=Dump.pg_dump", "a name");
	memset(name, 'n', sizeof(name));
	name[247] = '\0';
	OK(strlen(log_name_make("task_id", name, out)) == 255 && strchr(out, '~') == NULL &&
			strcmp(out + strlen("task_id="), name) == 0,
		"the longest that fits stands as it is");
	name[247] = 'n';
	name[248] = '\0';
	IS_INT((long long)strlen(log_name_make("task_id", name, out)), 255,
		"one that does not fits all the same");
	IS_STR(out + 230, "nnnnnnnn~6eadf691f06d8085", "cut off, with a hash of all of it");
	name[248] = 'n';
	name[501] = '\0';
	(void)log_name_make("task_id", name, out);
	name[500] = 'm';
	(void)log_name_make("task_id", name, other);
	OK(strcmp(out, other) != 0, "two that differ at their end have two folders");
	return tap_done();
}
