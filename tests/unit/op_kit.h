/* What operators tell, for tests. */
#ifndef TESTS_UNIT_OP_KIT_H
#define TESTS_UNIT_OP_KIT_H

#include <string.h>

#include "operators/operator.h"

/* Of a try whose script has ended so, and printed nothing. response: NULL: it left none. */
static inline struct op_result op_kit_result(
	enum op_verdict verdict, int exit_code, const char *response)
{
	return (struct op_result){.verdict = verdict,
		.exit_code = exit_code,
		.completed = verdict == OP_EXITED,
		.message = "",
		.response = {.data = response, .len = response == NULL ? 0 : strlen(response)},
		.logs = {.data = ""},
		.error = {.data = ""},
		.response_path = "",
		.log_path = "",
		.error_path = "",
		.user_folder = ""};
}

#endif
