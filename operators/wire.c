/* Frames: a length, the fixed part, then each string as its length, its bytes and a NUL. */
#include "operators/wire.h"

#include <string.h>

#include "engine/buf.h"
#include "engine/err.h"

struct frame {
	uint64_t size; /* of all, itself included */
	struct wire_message m;
};

void wire_begin(struct buf *out, const struct wire_message *m, size_t *start)
{
	struct frame f = {.m = *m};

	f.m.n_strings = 0;
	*start = out->len;
	buf_add(out, &f, sizeof(f));
}

void wire_string(struct buf *out, size_t start, const void *p, size_t len)
{
	uint64_t size = len;
	struct frame f;

	buf_add(out, &size, sizeof(size));
	buf_add(out, p, len);
	buf_addc(out, '\0');
	if (buf_status(out) != 0)
		return;
	memcpy(&f, out->data + start, sizeof(f));
	f.m.n_strings++;
	memcpy(out->data + start, &f, sizeof(f));
}

void wire_end(struct buf *out, size_t start)
{
	struct frame f;

	if (buf_status(out) != 0)
		return;
	memcpy(&f, out->data + start, sizeof(f));
	f.size = out->len - start;
	memcpy(out->data + start, &f, sizeof(f));
}

void wire_numbers_set(struct buf *out, size_t start, const int64_t n[WIRE_NUMBERS])
{
	struct frame f;

	if (buf_status(out) != 0)
		return;
	memcpy(&f, out->data + start, sizeof(f));
	memcpy(f.m.n, n, sizeof(f.m.n));
	memcpy(out->data + start, &f, sizeof(f));
}

int64_t wire_read(const char *p, size_t len, struct wire_reader *r)
{
	struct frame f;

	if (len < sizeof(f))
		return 0;
	memcpy(&f, p, sizeof(f));
	if (f.size < sizeof(f) || f.size > WIRE_FRAME_MAX)
		return ERR_CORRUPT;
	if (len < f.size)
		return 0;
	r->m = f.m;
	r->at = p + sizeof(f);
	r->end = p + f.size;
	r->left = f.m.n_strings;
	return (int64_t)f.size;
}

const char *wire_string_next(struct wire_reader *r, size_t *len)
{
	const char *text;
	uint64_t size;

	if (r->left == 0 || (size_t)(r->end - r->at) < sizeof(size) + 1)
		return NULL;
	memcpy(&size, r->at, sizeof(size));
	text = r->at + sizeof(size);
	if (size >= (uint64_t)(r->end - text) || text[size] != '\0')
		return NULL;
	r->at = text + size + 1;
	r->left--;
	if (len != NULL)
		*len = (size_t)size;
	return text;
}
