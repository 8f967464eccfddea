/*
 * Code Stream's ${...}: found, looked up, and written as an expression of here.
 *
 *	${input.x}  ${var.x}  ${Stage.Task.output.x}  ${Stage.Task.input.x}  ${executionId}  ${name}
 *
 * Names may hold blanks there. An input of another task is text of the same file, and is put in.
 */
#include <string.h>

#include "cli/import_codestream.h"
#include "engine/arena.h"
#include "engine/buf.h"
#include "engine/err.h"

struct path {
	const char *text;
	size_t len;
};

static void text_add(struct codestream *c, struct buf *out, const struct yaml_node *n,
	enum codestream_place place, int depth);

bool codestream_is_bound(const struct yaml_node *n)
{
	const char *open = n->kind == YAML_SCALAR ? strstr(n->text, "${") : NULL;

	return open != NULL && strchr(open, '}') != NULL;
}

/* Takes a name and the dot behind it off the path's beginning. */
static bool name_take(struct path *p, const char *name)
{
	size_t len = strlen(name);

	if (p->len <= len || memcmp(p->text, name, len) != 0 || p->text[len] != '.')
		return false;
	p->text += len + 1;
	p->len -= len + 1;
	return true;
}

static const struct codestream_task *task_take(const struct codestream *c, struct path *p)
{
	for (uint32_t s = 0; s < c->n_stages; s++) {
		struct path rest = *p;

		if (!name_take(&rest, c->stages[s].name))
			continue;
		for (uint32_t t = 0; t < c->stages[s].n; t++) {
			const struct codestream_task *task = &c->tasks[c->stages[s].first + t];

			if (name_take(&rest, task->name)) {
				*p = rest;
				return task;
			}
		}
	}
	return NULL;
}

static bool is_word(struct path p)
{
	for (size_t i = 0; i < p.len; i++)
		if (strchr("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_",
			    p.text[i]) == NULL)
			return false;
	return p.len > 0;
}

/* `_my_param` of here, for `my param` of there. The first name that was made for it counts. */
static const char *param_name(struct codestream *c, struct path p)
{
	for (uint32_t i = 0; c->params != NULL && i < c->params->n; i++)
		if (strlen(c->params->pairs[i].key->text) == p.len &&
			memcmp(c->params->pairs[i].key->text, p.text, p.len) == 0)
			return i < c->param_names.n ? c->param_names.list[i].name : NULL;
	return NULL;
}

/* What an SSH task leaves has the same names here; of a REST task the body is the response. */
static bool output_find(const struct codestream_task *t, struct path *p, const char **name)
{
	static const char *const ssh[] = {"status", "exitCode", "responseFilePath", "logFilePath",
		"errorFilePath", "userFolder", "scriptExecutionId", "logs", "errorMessage", "error",
		"completed", "response"};
	static const char *const rest[] = {"responseBody", "responseJson"};
	const char *const *list = t->type == CODESTREAM_REST ? rest : ssh;
	size_t n = t->type == CODESTREAM_REST ? 2 : sizeof(ssh) / sizeof(ssh[0]);

	for (size_t i = 0; i < n; i++) {
		size_t len = strlen(list[i]);

		if (p->len < len || memcmp(p->text, list[i], len) != 0 ||
			(p->len > len && strchr(".[", p->text[len]) == NULL))
			continue;
		p->text += len;
		p->len -= len;
		*name = t->type == CODESTREAM_REST ? "response" : list[i];
		return true;
	}
	return false;
}

/* Whether what stands in ${...} can only have been meant for Code Stream: no shell knows names with
 * dots or blanks in them. */
static bool is_foreign(struct path p)
{
	bool has_dot = false;

	for (size_t i = 0; i < p.len; i++) {
		has_dot = has_dot || p.text[i] == '.';
		if (strchr(":#%/^,@!=+?*<>\n", p.text[i]) != NULL)
			return false;
	}
	return has_dot;
}

/* Whether a path's rest can stand in an expression as it is: .a[0]["b"]. */
static bool is_rest(struct path p)
{
	for (size_t i = 0; i < p.len; i++)
		if (strchr("<>{}|$\n \t'`\\", p.text[i]) != NULL)
			return false;
	return p.len == 0 || p.text[0] == '.' || p.text[0] == '[';
}

static void expression_add(struct buf *out, enum codestream_place place, const char *path)
{
	buf_addf(out, "$<%s%s>", path, place == CODESTREAM_PROGRAM ? " | raw" : "");
}

/* Whether an input may stand in the one at `depth`: not where it would hold itself. */
static bool may_stand(const struct codestream *c, const struct yaml_node *input, int depth)
{
	if (input == NULL || input->kind != YAML_SCALAR || depth == CODESTREAM_INPUTS_MAX)
		return false;
	for (int i = 0; i <= depth; i++)
		if (c->inputs[i] == input)
			return false;
	return true;
}

static void status_note(struct codestream *c, struct path p, const struct yaml_node *n)
{
	diag_warning(c->notes, yaml_value_pos(c->text, n, (size_t)(p.text - n->text) - 2),
		"a status is `success`, `failed`, `skipped` or `upstream_failed` here");
}

/* One path, of the text at `depth`. False: it has no counterpart. */
static bool path_add(struct codestream *c, struct buf *out, struct path p,
	enum codestream_place place, int depth)
{
	const struct codestream_task *t;
	const struct yaml_node *input;
	const char *name, *made = NULL;
	struct path rest = p;
	bool is_status = false;

