/* A map from names: what was added is found, however many there are, and nothing else is. */
#include "engine/strmap.h"

#include <stdio.h>
#include <stdlib.h>

#include "engine/err.h"
#include "tests/unit/tap.h"

#define MANY 100000

int main(void)
{
	struct strmap *m = strmap_create(0);
	char(*names)[16] = calloc(MANY, sizeof(*names));
	size_t wrong = 0;

	if (m == NULL || names == NULL)
		return 1;
	IS_INT(strmap_find(m, "a", 1), STRMAP_NONE, "an empty map has nothing");
	IS_INT(strmap_add(m, "Build", 5, 7), 0, "a name is added");
	IS_INT(strmap_find(m, "Build.x", 5), 7, "and found by its bytes, not to a NUL");
	IS_INT(strmap_find(m, "Build.x", 7), STRMAP_NONE, "a longer name is another");
	IS_INT(strmap_find(m, "build", 5), STRMAP_NONE, "case counts");
	IS_INT(strmap_add(m, "Build", 5, 8), ERR_EXISTS, "a name cannot be added twice");
	IS_INT(strmap_find(m, "Build", 5), 7, "and keeps its first value");
	IS_INT(strmap_add(m, "", 0, 9), 0, "the empty name is a name");
	IS_INT(strmap_find(m, "", 0), 9, "and is found");
	for (uint32_t i = 0; i < MANY; i++) {
		int len = snprintf(names[i], sizeof(names[i]), "t%u", i);

		wrong += strmap_add(m, names[i], (size_t)len, i) != 0;
	}
	for (uint32_t i = 0; i < MANY; i++) {
		char name[16];
		int len = snprintf(name, sizeof(name), "t%u", i);

		wrong += strmap_find(m, name, (size_t)len) != i;
	}
	IS_INT((long long)wrong, 0, "a hundred thousand are found again");
	IS_INT(strmap_find(m, "t100000", 7), STRMAP_NONE, "one more is not");
	strmap_destroy(m);
	strmap_destroy(NULL);
	free(names);
	return tap_done();
}
