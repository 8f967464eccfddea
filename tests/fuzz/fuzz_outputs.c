/*
 * What a task leaves. The first byte chooses: the bytes are its response, of which whatever is
 * taken is stored and comes back the same; or they are what is stored, of which whatever comes back
 * can be asked for, output by output. And it chooses what else the task has left, how far it is,
 * and whether it is a task or one instance of a for_each.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "engine/arena.h"
#include "engine/buf.h"
#include "engine/err.h"
#include "scheduler/outputs.h"
#include "tests/unit/dag_kit.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Bits of the first byte. */
#define IS_STORED 1
#define HAS_NO_EXIT_CODE 2
#define IS_DETACHED 4 /* it tells where its files are */
#define IS_INSTANCE 8
#define HAS_MESSAGE 16
#define IS_RUNNING 32
#define IS_AGAIN 64 /* it has left something before */

#define ITEMS 3
#define MESSAGE "it said why"

static const char text[] = "dag_id: d\n"
			   "tasks:\n"
			   "  one: {operator: local, command: 'true'}\n"
			   "  each: {operator: local, command: 'true', for_each: [1, 2, 3]}\n";
static struct dag *dag;

/* Whose outputs they are. */
struct whose {
	uint32_t task, instance;
};

/* Whether an output has a value of its type. */
static int is_of_type(enum output_id id, const struct value *v)
{
	return id == OUTPUT_RESPONSE ||
		v->type ==
		(id == OUTPUT_EXIT_CODE			 ? VALUE_NUMBER
				: id == OUTPUT_COMPLETED ? VALUE_BOOL
							 : VALUE_STRING);
}

/* An expression sees the value itself, or a list of each instance's. */
static void must_be_seen(
	const struct outputs *o, struct whose w, enum output_id id, const struct value *one)
{
	struct arena *a = arena_create(0);
	struct value all, other;
	struct err e = {.text = ""};

	if (w.instance == RUN_NO_INSTANCE) {
		if (one == NULL ? outputs_get(o, w.task, id, a, &all, &e) == 0
				: outputs_get(o, w.task, id, a, &all, &e) != 0 ||
					!value_equal(&all, one))
			abort();
	} else {
		if (outputs_get(o, w.task, id, a, &all, &e) != 0 || all.type != VALUE_LIST ||
			all.len != ITEMS)
			abort();
		for (uint32_t i = 0; i < ITEMS; i++) {
			int has_one = i == w.instance
				? one != NULL
				: outputs_get_one(o, w.task, i, id, &other, &e) == 0;

			if (has_one ? !value_equal(&all.u.items[i], i == w.instance ? one : &other)
				    : all.u.items[i].type != VALUE_NULL)
				abort();
		}
	}
	arena_destroy(a);
}

/* Asks for everything; each is a value of its type, or is told to be missing, and by whom. */
static void ask_all(const struct outputs *o, struct whose w, int is_over)
{
	struct value v;
	struct buf b;

	for (int id = 0; id < OUTPUT_COUNT; id++) {
		struct err e = {.text = ""};

		if (outputs_get_one(o, w.task, w.instance, (enum output_id)id, &v, &e) == 0) {
			buf_init(&b, 0);
			value_json(&v, &b);
			buf_free(&b);
			if (!is_of_type((enum output_id)id, &v))
				abort();
			must_be_seen(o, w, (enum output_id)id, &v);
			continue;
		}
		if (strstr(e.text,
			    w.instance == RUN_NO_INSTANCE ? "main.one " : "main.each [1] ") !=
				e.text ||
			strstr(e.text, output_name((enum output_id)id)) == NULL)
			abort();
		must_be_seen(o, w, (enum output_id)id, NULL);
	}
	if (!is_over)
		return;
	if (outputs_get_one(o, w.task, w.instance, OUTPUT_ERROR_MESSAGE, &v, NULL) != 0 ||
		v.type != VALUE_STRING ||
		strcmp(v.u.text, outputs_message(o, w.task, w.instance)) != 0)
		abort();
}

static struct outputs *create(void)
{
	struct outputs *o = outputs_create(dag);

	if (o == NULL || outputs_expand(o, 1, ITEMS + 1) != 0 || outputs_expand(o, 1, ITEMS) != 0)
		abort();
	return o;
}

/* What is stored is read back, and stored again as the same bytes. The copy. */
static struct outputs *round_trip(const struct outputs *o, struct whose w, enum task_state state)
{
	struct outputs *again = create();
	struct buf first, second;
	struct err e;

	buf_init(&first, 0);
	buf_init(&second, 0);
	outputs_json(o, w.task, w.instance, &first);
	if (outputs_restore(again, w.task, w.instance, buf_str(&first), &e) != 0)
		abort();
	outputs_json(again, w.task, w.instance, &second);
	if (first.len != second.len || memcmp(buf_str(&first), buf_str(&second), first.len) != 0)
		abort();
	outputs_state_set(again, w.task, w.instance, state);
	ask_all(again, w, task_state_is_over(state));
	buf_free(&first);
	buf_free(&second);
	return again;
}

