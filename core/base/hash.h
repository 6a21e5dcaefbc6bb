/* hash.h - SipHash-2-4
 *
 * A hash of bytes that outsiders choose must not let them choose its value:
 * it is keyed, and the key is random.
 */
#ifndef HD_BASE_HASH_H
#define HD_BASE_HASH_H

#include <stddef.h>
#include <stdint.h>

struct hd_hash_key {
	uint64_t k0, k1;
};

/* [any] */
uint64_t hd_hash(const struct hd_hash_key *key, const void *p, size_t n);

/* The key of this process, random and the same at each call. [any] */
const struct hd_hash_key *hd_hash_own_key(void);

#endif
