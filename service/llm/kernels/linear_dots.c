/* Rows in 8 bits times weights in 8 bits. The products of a group are summed exactly in 32 bits,
 * and groups are added in float32, in order. So a row gets the same bits alone and in any batch,
 * and on every processor with fused multiply-add. */
#include "linear.h"

#ifndef TILES
typedef int32_t di __attribute__((vector_size(4 * WIDE)));
typedef int8_t db __attribute__((vector_size(WIDE * DOT)));

/* Adds to each lane the products of its DOT weights and the same DOT inputs. */
static inline __attribute__((always_inline)) di dot(di sum, db weights, int32_t inputs) {
    const di same = inputs - (di){0};
#if defined __AVX512VNNI__
    /* Multiplies unsigned by signed: weights get 128 added, which `offsets` takes off again. */
    const __m512i biased = (__m512i)(weights ^ (int8_t)-128);
    return (di)_mm512_dpbusd_epi32((__m512i)sum, biased, (__m512i)same);
#elif defined __AVXVNNI__
    const __m256i biased = (__m256i)(weights ^ (int8_t)-128);
    return (di)_mm256_dpbusd_avx_epi32((__m256i)sum, biased, (__m256i)same);
#elif defined __AVX512BW__
    const __m512i wide = _mm512_cvtepi8_epi16((__m256i)weights);
    return sum + (di)_mm512_madd_epi16(wide, (__m512i)same);
#elif defined __AVX2__
    /* In 16 bits, as the products of 8 bits are added in 16 that saturate. */
    const __m256i wide = _mm256_cvtepi8_epi16((__m128i)weights);
    return sum + (di)_mm256_madd_epi16(wide, (__m256i)same);
#elif defined __ARM_FEATURE_DOTPROD
    int8x16_t w[2], x;
    int32x4_t s[2];
    memcpy(w, &weights, sizeof w);
    memcpy(s, &sum, sizeof s);
    memcpy(&x, &same, sizeof x);
    s[0] = vdotq_s32(s[0], w[0], x);
    s[1] = vdotq_s32(s[1], w[1], x);
    memcpy(&sum, s, sizeof s);
    return sum;
#else
    for (int lane = 0; lane < WIDE; lane++)
        sum[lane] += weights[2 * lane] * (int16_t)same[0] + weights[2 * lane + 1] * (same[0] >> 16);
    return sum;
#endif
}

/* What the sums of a group begin with. */
static inline di start_of(const int32_t *offset) {
#if defined __AVX512VNNI__ || defined __AVXVNNI__
    return *offset - (di){0};
#else
    (void)offset;
    return (di){0};
#endif
}

/* The panel after this one: each tile asks memory for `lines` of it per group. */
typedef struct {
    const uint8_t *next;
    int64_t lines;
} Ahead;

/* Some rows times a panel's channels. */
static inline __attribute__((always_inline)) void multiply_tile(const Linear *l, int64_t row,
                                                                const uint8_t *panel, Ahead *ahead,
                                                                float (*out)[PANEL],
                                                                const int rows) {
    df totals[ROWS][VECTORS] = {{{0}}};
    for (int64_t group = 0; group < l->groups; group++, panel += CHUNK) {
        const int64_t at = row * l->groups + group;
        ask_ahead(ahead->next, ahead->lines);
        ahead->next += ahead->lines * LINE;
        di sums[ROWS][VECTORS];
        UNROLLED
        for (int r = 0; r < rows; r++) {
            UNROLLED
            for (int v = 0; v < VECTORS; v++)
                sums[r][v] = start_of(l->offsets + at + r * l->groups);
        }
        const uint8_t *weights = panel + SCALES;
        _Pragma("GCC unroll 2") for (int step = 0; step < STEPS; step++, weights += PANEL * DOT) {
            db w[VECTORS];
            UNROLLED
            for (int v = 0; v < VECTORS; v++) memcpy(w + v, weights + v * sizeof(db), sizeof(db));
            UNROLLED
            for (int r = 0; r < rows; r++) {
                int32_t inputs;
                memcpy(&inputs, l->rows + (at + r * l->groups) * GROUP + step * DOT, sizeof inputs);
                UNROLLED
                for (int v = 0; v < VECTORS; v++) sums[r][v] = dot(sums[r][v], w[v], inputs);
            }
        }
        df scales[VECTORS];
        UNROLLED
        for (int v = 0; v < VECTORS; v++) scales[v] = scales_at(panel + 2 * v * WIDE);
        UNROLLED
        for (int r = 0; r < rows; r++) {
            const float scale = l->row_scales[at + r * l->groups];
            UNROLLED
            for (int v = 0; v < VECTORS; v++)
                totals[r][v] += __builtin_convertvector(sums[r][v], df) * scales[v] * scale;
        }
    }
    UNROLLED
    for (int r = 0; r < rows; r++) {
        UNROLLED
        for (int v = 0; v < VECTORS; v++) memcpy(out[r] + v * WIDE, &totals[r][v], sizeof(df));
    }
}

void multiply_panel(const Linear *l, int64_t row, int64_t end, int64_t panel, int64_t next) {
    const uint8_t *weights = l->weights + panel * l->groups * CHUNK;
    const int64_t tiles = (end - row + ROWS - 1) / ROWS;
    /* A single tile reads a panel as fast as memory gives it. */
    const int64_t lines = tiles > 1 ? (CHUNK / LINE + tiles) / tiles : 0;
    Ahead ahead = {l->weights + next * l->groups * CHUNK, lines};
    float y[ROWS][PANEL] __attribute__((aligned(64)));
    for (; row < end; row += ROWS) {
        const int rows = end - row < ROWS ? (int)(end - row) : ROWS;
        switch (rows) {
            case 1: multiply_tile(l, row, weights, &ahead, y, 1); break;
            case 2: multiply_tile(l, row, weights, &ahead, y, 2); break;
            case 3: multiply_tile(l, row, weights, &ahead, y, 3); break;
            case 4: multiply_tile(l, row, weights, &ahead, y, 4); break;
            case 5: multiply_tile(l, row, weights, &ahead, y, 5); break;
            case 6: multiply_tile(l, row, weights, &ahead, y, 6); break;
        }
        for (int r = 0; r < rows; r++) finish_row(l, row + r, panel, y[r]);
    }
}
#endif