/* Whether it is these bytes, but for a newline at their end. */
static int is_text(const struct value *v, const char *bytes, size_t len)
{
	len -= len > 0 && bytes[len - 1] == '\n';
	return v->type == VALUE_STRING && v->len == len && memcmp(v->u.text, bytes, len) == 0;
}

/* Whether what a task has left, byte for byte, is what an expression gets. */
static void must_be_kept(const struct outputs *o, struct whose w, const struct op_result *r)
{
	struct arena *a = arena_create(0);
	struct value v, response;

	if (outputs_get_one(o, w.task, w.instance, OUTPUT_LOGS, &v, NULL) != 0 ||
		!is_text(&v, r->logs.data, r->logs.len) ||
		outputs_get_one(o, w.task, w.instance, OUTPUT_ERROR, &v, NULL) != 0 ||
		!is_text(&v, r->error.data, r->error.len) ||
		(outputs_get_one(o, w.task, w.instance, OUTPUT_EXIT_CODE, &v, NULL) == 0) !=
			(r->exit_code >= 0))
		abort();
	if (memchr(r->response.data, '\0', r->response.len) == NULL) {
		if (outputs_get_one(o, w.task, w.instance, OUTPUT_RESPONSE, &v, NULL) != 0)
			abort();
		if (value_parse_json(a, r->response.data, r->response.len, &response, NULL) == 0
				? !value_equal(&v, &response)
				: !is_text(&v, r->response.data, r->response.len))
			abort();
	}
	arena_destroy(a);
}

static void keep(struct outputs *o, struct whose w, int choice, const char *bytes, size_t len)
{
	int is_detached = choice & IS_DETACHED;
	enum task_state state = choice & IS_RUNNING ? TASK_RUNNING : TASK_FAILED;
	struct op_result r = {.verdict = OP_EXITED,
		.exit_code = choice & HAS_NO_EXIT_CODE ? -1 : (int)(len % 256),
		.completed = true,
		.message = "",
		.response = {bytes, len},
		.logs = {bytes, len / 2},
		.error = {bytes, len / 3},
		.response_path = is_detached ? "/r" : "",
		.log_path = is_detached ? "/l" : "",
		.error_path = is_detached ? "/e" : "",
		.user_folder = is_detached ? "/u" : ""};
	struct err e = {.text = ""};
	struct outputs *again;
	uint32_t n_items;

	if (outputs_keep(o, w.task, w.instance, "execution-1", &r, &e) != 0 && e.text[0] == '\0')
		abort();
	if ((choice & HAS_MESSAGE) != 0 &&
		outputs_message_keep(o, w.task, w.instance, MESSAGE) != 0)
		abort();
	outputs_state_set(o, w.task, w.instance, state);
	if (strcmp(outputs_message(o, w.task, w.instance),
		    (choice & HAS_MESSAGE) != 0 && state != TASK_SUCCESS ? MESSAGE : "") != 0 ||
		outputs_failed(o, 1, &n_items) !=
			(state == TASK_FAILED && w.instance != RUN_NO_INSTANCE) ||
		n_items != ITEMS)
		abort();
	must_be_kept(o, w, &r);
	again = round_trip(o, w, state);
	must_be_kept(again, w, &r);
	outputs_destroy(again);
}

/* What another try has left before. */
static void leave(struct outputs *o, struct whose w)
{
	static const char stored[] =
		"{\"response\":1,\"exitCode\":1,\"completed\":true,\"errorMessage\":\"m\"}";
	struct err e;
	struct buf b;

	if (outputs_restore(o, w.task, w.instance, stored, &e) != 0)
		abort();
	outputs_clear(o, w.task, w.instance);
	buf_init(&b, 0);
	outputs_json(o, w.task, w.instance, &b);
	if (b.len != 0 || strcmp(outputs_message(o, w.task, w.instance), "") != 0)
		abort();
	ask_all(o, w, 0);
	buf_free(&b);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct whose w = {.task = 0, .instance = RUN_NO_INSTANCE};
	struct err e = {.text = ""};
	struct outputs *o;
	char *bytes;

	if (dag == NULL)
		dag = dag_kit_load(text);
	if (size == 0)
		return 0;
	if ((data[0] & IS_INSTANCE) != 0)
		w = (struct whose){.task = 1, .instance = 1};
	o = create();
	bytes = malloc(size);
	if (bytes == NULL)
		abort();
	memcpy(bytes, data + 1, size - 1);
	bytes[size - 1] = '\0';
	if ((data[0] & IS_AGAIN) != 0)
		leave(o, w);
	if ((data[0] & IS_STORED) == 0) {
		keep(o, w, data[0], bytes, size - 1);
	} else if (outputs_restore(o, w.task, w.instance, bytes, &e) == 0) {
		outputs_state_set(o, w.task, w.instance, TASK_SUCCESS);
		ask_all(o, w, 1);
		outputs_destroy(round_trip(o, w, TASK_SUCCESS));
	} else if (e.text[0] == '\0') {
		abort();
	}
	free(bytes);
	outputs_destroy(o);
	return 0;
}
