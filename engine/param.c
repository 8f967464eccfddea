/* Parameters. A value is checked the same way whether it is a default in the file or comes with a
 * trigger. */
#include "engine/param.h"

#include <stdio.h>
#include <string.h>

#include "engine/buf.h"
#include "engine/dag.h"
#include "engine/err.h"
#include "engine/pattern.h"
#include "engine/utf8.h"
#include "engine/value.h"

#define SHOWN_MAX 100 /* bytes of a value in a message */
#define SHOWN_SIZE (SHOWN_MAX + sizeof("..."))

const char *param_type_name(const struct param *p)
{
	switch (p->type) {
	case VALUE_NULL:
		return "null";
	case VALUE_BOOL:
		return "boolean";
	case VALUE_NUMBER:
		return p->is_integer ? "integer" : "number";
	case VALUE_STRING:
		return "string";
	case VALUE_LIST:
		return "array";
	case VALUE_MAP:
		return "object";
	}
	return "";
}

int param_pattern_check(const char *pattern, struct err *e)
{
	struct pattern *p = NULL;
	int rc = pattern_create(pattern, &p, e);

	pattern_destroy(p);
	return rc;
}

/* A value in a message: as JSON, cut. ERR_NOMEM. */
static int show(const struct value *v, char out[SHOWN_SIZE], struct err *e)
{
	struct buf b;
	size_t n;
	int rc;

	buf_init(&b, 0);
	value_json(v, &b);
	rc = buf_status(&b);
	n = utf8_cut(buf_str(&b), b.len, SHOWN_MAX);
	(void)snprintf(out, SHOWN_SIZE, "%.*s%s", (int)n, buf_str(&b), n < b.len ? "..." : "");
	buf_free(&b);
	return rc == 0 ? 0 : err_set(e, rc, "%s", err_text(rc));
}

static int check_pattern(const struct param *p, const struct value *v, struct err *e)
{
	struct pattern *pattern = NULL;
	char text[SHOWN_SIZE];
	int rc = pattern_create(p->pattern, &pattern, e);

	if (rc == 0)
		rc = pattern_match(pattern, v->u.text, v->len, e);
	pattern_destroy(pattern);
	if (rc == ERR_LIMIT)
		return err_set(
			e, ERR_INVALID, "%s: the pattern takes too long for this value", p->name);
	if (rc == PATTERN_NONE && (rc = show(v, text, e)) == 0)
		rc = err_set(e, ERR_INVALID, "%s: %s does not match the pattern %s", p->name, text,
			p->pattern);
	return rc;
}

static int check_type(const struct param *p, const struct value *v, struct err *e)
{
	const char *type = param_type_name(p);
	const char *article = strchr("aio", *type) != NULL ? "an" : "a";
	char text[SHOWN_SIZE];
	int rc;

	if (v->type == p->type && !(p->is_integer && !value_number_is_integer(v->u.text, v->len)))
		return 0;
	if (v->type == VALUE_NULL)
		return err_set(
			e, ERR_INVALID, "%s: want %s %s, found null", p->name, article, type);
	rc = show(v, text, e);
	return rc != 0 ? rc
		       : err_set(e, ERR_INVALID, "%s: want %s %s, found the %s %s", p->name,
				 article, type, value_type_name(v->type), text);
}

static int check_enum(const struct param *p, const struct value *v, struct err *e)
{
	struct value all = {.type = VALUE_LIST, .len = p->n_choices, .u.items = p->choices};
	char text[SHOWN_SIZE], list[SHOWN_SIZE];
	int rc;

	if (p->choices == NULL)
		return 0;
	for (size_t i = 0; i < p->n_choices; i++)
		if (value_equal(&p->choices[i], v))
			return 0;
	if ((rc = show(v, text, e)) != 0 || (rc = show(&all, list, e)) != 0)
		return rc;
	return err_set(e, ERR_INVALID, "%s: %s is none of %s", p->name, text, list);
}

static int check_range(const struct param *p, const struct value *v, struct err *e)
{
	if (v->type != VALUE_NUMBER)
		return 0;
	if (p->minimum != NULL &&
		value_number_compare(v->u.text, v->len, p->minimum->u.text, p->minimum->len) < 0)
		return err_set(e, ERR_INVALID, "%s: %.100s is less than the minimum, %.100s",
			p->name, v->u.text, p->minimum->u.text);
	if (p->maximum != NULL &&
		value_number_compare(v->u.text, v->len, p->maximum->u.text, p->maximum->len) > 0)
		return err_set(e, ERR_INVALID, "%s: %.100s is more than the maximum, %.100s",
			p->name, v->u.text, p->maximum->u.text);
	return 0;
}

int param_check(const struct param *p, const struct value *v, struct err *e)
{
	int rc;

	if ((rc = check_type(p, v, e)) != 0 || (rc = check_enum(p, v, e)) != 0 ||
		(rc = check_range(p, v, e)) != 0)
		return rc;
	if (p->pattern != NULL && v->type == VALUE_STRING)
		return check_pattern(p, v, e);
	return 0;
}
