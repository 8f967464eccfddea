/* Parameters: whether a value is one that a parameter may have. */
#ifndef ENGINE_PARAM_H
#define ENGINE_PARAM_H

struct err;
struct param;
struct value;

/* Checks a value against type, enum, minimum, maximum and pattern. ERR_INVALID with a sentence that
 * begins with the parameter's name; ERR_NOMEM. */
int param_check(const struct param *p, const struct value *v, struct err *e);

/* Checks that a pattern is a regular expression. ERR_INVALID says what is wrong and where. */
int param_pattern_check(const char *pattern, struct err *e);

/* The type as `params:` spells it. */
const char *param_type_name(const struct param *p);

#endif
