/*
 * The JSON Schema of the language. It says what tables can say: keys, types, ranges, choices, which
 * operator has which key. What needs more (names that must exist, expressions, schedules that can
 * fire) only the loader knows.
 *
 * N.B. `operator` may come from default_args, which a schema cannot follow: where a task does not
 * say it, the keys of all operators pass.
 */
#include "engine/schema.h"

#include <string.h>

#include "engine/buf.h"
#include "engine/keys.h"

#define SCHEMA_TEXT "\"type\": [\"string\", \"number\", \"boolean\"]"
#define SCHEMA_NAME "^[A-Za-z_][A-Za-z0-9_-]{0,249}$"
#define SCHEMA_DAG_ID "^[A-Za-z_][A-Za-z0-9_.-]{0,249}$"

/* A printer that knows how deep it stands and whether a comma is due. */
struct printer {
	struct buf *out;
	unsigned depth;
	int is_first;
};

static void string(struct printer *p, const char *s)
{
	buf_addc(p->out, '"');
	for (; *s != '\0'; s++) {
		if (*s == '"' || *s == '\\')
			buf_addc(p->out, '\\');
		buf_addc(p->out, *s);
	}
	buf_addc(p->out, '"');
}

/* Begins the next member of an object: a new line, and its name. */
static void member(struct printer *p, const char *name)
{
	buf_adds(p->out, p->is_first ? "\n" : ",\n");
	for (unsigned i = 0; i < p->depth; i++)
		buf_adds(p->out, "  ");
	if (name != NULL) {
		string(p, name);
		buf_adds(p->out, ": ");
	}
	p->is_first = 0;
}

static void text_member(struct printer *p, const char *name, const char *text)
{
	member(p, name);
	string(p, text);
}

/* A member whose value is JSON already. */
static void json_member(struct printer *p, const char *name, const char *json)
{
	member(p, name);
	buf_adds(p->out, json);
}

static void begin(struct printer *p, const char *name, char bracket)
{
	member(p, name);
	buf_addc(p->out, bracket);
	p->depth++;
	p->is_first = 1;
}

static void end(struct printer *p, char bracket)
{
	p->depth--;
	buf_addc(p->out, '\n');
	for (unsigned i = 0; i < p->depth; i++)
		buf_adds(p->out, "  ");
	buf_addc(p->out, bracket);
	p->is_first = 0;
}

static void print_choices(struct printer *p, const char *const *choices)
{
	member(p, "enum");
	for (size_t i = 0; choices[i] != NULL; i++) {
		buf_adds(p->out, i > 0 ? ", " : "[");
		string(p, choices[i]);
	}
	buf_addc(p->out, ']');
}

#define REF(name) "{\"$ref\": \"#/definitions/" name "\"}"
#define ONE_OR_LIST(name)                                                                          \
	"\"oneOf\": [" REF(name) ", {\"type\": \"array\", \"items\": " REF(name) "}]"
#define NAMED(name)                                                                                \
	"\"type\": \"object\", \"propertyNames\": " REF(                                           \
		"name") ", \"additionalProperties\": " REF(name)

/* What a value of each type looks like, as members of a schema. Ranges and choices are the key's.
 */
static const char *const shapes[] = {
	[KEY_STRING] = SCHEMA_TEXT,
	[KEY_TEMPLATE] = SCHEMA_TEXT,
	[KEY_COMMAND] = SCHEMA_TEXT,
	[KEY_SCRIPT] = SCHEMA_TEXT,
	[KEY_STRINGS] = "\"type\": \"array\", \"items\": " REF("text"),
	[KEY_TEMPLATES] = "\"type\": \"array\", \"items\": " REF("text"),
	[KEY_BOOL] = "\"type\": \"boolean\"",
	[KEY_INT] = "\"type\": \"integer\"",
	[KEY_DURATION] = "\"allOf\": [" REF("duration") "]",
	[KEY_SIZE] = "\"allOf\": [" REF("size") "]",
	[KEY_DATE] = "\"type\": \"string\", \"pattern\": \"^[0-9]{4}-?[0-9]{2}-?[0-9]{2}\"",
	[KEY_ENUM] = "\"type\": \"string\"",
	[KEY_TEMPLATE_MAP] = "\"type\": \"object\", \"additionalProperties\": " REF("text"),
	[KEY_CONDITION] = SCHEMA_TEXT,
	[KEY_ITEMS] = "\"type\": [\"array\", \"string\"]",
	[KEY_EXIT_CODES] = ONE_OR_LIST("exit_code"),
	[KEY_CALLBACK] = ONE_OR_LIST("callback"),
	[KEY_ANYS] = "\"type\": \"array\", \"minItems\": 1",
	[KEY_SCHEDULE] = "\"type\": [\"string\", \"array\", \"null\"], "
			 "\"items\": {\"type\": \"string\"}, \"minItems\": 1",
	[KEY_PARAMS] = NAMED("param"),
	[KEY_DEFAULTS] = "\"allOf\": [" REF("defaults") "]",
	[KEY_STAGES] = NAMED("stage"),
	[KEY_TASKS] = NAMED("task"),
	[KEY_ANY] = NULL,
};

