/*
 * A growing row of bytes. Invariant: data is NULL and len and cap are 0, or data[len] is NUL and
 * len < cap, where cap is at most max + 1: what fits into the memory is within the maximum.
 */
#include "engine/buf.h"

#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "engine/err.h"

#define BUF_MIN ((size_t)64)

void buf_init(struct buf *b, size_t max)
{
	memset(b, 0, sizeof(*b));
	b->max = max;
}

void buf_free(struct buf *b)
{
	size_t max = b->max;

	free(b->data);
	buf_init(b, max);
}

void buf_reset(struct buf *b)
{
	b->len = 0;
	b->status = 0;
	if (b->data != NULL)
		b->data[0] = '\0';
}

/* Makes the memory larger, by at least as much again. */
static char *grow(struct buf *b, size_t len)
{
	size_t cap = b->cap == 0 ? BUF_MIN : b->cap;
	char *data;

	if (len > SIZE_MAX / 2 - b->len || (b->max != 0 && len > b->max - b->len)) {
		b->status = ERR_LIMIT;
		return NULL;
	}
	while (cap <= b->len + len)
		cap *= 2;
	if (b->max != 0 && cap > b->max)
		cap = b->max + 1;
	data = realloc(b->data, cap);
	if (data == NULL) {
		b->status = ERR_NOMEM;
		return NULL;
	}
	data[b->len] = '\0';
	b->data = data;
	b->cap = cap;
	return data + b->len;
}

char *buf_room(struct buf *b, size_t len)
{
	if (b->status != 0)
		return NULL;
	return len < b->cap - b->len ? b->data + b->len : grow(b, len);
}

void buf_add(struct buf *b, const void *p, size_t len)
{
	char *to;

	if (len == 0)
		return;
	to = buf_room(b, len);
	if (to == NULL)
		return;
	memcpy(to, p, len);
	b->len += len;
	to[len] = '\0';
}

void buf_addc(struct buf *b, char c)
{
	buf_add(b, &c, 1);
}

void buf_adds(struct buf *b, const char *s)
{
	buf_add(b, s, strlen(s));
}

/* N.B. mostly there is room enough, and then the text is made once; else its length is known when
 * it is made again. */
void buf_addf(struct buf *b, const char *fmt, ...)
{
	size_t room;
	va_list ap;
	char *to;
	int n;

	if (b->status != 0)
		return;
	room = b->cap - b->len;
	va_start(ap, fmt);
	n = vsnprintf(b->data == NULL ? NULL : b->data + b->len, room, fmt, ap);
	va_end(ap);
	if (n > 0 && (size_t)n < room) {
		b->len += (size_t)n;
		return;
	}
	if (b->data != NULL)
		b->data[b->len] = '\0';
	to = n <= 0 ? NULL : buf_room(b, (size_t)n);
	if (to == NULL)
		return;
	va_start(ap, fmt);
	(void)vsnprintf(to, (size_t)n + 1, fmt, ap);
	va_end(ap);
	b->len += (size_t)n;
}

int buf_status(const struct buf *b)
{
	return b->status;
}

const char *buf_str(const struct buf *b)
{
	return b->data == NULL ? "" : b->data;
}

char *buf_steal(struct buf *b)
{
	char *data;

	if (b->status != 0 || (b->data == NULL && buf_room(b, 0) == NULL))
		return NULL;
	data = b->data;
	buf_init(b, b->max);
	return data;
}