	if (name_take(&rest, "input") && (name = param_name(c, rest)) != NULL)
		made = arena_printf(c->arena, "params.%s", name);
	else if (rest = p, name_take(&rest, "var") && is_word(rest))
		made = arena_printf(c->arena, "var.%.*s", (int)rest.len, rest.text);
	else if (p.len == 11 && memcmp(p.text, "executionId", 11) == 0)
		made = "run.id";
	else if (p.len == 4 && memcmp(p.text, "name", 4) == 0)
		made = "dag.id";
	else if (rest = p, (t = task_take(c, &rest)) == NULL)
		return false;
	else if (rest.len == 6 && memcmp(rest.text, "status", 6) == 0) {
		made = arena_printf(
			c->arena, "%s.%s.output.status", c->stages[t->stage].made, t->made);
		is_status = true;
	} else if (name_take(&rest, "output") && output_find(t, &rest, &name) && is_rest(rest)) {
		made = arena_printf(c->arena, "%s.%s.output.%s%.*s", c->stages[t->stage].made,
			t->made, name, (int)rest.len, rest.text);
		is_status = strcmp(name, "status") == 0;
	} else if (name_take(&rest, "input")) {
		name = arena_memdup(c->arena, rest.text, rest.len);
		input = name == NULL ? NULL
				     : codestream_member(codestream_member(t->node, "input"), name);
		if (!may_stand(c, input, depth))
			return false;
		text_add(c, out, input, place, depth + 1);
		return true;
	} else {
		return false;
	}
	if (is_status)
		status_note(c, p, c->inputs[depth]);
	if (made == NULL)
		c->is_short = true;
	else
		expression_add(out, place, made);
	return true;
}

/* A `${` at p: what it becomes. Returns its end. */
static const char *binding_add(struct codestream *c, struct buf *out, const struct yaml_node *n,
	const char *p, enum codestream_place place, int depth)
{
	const char *close = strpbrk(p, "}\n");
	struct path path;

	if (close == NULL || *close != '}') {
		import_text_add(out, p, 2);
		return p + 2;
	}
	path = (struct path){p + 2, (size_t)(close - p - 2)};
	if (!path_add(c, out, path, place, depth)) {
		if (is_foreign(path) || place == CODESTREAM_PLAIN)
			diag_warning(c->notes, yaml_value_pos(c->text, n, (size_t)(p - n->text)),
				"%.*s has no counterpart here and was left as it stands",
				(int)(close + 1 - p), p);
		if (memchr(path.text, '.', path.len) != NULL)
			buf_addc(out, '$');
		buf_add(out, p, (size_t)(close + 1 - p));
	}
	return close + 1;
}

/* `&&`, `||` and `!` in a condition. Returns how many bytes it took; 0: none of these. */
static size_t operator_add(struct buf *out, const char *p)
{
	if (strncmp(p, "&&", 2) == 0 || strncmp(p, "||", 2) == 0) {
		buf_adds(out, *p == '&' ? " and " : " or ");
		return 2;
	}
	if (*p == '!' && p[1] != '=') {
		buf_adds(out, " not ");
		return 1;
	}
	return 0;
}

/* A quoted part of a condition: "${x}" is the value, as it is without quotes here. */
static const char *quoted_add(
	struct codestream *c, struct buf *out, const struct yaml_node *n, const char *p, int depth)
{
	const char *close = strchr(p + 1, *p);

	if (close == NULL) {
		buf_addc(out, *p);
		return p + 1;
	}
	if (strncmp(p + 1, "${", 2) == 0 && close[-1] == '}' && strchr(p, '}') == close - 1) {
		(void)binding_add(c, out, n, p + 1, CODESTREAM_CONDITION_TEXT, depth);
	} else {
		if (memchr(p, '$', (size_t)(close - p)) != NULL)
			diag_warning(c->notes, yaml_value_pos(c->text, n, (size_t)(p - n->text)),
				"text with a ${...} inside cannot be compared here: write the "
				"expression alone");
		buf_add(out, p, (size_t)(close + 1 - p));
	}
	return close + 1;
}

static void text_add(struct codestream *c, struct buf *out, const struct yaml_node *n,
	enum codestream_place place, int depth)
{
	const char *p = n->text, *from;
	size_t taken;

	c->inputs[depth] = n;
	while (*p != '\0' && buf_status(out) == 0) {
		if (strncmp(p, "${", 2) == 0) {
			p = binding_add(c, out, n, p, place, depth);
		} else if (place == CODESTREAM_CONDITION_TEXT && (*p == '"' || *p == '\'')) {
			p = quoted_add(c, out, n, p, depth);
		} else if (place == CODESTREAM_CONDITION_TEXT &&
			(taken = operator_add(out, p)) > 0) {
			p += taken;
		} else {
			from = p++;
			while (*p != '\0' && strchr("$\"'&|!", *p) == NULL)
				p++;
			import_text_add(out, from, (size_t)(p - from));
		}
	}
}

const char *codestream_text(
	struct codestream *c, const struct yaml_node *n, enum codestream_place place)
{
	struct buf b;
	const char *text;

	buf_init(&b, IMPORT_TEXT_MAX);
	text_add(c, &b, n, place, 0);
	text = import_text_keep(c->arena, &b);
	if (text == NULL)
		c->is_short = true;
	return text;
}
