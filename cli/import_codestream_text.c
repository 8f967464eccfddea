/*
 * Code Stream's ${...}: found, looked up, and written as an expression of here.
 *
 *	${input.x}  ${var.x}  ${Stage.Task.output.x}  ${Stage.Task.input.x}  ${executionId}  ${name}
 *
 * Names may hold blanks there. An input of another task is text of the same file, and is put in.
 */
#include <string.h>

#include "cli/import_codestream.h"
#include "cli/import_part.h"
#include "engine/arena.h"
#include "engine/buf.h"
#include "engine/strmap.h"

#define STATUS_WORDS "a status is `success`, `failed`, `skipped` or `upstream_failed` here"

static void text_add(struct codestream *c, struct buf *out, const struct yaml_node *n,
	enum codestream_place place, int depth);

bool codestream_is_bound(const struct yaml_node *n)
{
	const char *open = n->kind == YAML_SCALAR ? strstr(n->text, "${") : NULL;

	return open != NULL && strchr(open, '}') != NULL;
}

/* Takes a name and the dot behind it off the path's beginning. */
static bool name_take(struct part *p, const char *name)
{
	size_t len = strlen(name);

	if (p->len <= len || memcmp(p->text, name, len) != 0 || p->text[len] != '.')
		return false;
	p->text += len + 1;
	p->len -= len + 1;
	return true;
}

/* Takes `Stage.Task.` off; names may hold dots. */
static const struct codestream_task *task_take(const struct codestream *c, struct part *p)
{
	size_t dots = 0;

	for (size_t i = 0; i < p->len && i < CODESTREAM_NAME_MAX && dots < CODESTREAM_DOTS_MAX;
		i++) {
		uint32_t at =
			p->text[i] != '.' ? STRMAP_NONE : strmap_find(c->task_map, p->text, i);

		dots += p->text[i] == '.';
		if (at == STRMAP_NONE)
			continue;
		p->text += i + 1;
		p->len -= i + 1;
		return &c->tasks[at];
	}
	return NULL;
}

/* Tells of what stands at c->at. */
static void text_note(struct codestream *c, const char *what, struct part p, const char *why)
{
	diag_warning(c->notes, yaml_value_pos(c->text, c->at, c->at_byte), "%s%.*s%s", what,
		(int)p.len, p.text, why);
}

/* ---- variables and parameters ---- */

const char *codestream_variable(
	struct import_aliases *variables, const char *name, const char **news, struct arena *a)
{
	bool is_new;
	const char *made = import_alias(variables, name, name, &is_new);

	*news = NULL;
	if (made == NULL || !is_new || strcmp(made, name) == 0)
		return made;
	*news = arena_printf(a, "the variable \"%s\" is called %s here", name, made);
	return *news == NULL ? NULL : made;
}

/* Whether a value is one word of a shell wherever it is spliced in. */
static bool is_one_word(const struct yaml_node *value)
{
	if (value->kind != YAML_SCALAR)
		return true;
	return value->n <= CODESTREAM_NAME_MAX &&
		strpbrk(value->text, " \t\n;&|<>$`\"'\\*?") == NULL;
}

/* `_my_param` of here, for `my param` of there. */
static const char *param_find(struct codestream *c, struct part p, enum codestream_place place)
{
	uint32_t at = c->param_map == NULL ? STRMAP_NONE : strmap_find(c->param_map, p.text, p.len);

	if (at == STRMAP_NONE)
		return NULL;
	if (place == CODESTREAM_SHELL && !is_one_word(c->params->pairs[at].value))
		text_note(c, "the value of input ", p,
			" is one word here, whatever it holds; there it was spliced in, as "
			"`| raw` does");
	return c->param_names.list[at].name;
}

/* ---- outputs ---- */

/* What an SSH task leaves has the same names here; of a REST task the body is the response. */
static bool output_find(const struct codestream_task *t, struct part *p, const char **name)
{
	static const char *const ssh[] = {"status", "exitCode", "responseFilePath", "logFilePath",
		"errorFilePath", "userFolder", "scriptExecutionId", "logs", "errorMessage", "error",
		"completed", "response"};
	static const char *const rest[] = {"responseBody", "responseJson", "status"};
	const char *const *list = t->type == CODESTREAM_REST ? rest : ssh;
	size_t n = t->type == CODESTREAM_REST ? 3 : sizeof(ssh) / sizeof(ssh[0]);

	for (size_t i = 0; i < n; i++) {
		size_t len = strlen(list[i]);

		if (p->len < len || memcmp(p->text, list[i], len) != 0 ||
			(p->len > len && strchr(".[", p->text[len]) == NULL))
			continue;
		p->text += len;
		p->len -= len;
		*name = t->type == CODESTREAM_REST && i < 2 ? "response" : list[i];
		return true;
	}
	return false;
}

