/*
 * An engine whose tasks end as soon as they are started: a conductor over an operator that runs
 * nothing. What a run costs here is the engine's own work.
 */
#ifndef BENCH_SWIFT_H
#define BENCH_SWIFT_H

struct dag;
struct swift;

/* Makes one for the DAG, which it takes over. What goes wrong, here and below, ends the program. */
struct swift *swift_create(struct dag *dag);
void swift_destroy(struct swift *s);

/* Takes a run from its start to its end. */
void swift_run(struct swift *s);

#endif