static void print_type(struct printer *p, const struct key_def *k)
{
	if (shapes[k->type] != NULL)
		json_member(p, NULL, shapes[k->type]);
	if (k->type == KEY_ENUM)
		print_choices(p, k->choices);
	if (k->type == KEY_INT) {
		member(p, "minimum");
		buf_addf(p->out, "%lld", (long long)k->min);
		member(p, "maximum");
		buf_addf(p->out, "%lld", (long long)k->max);
	}
}

static void print_description(struct printer *p, const struct key_def *k)
{
	struct buf text;

	buf_init(&text, 0);
	buf_adds(&text, k->doc);
	if (k->dflt != NULL)
		buf_addf(&text, " Default: %s.", k->dflt);
	text_member(p, "description", buf_str(&text));
	buf_free(&text);
}

static void print_key(struct printer *p, const struct key_def *k)
{
	begin(p, k->name, '{');
	print_description(p, k);
	print_type(p, k);
	end(p, '}');
}

static void print_keys(struct printer *p, const struct key_def *keys, size_t n)
{
	for (size_t i = 0; i < n; i++)
		print_key(p, &keys[i]);
}

/* The `operator` key, whose choices are the operators. */
static void print_operator(struct printer *p, const struct op_spec *const *ops, size_t n)
{
	begin(p, "operator", '{');
	print_description(p, &task_keys[TASK_KEY_OPERATOR]);
	member(p, "enum");
	for (size_t i = 0; i < n; i++) {
		buf_adds(p->out, i > 0 ? ", " : "[");
		string(p, ops[i]->name);
	}
	buf_addc(p->out, ']');
	end(p, '}');
}

/* Whether an earlier operator has a key of that name. */
static int is_known(const struct op_spec *const *ops, size_t n, const char *name)
{
	for (size_t i = 0; i < n; i++)
		for (size_t k = 0; k < ops[i]->n_keys; k++)
			if (strcmp(ops[i]->keys[k].name, name) == 0)
				return 1;
	return 0;
}

/* The keys of a task with any operator. */
static void print_task_keys(struct printer *p, const struct op_spec *const *ops, size_t n)
{
	begin(p, "properties", '{');
	print_operator(p, ops, n);
	print_keys(p, task_keys + 1, TASK_KEY_COUNT - 1);
	for (size_t i = 0; i < n; i++)
		for (size_t k = 0; k < ops[i]->n_keys; k++)
			if (!is_known(ops, i, ops[i]->keys[k].name))
				print_key(p, &ops[i]->keys[k]);
	end(p, '}');
	json_member(p, "additionalProperties", "false");
}

/* A task of this operator has none of the keys that only others have. */
static void print_other_keys(
	struct printer *p, const struct op_spec *op, const struct op_spec *const *ops, size_t n)
{
	begin(p, NULL, '{');
	begin(p, "if", '{');
	json_member(p, "required", "[\"operator\"]");
	member(p, "properties");
	buf_addf(p->out, "{\"operator\": {\"const\": \"%s\"}}", op->name);
	end(p, '}');
	begin(p, "then", '{');
	begin(p, "properties", '{');
	for (size_t i = 0; i < n; i++)
		for (size_t k = 0; k < ops[i]->n_keys; k++)
			if (!is_known(&op, 1, ops[i]->keys[k].name) &&
				!is_known(ops, i, ops[i]->keys[k].name))
				json_member(p, ops[i]->keys[k].name, "false");
	end(p, '}');
	end(p, '}');
	end(p, '}');
}

