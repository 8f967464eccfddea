/* The list of operators. A new one is one line here. */
#include "operators/registry.h"

#include "operators/local.h"
#include "operators/ssh/ssh.h"

const struct operator* const operators[] = {
	&operator_local,
	&operator_ssh,
};
const size_t operators_count = sizeof(operators) / sizeof(operators[0]);

const struct operator* operator_find(const struct op_spec *spec)
{
	for (size_t i = 0; i < operators_count; i++)
		if (operators[i]->spec == spec)
			return operators[i];
	return NULL;
}
