/*
 * A growing row of bytes with a maximum.
 *
 * Failure sticks: after one addition failed, all further ones do nothing, and the caller asks
 * once, at the end, with buf_status(). data is always followed by a NUL that len does not count.
 */
#ifndef ENGINE_BUF_H
#define ENGINE_BUF_H

#include <stddef.h>

struct buf {
	char *data;
	size_t len;
	size_t cap;
	size_t max;
	int status;
};

/* An empty buffer that may grow to max bytes (0: no maximum). Holds no memory yet. */
void buf_init(struct buf *b, size_t max);

/* Frees the bytes and makes the buffer empty and good again. */
void buf_free(struct buf *b);

/* Empties the buffer and forgets a failure, keeping the memory. */
void buf_reset(struct buf *b);

/* Each adds to the end. */
void buf_add(struct buf *b, const void *p, size_t len);
void buf_addc(struct buf *b, char c);
void buf_adds(struct buf *b, const char *s);
void buf_addf(struct buf *b, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

/* Room for at least len more bytes at data + len; NULL on failure. The caller adds to b->len. */
char *buf_room(struct buf *b, size_t len);

/* How many bytes more fit into the memory that there is. */
static inline size_t buf_left(const struct buf *b)
{
	return b->cap == 0 ? 0 : b->cap - 1 - b->len;
}

/* 0, ERR_NOMEM or ERR_LIMIT: the first failure since buf_init or buf_reset. */
int buf_status(const struct buf *b);

/* The bytes as a C string ("" where empty); stays valid until the next change. */
const char *buf_str(const struct buf *b);

/* Hands the bytes (malloc'd, NUL behind them) to the caller and empties the buffer; NULL on
 * failure. */
char *buf_steal(struct buf *b);

#endif
