/* Vectors of float32, by GCC's own vector_size, so that one source serves AVX2, AVX-512 and NEON.
 *
 * In all of these sources: no function depends on how many rows or threads there are. Each query
 * and each row is computed in one fixed order, so an answer never depends on its neighbours. Every
 * function that Python calls has a twin in torch, which the tests hold it against.
 */
#pragma once
#if defined __AVX2__
#include <immintrin.h>
#elif defined __ARM_NEON
#include <arm_neon.h>
#endif
#include <math.h>
#include <stdint.h>
#include <string.h>

#ifdef __AVX512F__
#define LANES 16
#else
#define LANES 8
#endif

#define MAX_HEAD_DIM 256 /* of a head */

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

/* The lanes of x, each at the place of the one whose number differs in the bit `by`. */
#if LANES == 16
#define SWAPPED(x, by)                                                                        \
    __builtin_shufflevector(x, x, 0 ^ (by), 1 ^ (by), 2 ^ (by), 3 ^ (by), 4 ^ (by), 5 ^ (by), \
                            6 ^ (by), 7 ^ (by), 8 ^ (by), 9 ^ (by), 10 ^ (by), 11 ^ (by),     \
                            12 ^ (by), 13 ^ (by), 14 ^ (by), 15 ^ (by))
#else
#define SWAPPED(x, by)                                                                        \
    __builtin_shufflevector(x, x, 0 ^ (by), 1 ^ (by), 2 ^ (by), 3 ^ (by), 4 ^ (by), 5 ^ (by), \
                            6 ^ (by), 7 ^ (by))
#endif

/* The larger of each lane; y where either is NaN. */
static inline vf larger(vf x, vf y) {
#if defined __AVX512F__
    return (vf)_mm512_max_ps((__m512)x, (__m512)y);
#elif defined __AVX2__
    return (vf)_mm256_max_ps((__m256)x, (__m256)y);
#else
    return pick(x > y, x, y);
#endif
}

/* The largest lane, and the sum of all lanes: in halves, always in this order. */
static inline float largest(vf x) {
#if LANES == 16
    x = larger(x, SWAPPED(x, 8));
#endif
    x = larger(x, SWAPPED(x, 4));
    x = larger(x, SWAPPED(x, 2));
    return larger(x, SWAPPED(x, 1))[0];
}
static inline float sum_of(vf x) {
#if LANES == 16
    x += SWAPPED(x, 8);
#endif
    x += SWAPPED(x, 4);
    x += SWAPPED(x, 2);
    return (x + SWAPPED(x, 1))[0];
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

/* GELU by tanh (Hendrycks and Gimpel 2016): x * sigmoid(2 * sqrt(2 / pi) * (x + 0.044715 x^3)). */
static inline vf gelu_tanh(vf x) {
    const vf y = 1.5957691216057308f * (x + 0.044715f * x * x * x);
    const vf bounded = pick(y < -87.0f, splat(-87.0f), pick(y > 87.0f, splat(87.0f), y));
    return x / (1.0f + vexp(-bounded));
}

static inline vf magnitude(vf x) { return (vf)((vi)x & 0x7fffffff); }
