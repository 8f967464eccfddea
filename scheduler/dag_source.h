/*
 * A DAG file's text, and what the bag keeps of the DAGs in it: little, so that ten thousand cost
 * little. Loading is safe on any thread.
 */
#ifndef SCHEDULER_DAG_SOURCE_H
#define SCHEDULER_DAG_SOURCE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "engine/diag.h"

struct load_options;
struct scan;
struct timetable;

#define DAG_HASH_SIZE 65 /* SHA-256 in hex, and a NUL */

/* What is kept of one DAG. */
struct dag_facts {
	char *dag_id;
	struct pos pos;
	struct timetable *timetable;
	uint32_t max_active_runs;
	bool is_paused_upon_creation;
	void *entry; /* the bag's */
};

/* What is wrong with a file. */
struct dag_fault {
	struct pos pos;
	char *text;
};

struct dag_faults {
	struct dag_fault *list;
	size_t n;
};

struct dag_source {
	char hash[DAG_HASH_SIZE]; /* of the file's name without folder, and the text; "": not read
				   */
	char *text; /* until it is stored; NULL */
	size_t len;
	struct dag_facts *dags; /* none where there are faults */
	size_t n_dags;
	struct dag_faults faults;
};

/* What loading needs besides a text: the operators and the time zones. All threads share one. */
struct dag_reader;

struct dag_reader *dag_reader_create(void);
void dag_reader_destroy(struct dag_reader *r);

/* The options of a load, but for the name of a DAG that says none. They are r's. */
const struct load_options *dag_reader_options(const struct dag_reader *r);

/* Reads a file of `path` and loads it, unless its hash is `known` (NULL: none is): then *out is
 * NULL. All that is wrong with the file stands in the source. scan may be NULL, and is one thread's
 * at a time. ERR_NOMEM, ERR_UNAVAILABLE: no descriptor is to be had just now. */
int dag_source_read(struct dag_reader *r, struct scan *scan, const char *path, const char *known,
	struct dag_source **out);
void dag_source_destroy(struct dag_source *s);

/* The file's name without its folder. */
const char *dag_source_name(const char *path);

/* The id of a DAG that says none: its file's name without folder and ending. malloc'd; NULL: no
 * memory. */
char *dag_source_id(const char *path);

/* Adds a fault, whose text is copied. ERR_NOMEM. */
int dag_faults_add(struct dag_faults *f, struct pos pos, const char *text);
void dag_faults_free(struct dag_faults *f);
bool dag_faults_are_equal(const struct dag_faults *a, const struct dag_faults *b);

#endif
