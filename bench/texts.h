/* DAG files for measurements, of any number of tasks. */
#ifndef BENCH_TEXTS_H
#define BENCH_TEXTS_H

struct buf;

struct text {
	const char *name;
	void (*make)(struct buf *b, int task); /* adds a task's text */
};

enum { TEXT_MIXED, TEXT_PLAIN, TEXT_CHAIN, TEXT_WIDE, TEXT_SCRIPTS, TEXT_EXPRESSIONS, TEXTS };

/* The mixed file has what DAGs have, in the proportions that they have it; the others have one
 * thing over and over. */
extern const struct text texts[TEXTS];

/* Adds the text of a DAG of n tasks. */
void text_make(struct buf *b, const struct text *text, int n);

#endif
