/* The list of operators. A new one is one line here. */
#include "operators/registry.h"

#include "operators/local.h"
#include "operators/ssh/ssh.h"

const struct operator* const operators[] = {
	&operator_local,
	&operator_ssh,
};
const size_t operators_count = sizeof(operators) / sizeof(operators[0]);
