/* BLAKE2b (RFC 7693), as far as Argon2 needs it: no key. */
#include <openssl/crypto.h>
#include <string.h>

#include "operators/ssh/argon2.h"

#define BLOCK 128
#define ROUNDS 12

static const uint64_t begin[8] = {0x6a09e667f3bcc908, 0xbb67ae8584caa73b, 0x3c6ef372fe94f82b,
	0xa54ff53a5f1d36f1, 0x510e527fade682d1, 0x9b05688c2b3e6c1f, 0x1f83d9abfb41bd6b,
	0x5be0cd19137e2179};

/* In which order a round takes the words of the message. */
static const unsigned char order[10][16] = {
	{0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15},
	{14, 10, 4, 8, 9, 15, 13, 6, 1, 12, 0, 2, 11, 7, 5, 3},
	{11, 8, 12, 0, 5, 2, 15, 13, 10, 14, 3, 6, 7, 1, 9, 4},
	{7, 9, 3, 1, 13, 12, 11, 14, 2, 6, 5, 10, 4, 0, 15, 8},
	{9, 0, 5, 7, 2, 4, 10, 15, 14, 1, 11, 12, 6, 8, 3, 13},
	{2, 12, 6, 10, 0, 11, 8, 3, 4, 13, 7, 5, 15, 14, 1, 9},
	{12, 5, 1, 15, 14, 13, 4, 10, 0, 7, 6, 3, 9, 2, 8, 11},
	{13, 11, 7, 14, 12, 1, 3, 9, 5, 0, 15, 4, 8, 6, 2, 10},
	{6, 15, 14, 9, 11, 3, 0, 8, 12, 2, 13, 7, 1, 4, 10, 5},
	{10, 2, 8, 4, 7, 6, 1, 5, 15, 11, 9, 14, 3, 12, 13, 0},
};

struct state {
	uint64_t h[8];
	uint64_t taken; /* bytes */
	unsigned char block[BLOCK];
	size_t held;
};

static uint64_t turn(uint64_t x, int n)
{
	return x >> n | x << (64 - n);
}

static void mix(uint64_t *v, int a, int b, int c, int d, uint64_t x, uint64_t y)
{
	v[a] += v[b] + x;
	v[d] = turn(v[d] ^ v[a], 32);
	v[c] += v[d];
	v[b] = turn(v[b] ^ v[c], 24);
	v[a] += v[b] + y;
	v[d] = turn(v[d] ^ v[a], 16);
	v[c] += v[d];
	v[b] = turn(v[b] ^ v[c], 63);
}

static void compress(struct state *s, int is_last)
{
	uint64_t v[16], m[16];

	for (int i = 0; i < 16; i++) {
		m[i] = 0;
		for (int k = 7; k >= 0; k--)
			m[i] = m[i] << 8 | s->block[8 * i + k];
	}
	memcpy(v, s->h, sizeof(s->h));
	memcpy(v + 8, begin, sizeof(begin));
	v[12] ^= s->taken;
	if (is_last)
		v[14] = ~v[14];
	for (int r = 0; r < ROUNDS; r++) {
		const unsigned char *o = order[r % 10];

		for (int i = 0; i < 4; i++)
			mix(v, i, 4 + i, 8 + i, 12 + i, m[o[2 * i]], m[o[2 * i + 1]]);
		for (int i = 0; i < 4; i++)
			mix(v, i, 4 + (i + 1) % 4, 8 + (i + 2) % 4, 12 + (i + 3) % 4,
				m[o[8 + 2 * i]], m[o[9 + 2 * i]]);
	}
	for (int i = 0; i < 8; i++)
		s->h[i] ^= v[i] ^ v[i + 8];
	OPENSSL_cleanse(m, sizeof(m));
}

/* N.B. a full block is held back until more comes: the last one is told apart. */
static void take(struct state *s, const unsigned char *p, size_t len)
{
	while (len > 0) {
		size_t n = BLOCK - s->held;

		if (n == 0) {
			s->taken += BLOCK;
			compress(s, 0);
			s->held = 0;
			continue;
		}
		n = len < n ? len : n;
		memcpy(s->block + s->held, p, n);
		s->held += n;
		p += n;
		len -= n;
	}
}

void blake2b(void *out, size_t out_len, const struct blake2b_part *parts, size_t n_parts)
{
	struct state s = {.held = 0};
	unsigned char *to = out;

	memcpy(s.h, begin, sizeof(begin));
	s.h[0] ^= 0x01010000 ^ (uint64_t)out_len;
	for (size_t i = 0; i < n_parts; i++)
		take(&s, parts[i].bytes, parts[i].len);
	s.taken += s.held;
	memset(s.block + s.held, 0, BLOCK - s.held);
	compress(&s, 1);
	for (size_t i = 0; i < out_len; i++)
		to[i] = (unsigned char)(s.h[i / 8] >> (i % 8 * 8));
	OPENSSL_cleanse(&s, sizeof(s));
}