static void print_task(struct printer *p, const struct op_spec *const *ops, size_t n)
{
	begin(p, "task", '{');
	json_member(p, "type", "\"object\"");
	print_task_keys(p, ops, n);
	json_member(p, "not", "{\"required\": [\"command\", \"script\"]}");
	begin(p, "allOf", '[');
	for (size_t i = 0; i < n; i++)
		print_other_keys(p, ops[i], ops, n);
	end(p, ']');
	end(p, '}');
	begin(p, "defaults", '{');
	json_member(p, "type", "\"object\"");
	print_task_keys(p, ops, n);
	end(p, '}');
}

/* An object with the keys of one table. */
static void print_object(
	struct printer *p, const char *name, const char *type, const struct key_def *keys, size_t n)
{
	begin(p, name, '{');
	json_member(p, "type", type);
	begin(p, "properties", '{');
	print_keys(p, keys, n);
	end(p, '}');
	json_member(p, "additionalProperties", "false");
	end(p, '}');
}

/* What may be a map with a table's keys, or something else that needs no telling. */
static void print_param(struct printer *p)
{
	begin(p, "param", '{');
	json_member(p, "if", "{\"type\": \"object\"}");
	begin(p, "then", '{');
	begin(p, "properties", '{');
	print_keys(p, param_keys, PARAM_KEY_COUNT);
	end(p, '}');
	json_member(p, "additionalProperties", "false");
	end(p, '}');
	json_member(p, "else", "{\"type\": [\"string\", \"number\", \"boolean\", \"array\"]}");
	end(p, '}');
}

static void print_callback(struct printer *p)
{
	begin(p, "callback", '{');
	json_member(p, "type", "\"object\"");
	json_member(p, "if", "{\"required\": [\"url\"]}");
	begin(p, "then", '{');
	begin(p, "properties", '{');
	print_keys(p, url_keys, URL_KEY_COUNT);
	end(p, '}');
	json_member(p, "additionalProperties", "false");
	end(p, '}');
	json_member(p, "else", REF("task"));
	end(p, '}');
}

static void print_definitions(struct printer *p, const struct op_spec *const *ops, size_t n)
{
	begin(p, "definitions", '{');
	json_member(p, "text", "{" SCHEMA_TEXT "}");
	json_member(p, "name", "{\"type\": \"string\", \"pattern\": \"" SCHEMA_NAME "\"}");
	json_member(p, "duration",
		"{\"oneOf\": [{\"type\": \"integer\", \"minimum\": 0}, {\"type\": \"string\", "
		"\"pattern\": \"^(P[0-9A-Z]+|[0-9]+|([0-9]+(d|h|ms|m|s))+)$\"}]}");
	json_member(p, "size",
		"{\"oneOf\": [{\"type\": \"integer\", \"minimum\": 0}, {\"type\": \"string\", "
		"\"pattern\": \"^[0-9]+ *([Bb]|[KMGTkmgt]([Ii]?[Bb])?)?$\"}]}");
	json_member(p, "exit_code", "{\"type\": \"integer\", \"minimum\": 0, \"maximum\": 255}");
	print_param(p);
	print_callback(p);
	print_object(p, "stage", "\"object\"", stage_keys, STAGE_KEY_COUNT);
	print_task(p, ops, n);
	end(p, '}');
}

static void print_dag_keys(struct printer *p)
{
	begin(p, "properties", '{');
	begin(p, "dag_id", '{');
	print_description(p, &dag_keys[DAG_KEY_DAG_ID]);
	json_member(p, "type", "\"string\"");
	text_member(p, "pattern", SCHEMA_DAG_ID);
	end(p, '}');
	print_keys(p, dag_keys + 1, DAG_KEY_COUNT - 1);
	end(p, '}');
	json_member(p, "additionalProperties", "false");
	json_member(p, "oneOf", "[{\"required\": [\"stages\"]}, {\"required\": [\"tasks\"]}]");
}

void schema_print(struct buf *out, const struct op_spec *const *ops, size_t n_ops)
{
	struct printer p = {.out = out, .depth = 1, .is_first = 1};

	buf_addc(out, '{');
	text_member(&p, "$schema", "http://json-schema.org/draft-07/schema#");
	text_member(&p, "title", "A DAG of windrow");
	json_member(&p, "type", "\"object\"");
	print_dag_keys(&p);
	print_definitions(&p, ops, n_ops);
	end(&p, '}');
	buf_addc(out, '\n');
}
