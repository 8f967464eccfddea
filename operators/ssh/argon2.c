/*
 * Argon2. The memory is a matrix of blocks of a KiB, a row a lane, each row in four segments. Every
 * block is made of the one before it and another, chosen by what stands in the block before (d), or
 * by a counter alone (i), or first the one, then the other (id).
 */
#include "operators/ssh/argon2.h"

#include <openssl/crypto.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "engine/err.h"

#define VERSION 0x13
#define SEGMENTS 4
#define WORDS 128 /* of a block */
#define HASH 64

struct block {
	uint64_t w[WORDS];
};

struct matrix {
	const struct argon2 *a;
	struct block *blocks;
	size_t n_blocks;
	uint32_t row, segment; /* blocks of a lane, and of a segment */
};

/* Where the filling is. */
struct place {
	uint32_t pass, segment, lane, index;
};

static void put_u32(unsigned char *to, uint32_t n)
{
	for (int i = 0; i < 4; i++)
		to[i] = (unsigned char)(n >> (8 * i));
}

/* ---- hashes ---- */

/* H': a hash of any length. */
static void hash_long(unsigned char *out, size_t len, const struct blake2b_part *from)
{
	unsigned char head[4], v[HASH];
	struct blake2b_part parts[2] = {{head, sizeof(head)}, *from};
	struct blake2b_part again = {v, HASH};

	put_u32(head, (uint32_t)len);
	if (len <= HASH) {
		blake2b(out, len, parts, 2);
		return;
	}
	blake2b(v, HASH, parts, 2);
	for (; len > HASH; len -= HASH / 2, out += HASH / 2) {
		memcpy(out, v, HASH / 2);
		blake2b(v, len - HASH / 2 > HASH ? HASH : len - HASH / 2, &again, 1);
	}
	memcpy(out, v, len);
	OPENSSL_cleanse(v, sizeof(v));
}

/* H0: all that goes in. */
static void hash_all(const struct argon2 *a, const void *password, size_t len, size_t tag_len,
	unsigned char out[HASH])
{
	unsigned char head[28], lens[4], rest[8] = {0};
	const struct blake2b_part parts[5] = {{head, sizeof(head)}, {password, len},
		{lens, sizeof(lens)}, {a->salt, a->salt_len}, {rest, sizeof(rest)}};

	put_u32(head, a->lanes);
	put_u32(head + 4, (uint32_t)tag_len);
	put_u32(head + 8, a->memory);
	put_u32(head + 12, a->passes);
	put_u32(head + 16, VERSION);
	put_u32(head + 20, (uint32_t)a->type);
	put_u32(head + 24, (uint32_t)len);
	put_u32(lens, (uint32_t)a->salt_len);
	blake2b(out, HASH, parts, 5);
}

/* ---- blocks ---- */

static uint64_t turn(uint64_t x, int n)
{
	return x >> n | x << (64 - n);
}

static uint64_t add(uint64_t x, uint64_t y)
{
	return x + y + 2 * (uint64_t)(uint32_t)x * (uint32_t)y;
}

static void mix(uint64_t *a, uint64_t *b, uint64_t *c, uint64_t *d)
{
	*a = add(*a, *b);
	*d = turn(*d ^ *a, 32);
	*c = add(*c, *d);
	*b = turn(*b ^ *c, 24);
	*a = add(*a, *b);
	*d = turn(*d ^ *a, 16);
	*c = add(*c, *d);
	*b = turn(*b ^ *c, 63);
}

/* BLAKE2b's round over sixteen words: pairs of neighbours, `step` words from pair to pair. */
static void permute(uint64_t *w, size_t step)
{
	uint64_t *v[16];

	for (size_t i = 0; i < 8; i++) {
		v[2 * i] = w + i * step;
		v[2 * i + 1] = w + i * step + 1;
	}
	for (size_t i = 0; i < 4; i++)
		mix(v[i], v[4 + i], v[8 + i], v[12 + i]);
	for (size_t i = 0; i < 4; i++)
		mix(v[i], v[4 + (i + 1) % 4], v[8 + (i + 2) % 4], v[12 + (i + 3) % 4]);
}

/* G: out becomes the compression of x and y, or is XORed with it. */
static void compress(struct block *out, const struct block *x, const struct block *y, bool keeps)
{
	struct block r, q;

	for (size_t i = 0; i < WORDS; i++)
		r.w[i] = x->w[i] ^ y->w[i];
	q = r;
	for (size_t i = 0; i < 8; i++)
		permute(q.w + 16 * i, 2);
	for (size_t i = 0; i < 8; i++)
		permute(q.w + 2 * i, 16);
	for (size_t i = 0; i < WORDS; i++)
		out->w[i] = (keeps ? out->w[i] : 0) ^ r.w[i] ^ q.w[i];
}

/* The i-th pseudo-random word where it follows from the place alone. */
static uint64_t counted(const struct matrix *m, const struct place *p, struct block *addresses)
{
	static const struct block zero;
	struct block in = {{p->pass, p->lane, p->segment, m->n_blocks, m->a->passes,
		(uint64_t)m->a->type, p->index / WORDS + 1}};

	if (p->index % WORDS == 0 || (p->pass == 0 && p->segment == 0 && p->index == 2)) {
		compress(addresses, &zero, &in, false);
		compress(addresses, &zero, addresses, false);
	}
	return addresses->w[p->index % WORDS];
}

