/*
 * Finding secrets in a stream of bytes.
 *
 * All spellings stand in one table, sorted by their first two bytes and then longest first. A
 * bitmap over pairs of bytes tells at nearly every place of the text that nothing begins there;
 * only at the others are spellings compared. Invariant: every spelling has at least MASK_SECRET_MIN
 * bytes, so a pair of bytes always decides.
 */
#include "engine/mask.h"

#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "engine/buf.h"
#include "engine/err.h"
#include "engine/mask_spell.h"

#define PAIRS 65536

enum spelling_flag {
	IS_SECRET = 1 << 0, /* known in all its spellings */
	IS_BASE64 = 1 << 1, /* line ends may stand within it */
	IS_BARE = 1 << 2, /* backslashes may stand within it; one that is its second byte must */
};

struct spelling {
	unsigned char *bytes;
	size_t len;
	unsigned flags;
};

struct mask {
	struct spelling *list;
	size_t n, room;
	uint32_t first[PAIRS +
		1]; /* spellings with pair p are list[first[p]] .. list[first[p + 1] - 1] */
};

struct mask_stream {
	const struct mask *mask;
	struct buf held;
};

/* N.B. a compiler may not drop this, as it may drop a memset before a free. */
static void wipe(void *p, size_t len)
{
	volatile unsigned char *b = p;

	while (len-- > 0)
		*b++ = 0;
}

static unsigned pair_of(const unsigned char *b)
{
	return (unsigned)b[0] << 8 | b[1];
}

static int compare(const void *a, const void *b)
{
	const struct spelling *x = a, *y = b;
	unsigned p = pair_of(x->bytes), q = pair_of(y->bytes);

	if (p != q)
		return p < q ? -1 : 1;
	if (x->len != y->len)
		return x->len > y->len ? -1 : 1;
	return memcmp(x->bytes, y->bytes, x->len);
}

struct mask *mask_create(void)
{
	return calloc(1, sizeof(struct mask));
}

void mask_destroy(struct mask *m)
{
	if (m == NULL)
		return;
	for (size_t i = 0; i < m->n; i++) {
		wipe(m->list[i].bytes, m->list[i].len);
		free(m->list[i].bytes);
	}
	free(m->list);
	free(m);
}

/* Sorts the table, drops what stands in it twice and counts where each pair begins. */
static void index_build(struct mask *m)
{
	size_t kept = 0;

	if (m->n > 1)
		qsort(m->list, m->n, sizeof(m->list[0]), compare);
	for (size_t i = 0; i < m->n; i++) {
		if (kept > 0 && compare(&m->list[kept - 1], &m->list[i]) == 0) {
			m->list[kept - 1].flags |= m->list[i].flags;
			wipe(m->list[i].bytes, m->list[i].len);
			free(m->list[i].bytes);
			continue;
		}
		m->list[kept++] = m->list[i];
	}
	m->n = kept;
	memset(m->first, 0, sizeof(m->first));
	for (size_t i = 0; i < m->n; i++)
		m->first[pair_of(m->list[i].bytes) + 1]++;
	for (size_t p = 0; p < PAIRS; p++)
		m->first[p + 1] += m->first[p];
}

static int spelling_add(struct mask *m, const void *bytes, size_t len, unsigned flags)
{
	struct spelling *list;
	unsigned char *copy;
	size_t room;

	if (len < MASK_SECRET_MIN)
		return 0;
	if (m->n == MASK_SPELLINGS_MAX)
		return ERR_LIMIT;
	if (m->n == m->room) {
		room = m->room == 0 ? 64 : m->room * 2;
		list = realloc(m->list, room * sizeof(*list));
		if (list == NULL)
			return ERR_NOMEM;
		m->list = list;
		m->room = room;
	}
	copy = malloc(len);
	if (copy == NULL)
		return ERR_NOMEM;
	memcpy(copy, bytes, len);
	m->list[m->n].bytes = copy;
	m->list[m->n].len = len;
	m->list[m->n].flags = flags;
	m->n++;
	return 0;
}

/* N.B. a backslash behind its first byte would part the pair by which it is found. */
static int bare_add(struct mask *m, struct buf *bare)
{
	int r;

	if (bare->len < MASK_SECRET_MIN)
		return 0;
	r = spelling_add(m, bare->data, bare->len, IS_BARE);
	if (r != 0)
		return r;
	buf_addc(bare, '\0');
	r = buf_status(bare);
	if (r != 0)
		return r;
	memmove(bare->data + 2, bare->data + 1, bare->len - 2);
	bare->data[1] = '\\';
	return spelling_add(m, bare->data, bare->len, IS_BARE);
}

