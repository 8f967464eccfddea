/*
 * The journal and the store of a simulated daemon, in memory, behind store/journal.h and
 * store/store_run.h. What is committed is written when the test says so, and may be lost before.
 */
#ifndef TESTS_SIM_FAKE_JOURNAL_H
#define TESTS_SIM_FAKE_JOURNAL_H

#include <stdbool.h>
#include <stddef.h>

#include "store/journal.h"
#include "store/store_run.h"

struct journal *fake_journal_create(void);
void fake_journal_destroy(struct journal *j);

/* Writes the oldest batch that waits; false: none does. Its callback comes with
 * fake_journal_answer(). */
bool fake_journal_write(struct journal *j);

/* Calls back for the oldest batch that was written; false: there is none. */
bool fake_journal_answer(struct journal *j);

/* The daemon has died: nothing is added or written any more, and what waits is lost. */
void fake_journal_kill(struct journal *j);

/* It starts anew, with what was written. Whoever still waits for a batch has been called back. */
void fake_journal_revive(struct journal *j);

/* As a store, which is the same for all. */
struct store *fake_journal_store(struct journal *j);

#endif
