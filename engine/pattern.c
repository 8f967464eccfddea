/* Patterns match anywhere in the text, as in JSON Schema, under a limit of steps and memory. */
#define PCRE2_CODE_UNIT_WIDTH 8
#include "engine/pattern.h"

#include <pcre2.h>
#include <stdlib.h>
#include <string.h>

#include "engine/err.h"

#define MATCH_STEPS_MAX 1000000 /* steps of one match */
#define MATCH_HEAP_MAX 65536 /* KiB of memory of one match */

struct pattern {
	pcre2_code *code;
	pcre2_match_context *limits;
	pcre2_match_data *data;
};

static int no_memory(struct err *e)
{
	return err_set(e, ERR_NOMEM, "there is no memory for a pattern");
}

int pattern_create(const char *text, struct pattern **out, struct err *e)
{
	PCRE2_UCHAR why[128] = "";
	struct pattern *p;
	PCRE2_SIZE at;
	int code;

	if (strlen(text) > PATTERN_TEXT_MAX)
		return err_set(e, ERR_INVALID, "it has more than %d bytes", PATTERN_TEXT_MAX);
	p = calloc(1, sizeof(*p));
	if (p == NULL)
		return no_memory(e);
	p->code = pcre2_compile((PCRE2_SPTR)text, PCRE2_ZERO_TERMINATED,
		PCRE2_UTF | PCRE2_NEVER_BACKSLASH_C, &code, &at, NULL);
	if (p->code == NULL) {
		free(p);
		if (code == PCRE2_ERROR_NOMEMORY)
			return no_memory(e);
		(void)pcre2_get_error_message(code, why, sizeof(why));
		return err_set(
			e, ERR_INVALID, "at character %zu: %s", (size_t)at + 1, (const char *)why);
	}
	p->limits = pcre2_match_context_create(NULL);
	p->data = pcre2_match_data_create_from_pattern(p->code, NULL);
	if (p->limits == NULL || p->data == NULL) {
		pattern_destroy(p);
		return no_memory(e);
	}
	(void)pcre2_set_match_limit(p->limits, MATCH_STEPS_MAX);
	(void)pcre2_set_heap_limit(p->limits, MATCH_HEAP_MAX);
	*out = p;
	return 0;
}

void pattern_destroy(struct pattern *p)
{
	if (p == NULL)
		return;
	pcre2_match_data_free(p->data);
	pcre2_match_context_free(p->limits);
	pcre2_code_free(p->code);
	free(p);
}

int pattern_match(const struct pattern *p, const char *text, size_t len, struct err *e)
{
	int found = pcre2_match(p->code, (PCRE2_SPTR)text, len, 0, 0, p->data, p->limits);

	if (found >= 0)
		return 0;
	if (found == PCRE2_ERROR_NOMEMORY)
		return no_memory(e);
	if (found == PCRE2_ERROR_MATCHLIMIT || found == PCRE2_ERROR_HEAPLIMIT)
		return err_set(e, ERR_LIMIT, "the pattern takes too long");
	return PATTERN_NONE;
}
