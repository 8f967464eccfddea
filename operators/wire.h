/*
 * Messages between the engine and its launcher: frames on a stream socket between two processes of
 * one program, so numbers go as they lie in memory. A message is a kind, a job, a few numbers and a
 * list of byte strings; launcher.h says what each kind carries.
 */
#ifndef OPERATORS_WIRE_H
#define OPERATORS_WIRE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct buf;

#define WIRE_FRAME_MAX ((size_t)256 << 20) /* bytes of one message */
#define WIRE_NUMBERS 5

struct wire_message {
	uint32_t kind;
	uint32_t n_strings;
	uint64_t job;
	int64_t n[WIRE_NUMBERS];
};

/* Begins a message at the end of out, adds strings to it, and ends it. *start is what wire_end()
 * needs. Failure sticks in out. */
void wire_begin(struct buf *out, const struct wire_message *m, size_t *start);
void wire_string(struct buf *out, size_t start, const void *p, size_t len);
void wire_end(struct buf *out, size_t start);

/* Changes the numbers of a message that was begun. */
void wire_numbers_set(struct buf *out, size_t start, const int64_t n[WIRE_NUMBERS]);

/* A message in bytes that were received, and its strings, one after the other. */
struct wire_reader {
	struct wire_message m;
	const char *at, *end;
	uint32_t left;
};

/* Takes the first message of p, whose strings are all there. How many bytes it has; 0 where it is
 * not whole yet; ERR_CORRUPT. */
int64_t wire_read(const char *p, size_t len, struct wire_reader *r);

/* The next string, with a NUL behind it; it lies in the bytes that were read. NULL: no more. */
const char *wire_string_next(struct wire_reader *r, size_t *len);

#endif
