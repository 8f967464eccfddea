/* The numbered changes of the store's tables, from store/migrations/NNN_name.sql. */
#ifndef STORE_MIGRATIONS_H
#define STORE_MIGRATIONS_H

#include <stddef.h>

struct migration {
	int number; /* its place in migrations[], from 1 */
	const char *name; /* "001_name" */
	const char *sql;
};

extern const struct migration migrations[];
extern const int migrations_count; /* also the number of the newest */

#endif
