/* Stands in for instructions that the processor running the tests may lack. Force-included before a
 * kernel's source that is compiled for AVX2: it says that they are there, and does in plain C what
 * the kernels call them for. EMULATE_AVX512 gives AVX-512 with VNNI, otherwise AVX-VNNI. */
#include <immintrin.h> /* before the macros: it declares by them */
#include <stdint.h>

/* VPDPBUSD: adds four products of an unsigned and a signed byte to each lane, unsaturated. */
static inline int32_t emulated_dot(int32_t sum, const uint8_t *weights, const int8_t *inputs) {
    for (int i = 0; i < 4; i++) sum += weights[i] * inputs[i];
    return sum;
}

#ifdef EMULATE_AVX512
#define __AVX512F__ 1
#define __AVX512BW__ 1
#define __AVX512VNNI__ 1

static inline __m512i emulated_dpbusd(__m512i sum, __m512i weights, __m512i inputs) {
    union {
        __m512i vector;
        int32_t lanes[16];
        uint8_t bytes[64];
        int8_t signed_bytes[64];
    } s = {sum}, w = {weights}, x = {inputs};
    for (int lane = 0; lane < 16; lane++)
        s.lanes[lane] = emulated_dot(s.lanes[lane], w.bytes + 4 * lane, x.signed_bytes + 4 * lane);
    return s.vector;
}
#define _mm512_dpbusd_epi32 emulated_dpbusd

static inline __m512 emulated_cvtph(__m256i halves) {
    union {
        __m512 vector;
        __m256 parts[2];
    } x;
    x.parts[0] = _mm256_cvtph_ps(_mm256_castsi256_si128(halves));
    x.parts[1] = _mm256_cvtph_ps(_mm256_extracti128_si256(halves, 1));
    return x.vector;
}
#define _mm512_cvtph_ps emulated_cvtph

static inline __m256i emulated_cvtepi32_epi16(__m512i words) {
    typedef int32_t lanes __attribute__((vector_size(64)));
    typedef int16_t halves __attribute__((vector_size(32)));
    return (__m256i) __builtin_convertvector((lanes)words, halves);
}
#define _mm512_cvtepi32_epi16 emulated_cvtepi32_epi16

static inline __m512 emulated_max(__m512 x, __m512 y) {
    for (int lane = 0; lane < 16; lane++) x[lane] = x[lane] > y[lane] ? x[lane] : y[lane];
    return x;
}
#define _mm512_max_ps emulated_max

#else
#define __AVXVNNI__ 1

static inline __m256i emulated_dpbusd(__m256i sum, __m256i weights, __m256i inputs) {
    union {
        __m256i vector;
        int32_t lanes[8];
        uint8_t bytes[32];
        int8_t signed_bytes[32];
    } s = {sum}, w = {weights}, x = {inputs};
    for (int lane = 0; lane < 8; lane++)
        s.lanes[lane] = emulated_dot(s.lanes[lane], w.bytes + 4 * lane, x.signed_bytes + 4 * lane);
    return s.vector;
}
#define _mm256_dpbusd_avx_epi32 emulated_dpbusd
#endif
