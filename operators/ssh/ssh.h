/* The ssh operator: scripts on other machines that survive the connection, and windrow itself. */
#ifndef OPERATORS_SSH_SSH_H
#define OPERATORS_SSH_SSH_H

#include "operators/operator.h"

extern const struct operator operator_ssh;

#endif
