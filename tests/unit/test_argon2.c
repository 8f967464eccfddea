/* Argon2 and BLAKE2b beside published values, and BLAKE2b beside OpenSSL's. */
#include "operators/ssh/argon2.h"

#include <openssl/evp.h>
#include <string.h>

#include "engine/err.h"
#include "tests/unit/tap.h"

static void is_tag(const struct argon2 *a, const unsigned char want[32], const char *name)
{
	unsigned char tag[32] = {0};

	IS_INT(argon2(a, "password", 8, tag, sizeof(tag)), 0, "%s: it is derived", name);
	IS_MEM(tag, sizeof(tag), want, 32, "%s: to the right bytes", name);
}

static void test_argon2(void)
{
	static const unsigned char one_lane[32] = {0x9d, 0xfe, 0xb9, 0x10, 0xe8, 0x0b, 0xad, 0x03,
		0x11, 0xfe, 0xe2, 0x0f, 0x9c, 0x0e, 0x2b, 0x12, 0xc1, 0x79, 0x87, 0xb4, 0xca, 0xc9,
		0x0c, 0x2e, 0xf5, 0x4d, 0x5b, 0x30, 0x21, 0xc6, 0x8b, 0xfe};
	static const unsigned char two_lanes[32] = {0x6d, 0x09, 0x3c, 0x50, 0x1f, 0xd5, 0x99, 0x96,
		0x45, 0xe0, 0xea, 0x3b, 0xf6, 0x20, 0xd7, 0xb8, 0xbe, 0x7f, 0xd2, 0xdb, 0x59, 0xc2,
		0x0d, 0x9f, 0xff, 0x95, 0x39, 0xda, 0x2b, 0xf5, 0x70, 0x37};
	struct argon2 a = {.type = ARGON2_ID,
		.memory = 256,
		.passes = 2,
		.lanes = 1,
		.salt = "somesalt",
		.salt_len = 8};
	unsigned char tag[32];

	is_tag(&a, one_lane, "id, one lane");
	a.lanes = 2;
	is_tag(&a, two_lanes, "id, two lanes");
	a.memory = 15;
	IS_INT(argon2(&a, "", 0, tag, 32), ERR_INVALID, "too little memory for two lanes");
	a.memory = ARGON2_MEMORY_MAX + 1;
	IS_INT(argon2(&a, "", 0, tag, 32), ERR_LIMIT, "too much memory");
	a.memory = ARGON2_MEMORY_MAX;
	a.passes = 1000;
	IS_INT(argon2(&a, "", 0, tag, 32), ERR_LIMIT, "too much work");
}

/* Every length around the ends of blocks, in two parts. */
static void test_blake2b(void)
{
	unsigned char text[300], ours[64], theirs[64];
	bool is_same = true;

	for (size_t i = 0; i < sizeof(text); i++)
		text[i] = (unsigned char)(i * 7);
	for (size_t len = 0; len <= sizeof(text); len++) {
		const struct blake2b_part parts[2] = {
			{text, len / 3}, {text + len / 3, len - len / 3}};

		blake2b(ours, sizeof(ours), parts, 2);
		if (EVP_Digest(text, len, theirs, NULL, EVP_blake2b512(), NULL) != 1 ||
			memcmp(ours, theirs, sizeof(ours)) != 0)
			is_same = false;
	}
	OK(is_same, "BLAKE2b of 0 to 300 bytes is OpenSSL's");
}

int main(void)
{
	test_argon2();
	test_blake2b();
	return tap_done();
}
