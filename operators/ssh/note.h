/*
 * Notes in a row: what a connection has told of itself, kept for all whom it will serve.
 */
#ifndef OPERATORS_SSH_NOTE_H
#define OPERATORS_SSH_NOTE_H

#include "engine/buf.h"
#include "operators/ssh/transport.h"

/* Adds a copy of the note. Its failure is the buffer's. */
void ssh_note_add(struct buf *list, const struct ssh_note *n);

/* The next note; *at is 0 at first. Its text lives in the list. False: there is no more. */
bool ssh_note_next(const struct buf *list, size_t *at, struct ssh_note *out);

#endif
