/* Rounding to bfloat16. */
#pragma once
#include "vectors.h"

/* To bfloat16, to nearest, ties to even, as torch rounds. */
static inline uint16_t narrow(float x) {
    uint32_t bits;
    memcpy(&bits, &x, 4);
    if ((bits & 0x7fffffff) > 0x7f800000) return 0x7fc0;
    return (uint16_t)((bits + 0x7fff + ((bits >> 16) & 1)) >> 16);
}

/* The same of a vector. A processor that multiplies pairs takes numbers below the smallest normal
 * one for zero, there as here. */
static inline void keep_narrow(uint16_t *to, vf x) {
#ifdef __AVX512BF16__
    const __m256bh half = _mm512_cvtneps_pbh((__m512)x);
#else
    const vi bits = (vi)x, rounded = (bits + 0x7fff + ((bits >> 16) & 1)) >> 16;
    const vi narrowed = ((x != x) & 0x7fc0) | (~(x != x) & rounded & 0xffff);
#ifdef __AVX512F__ /* by name, since gcc 12 takes many instructions for it */
    const __m256i half = _mm512_cvtepi32_epi16((__m512i)narrowed);
#else
    const vh half = __builtin_convertvector(narrowed, vh);
#endif
#endif
    memcpy(to, &half, sizeof half);
}

#if defined __AVX512BF16__
/* First `low`, then `high`. */
static inline void keep_narrow_pair(uint16_t *to, vf low, vf high) {
    const __m512bh both = _mm512_cvtne2ps_pbh((__m512)high, (__m512)low);
    memcpy(to, &both, sizeof both);
}
#endif

static inline void narrow_many(const float *from, uint16_t *to, int64_t count) {
    int64_t i = 0;
    for (; i + LANES <= count; i += LANES) keep_narrow(to + i, load(from + i));
    for (; i < count; i++) to[i] = narrow(from[i]);
}
