/* Stands in for AMX and for the instructions of AVX-512 that come with it, as emulated_vnni.h does
 * for others, where EMULATE_AMX says so. */
#ifdef EMULATE_AMX
#include <math.h>
#include <stdlib.h>
#include <string.h>

#define __AVX512BF16__ 1
#define __AVX512VBMI__ 1
#define __AMX_BF16__ 1

typedef union {
    __m512 floats;
    __m512i whole;
    float lanes[16];
    uint32_t bits[16];
    int32_t words[16];
    uint16_t halves[32];
    uint8_t bytes[64];
} Emulated;

static inline uint32_t emulated_bits(float x) {
    uint32_t bits;
    memcpy(&bits, &x, 4);
    return bits;
}
static inline float emulated_float(uint16_t half) {
    const uint32_t bits = (uint32_t)half << 16;
    float x;
    memcpy(&x, &bits, 4);
    return x;
}
/* Numbers below the smallest normal one are zero, as the processor has it. */
static inline uint16_t emulated_half(float x) {
    const uint32_t bits = emulated_bits(x), sign = bits & 0x80000000;
    if (isnan(x)) return (uint16_t)(bits >> 16 | 0x40);
    if (!isnormal(x) && !isinf(x)) return (uint16_t)(sign >> 16);
    return (uint16_t)((bits + 0x7fff + ((bits >> 16) & 1)) >> 16);
}

static inline __m256bh emulated_cvtneps(__m512 x) {
    const Emulated from = {x};
    uint16_t halves[16];
    __m256bh to;
    for (int lane = 0; lane < 16; lane++) halves[lane] = emulated_half(from.lanes[lane]);
    memcpy(&to, halves, sizeof to);
    return to;
}
#define _mm512_cvtneps_pbh emulated_cvtneps

static inline __m512bh emulated_cvtne2ps(__m512 high, __m512 low) {
    const Emulated from[2] = {{low}, {high}};
    uint16_t halves[32];
    __m512bh to;
    for (int i = 0; i < 32; i++) halves[i] = emulated_half(from[i / 16].lanes[i % 16]);
    memcpy(&to, halves, sizeof to);
    return to;
}
#define _mm512_cvtne2ps_pbh emulated_cvtne2ps

static inline __m512 emulated_dpbf16(__m512 sum, __m512bh one, __m512bh other) {
    Emulated s = {sum}, a, b;
    memcpy(&a, &one, sizeof a);
    memcpy(&b, &other, sizeof b);
    for (int i = 0; i < 32; i++)
        s.lanes[i / 2] += emulated_float(a.halves[i]) * emulated_float(b.halves[i]);
    return s.floats;
}
#define _mm512_dpbf16_ps emulated_dpbf16

static inline __m512i emulated_permute_bytes(__m512i kept, uint64_t mask, __m512i places,
                                             __m512i from) {
    Emulated to = {.whole = kept};
    const Emulated at = {.whole = places}, bytes = {.whole = from};
    for (int i = 0; i < 64; i++)
        if (mask >> i & 1) to.bytes[i] = bytes.bytes[at.bytes[i] & 63];
    return to.whole;
}
#define _mm512_mask_permutexvar_epi8 emulated_permute_bytes

static inline __m512 emulated_permute(__m512i places, __m512 from) {
    const Emulated at = {.whole = places}, x = {from};
    Emulated to;
    for (int lane = 0; lane < 16; lane++) to.lanes[lane] = x.lanes[at.words[lane] & 15];
    return to.floats;
}
#define _mm512_permutexvar_ps emulated_permute

static inline __m512 emulated_fmsub(__m512 one, __m512 other, __m512 less) {
    const Emulated x = {one}, y = {other}, z = {less};
    Emulated to;
    for (int lane = 0; lane < 16; lane++)
        to.lanes[lane] = fmaf(x.lanes[lane], y.lanes[lane], -z.lanes[lane]);
    return to.floats;
}
#define _mm512_fmsub_ps emulated_fmsub

/* Tiles of a thread: NULL until it has asked for them. */
__attribute__((weak)) _Thread_local Emulated (*emulated_tiles)[16];

static inline void emulated_begin(const void *shapes) {
    (void)shapes;
    emulated_tiles = calloc(8, sizeof *emulated_tiles);
}
static inline void emulated_end(void) {
    free(emulated_tiles);
    emulated_tiles = NULL;
}
static inline Emulated *emulated_tile(int tile) {
    if (!emulated_tiles) abort();
    return emulated_tiles[tile];
}
static inline void emulated_load(int tile, const void *from, int64_t apart) {
    for (int row = 0; row < 16; row++)
        memcpy(emulated_tile(tile) + row, (const char *)from + row * apart, 64);
}
static inline void emulated_keep(int tile, void *to, int64_t apart) {
    for (int row = 0; row < 16; row++)
        memcpy((char *)to + row * apart, emulated_tile(tile) + row, 64);
}
static inline void emulated_multiply(int sums, int rows, int columns) {
    Emulated *to = emulated_tile(sums), *left = emulated_tile(rows),
             *right = emulated_tile(columns);
    for (int row = 0; row < 16; row++)
        for (int i = 0; i < 32; i++)
            for (int lane = 0; lane < 16; lane++)
                to[row].lanes[lane] += emulated_float(left[row].halves[i]) *
                                       emulated_float(right[i / 2].halves[2 * lane + i % 2]);
}
#undef _tile_loadconfig
#undef _tile_release
#undef _tile_zero
#undef _tile_loadd
#undef _tile_stored
#undef _tile_dpbf16ps
#define _tile_loadconfig emulated_begin
#define _tile_release emulated_end
#define _tile_zero(tile) memset(emulated_tile(tile), 0, sizeof *emulated_tiles)
#define _tile_loadd emulated_load
#define _tile_stored emulated_keep
#define _tile_dpbf16ps emulated_multiply
#endif
