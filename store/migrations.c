/* The migrations, made into the binary by the build. */
#include "store/migrations.h"

const struct migration migrations[] = {
#include "store/migrations.inc"
};
const int migrations_count = sizeof(migrations) / sizeof(migrations[0]);
