/* What linear.c shares with its two ways to multiply: by dot products (linear_dots.c), and by tiles
 * (linear_tiles.c). */
#pragma once
#include "groups.h"

/* WIDE: channels of a vector of sums. */
#if defined __AVX512BW__
#define WIDE 16
#else
#define WIDE 8
#endif
#define VECTORS 2

#define PANEL (VECTORS * WIDE) /* channels of a panel */
#define STEPS (GROUP / DOT)
#define SCALES (PANEL * 2)             /* bytes of a group's scales */
#define CHUNK (SCALES + PANEL * GROUP) /* bytes of a panel's group */
#define LINE 64                        /* bytes of the cache */

/* ROWS: of a step, whose sums stay in registers. BLOCK_BYTES: of rows, in a core's second cache.
 * MOST_ROWS: of a block. */
#ifdef TILES
#define ROWS (2 * TILE_ROWS)
#define BLOCK_BYTES (1 << 20)
#define MOST_ROWS 512
#else
#define ROWS 6
#define BLOCK_BYTES (1 << 17)
#define MOST_ROWS (BLOCK_BYTES / GROUP)
#endif

enum { IDENTITY, SILU, GELU_TANH };

typedef struct {
    const input *rows;       /* (count / TILE_ROWS, groups, TILE_ROWS, GROUP) */
    const float *row_scales; /* (count, groups) */
    const int32_t *offsets;  /* (count, groups): -128 times the sum of a group */
    const uint8_t *weights;  /* (panels, groups, CHUNK) */
    const float *bias;       /* (width), or NULL */
    float *out;              /* (count, width), or half as wide with gates */
    int64_t count, groups, width, activation;
} Linear;

typedef float df __attribute__((vector_size(4 * WIDE)));

static inline df scales_at(const uint8_t *half) {
#if defined __AVX512BW__
    return (df)_mm512_cvtph_ps(_mm256_loadu_si256((const __m256i *)half));
#elif defined __F16C__
    return (df)_mm256_cvtph_ps(_mm_loadu_si128((const __m128i *)half));
#else
    __fp16 halves[WIDE];
    df scales;
    memcpy(halves, half, sizeof halves);
    for (int lane = 0; lane < WIDE; lane++) scales[lane] = halves[lane];
    return scales;
#endif
}

/* Asks for the next lines, into the L2 cache: the panel at work fills the L1 cache. */
static inline void ask_ahead(const uint8_t *next, int64_t lines) {
    for (int64_t i = 0; i < lines; i++) __builtin_prefetch(next + i * LINE, 0, 2);
}

/* The rows from `row` to `end`, at most MOST_ROWS, times a panel; `next` comes from memory. */
void multiply_panel(const Linear *l, int64_t row, int64_t end, int64_t panel, int64_t next);

/* The channels of a panel of one row, to where they belong. */
void finish_row(const Linear *l, int64_t row, int64_t panel, float *y);