/* Whether what stands in ${...} can only have been meant for Code Stream: no shell knows names with
 * dots or blanks in them, and some are its own. */
static bool is_foreign(struct part p)
{
	static const char *const own[] = {"requestBy", "executionIndex", "executionUrl",
		"executionLink", "statusMessage", "comments"};
	bool has_dot = false;

	for (size_t i = 0; i < sizeof(own) / sizeof(own[0]); i++)
		if (part_is(p, own[i]))
			return true;
	for (size_t i = 0; i < p.len; i++) {
		has_dot = has_dot || p.text[i] == '.';
		if (strchr(":#%/^,@!=+?*<>\n", p.text[i]) != NULL)
			return false;
	}
	return has_dot;
}

/* Whether a path's rest can stand in an expression as it is: .a[0]["b"]. */
static bool is_rest(struct part p)
{
	for (size_t i = 0; i < p.len; i++)
		if (strchr("<>{}|$\n \t'`\\", p.text[i]) != NULL)
			return false;
	return p.len == 0 || p.text[0] == '.' || p.text[0] == '[';
}

/* Text as it is to be read there. What would end a literal, or mean something in it, is escaped. */
static void plain_add(const struct codestream *c, struct buf *out, enum codestream_place place,
	const char *text, size_t len)
{
	const char marks[] = {'\\', '\n', c->quote, '\0'};
	const char *end = text + len, *from;

	if (place != CODESTREAM_CONDITION_WORDS) {
		import_text_add(out, text, len);
		return;
	}
	while (text < end) {
		for (from = text; text < end && strchr(marks, *text) == NULL;)
			text++;
		import_text_add(out, from, (size_t)(text - from));
		if (text < end)
			buf_addf(out, "\\%c", *text == '\n' ? 'n' : *text);
		text += text < end;
	}
}

/* A dollar that no script can change: the length of a day is 8 always. */
static void dollar_add(const struct codestream *c, struct buf *out, enum codestream_place place)
{
	char q = place == CODESTREAM_CONDITION_WORDS && c->quote == '"' ? '\'' : '"';

	buf_addf(out, "$<run.ds_nodash | length | replace(%c8%c, %c$%c)%s>", q, q, q, q,
		place == CODESTREAM_PROGRAM ? " | raw" : "");
}

/* Writes the dollars that stand at the end, right before an expression, of which they would make
 * plain text. In a script of a shell two are its process id, and one behind a backslash is plain.
 */
static void dollars_add(struct codestream *c, struct buf *out, enum codestream_place place)
{
	size_t n = 0, n_back = 0;

	while (n < out->len && out->data[out->len - n - 1] == '$')
		n++;
	out->len -= n;
	while (n > 0 && n_back < out->len && out->data[out->len - n_back - 1] == '\\')
		n_back++;
	if (place == CODESTREAM_SHELL && n_back % 2 == 1) {
		out->len--;
		dollar_add(c, out, place);
		n--;
	}
	for (; place == CODESTREAM_SHELL && n > 1; n -= 2)
		buf_adds(out, "${$}");
	if (n > 0 && place == CODESTREAM_SHELL)
		text_note(c,
			"the $ before this is a plain character here; outside of '...' the shell "
			"took "
			"both for one name there",
			(struct part){"", 0}, "");
	for (; n > 0; n--)
		dollar_add(c, out, place);
}

static void expression_add(
	struct codestream *c, struct buf *out, enum codestream_place place, const char *path)
{
	dollars_add(c, out, place);
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

/* The status of a task: its words are others here. In a condition they are turned into those. */
static const char *status_path(
	struct codestream *c, const struct codestream_task *t, enum codestream_place place)
{
	if (place == CODESTREAM_CONDITION_TEXT || place == CODESTREAM_CONDITION_WORDS)
		c->status_of = t;
	else
		text_note(c, STATUS_WORDS, (struct part){"", 0}, "");
	return arena_printf(c->arena, "%s.%s.output.status", c->stages[t->stage].made, t->made);
}

/* What a task's `output.` or `status` is here; "": there is no such thing. NULL: no memory. */
static const char *output_path(struct codestream *c, const struct codestream_task *t,
	struct part rest, enum codestream_place place)
{
	const char *name;

