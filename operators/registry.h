/* The operators that this build can run. The language may know more of them (operators/specs.h). */
#ifndef OPERATORS_REGISTRY_H
#define OPERATORS_REGISTRY_H

#include <stddef.h>

#include "operators/operator.h"

extern const struct operator* const operators[];
extern const size_t operators_count;

#endif
