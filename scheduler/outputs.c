/*
 * Outputs. A slot is a task, or an instance of one; what is not set was not published: a task that
 * was skipped has a status and nothing else.
 */
#include "scheduler/outputs.h"

#include <stdlib.h>
#include <string.h>

#include "engine/arena.h"
#include "engine/buf.h"
#include "engine/dag.h"
#include "engine/err.h"
#include "engine/value.h"

/* What one try has published; lives in its own arena. */
struct entry {
	struct arena *arena;
	bool is_set[OUTPUT_COUNT];
	struct value value[OUTPUT_COUNT];
};

struct slot {
	struct entry *entry; /* NULL: nothing */
	struct slot *instances; /* of a for_each that is expanded */
	uint32_t n_instances; /* how many there ever were */
	uint32_t n_items; /* how many there are */
	bool is_expanded;
	enum task_state state;
};

struct outputs {
	const struct dag *dag;
	struct slot *slots; /* by task */
};

struct outputs *outputs_create(const struct dag *d)
{
	struct outputs *o = calloc(1, sizeof(*o));

	if (o == NULL)
		return NULL;
	o->dag = d;
	o->slots = calloc(d->n_tasks, sizeof(*o->slots));
	if (o->slots == NULL) {
		free(o);
		return NULL;
	}
	return o;
}

static void slot_empty(struct slot *s)
{
	if (s->entry != NULL)
		arena_destroy(s->entry->arena);
	s->entry = NULL;
}

static void slot_collapse(struct slot *s)
{
	for (uint32_t i = 0; i < s->n_instances; i++)
		slot_empty(&s->instances[i]);
	free(s->instances);
	s->instances = NULL;
	s->n_instances = s->n_items = 0;
}

void outputs_destroy(struct outputs *o)
{
	if (o == NULL)
		return;
	for (uint32_t i = 0; i < o->dag->n_tasks; i++) {
		slot_collapse(&o->slots[i]);
		slot_empty(&o->slots[i]);
	}
	free(o->slots);
	free(o);
}

static struct slot *slot_of(const struct outputs *o, uint32_t task, uint32_t instance)
{
	struct slot *s = &o->slots[task];

	return instance == RUN_NO_INSTANCE ? s : &s->instances[instance];
}

static struct entry *entry_of(struct slot *s)
{
	struct arena *a;

	if (s->entry != NULL)
		return s->entry;
	a = arena_create(0);
	s->entry = a == NULL ? NULL : arena_alloc(a, sizeof(*s->entry));
	if (s->entry == NULL)
		arena_destroy(a);
	else
		s->entry->arena = a;
	return s->entry;
}

int outputs_expand(struct outputs *o, uint32_t task, uint32_t n_items)
{
	struct slot *s = &o->slots[task];
	struct slot *instances;

	if (n_items > s->n_instances) {
		instances = realloc(s->instances, n_items * sizeof(*instances));
		if (instances == NULL)
			return ERR_NOMEM;
		memset(instances + s->n_instances, 0,
			(n_items - s->n_instances) * sizeof(*instances));
		s->instances = instances;
		s->n_instances = n_items;
	}
	s->n_items = n_items;
	s->is_expanded = true;
	return 0;
}

/* N.B. the instances stay: those that are to be removed are told of yet. */
void outputs_collapse(struct outputs *o, uint32_t task)
{
	o->slots[task].n_items = 0;
	o->slots[task].is_expanded = false;
}

uint32_t outputs_failed(const struct outputs *o, uint32_t task, uint32_t *n_items)
{
	const struct slot *s = &o->slots[task];
	uint32_t n = 0;

	for (uint32_t i = 0; i < s->n_items; i++)
		n += s->instances[i].state == TASK_FAILED;
	*n_items = s->n_items;
	return n;
}

void outputs_clear(struct outputs *o, uint32_t task, uint32_t instance)
{
	slot_empty(slot_of(o, task, instance));
}

void outputs_state_set(struct outputs *o, uint32_t task, uint32_t instance, enum task_state state)
{
	slot_of(o, task, instance)->state = state;
}

static void set(struct entry *n, enum output_id id, struct value v)
{
	n->is_set[id] = true;
	n->value[id] = v;
}

/* Keeps bytes as a text, without a newline at their end. */
static int set_text(struct entry *n, enum output_id id, struct op_bytes b)
{
	size_t len = b.len > 0 && b.data[b.len - 1] == '\n' ? b.len - 1 : b.len;
	const char *copy = arena_memdup(n->arena, b.len == 0 ? "" : b.data, len);

	if (copy == NULL)
		return ERR_NOMEM;
	set(n, id, value_string(copy, len));
	return 0;
}