	if (part_is(rest, "status"))
		return status_path(c, t, place);
	if (!name_take(&rest, "output") || !output_find(t, &rest, &name) || !is_rest(rest))
		return "";
	if (strcmp(name, "status") == 0 && rest.len == 0)
		return status_path(c, t, place);
	return arena_printf(c->arena, "%s.%s.output.%s%.*s", c->stages[t->stage].made, t->made,
		name, (int)rest.len, rest.text);
}

/* What a path without a task in it is here; "": there is no such thing. NULL: no memory. */
static const char *plain_path(struct codestream *c, struct part p, enum codestream_place place)
{
	const char *name, *news;
	struct part rest = p;

	if (name_take(&rest, "input") && (name = param_find(c, rest, place)) != NULL)
		return arena_printf(c->arena, "params.%s", name);
	rest = p;
	if (name_take(&rest, "var") && rest.len > 0 && is_foreign(p)) {
		name = arena_memdup(c->arena, rest.text, rest.len);
		if (name != NULL)
			name = codestream_variable(c->variables, name, &news, c->arena);
		if (name != NULL && news != NULL)
			text_note(c, news, (struct part){"", 0}, "");
		return name == NULL ? NULL : arena_printf(c->arena, "var.%s", name);
	}
	if (part_is(p, "executionId"))
		return "run.id";
	if (part_is(p, "name"))
		return "dag.id";
	return "";
}

/* `Stage.Task.input.x` is text of the same file: it is put in. False: it cannot be. */
static bool input_add(struct codestream *c, struct buf *out, const struct codestream_task *t,
	struct part rest, enum codestream_place place, int depth)
{
	const struct yaml_node *input;
	const char *name;

	if (!name_take(&rest, "input"))
		return false;
	name = arena_memdup(c->arena, rest.text, rest.len);
	c->is_short = c->is_short || name == NULL;
	input = name == NULL ? NULL : codestream_member(codestream_member(t->node, "input"), name);
	if (!may_stand(c, input, depth))
		return false;
	text_add(c, out, input, place, depth + 1);
	return true;
}

/* One path. False: it has no counterpart. */
static bool path_add(struct codestream *c, struct buf *out, struct part p,
	enum codestream_place place, int depth)
{
	const struct codestream_task *t;
	const char *made = plain_path(c, p, place);
	struct part rest = p;

	if (made != NULL && *made == '\0' && (t = task_take(c, &rest)) != NULL) {
		if (input_add(c, out, t, rest, place, depth))
			return true;
		made = output_path(c, t, rest, place);
	}
	if (made == NULL)
		c->is_short = true;
	else if (*made == '\0')
		return false;
	else
		expression_add(c, out, place, made);
	return true;
}

/* The `}` of a `${` at p, on its line; NULL: none. What was looked through once is not again. */
static const char *close_find(struct codestream *c, const struct yaml_node *n, const char *p)
{
	if (c->looked != n || p < c->looked_from || p > c->looked_to) {
		c->looked = n;
		c->looked_from = p;
		c->looked_to = p + strcspn(p, "}\n");
	}
	return *c->looked_to == '}' ? c->looked_to : NULL;
}

/* A `${` at p: what it becomes. Returns its end; of a shell's ${x:-${input.y}} that is where the
 * inner one begins. */
static const char *binding_add(struct codestream *c, struct buf *out, const struct yaml_node *n,
	const char *p, enum codestream_place place, int depth)
{
	const char *close = close_find(c, n, p), *inner, *end;
	struct part path;

	if (close == NULL) {
		plain_add(c, out, place, p, 2);
		return p + 2;
	}
	inner = memmem(p + 2, (size_t)(close - p - 2), "${", 2);
	end = inner == NULL ? close + 1 : inner;
	path = (struct part){p + 2, (size_t)((inner == NULL ? close : inner) - p - 2)};
	c->at = n;
	c->at_byte = (size_t)(p - n->text);
	if (inner == NULL && path_add(c, out, path, place, depth))
		return end;
	if (is_foreign(path) || (inner == NULL && place == CODESTREAM_PLAIN))
		diag_warning(c->notes, yaml_value_pos(c->text, n, (size_t)(p - n->text)),
			"%.*s has no counterpart here and was left as it stands", (int)(end - p),
			p);
	plain_add(c, out, place, p, (size_t)(end - p));
	return end;
}

/* `&&`, `||` and `!` in a condition. Returns how many bytes it took; 0: none of these. */
static size_t operator_add(struct codestream *c, struct buf *out, const char *p)
{
	if (strncmp(p, "&&", 2) == 0 || strncmp(p, "||", 2) == 0) {
		c->status_of = NULL;
		buf_adds(out, *p == '&' ? " and " : " or ");
		return 2;
	}
	if (*p == '!' && p[1] != '=') {
		buf_adds(out, " not ");
		return 1;
	}
	return 0;
}

/* The task whose status stands behind `==` or `!=` at p; NULL: none. */
static const struct codestream_task *status_behind(
	struct codestream *c, const struct yaml_node *n, const char *p)
{
	const struct codestream_task *t;
	const char *close;
	struct part path;

