/* Rows in 8 bits times weights in 8 bits. */
#include "vectors.h"

#ifdef __AVX512VNNI__ /* else there is no such function, and the library below torch does it */

#define PANEL 64 /* channels of a panel: four vectors of sums */
#define ROWS 6   /* so that 24 vectors of sums and a panel's four stay in registers */
#define FOURS 4  /* inputs that one instruction multiplies and adds */
#define VECTORS (PANEL / LANES)

/* `rows`: (count, depth), 8 bits with 128 added; `weights`: panels of (depth / 4, PANEL, 4);
 * `offsets`: what the 128 add to each channel. Whole panels, also where `width` is none; with gates
 * it must be. */
typedef struct {
    const uint8_t *rows;
    const float *row_scales; /* (count) */
    const int8_t *weights;
    const float *scales; /* (width) */
    const int32_t *offsets;
    float *out; /* (count, width) */
    int64_t count, depth, width;
    int64_t gated; /* half of a panel's channels are gates of the others: half as many come out */
} Product;

static inline void keep_some(float *to, vf x, int64_t count) {
    if (count >= LANES)
        keep(to, x);
    else
        for (int64_t lane = 0; lane < count; lane++) to[lane] = x[lane];
}

/* Some rows times a panel. Every product reads `lines` lines of what comes `next` into the L2
 * cache: alone, a few rows would wait for the memory, and many would come back to it. */
static inline __attribute__((always_inline)) void multiply_tile(const Product *p, int64_t r,
                                                                int64_t panel, const int8_t *next,
                                                                int lines, const int rows) {
    const uint8_t *x = p->rows + r * p->depth;
    const int8_t *weights = p->weights + panel * PANEL * p->depth;
    vi sums[ROWS][VECTORS] = {{{0}}};
    for (int64_t i = 0; i < p->depth; i += FOURS, weights += PANEL * FOURS) {
        vi weight[VECTORS];
        UNROLLED for (int v = 0; v < VECTORS; v++) memcpy(weight + v, weights + v * 64, 64);
        for (int line = 0; line < lines; line++, next += 64) __builtin_prefetch(next, 0, 2);
        UNROLLED for (int j = 0; j < rows; j++) {
            int32_t four;
            memcpy(&four, x + j * p->depth + i, FOURS);
            const vi same = four - (vi){0};
            UNROLLED for (int v = 0; v < VECTORS; v++)
                sums[j][v] = (vi)_mm512_dpbusd_epi32((__m512i)sums[j][v], (__m512i)same,
                                                     (__m512i)weight[v]);
        }
    }
    const int64_t first = panel * PANEL;
    UNROLLED for (int j = 0; j < rows; j++) {
        vf y[VECTORS];
        UNROLLED for (int v = 0; v < VECTORS; v++) {
            vi offset;
            memcpy(&offset, p->offsets + first + v * LANES, sizeof offset);
            const vf sum = __builtin_convertvector(sums[j][v] - offset, vf);
            y[v] = sum * load(p->scales + first + v * LANES) * p->row_scales[r + j];
        }
        if (p->gated) {
            float *to = p->out + (r + j) * p->width / 2 + first / 2;
            UNROLLED for (int v = 0; v < VECTORS / 2; v++)
                keep(to + v * LANES, silu(y[v]) * y[v + VECTORS / 2]);
        } else {
            float *to = p->out + (r + j) * p->width + first;
            UNROLLED for (int v = 0; v < VECTORS; v++)
                keep_some(to + v * LANES, y[v], p->width - first - v * LANES);
        }
    }
}

/* All rows times a panel, while the next panel comes: a quarter of it with each of the first four
 * tiles, or all of it with the first one. */
static void multiply_panel(const Product *p, int64_t panel, const int8_t *next) {
    const int64_t quarter = PANEL * p->depth / 4;
    const int shares = p->count >= 4 * ROWS ? 4 : 1;
    int64_t r = 0;
    int tile = 0;
    for (; r + ROWS <= p->count; r += ROWS, tile++)
        multiply_tile(p, r, panel, next + tile % 4 * quarter, tile < shares ? 4 / shares : 0, ROWS);
    const int lines = tile ? 0 : 4;
    switch (p->count - r) {
        case 1: multiply_tile(p, r, panel, next, lines, 1); break;
        case 2: multiply_tile(p, r, panel, next, lines, 2); break;
        case 3: multiply_tile(p, r, panel, next, lines, 3); break;
        case 4: multiply_tile(p, r, panel, next, lines, 4); break;
        case 5: multiply_tile(p, r, panel, next, lines, 5); break;
    }
}

/* out = (rows - 128) x weights', times both scales. Each sum is exact, so a row gets the same
 * numbers among any others. */
void multiply(const uint8_t *rows, const float *row_scales, const int8_t *weights,
              const float *scales, const int32_t *offsets, float *out, int64_t count,
              int64_t depth, int64_t width, int64_t gated) {
    const Product p = {rows, row_scales, weights, scales, offsets, out, count, depth, width, gated};
    const int64_t panels = (width + PANEL - 1) / PANEL;
#pragma omp parallel for schedule(static) if (count * depth * width > 65536)
    for (int64_t panel = 0; panel < panels; panel++) {
        const int64_t next = panel + 1 < panels ? panel + 1 : panel;
        multiply_panel(&p, panel, weights + next * PANEL * depth);
    }
}
#endif
