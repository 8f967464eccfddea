/* The local operator: scripts on the scheduler's own machine. docs/operators.md tells its contract.
 */
#ifndef OPERATORS_LOCAL_H
#define OPERATORS_LOCAL_H

#include "operators/operator.h"

extern const struct operator operator_local;

#endif