static int spellings_add(struct mask *m, const unsigned char *s, size_t len)
{
	unsigned n_bare = mask_spelling_has_bare(s, len) ? MASK_BARE_SPELLINGS : 0;
	struct buf out;
	int r = 0;

	buf_init(&out, 0);
	for (unsigned i = 0; i < MASK_SPELLINGS && r == 0; i++) {
		unsigned flags = mask_spelling_is_base64(i) ? IS_BASE64 : 0;

		buf_reset(&out);
		mask_spell(&out, s, len, i);
		r = buf_status(&out);
		if (r == 0)
			r = spelling_add(m, out.data, out.len, i == 0 ? IS_SECRET : flags);
		/* N.B. a line end behind its first digit would part the pair by which it is found.
		 */
		if (r == 0 && flags == IS_BASE64 && out.len > 0)
			r = spelling_add(m, out.data + 1, out.len - 1, IS_BASE64);
	}
	for (unsigned i = 0; i < n_bare && r == 0; i++) {
		buf_reset(&out);
		mask_spell_bare(&out, s, len, i);
		r = buf_status(&out);
		if (r == 0)
			r = bare_add(m, &out);
	}
	if (out.data != NULL)
		wipe(out.data, out.cap);
	buf_free(&out);
	return r;
}

/* The lines of a key are told apart from words by their length. */
#define LINE_MIN 16

/* Whether the secret was added before. N.B. that it is a spelling of another is not enough. */
static bool knows(const struct mask *m, const unsigned char *secret, size_t len)
{
	unsigned p = pair_of(secret);

	for (uint32_t i = m->first[p]; i < m->first[p + 1]; i++)
		if (m->list[i].len == len && memcmp(m->list[i].bytes, secret, len) == 0)
			return (m->list[i].flags & IS_SECRET) != 0;
	return false;
}

bool mask_is_empty(const struct mask *m)
{
	return m->n == 0;
}

