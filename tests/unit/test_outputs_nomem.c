/* What a task leaves while memory is short: wherever it ends, that is told, and nothing else. */
#include <stdlib.h>
#include <string.h>

#include "engine/err.h"
#include "scheduler/outputs.h"
#include "tests/unit/dag_kit.h"
#include "tests/unit/nomem_kit.h"
#include "tests/unit/tap.h"

static unsigned left; /* allocations until one fails; 0: none does */

bool nomem_fails(void)
{
	return left > 0 && --left == 0;
}

/* Keeps the response while the allocation of this number fails, the first being 1. Whether it did.
 */
static bool keep(const struct dag *d, const char *response, unsigned number)
{
	struct op_result r = {.response = {response, strlen(response)},
		.message = "",
		.response_path = "/r",
		.log_path = "",
		.error_path = "",
		.user_folder = ""};
	struct outputs *o = outputs_create(d);
	struct err e = {.text = "nothing"};
	int status;

	left = number;
	status = outputs_keep(o, 0, RUN_NO_INSTANCE, "x", &r, &e);
	number = left;
	left = 0;
	outputs_destroy(o);
	if (number == 0)
		OK(status == ERR_NOMEM && strcmp(e.text, err_text(ERR_NOMEM)) == 0,
			"where memory ends that is told");
	return number == 0;
}

int main(void)
{
	static const char text[] = "tasks:\n  one: {operator: local, command: 'true'}\n";
	static const char *const responses[] = {"a text that is no JSON", "{\"a\": [1, 2]}"};
	struct dag *d = dag_kit_load(text);
	unsigned number;

	for (size_t i = 0; i < sizeof(responses) / sizeof(responses[0]); i++) {
		for (number = 1; keep(d, responses[i], number);)
			number++;
		OK(number > 3, "which happened at %u allocations", number - 1);
	}
	dag_destroy(d);
	return tap_done();
}
