/* Keys and values of new tokens, into the store. */
#include <stddef.h>

#include "pool.h"

/* What Python compares with its own when the kernels are loaded (layout.py): constants, and the
 * size of the pool with its fields' offsets. */
const int64_t layout_constants[] = {BLOCK, LANES, MAX_HEAD_DIM};
#define AT(field) offsetof(Pool, field)
const int64_t layout_pool[] = {sizeof(Pool), AT(keys),      AT(values),      AT(blocks), AT(heads),
                               AT(key_dim),  AT(value_dim), AT(value_width), AT(half)};
#undef AT

/* A text's tokens are written in order, so what stands second in a pair is written later: until
 * then it is zero, and not what somebody else has left there. */
static void store_pair(const Pool *pool, const float *first, const float *second, word *to) {
    uint16_t pair[2][MAX_HEAD_DIM];
    if (first) narrow_many(first, pair[0], pool->value_dim);
    if (second) narrow_many(second, pair[1], pool->value_dim);
    for (int64_t i = 0; i < pool->value_dim; i++) {
        const uint32_t low = first ? pair[0][i] : (uint32_t)to[i] & 0xffff;
        to[i] = (word)(low | (second ? (uint32_t)pair[1][i] << 16 : 0));
    }
}

/* Keys and values of `count` tokens, float32 with these strides, into their slots. */
void store(const Pool *pool, const float *keys, int64_t key_token, int64_t key_head,
           const float *values, int64_t value_token, int64_t value_head, const int64_t *slots,
           int64_t count) {
    const int64_t steps = steps_of(pool);
#pragma omp parallel for collapse(2) schedule(static) if (count * pool->heads > 64)
    for (int64_t head = 0; head < pool->heads; head++) {
        for (int64_t token = 0; token < count; token++) {
            const int64_t slot = slots[token], lane = slot % BLOCK;
            const float *key = keys + token * key_token + head * key_head;
            const float *value = values + token * value_token + head * value_head;
            word words[MAX_HEAD_DIM];
            if (pool->half)
                narrow_many(key, (uint16_t *)words, pool->key_dim);
            else
                memcpy(words, key, pool->key_dim * sizeof(float));
            word *k = (word *)keys_at(pool, head, slot - lane) + lane;
            for (int64_t i = 0; i < steps; i++) k[i * BLOCK] = words[i];
            word *v = (word *)values_at(pool, head, slot);
            if (!pool->half) {
                memcpy(v, value, pool->value_dim * sizeof(float));
            } else if (slot % 2 == 0) {
                const int both = token + 1 < count && slots[token + 1] == slot + 1;
                store_pair(pool, value, both ? value + value_token : NULL, v);
            } else if (!token || slots[token - 1] != slot - 1) {
                store_pair(pool, NULL, value, v);
            }
        }
    }
}
