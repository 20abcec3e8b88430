/* Where keys and values are stored, and the words that they are stored in. */
#pragma once
#include "bfloat16.h"

#define BLOCK 16 /* stored tokens that lie side by side */

/* All that attention multiplies lies in words of 32 bits: a float32, or a pair of bfloat16. A
 * sum grows by the product of its word, or by both products of its pair. */

typedef int32_t word;

static inline vi load_words(const word *from) {
    vi x;
    memcpy(&x, from, sizeof x);
    return x;
}

static inline __attribute__((always_inline)) vf add_products(vf sum, word one, vi many,
                                                             const int pairs) {
    const vi same = one - (vi){0};
    if (!pairs) return sum + (vf)same * (vf)many;
#ifdef __AVX512BF16__
    return (vf)_mm512_dpbf16_ps((__m512)sum, (__m512bh)many, (__m512bh)same);
#else
    const vi second = (vi){0} - 65536 /* the upper 16 bits */;
    sum += (vf)(same & second) * (vf)(many & second);
    return sum + (vf)(same << 16) * (vf)(many << 16);
#endif
}

/* Where keys and values are stored: per head, blocks of BLOCK tokens. A block of keys is (steps,
 * BLOCK) words, so that the scores of its tokens grow side by side; `steps` are `key_dim`, or its
 * pairs. One of values is (BLOCK tokens, or their pairs, value_width) words, where `value_width` is
 * `value_dim` rounded up to a multiple of 16. `half` says bfloat16, else float32. */
typedef struct {
    void *keys, *values;
    int64_t blocks, heads, key_dim, value_dim, value_width;
    int32_t half;
} Pool;

static inline int64_t steps_of(const Pool *pool) {
    return pool->half ? pool->key_dim / 2 : pool->key_dim;
}
static inline const word *keys_at(const Pool *pool, int64_t head, int64_t slot) {
    return (word *)pool->keys + (head * pool->blocks * BLOCK + slot) * steps_of(pool);
}
static inline const word *values_at(const Pool *pool, int64_t head, int64_t slot) {
    const int64_t place = head * pool->blocks * BLOCK + slot;
    return (word *)pool->values + (pool->half ? place / 2 : place) * pool->value_width;
}
