/* Aumasson and Bernstein, "SipHash: a fast short-input PRF", 2012. */
#include "core/base/hash.h"

#include <endian.h>
#include <pthread.h>
#include <string.h>

#include "core/base/digest.h"

struct state {
	uint64_t v0, v1, v2, v3;
};

static inline uint64_t rotate(uint64_t x, int bits)
{
	return x << bits | x >> (64 - bits);
}

static inline void round_once(struct state *s)
{
	s->v0 += s->v1;
	s->v2 += s->v3;
	s->v1 = rotate(s->v1, 13) ^ s->v0;
	s->v3 = rotate(s->v3, 16) ^ s->v2;
	s->v0 = rotate(s->v0, 32) + s->v3;
	s->v2 += s->v1;
	s->v3 = rotate(s->v3, 21) ^ s->v0;
	s->v1 = rotate(s->v1, 17) ^ s->v2;
	s->v2 = rotate(s->v2, 32);
}

static inline void absorb(struct state *s, uint64_t word)
{
	s->v3 ^= word;
	round_once(s);
	round_once(s);
	s->v0 ^= word;
}

uint64_t hd_hash(const struct hd_hash_key *key, const void *p, size_t n)
{
	struct state s = { key->k0 ^ UINT64_C(0x736f6d6570736575),
			   key->k1 ^ UINT64_C(0x646f72616e646f6d),
			   key->k0 ^ UINT64_C(0x6c7967656e657261),
			   key->k1 ^ UINT64_C(0x7465646279746573) };
	const unsigned char *at = p;
	unsigned char last[8] = { 0 };
	uint64_t word;
	size_t left;

	for (left = n; left >= 8; left -= 8, at += 8) {
		memcpy(&word, at, 8);
		absorb(&s, le64toh(word));
	}
	if (left > 0)
		memcpy(last, at, left);
	last[7] = (unsigned char)n;
	memcpy(&word, last, 8);
	absorb(&s, le64toh(word));
	s.v2 ^= 0xff;
	round_once(&s);
	round_once(&s);
	round_once(&s);
	round_once(&s);
	return s.v0 ^ s.v1 ^ s.v2 ^ s.v3;
}

static struct hd_hash_key own_key;

static void make_own_key(void)
{
	hd_random(&own_key, sizeof(own_key));
}

const struct hd_hash_key *hd_hash_own_key(void)
{
	static pthread_once_t once = PTHREAD_ONCE_INIT;

	pthread_once(&once, make_own_key);
	return &own_key;
}