/* Which block goes into the next one. */
static const struct block *reference(const struct matrix *m, const struct place *p, uint64_t random)
{
	bool is_first = p->pass == 0;
	uint32_t lane =
		is_first && p->segment == 0 ? p->lane : (uint32_t)(random >> 32) % m->a->lanes;
	uint32_t area = is_first ? p->segment * m->segment : m->row - m->segment;
	uint32_t begin = is_first ? 0 : (p->segment + 1) % SEGMENTS * m->segment;
	uint64_t x = (uint32_t)random;

	if (lane == p->lane)
		area += p->index - 1;
	else if (p->index == 0)
		area -= 1;
	x = x * x >> 32;
	x = area - 1 - (area * x >> 32);
	return &m->blocks[(size_t)lane * m->row + (begin + x) % m->row];
}

static void segment_fill(const struct matrix *m, struct place p)
{
	enum argon2_type type = m->a->type;
	bool is_counted =
		type == ARGON2_I || (type == ARGON2_ID && p.pass == 0 && p.segment < SEGMENTS / 2);
	struct block *row = &m->blocks[(size_t)p.lane * m->row];
	struct block addresses = {{0}};

	for (p.index = p.pass == 0 && p.segment == 0 ? 2 : 0; p.index < m->segment; p.index++) {
		uint32_t at = p.segment * m->segment + p.index;
		const struct block *before = &row[(at + m->row - 1) % m->row];
		uint64_t random = is_counted ? counted(m, &p, &addresses) : before->w[0];

		compress(&row[at], before, reference(m, &p, random), p.pass > 0);
	}
}

static void block_read(struct block *b, const unsigned char bytes[WORDS * 8])
{
	for (size_t i = 0; i < WORDS; i++) {
		b->w[i] = 0;
		for (size_t k = 8; k-- > 0;)
			b->w[i] = b->w[i] << 8 | bytes[8 * i + k];
	}
}

/* The first two blocks of each lane. */
static void begin(const struct matrix *m, const unsigned char h0[HASH])
{
	unsigned char in[HASH + 8], bytes[WORDS * 8];
	const struct blake2b_part part = {in, sizeof(in)};

	memcpy(in, h0, HASH);
	for (uint32_t lane = 0; lane < m->a->lanes; lane++)
		for (uint32_t i = 0; i < 2; i++) {
			put_u32(in + HASH, i);
			put_u32(in + HASH + 4, lane);
			hash_long(bytes, sizeof(bytes), &part);
			block_read(&m->blocks[(size_t)lane * m->row + i], bytes);
		}
	OPENSSL_cleanse(in, sizeof(in));
	OPENSSL_cleanse(bytes, sizeof(bytes));
}

static void finish(const struct matrix *m, unsigned char *tag, size_t tag_len)
{
	struct block sum = m->blocks[m->row - 1];
	unsigned char bytes[WORDS * 8];
	const struct blake2b_part part = {bytes, sizeof(bytes)};

	for (uint32_t lane = 1; lane < m->a->lanes; lane++)
		for (size_t i = 0; i < WORDS; i++)
			sum.w[i] ^= m->blocks[(size_t)lane * m->row + m->row - 1].w[i];
	for (size_t i = 0; i < sizeof(bytes); i++)
		bytes[i] = (unsigned char)(sum.w[i / 8] >> (i % 8 * 8));
	hash_long(tag, tag_len, &part);
	OPENSSL_cleanse(&sum, sizeof(sum));
	OPENSSL_cleanse(bytes, sizeof(bytes));
}

int argon2(const struct argon2 *a, const void *password, size_t len, void *tag, size_t tag_len)
{
	struct matrix m = {.a = a};
	unsigned char h0[HASH];

	if (a->memory > ARGON2_MEMORY_MAX || a->lanes > ARGON2_LANES_MAX ||
		(uint64_t)a->memory * a->passes > ARGON2_WORK_MAX || tag_len > ARGON2_TAG_MAX)
		return ERR_LIMIT;
	if (a->passes < 1 || a->lanes < 1 || a->memory < 8 * a->lanes || tag_len < 4)
		return ERR_INVALID;
	m.segment = a->memory / (SEGMENTS * a->lanes);
	m.row = m.segment * SEGMENTS;
	m.n_blocks = (size_t)m.row * a->lanes;
	m.blocks = calloc(m.n_blocks, sizeof(*m.blocks));
	if (m.blocks == NULL)
		return ERR_NOMEM;
	hash_all(a, password, len, tag_len, h0);
	begin(&m, h0);
	for (uint32_t pass = 0; pass < a->passes; pass++)
		for (uint32_t segment = 0; segment < SEGMENTS; segment++)
			for (uint32_t lane = 0; lane < a->lanes; lane++)
				segment_fill(&m, (struct place){pass, segment, lane, 0});
	finish(&m, tag, tag_len);
	OPENSSL_cleanse(h0, sizeof(h0));
	OPENSSL_cleanse(m.blocks, m.n_blocks * sizeof(*m.blocks));
	free(m.blocks);
	return 0;
}
