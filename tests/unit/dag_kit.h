/* DAGs from text, for tests. */
#ifndef TESTS_UNIT_DAG_KIT_H
#define TESTS_UNIT_DAG_KIT_H

#include "engine/dag.h"

/* The one DAG of a text that must be right; else the test program ends and says why. Freed by
 * dag_destroy(). Its id is t where the text says none. */
struct dag *dag_kit_load(const char *text);

#endif