static bool is_blank(unsigned char c)
{
	return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

/* Adds the secret without the blanks around it too, as a shell prints it for a word. */
static int word_add(struct mask *m, const unsigned char *s, size_t len)
{
	size_t whole = len;

	while (len > 0 && is_blank(s[len - 1]))
		len--;
	for (; len > 0 && is_blank(s[0]); s++)
		len--;
	return len == whole || len < MASK_SECRET_MIN ? 0 : spellings_add(m, s, len);
}

int mask_add(struct mask *m, const char *secret, size_t len)
{
	const char *end = secret + len, *line = secret, *nl;
	int r;

	while (len > 0 && secret[len - 1] == '\n')
		len--;
	if (len < MASK_SECRET_MIN)
		return 0;
	if (len > MASK_SECRET_MAX)
		return ERR_LIMIT;
	if (knows(m, (const unsigned char *)secret, len))
		return 0;
	r = spellings_add(m, (const unsigned char *)secret, len);
	if (r == 0)
		r = word_add(m, (const unsigned char *)secret, len);
	while (r == 0 && line < end && memchr(secret, '\n', len) != NULL) {
		nl = memchr(line, '\n', (size_t)(end - line));
		if (nl == NULL)
			nl = end;
		if (nl - line >= LINE_MIN)
			r = spelling_add(m, line, (size_t)(nl - line), 0);
		line = nl + 1;
	}
	index_build(m);
	return r;
}

struct mask_stream *mask_stream_create(const struct mask *m)
{
	struct mask_stream *s = calloc(1, sizeof(*s));

	if (s == NULL)
		return NULL;
	s->mask = m;
	buf_init(&s->held, 0);
	return s;
}

void mask_stream_destroy(struct mask_stream *s)
{
	if (s == NULL)
		return;
	if (s->held.data != NULL)
		wipe(s->held.data, s->held.cap);
	buf_free(&s->held);
	free(s);
}

enum found { FOUND_NOTHING, FOUND_SECRET, FOUND_PART };

/* How many bytes at b are none of the spelling's, but may stand before its next one. N.B. without
 * a maximum all that comes would be held back, and looked over anew with each piece. */
static size_t skipped(const struct spelling *s, const unsigned char *b, size_t left)
{
	size_t n = 0;

	for (; n < left && n < MASK_SKIPPED_MAX; n++) {
		bool is_end = b[n] == '\n' || b[n] == '\r';

		if (!(is_end && (s->flags & IS_BASE64) != 0) &&
			!(b[n] == '\\' && (s->flags & IS_BARE) != 0))
			break;
	}
	return n;
}

/* Compares a spelling with what begins at b. *used: the bytes of b that it takes, where it is there
 * whole. */
static enum found match(const struct spelling *s, const unsigned char *b, size_t left, size_t *used)
{
	size_t at = 0;

	if ((s->flags & (IS_BASE64 | IS_BARE)) == 0) {
		*used = s->len;
		if (memcmp(s->bytes, b, s->len < left ? s->len : left) != 0)
			return FOUND_NOTHING;
		return s->len <= left ? FOUND_SECRET : FOUND_PART;
	}
	for (size_t i = 0; i < s->len; i++, at++) {
		/* N.B. a spelling's own backslash is met before others are passed over. */
		if (i > 0 && s->bytes[i] != '\\')
			at += skipped(s, b + at, left - at);
		if (at == left)
			return FOUND_PART;
		if (b[at] != s->bytes[i])
			return FOUND_NOTHING;
	}
	*used = at;
	return FOUND_SECRET;
}

/* What begins at b: the longest spelling that is there whole (*len), or, where more bytes may come,
 * the beginning of one that the end of the bytes cuts off and that would be longer still. */
static enum found look(
	const struct mask *m, const unsigned char *b, size_t left, bool at_end, size_t *len)
{
	unsigned p = pair_of(b);
	enum found f;

	for (uint32_t i = m->first[p]; i < m->first[p + 1]; i++) {
		const struct spelling *s = &m->list[i];

		f = match(s, b, left, len);
		if (f == FOUND_NOTHING || (f == FOUND_PART && at_end))
			continue;
		return f;
	}
	return FOUND_NOTHING;
}

/* Whether any spelling begins with this byte: asked of a chunk's last byte alone. */
static bool begins_any(const struct mask *m, unsigned char c)
{
	return m->first[(size_t)c << 8] != m->first[((size_t)c + 1) << 8];
}

/* Masks what can be told of b and returns how many bytes of it are dealt with. */
static size_t mask_some(
	const struct mask *m, const unsigned char *b, size_t n, bool at_end, struct buf *out)
{
	size_t i = 0, clean = 0, len = 0;
	enum found f;

	while (i + 1 < n) {
		f = look(m, b + i, n - i, at_end, &len);
		if (f == FOUND_PART)
			break;
		if (f != FOUND_SECRET) {
			i++;
			continue;
		}
		buf_add(out, b + clean, i - clean);
		buf_adds(out, MASK_TEXT);
		i += len;
		clean = i;
	}
	if (i + 1 == n && (at_end || !begins_any(m, b[i])))
		i++;
	if (i > n)
		i = n;
	buf_add(out, b + clean, i - clean);
	return i;
}

void mask_stream_feed(struct mask_stream *s, const void *bytes, size_t len, struct buf *out)
{
	size_t done;

	if (s->mask->n == 0) {
		buf_add(out, bytes, len);
		return;
	}
	if (s->held.len == 0) {
		done = mask_some(s->mask, bytes, len, false, out);
		buf_add(&s->held, (const char *)bytes + done, len - done);
	} else {
		buf_add(&s->held, bytes, len);
		if (buf_status(&s->held) == 0) {
			done = mask_some(
				s->mask, (unsigned char *)s->held.data, s->held.len, false, out);
			memmove(s->held.data, s->held.data + done, s->held.len - done + 1);
			s->held.len -= done;
		}
	}
	if (buf_status(&s->held) != 0 && out->status == 0)
		out->status = buf_status(&s->held);
}

void mask_stream_flush(struct mask_stream *s, struct buf *out)
{
	if (s->held.len > 0)
		mask_some(s->mask, (unsigned char *)s->held.data, s->held.len, true, out);
	buf_reset(&s->held);
}

void mask_stream_cut(struct mask_stream *s, struct buf *out)
{
	if (s->held.len > 0)
		buf_adds(out, MASK_TEXT);
	buf_reset(&s->held);
}

void mask_text(const struct mask *m, const void *bytes, size_t len, struct buf *out)
{
	if (m->n == 0)
		buf_add(out, bytes, len);
	else
		mask_some(m, bytes, len, true, out);
}

void mask_sentence(const struct mask *m, const char *text, size_t len, struct buf *out)
{
	const size_t mark = sizeof(ERR_CUT) - 1;
	struct mask_stream *s;

	if (len < mark || memcmp(text + len - mark, ERR_CUT, mark) != 0) {
		mask_text(m, text, len, out);
		return;
	}
	s = mask_stream_create(m);
	if (s == NULL) {
		out->status = ERR_NOMEM;
		return;
	}
	mask_stream_feed(s, text, len - mark, out);
	mask_stream_cut(s, out);
	mask_stream_destroy(s);
	buf_adds(out, ERR_CUT);
}