	p += strspn(p, " \t\n");
	if (strncmp(p, "==", 2) != 0 && strncmp(p, "!=", 2) != 0)
		return NULL;
	p += 2 + strspn(p + 2, " \t\n\"'");
	close = strncmp(p, "${", 2) == 0 ? close_find(c, n, p) : NULL;
	if (close == NULL)
		return NULL;
	path = (struct part){p + 2, (size_t)(close - p - 2)};
	t = task_take(c, &path);
	(void)(t != NULL && name_take(&path, "output"));
	return part_is(path, "status") ? t : NULL;
}

/* The words of a status there, and what they are here; a condition that holds is skipped. */
static const char *status_word(const struct codestream_task *t, const char *p, size_t len)
{
	static const char *const words[][2] = {
		{"COMPLETED", "success"}, {"FAILED", "failed"}, {"SKIPPED", "skipped"}};

	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++)
		if (strlen(words[i][0]) == len && strncasecmp(words[i][0], p, len) == 0)
			return i == 0 && t->type == CODESTREAM_CONDITION ? "skipped" : words[i][1];
	return NULL;
}

/* Text in quotes, with what stands in its ${...}. */
static void literal_add(struct codestream *c, struct buf *out, const struct yaml_node *n,
	const char *p, const char *close, int depth)
{
	const struct codestream_task *t =
		c->status_of != NULL ? c->status_of : status_behind(c, n, close + 1);
	const char *word = t == NULL ? NULL : status_word(t, p + 1, (size_t)(close - p - 1));

	if (word != NULL) {
		buf_addf(out, "\"%s\"", word);
		return;
	}
	if (t != NULL) {
		c->at = n;
		c->at_byte = (size_t)(p - n->text);
		text_note(c, STATUS_WORDS, (struct part){"", 0}, "");
	}
	c->quote = *p;
	buf_addc(out, *p++);
	while (p < close && buf_status(out) == 0) {
		const char *end = strncmp(p, "${", 2) == 0 ? close_find(c, n, p) : NULL, *from = p;

		if (end != NULL && end < close) {
			p = binding_add(c, out, n, p, CODESTREAM_CONDITION_WORDS, depth);
			continue;
		}
		for (p++; p < close && strncmp(p, "${", 2) != 0;)
			p++;
		plain_add(c, out, CODESTREAM_CONDITION_WORDS, from, (size_t)(p - from));
	}
	buf_addc(out, *close);
}

/* Whether a path is `Stage.Task.input.x`, whose text is put in. */
static bool names_input(const struct codestream *c, struct part p)
{
	return task_take(c, &p) != NULL && name_take(&p, "input");
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
	if (strncmp(p + 1, "${", 2) == 0 && close[-1] == '}' && strchr(p, '}') == close - 1 &&
		!names_input(c, (struct part){p + 3, (size_t)(close - p - 4)}))
		(void)binding_add(c, out, n, p + 1, CODESTREAM_CONDITION_TEXT, depth);
	else
		literal_add(c, out, n, p, close, depth);
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
			(taken = operator_add(c, out, p)) > 0) {
			p += taken;
		} else {
			from = p++;
			while (*p != '\0' && strchr("$\"'&|!", *p) == NULL)
				p++;
			plain_add(c, out, place, from, (size_t)(p - from));
		}
	}
}

const char *codestream_text(
	struct codestream *c, const struct yaml_node *n, enum codestream_place place)
{
	struct buf b;
	const char *text;

	buf_init(&b, IMPORT_TEXT_MAX);
	c->status_of = NULL;
	text_add(c, &b, n, place, 0);
	text = import_text_keep(c->arena, &b);
	if (text == NULL)
		c->is_short = true;
	return text;
}