static int set_string(struct entry *n, enum output_id id, const char *s)
{
	return set_text(n, id, (struct op_bytes){.data = s, .len = strlen(s)});
}

static int set_int(struct entry *n, enum output_id id, int64_t number)
{
	struct value v;
	int r = value_int_make(n->arena, number, &v);

	if (r == 0)
		set(n, id, v);
	return r;
}

/* A response is JSON where it is JSON, else text. ERR_INVALID, and e says so; ERR_NOMEM. */
static int set_response(struct entry *n, struct op_bytes b, struct err *e)
{
	struct value v;
	struct err why;
	int r;

	if (b.data == NULL)
		return 0;
	if (memchr(b.data, '\0', b.len) != NULL)
		return err_set(e, ERR_INVALID, "the response holds a NUL byte");
	r = value_parse_json(n->arena, b.data, b.len, &v, &why);
	if (r == ERR_NOMEM)
		return r;
	if (r != 0)
		return set_text(n, OUTPUT_RESPONSE, b);
	set(n, OUTPUT_RESPONSE, v);
	return 0;
}

int outputs_message_keep(struct outputs *o, uint32_t task, uint32_t instance, const char *message)
{
	struct entry *n = entry_of(slot_of(o, task, instance));

	return n == NULL ? ERR_NOMEM : set_string(n, OUTPUT_ERROR_MESSAGE, message);
}

int outputs_keep(struct outputs *o, uint32_t task, uint32_t instance, const char *execution_id,
	const struct op_result *r, struct err *e)
{
	struct entry *n = entry_of(slot_of(o, task, instance));
	int status;

	if (n == NULL)
		return err_set(e, ERR_NOMEM, "%s", err_text(ERR_NOMEM));
	status = r->exit_code < 0 ? 0 : set_int(n, OUTPUT_EXIT_CODE, r->exit_code);
	set(n, OUTPUT_COMPLETED, value_bool(r->completed));
	if (status == 0)
		status = set_string(n, OUTPUT_SCRIPT_EXECUTION_ID, execution_id);
	if (status == 0 && r->response_path[0] != '\0')
		status = set_string(n, OUTPUT_RESPONSE_FILE_PATH, r->response_path);
	if (status == 0 && r->log_path[0] != '\0')
		status = set_string(n, OUTPUT_LOG_FILE_PATH, r->log_path);
	if (status == 0 && r->error_path[0] != '\0')
		status = set_string(n, OUTPUT_ERROR_FILE_PATH, r->error_path);
	if (status == 0 && r->user_folder[0] != '\0')
		status = set_string(n, OUTPUT_USER_FOLDER, r->user_folder);
	if (status == 0)
		status = set_text(n, OUTPUT_LOGS, r->logs);
	if (status == 0)
		status = set_text(n, OUTPUT_ERROR, r->error);
	if (status == 0)
		status = set_response(n, r->response, e);
	return status == ERR_NOMEM ? err_set(e, status, "%s", err_text(status)) : status;
}

void outputs_json(const struct outputs *o, uint32_t task, uint32_t instance, struct buf *out)
{
	const struct entry *n = slot_of(o, task, instance)->entry;
	struct value_pair pairs[OUTPUT_COUNT];
	struct value all = {.type = VALUE_MAP, .u.pairs = pairs};

	if (n == NULL)
		return;
	for (int id = 0; id < OUTPUT_COUNT; id++) {
		const char *name = output_name((enum output_id)id);

		if (n->is_set[id])
			pairs[all.len++] = (struct value_pair){
				.key = name, .key_len = strlen(name), .value = n->value[id]};
	}
	value_json_exact(&all, out);
}

/* Whether an output can have such a value. */
static bool is_fit(enum output_id id, const struct value *v)
{
	switch (id) {
	case OUTPUT_RESPONSE:
		return true;
	case OUTPUT_EXIT_CODE:
		return v->type == VALUE_NUMBER;
	case OUTPUT_COMPLETED:
		return v->type == VALUE_BOOL;
	default:
		return v->type == VALUE_STRING;
	}
}

int outputs_restore(
	struct outputs *o, uint32_t task, uint32_t instance, const char *json, struct err *e)
{
	struct entry *n = entry_of(slot_of(o, task, instance));
	struct value all;
	int r;

