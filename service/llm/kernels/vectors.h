/* Vectors of float32, by GCC's own vector_size, so that one source serves AVX2, AVX-512 and NEON.
 *
 * In all of these sources: no function depends on how many rows or threads there are. Each query
 * and each row is computed in one fixed order, so an answer never depends on its neighbours. Every
 * function that Python calls has a twin in torch, which the tests hold it against.
 */
#pragma once
#ifdef __AVX2__
#include <immintrin.h>
#endif
#include <math.h>
#include <stdint.h>
#include <string.h>

#ifdef __AVX512F__
#define LANES 16
#else
#define LANES 8
#endif

#define MOST_DEPTH 256 /* of a head */

/* Before a loop over an array that shall lie in registers: gcc must unroll it early for that. */
#define UNROLLED _Pragma("GCC unroll 8")

typedef float vf __attribute__((vector_size(4 * LANES)));
typedef int32_t vi __attribute__((vector_size(4 * LANES)));
typedef uint16_t vh __attribute__((vector_size(2 * LANES)));

static inline vf load(const float *from) {
    vf x;
    memcpy(&x, from, sizeof x);
    return x;
}
static inline void keep(float *to, vf x) { memcpy(to, &x, sizeof x); }
static inline vf splat(float x) { return x - (vf){0}; }

/* a where the mask is set, else b (C has no ?: over vectors). */
static inline vf pick(vi mask, vf a, vf b) { return (vf)((mask & (vi)a) | (~mask & (vi)b)); }

/* The largest lane, and the sum of all lanes: in halves, always in this order. */
static inline vf fold(vf x, int by) {
#if LANES == 16
    const vi lane = {0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15};
#else
    const vi lane = {0, 1, 2, 3, 4, 5, 6, 7};
#endif
    return __builtin_shuffle(x, lane ^ by);
}
static inline float largest(vf x) {
    for (int by = LANES / 2; by; by /= 2) x = pick(x > fold(x, by), x, fold(x, by));
    return x[0];
}
static inline float sum_of(vf x) {
    for (int by = LANES / 2; by; by /= 2) x += fold(x, by);
    return x[0];
}

/* exp by Cephes' polynomial: relative error below 2e-7 for -87 <= x <= 87. */
static inline vf vexp(vf x) {
    x = pick(x < -87.0f, splat(-87.0f), x);
    vf n = (x * 1.44269504088896341f + 12582912.0f) - 12582912.0f;
    x -= n * 0.693359375f;
    x -= n * -2.12194440e-4f;
    vf y = splat(1.9875691500e-4f);
    y = y * x + 1.3981999507e-3f;
    y = y * x + 8.3334519073e-3f;
    y = y * x + 4.1665795894e-2f;
    y = y * x + 1.6666665459e-1f;
    y = y * x + 5.0000001201e-1f;
    y = y * x * x + x + 1.0f;
    vi power = (__builtin_convertvector(n, vi) + 127) << 23;
    return y * (vf)power;
}

static inline vf silu(vf x) {
    const vf bounded = pick(x < -87.0f, splat(-87.0f), pick(x > 87.0f, splat(87.0f), x));
    return x / (1.0f + vexp(-bounded));
}

static inline vf magnitude(vf x) { return (vf)((vi)x & 0x7fffffff); }
