/* Linear layers in 8 bits with a scale for every GROUP inputs, of the rows and of the weights.
 *
 * The format is llama.cpp's Q8_0, laid out anew. A panel is PANEL channels side by side: for each
 * group of inputs the scales of its channels (float16), then DOT inputs of every channel, and so
 * on. The products of a group are summed exactly in 32 bits; groups are added in float32, in order.
 * So a row gets the same bits alone and in any batch, and on every processor with fused
 * multiply-add.
 */
#include "groups.h"

/* WIDE: channels of a vector of sums. ROWS and VECTORS: the largest tile, whose sums shall stay in
 * registers. */
#if defined __AVX512BW__
#define WIDE 16
#else
#define WIDE 8
#endif
#define ROWS 6
#define VECTORS 2

#define PANEL (VECTORS * WIDE) /* channels of a panel */
#define STEPS (GROUP / DOT)
#define SCALES (PANEL * 2)             /* bytes of a group's scales */
#define CHUNK (SCALES + PANEL * GROUP) /* bytes of a panel's group */
#define BLOCK_BYTES (1 << 17)          /* of rows, in a core's second cache */
#define LINE 64                        /* bytes of the cache */

typedef int32_t di __attribute__((vector_size(4 * WIDE)));
typedef float df __attribute__((vector_size(4 * WIDE)));
typedef int8_t db __attribute__((vector_size(WIDE * DOT)));

enum { IDENTITY, SILU, GELU_TANH };

typedef struct {
    const input *rows;       /* (count, groups, GROUP) */
    const float *row_scales; /* (count, groups) */
    const int32_t *offsets;  /* (count, groups): -128 times the sum of a group */
    const uint8_t *weights;  /* (panels, groups, CHUNK) */
    const float *bias;       /* (width), or NULL */
    float *out;              /* (count, width), or half as wide with gates */
    int64_t count, groups, width, activation;
} Linear;

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

/* The panel after this one: each tile asks memory for `lines` of it per group. */
typedef struct {
    const uint8_t *next;
    int64_t lines;
} Ahead;

/* Asks for the next lines, into the L2 cache: the panel at work fills the L1 cache. */
static inline void ask_ahead(Ahead *ahead) {
    for (int64_t i = 0; i < ahead->lines; i++, ahead->next += LINE)
        __builtin_prefetch(ahead->next, 0, 2);
}

/* Some rows times a panel's channels. */
static inline __attribute__((always_inline)) void multiply_tile(const Linear *l, int64_t row,
                                                                const uint8_t *panel, Ahead *ahead,
                                                                float (*out)[PANEL],
                                                                const int rows) {
    df totals[ROWS][VECTORS] = {{{0}}};
    for (int64_t group = 0; group < l->groups; group++, panel += CHUNK) {
        const int64_t at = row * l->groups + group;
        ask_ahead(ahead);
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

/* The channels of a panel of one row, to where they belong. */
static void finish_row(const Linear *l, int64_t row, int64_t panel, float *y) {
    const int64_t first = panel * PANEL;
    const int64_t channels = l->width - first < PANEL ? l->width - first : PANEL;
    if (l->bias)
        for (int64_t c = 0; c < channels; c++) y[c] += l->bias[first + c];
    if (l->activation == IDENTITY) {
        memcpy(l->out + row * l->width + first, y, channels * sizeof(float));
        return;
    }
    float *to = l->out + (row * l->width + first) / 2;
    for (int c = 0; c < PANEL / 2; c += LANES) {
        const vf gate = load(y + c);
        keep(to + c,
             (l->activation == SILU ? silu(gate) : gelu_tanh(gate)) * load(y + PANEL / 2 + c));
    }
}

/* The rows from `row` to `end` times a panel, while `next` comes from memory. */
static void multiply_panel(const Linear *l, int64_t row, int64_t end, int64_t panel,
                           int64_t next) {
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

/* Rows that stay in a core's own cache while panel after panel goes by: `count` in equal parts. */
static int64_t block_of_rows(int64_t count, int64_t groups) {
    const int64_t most = BLOCK_BYTES / (groups * GROUP * (int64_t)sizeof(input));
    const int64_t blocks = count / (most < ROWS ? ROWS : most) + 1;
    const int64_t rows = (count + blocks - 1) / blocks;
    return rows < ROWS ? ROWS : (rows + ROWS - 1) / ROWS * ROWS;
}

/* The next part that no thread has taken yet. */
static inline int64_t take(int64_t *taken) {
    int64_t part;
#pragma omp atomic capture
    part = (*taken)++;
    return part;
}

/* out = activation(rows x weights' + bias), of what quantize() made of the rows. With an activation
 * half of each panel's channels are gates of the other half, and `width` is whole panels. */
void linear(const input *rows, const float *row_scales, const int32_t *offsets,
            const uint8_t *weights, const float *bias, float *out, int64_t count, int64_t groups,
            int64_t width, int64_t activation) {
    const Linear l = {rows, row_scales, offsets, weights, bias,
                      out,  count,      groups,  width,   activation};
    const int64_t panels = (width + PANEL - 1) / PANEL, block = block_of_rows(count, groups);
    const int64_t parts = (count + block - 1) / block * panels;
    int64_t taken = 0;
    /* As they come, since another program may have taken the core of one thread. */
#pragma omp parallel if (count * groups * width > 2048)
    for (int64_t part = take(&taken), next; part < parts; part = next) {
        next = take(&taken);
        const int64_t row = part / panels * block, end = row + block;
        multiply_panel(&l, row, end < count ? end : count, part % panels, next % panels);
    }
}

/* The layout of weights: inputs of a group, channels of a panel, adjacent inputs of a channel. */
void linear_layout(int64_t *layout) {
    layout[0] = GROUP;
    layout[1] = PANEL;
    layout[2] = DOT;
}