	if (n == NULL)
		return err_set(e, ERR_NOMEM, "%s", err_text(ERR_NOMEM));
	r = value_parse_json_exact(n->arena, json, strlen(json), &all, e);
	if (r == ERR_INVALID || (r == 0 && all.type != VALUE_MAP))
		r = err_set(e, ERR_CORRUPT, "the outputs of %s are stored as no object",
			o->dag->tasks[task].id);
	for (int id = 0; r == 0 && id < OUTPUT_COUNT; id++) {
		const char *name = output_name((enum output_id)id);
		const struct value *v = value_member(&all, name, strlen(name));

		if (v != NULL && !is_fit((enum output_id)id, v))
			r = err_set(e, ERR_CORRUPT, "the outputs of %s are stored with a %s as %s",
				o->dag->tasks[task].id, value_type_name(v->type), name);
		else if (v != NULL)
			set(n, (enum output_id)id, *v);
	}
	return r;
}

/* Whether it tells where a file lies. */
static bool is_path(enum output_id id)
{
	return id == OUTPUT_RESPONSE_FILE_PATH || id == OUTPUT_LOG_FILE_PATH ||
		id == OUTPUT_ERROR_FILE_PATH;
}

/* Why there is no such output. */
static int tell_missing(const struct task *t, uint32_t instance, const struct slot *s,
	enum output_id id, struct err *e)
{
	const char *name = output_name(id);
	char which[32] = "";

	if (instance != RUN_NO_INSTANCE)
		(void)snprintf(which, sizeof(which), " [%u]", instance);
	if (!task_state_is_over(s->state))
		return err_set(e, ERR_NOTFOUND, "%s%s has no %s yet: it is %s", t->id, which, name,
			task_state_name(s->state));
	if (is_path(id) && s->entry != NULL && s->entry->is_set[OUTPUT_EXIT_CODE])
		return err_set(e, ERR_NOTFOUND,
			"%s%s has no %s: with `detach: false` or `get_pty: true` its files are "
			"not kept on the host",
			t->id, which, name);
	if (id == OUTPUT_RESPONSE && s->entry != NULL && s->entry->is_set[OUTPUT_COMPLETED])
		return err_set(e, ERR_NOTFOUND, "%s%s wrote no response", t->id, which);
	return err_set(e, ERR_NOTFOUND, "%s%s has no %s: it is %s", t->id, which, name,
		task_state_name(s->state));
}

int outputs_get_one(const struct outputs *o, uint32_t task, uint32_t instance, enum output_id id,
	struct value *out, struct err *e)
{
	const struct slot *s = slot_of(o, task, instance);
	const char *name = task_state_name(s->state);
	bool is_set = s->entry != NULL && s->entry->is_set[id];

	if (id == OUTPUT_STATUS && task_state_is_over(s->state))
		*out = value_string(name, strlen(name));
	else if (id == OUTPUT_ERROR_MESSAGE &&
		(s->state == TASK_SUCCESS || (!is_set && task_state_is_over(s->state))))
		*out = value_string(
			"", 0); /* of a success, too, that failed before it was marked */
	else if (is_set)
		*out = s->entry->value[id];
	else
		return tell_missing(&o->dag->tasks[task], instance, s, id, e);
	return 0;
}

const char *outputs_message(const struct outputs *o, uint32_t task, uint32_t instance)
{
	const struct slot *s = slot_of(o, task, instance);

	if (s->entry == NULL || !s->entry->is_set[OUTPUT_ERROR_MESSAGE] || s->state == TASK_SUCCESS)
		return "";
	return s->entry->value[OUTPUT_ERROR_MESSAGE].u.text;
}

int outputs_get(const struct outputs *o, uint32_t task, enum output_id id, struct arena *scratch,
	struct value *out, struct err *e)
{
	const struct task *t = &o->dag->tasks[task];
	const struct slot *s = &o->slots[task];
	struct value *items;
	struct err why;

	/* A for_each whose items were never asked for has no list; that of no items is empty. */
	if (!t->is_for_each || !s->is_expanded)
		return outputs_get_one(o, task, RUN_NO_INSTANCE, id, out, e);
	items = arena_array(scratch, s->n_items, sizeof(*items));
	if (items == NULL)
		return err_set(e, ERR_NOMEM, "%s", err_text(ERR_NOMEM));
	for (uint32_t i = 0; i < s->n_items; i++)
		if (outputs_get_one(o, task, i, id, &items[i], &why) != 0)
			items[i] = value_null();
	*out = (struct value){.type = VALUE_LIST, .len = s->n_items, .u.items = items};
	return 0;
}
