/*
 * What a task leaves. The first byte chooses: the bytes are its response, of which whatever is
 * taken is stored and comes back the same; or they are what is stored, of which whatever comes back
 * can be asked for, output by output.
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

static const char text[] = "dag_id: d\ntasks:\n  t: {operator: local, command: 'true'}\n";
static struct dag *dag;

/* Whether an output has a value of its type. */
static int is_of_type(enum output_id id, const struct value *v)
{
	return id == OUTPUT_RESPONSE ||
		v->type ==
		(id == OUTPUT_EXIT_CODE			 ? VALUE_NUMBER
				: id == OUTPUT_COMPLETED ? VALUE_BOOL
							 : VALUE_STRING);
}

/* Asks for everything; each is a value of its type, or is told to be missing. */
static void ask_all(const struct outputs *o)
{
	struct arena *a = arena_create(0);
	struct value v;
	struct buf b;

	for (int id = 0; id < OUTPUT_COUNT; id++) {
		struct err e = {.text = ""};

		buf_init(&b, 0);
		if (outputs_get(o, 0, (enum output_id)id, a, &v, &e) == 0) {
			value_json(&v, &b);
			if (!is_of_type((enum output_id)id, &v))
				abort();
		} else if (e.text[0] == '\0') {
			abort();
		}
		buf_free(&b);
	}
	if (outputs_get(o, 0, OUTPUT_ERROR_MESSAGE, a, &v, NULL) != 0 || v.type != VALUE_STRING ||
		strcmp(v.u.text, outputs_message(o, 0, RUN_NO_INSTANCE)) != 0)
		abort();
	arena_destroy(a);
}

/* What is stored is read back, and stored again as the same bytes. */
static void round_trip(const struct outputs *o)
{
	struct outputs *again = outputs_create(dag);
	struct buf first, second;
	struct err e;

	buf_init(&first, 0);
	buf_init(&second, 0);
	outputs_json(o, 0, RUN_NO_INSTANCE, &first);
	if (outputs_restore(again, 0, RUN_NO_INSTANCE, buf_str(&first), &e) != 0)
		abort();
	outputs_json(again, 0, RUN_NO_INSTANCE, &second);
	if (first.len != second.len || memcmp(buf_str(&first), buf_str(&second), first.len) != 0)
		abort();
	outputs_state_set(again, 0, RUN_NO_INSTANCE, TASK_SUCCESS);
	ask_all(again);
	outputs_destroy(again);
	buf_free(&first);
	buf_free(&second);
}

static void keep(struct outputs *o, const char *bytes, size_t len)
{
	struct op_result r = {.verdict = OP_EXITED,
		.exit_code = (int)(len % 256),
		.completed = true,
		.message = "",
		.response = {bytes, len},
		.logs = {bytes, len / 2},
		.error = {bytes, len / 3},
		.response_path = "/r",
		.log_path = "",
		.error_path = "",
		.user_folder = ""};
	struct err e = {.text = ""};

	if (outputs_keep(o, 0, RUN_NO_INSTANCE, "execution-1", &r, &e) != 0 && e.text[0] == '\0')
		abort();
	round_trip(o);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct err e = {.text = ""};
	struct outputs *o;
	char *bytes;

	if (dag == NULL)
		dag = dag_kit_load(text);
	if (size == 0)
		return 0;
	o = outputs_create(dag);
	bytes = malloc(size);
	if (o == NULL || bytes == NULL)
		abort();
	memcpy(bytes, data + 1, size - 1);
	bytes[size - 1] = '\0';
	if (data[0] % 2 == 0) {
		keep(o, bytes, size - 1);
	} else if (outputs_restore(o, 0, RUN_NO_INSTANCE, bytes, &e) == 0) {
		outputs_state_set(o, 0, RUN_NO_INSTANCE, TASK_SUCCESS);
		ask_all(o);
		round_trip(o);
	} else if (e.text[0] == '\0') {
		abort();
	}
	free(bytes);
	outputs_destroy(o);
	return 0;
}
