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

/* Whether a message is made up of its strings. */
static bool is_sound(struct wire_reader r)
{
	while (r.left > 0)
		if (wire_string_next(&r, NULL) == NULL)
			return false;
	return r.at == r.end;
}

int64_t wire_read(const char *p, size_t len, struct wire_reader *r)
{
	struct wire_reader out;
	struct frame f;

	if (len < sizeof(f))
		return 0;
	memcpy(&f, p, sizeof(f));
	if (f.size < sizeof(f) || f.size > WIRE_FRAME_MAX)
		return ERR_CORRUPT;
	if (len < f.size)
		return 0;
	out = (struct wire_reader){
		.m = f.m, .at = p + sizeof(f), .end = p + f.size, .left = f.m.n_strings};
	if (!is_sound(out))
		return ERR_CORRUPT;
	*r = out;
	return (int64_t)f.size;
}
