/* The loops that torch has no operator for: attention over stored keys and values, and the small
 * row-wise steps around it. Compiled once per machine by build.py; every function has a twin in
 * torch (store.py, fused.py), which the tests hold it against.
 *
 * Vectors are GCC's own (vector_size), so one source serves AVX2, AVX-512 and NEON.
 * No function depends on how many rows or threads there are: each query and each row is computed
 * in one fixed order, so an answer never depends on its neighbours.
 */
#ifdef __AVX2__
#include <immintrin.h>
#endif
#include <math.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#define BLOCK 16 /* stored tokens that lie side by side */
#define MOST_DEPTH 256
#define WIDEST 32768  /* of a gated layer */
#define TILE 24       /* queries that share a pass over keys and values */
#define SCORES (1 << 18) /* of a tile, if it can be: they stay in the L2 cache */
#define STRETCH 64 /* words of values in a pass of a tile over them: they stay in the L1 cache */
/* Sums that are kept in registers, ROWS x PANEL vectors of them. */
#ifdef __AVX512F__
#define LANES 16
#define ROWS 6
#define PANEL 4
#else
#define LANES 8
#define ROWS 4
#define PANEL 2
#endif
#define PARTS (BLOCK / LANES) /* vectors of a block */

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

/* To bfloat16, to nearest, ties to even, as torch rounds. */
static inline uint16_t narrow(float x) {
    uint32_t bits;
    memcpy(&bits, &x, 4);
    if ((bits & 0x7fffffff) > 0x7f800000) return 0x7fc0;
    return (uint16_t)((bits + 0x7fff + ((bits >> 16) & 1)) >> 16);
}

static inline void keep_narrow(uint16_t *to, vf x) {
    const vi bits = (vi)x, rounded = (bits + 0x7fff + ((bits >> 16) & 1)) >> 16;
    const vi narrowed = ((x != x) & 0x7fc0) | (~(x != x) & rounded & 0xffff);
#ifdef __AVX512F__ /* by name, since gcc 12 takes many instructions for it */
    _mm256_storeu_si256((__m256i *)to, _mm512_cvtepi32_epi16((__m512i)narrowed));
#else
    const vh half = __builtin_convertvector(narrowed, vh);
    memcpy(to, &half, sizeof half);
#endif
}

static void narrow_many(const float *from, uint16_t *to, int64_t count) {
    int64_t i = 0;
    for (; i + LANES <= count; i += LANES) keep_narrow(to + i, load(from + i));
    for (; i < count; i++) to[i] = narrow(from[i]);
}

/* Attention. All that is multiplied lies in words of 32 bits: a float32, or a pair of bfloat16. A
 * sum grows by the product of its word, or by both products of its pair. */

typedef int32_t word;

static inline vi load_words(const word *from) {
    vi x;
    memcpy(&x, from, sizeof x);
    return x;
}

static inline __attribute__((always_inline)) vf add_products(vf sum, word one, vi many,
                                                             const int pairs) {
    const vi same = one - (vi){0};
    if (!pairs) return sum + (vf)same * (vf)many;
#ifdef __AVX512BF16__
    return (vf)_mm512_dpbf16_ps((__m512)sum, (__m512bh)many, (__m512bh)same);
#else
    const vi second = (vi){0} - 65536 /* the upper 16 bits */;
    sum += (vf)(same & second) * (vf)(many & second);
    return sum + (vf)(same << 16) * (vf)(many << 16);
#endif
}

/* Ask memory for what comes soon, into the L2 cache: what is there now fills the L1 cache. The
 * processor itself looks ahead to the end of a page, which is a block. */
static inline __attribute__((always_inline)) void ahead(const word *from) {
    __builtin_prefetch(from, 0, 2);
}

/* Where keys and values are stored: per head, blocks of BLOCK tokens. A block of keys is (steps,
 * BLOCK) words, so that the scores of its tokens grow side by side; `steps` are the depth, or its
 * pairs. One of values is (BLOCK tokens, or their pairs, width) words, where `width` is the depth
 * rounded up to whole vectors. `half` says bfloat16, else float32. */
typedef struct {
    void *keys, *values;
    int64_t blocks, heads, depth, width;
    int32_t half;
} Pool;

static inline int64_t steps_of(const Pool *pool) {
    return pool->half ? pool->depth / 2 : pool->depth;
}
static inline const word *keys_at(const Pool *pool, int64_t head, int64_t slot) {
    return (word *)pool->keys + (head * pool->blocks * BLOCK + slot) * steps_of(pool);
}
static inline const word *values_at(const Pool *pool, int64_t head, int64_t slot) {
    const int64_t place = head * pool->blocks * BLOCK + slot;
    return (word *)pool->values + (pool->half ? place / 2 : place) * pool->width;
}

/* A text's tokens are written in order, so what stands second in a pair is written later: until
 * then it is zero, and not what somebody else has left there. */
static void store_pair(const Pool *pool, const float *first, const float *second, word *to) {
    uint16_t pair[2][MOST_DEPTH];
    if (first) narrow_many(first, pair[0], pool->depth);
    if (second) narrow_many(second, pair[1], pool->depth);
    for (int64_t i = 0; i < pool->depth; i++) {
        const uint32_t low = first ? pair[0][i] : (uint32_t)to[i] & 0xffff;
        to[i] = (word)(low | (second ? (uint32_t)pair[1][i] << 16 : 0));
    }
}

/* Keys and values of `count` tokens, float32 with these strides, into their slots. */
void store(const Pool *pool, const float *keys, int64_t key_token, int64_t key_head,
           const float *values, int64_t value_token, int64_t value_head, const int64_t *slots,
           int64_t count) {
    const int64_t depth = pool->depth, steps = steps_of(pool);
#pragma omp parallel for collapse(2) schedule(static) if (count * pool->heads > 64)
    for (int64_t head = 0; head < pool->heads; head++) {
        for (int64_t token = 0; token < count; token++) {
            const int64_t slot = slots[token], lane = slot % BLOCK;
            const float *key = keys + token * key_token + head * key_head;
            const float *value = values + token * value_token + head * value_head;
            word words[MOST_DEPTH];
            if (pool->half)
                narrow_many(key, (uint16_t *)words, depth);
            else
                memcpy(words, key, depth * sizeof(float));
            word *k = (word *)keys_at(pool, head, slot - lane) + lane;
            for (int64_t i = 0; i < steps; i++) k[i * BLOCK] = words[i];
            word *v = (word *)values_at(pool, head, slot);
            if (!pool->half) {
                memcpy(v, value, depth * sizeof(float));
            } else if (slot % 2 == 0) {
                const int both = token + 1 < count && slots[token + 1] == slot + 1;
                store_pair(pool, value, both ? value + value_token : NULL, v);
            } else if (!token || slots[token - 1] != slot - 1) {
                store_pair(pool, NULL, value, v);
            }
        }
    }
}

/* Queries, and the spans of stored tokens that they look at. A token sees what stands no later in
 * its text than itself. Tokens that share spans follow one another in `order`. */
typedef struct {
    const float *query; /* (tokens, heads * group, depth) with these strides */
    int64_t query_token, query_head;
    float *out;               /* (tokens, heads * group, depth), contiguous */
    const int64_t *order;     /* (tokens): which is next */
    const int64_t *positions; /* (tokens): the place of each in its text */
    const int64_t *spans;     /* (tokens, levels, 3): slot, tokens, place of the first; see Span */
    int64_t tokens, levels;
    int64_t group;  /* query heads per stored head */
    int64_t window; /* how far back a query sees, itself included; 0: all the way */
    float scale, cap;
} Queries;

/* `slot`: where it starts, a multiple of BLOCK; `position`: that of its first token. */
typedef struct {
    int64_t slot, length, position;
} Span;

static inline const Span *span_of(const Queries *q, int64_t token, int64_t level) {
    return (const Span *)(q->spans + (token * q->levels + level) * 3);
}

/* Some queries in a row of a tile that look at one span: at `count` of its tokens, which stand at
 * `slot` and `position`. Their scores are columns from `column` on. */
typedef struct {
    int64_t row, rows, slot, position, count, column;
} Run;

typedef struct {
    word query[TILE][MOST_DEPTH];
    float sums[TILE][MOST_DEPTH];
    int64_t token[TILE], query_head[TILE], position[TILE];
    int64_t columns[TILE]; /* how many scores each row has */
    Run *runs;
    int64_t count;  /* of runs */
    int64_t stride; /* from one row of scores to the next */
    float *scores;  /* (rows, stride); then weights, as words */
} Scratch;

static void drop_scratch(Scratch *s) {
    if (s) {
        free(s->runs);
        free(s->scores);
        free(s);
    }
}

static Scratch *make_scratch(int64_t rows, int64_t levels, int64_t stride) {
    Scratch *s = calloc(1, sizeof *s);
    if (!s) return NULL;
    s->stride = stride;
    s->runs = malloc((rows * levels + 1) * sizeof *s->runs);
    s->scores = malloc((rows * stride + 1) * sizeof *s->scores);
    if (s->runs && s->scores) return s;
    drop_scratch(s);
    return NULL;
}

static inline int64_t whole_blocks(int64_t tokens) { return (tokens + BLOCK - 1) / BLOCK * BLOCK; }

/* Rows `first` to `last` of what the tokens ask of one stored head, each `group` rows. */
static void take_queries(const Pool *pool, const Queries *q, int64_t head, int64_t first,
                         int64_t last, Scratch *s) {
    for (int64_t i = first, r = 0; i < last; i++, r++) {
        const int64_t token = q->order[i / q->group], query_head = head * q->group + i % q->group;
        const float *query = q->query + token * q->query_token + query_head * q->query_head;
        if (pool->half)
            narrow_many(query, (uint16_t *)s->query[r], pool->depth);
        else
            memcpy(s->query[r], query, pool->depth * sizeof(float));
        s->token[r] = token, s->query_head[r] = query_head;
        s->position[r] = q->positions[token];
        s->columns[r] = 0;
        memset(s->sums[r], 0, sizeof s->sums[r]);
    }
}

/* Which rows look at the same span, and at what of it. */
static void find_runs(const Queries *q, int64_t rows, Scratch *s) {
    s->count = 0;
    for (int64_t level = 0; level < q->levels; level++) {
        for (int64_t r = 0, next; r < rows; r = next) {
            const Span *span = span_of(q, s->token[r], level);
            int64_t lowest = s->position[r], highest = lowest;
            for (next = r + 1; next < rows; next++) {
                const int64_t at = s->position[next];
                if (memcmp(span, span_of(q, s->token[next], level), sizeof *span)) break;
                lowest = at < lowest ? at : lowest;
                highest = at > highest ? at : highest;
            }
            const int64_t seen = highest + 1 - span->position;
            const int64_t end = seen < span->length ? seen : span->length;
            int64_t start = q->window ? lowest + 1 - q->window - span->position : 0;
            start = start > 0 ? start / BLOCK * BLOCK : 0;
            if (end <= start) continue;
            s->runs[s->count++] = (Run){.row = r,
                                        .rows = next - r,
                                        .slot = span->slot + start,
                                        .position = span->position + start,
                                        .count = end - start,
                                        .column = s->columns[r]};
            for (int64_t i = r; i < next; i++) s->columns[i] += whole_blocks(end - start);
        }
    }
}

/* The scores of some rows and some vectors of stored tokens. */
static inline __attribute__((always_inline)) void score_panel(Scratch *s, const word *keys,
                                                              int64_t steps, int64_t r,
                                                              float *scores, const int rows,
                                                              const int vectors, const int pairs) {
    vf sums[ROWS][PANEL] = {{{0}}};
    for (int64_t i = 0; i < steps; i++) {
        vi key[PANEL];
        for (int v = 0; v < vectors; v++) {
            const word *at = keys + v / PARTS * steps * BLOCK + i * BLOCK + v % PARTS * LANES;
            key[v] = load_words(at);
            ahead(at + PANEL / PARTS * steps * BLOCK);
        }
        for (int j = 0; j < rows; j++)
            for (int v = 0; v < vectors; v++)
                sums[j][v] = add_products(sums[j][v], s->query[r + j][i], key[v], pairs);
    }
    for (int j = 0; j < rows; j++)
        for (int v = 0; v < vectors; v++)
            keep(scores + (r + j) * s->stride + v * LANES, sums[j][v]);
}

/* `rows`, `vectors` and `pairs` are constants wherever a panel is inlined. */
#define FOR_ROWS(first, last, CALL)                          \
    do {                                                     \
        int64_t r = first;                                   \
        for (; r + ROWS <= last; r += ROWS) CALL(r, ROWS);   \
        for (; r + 2 <= last; r += 2) CALL(r, 2);            \
        for (; r < last; r++) CALL(r, 1);                    \
    } while (0)

static inline __attribute__((always_inline)) void score_run(const Pool *pool, const Run *run,
                                                            int64_t head, Scratch *s,
                                                            const int pairs) {
    const int64_t steps = steps_of(pool), last = run->row + run->rows;
    const int64_t count = whole_blocks(run->count);
    const word *keys = keys_at(pool, head, run->slot);
    float *scores = s->scores + run->column;
    int64_t t = 0;
    for (; t + PANEL * LANES <= count; t += PANEL * LANES) {
#define WIDE(r, rows) score_panel(s, keys + t * steps, steps, r, scores + t, rows, PANEL, pairs)
        FOR_ROWS(run->row, last, WIDE);
    }
    for (; t < count; t += BLOCK) {
#define SLIM(r, rows) score_panel(s, keys + t * steps, steps, r, scores + t, rows, PARTS, pairs)
        FOR_ROWS(run->row, last, SLIM);
    }
}

/* What a row may not see, of the run's tokens and of what stands after them in their last block. */
static void mask(const Run *run, const Queries *q, Scratch *s) {
    for (int64_t r = run->row; r < run->row + run->rows; r++) {
        float *scores = s->scores + r * s->stride + run->column;
        const int64_t seen = s->position[r] + 1 - run->position;
        const int64_t end = seen < 0 ? 0 : (seen < run->count ? seen : run->count);
        const int64_t start = q->window ? seen - q->window : 0;
        for (int64_t t = 0; t < start && t < end; t++) scores[t] = -INFINITY;
        for (int64_t t = end; t < whole_blocks(run->count); t++) scores[t] = -INFINITY;
    }
}

/* What is masked stays so. */
static vf capped(vf x, float cap) {
    for (int lane = 0; lane < LANES; lane++)
        if (x[lane] != -INFINITY) x[lane] = cap * tanhf(x[lane] / cap);
    return x;
}

/* From scores to weights that sum to one, in place; as words. */
static void soften(const Pool *pool, const Queries *q, int64_t r, Scratch *s) {
    float *scores = s->scores + r * s->stride;
    const int64_t columns = s->columns[r];
    vf top = splat(-INFINITY), sum = splat(0);
    for (int64_t t = 0; t < columns; t += LANES) {
        vf x = load(scores + t) * q->scale;
        if (q->cap > 0) x = capped(x, q->cap);
        keep(scores + t, x);
        top = pick(top > x, top, x);
    }
    const float peak = largest(top);
    for (int64_t t = 0; t < columns; t += LANES) {
        const vf x = load(scores + t), weight = pick(x == -INFINITY, splat(0), vexp(x - peak));
        keep(scores + t, weight);
        sum += weight;
    }
    const float share = 1.0f / sum_of(sum);
    for (int64_t t = 0; t < columns; t += LANES) {
        const vf weight = load(scores + t) * share;
        if (pool->half)
            keep_narrow((uint16_t *)scores + t, weight);
        else
            keep(scores + t, weight);
    }
}

/* sums[r] += weights[r] x values, for some rows, vectors of the width, and words of tokens. */
static inline __attribute__((always_inline)) void gather_panel(
    Scratch *s, const word *values, const word *weights, int64_t width, int64_t count, int64_t r,
    int64_t first, const int rows, const int vectors, const int pairs) {
    vf sums[ROWS][PANEL];
    for (int j = 0; j < rows; j++)
        for (int v = 0; v < vectors; v++) sums[j][v] = load(s->sums[r + j] + first + v * LANES);
    for (int64_t t = 0; t < count; t++) {
        vi value[PANEL];
        for (int v = 0; v < vectors; v++) {
            const word *at = values + t * width + first + v * LANES;
            value[v] = load_words(at);
            ahead(at + STRETCH * width);
        }
        for (int j = 0; j < rows; j++)
            for (int v = 0; v < vectors; v++)
                sums[j][v] =
                    add_products(sums[j][v], weights[(r + j) * s->stride + t], value[v], pairs);
    }
    for (int j = 0; j < rows; j++)
        for (int v = 0; v < vectors; v++) keep(s->sums[r + j] + first + v * LANES, sums[j][v]);
}

static inline __attribute__((always_inline)) void gather_run(const Pool *pool, const Run *run,
                                                             int64_t head, Scratch *s,
                                                             const int pairs) {
    const int64_t width = pool->width, last = run->row + run->rows;
    const int64_t words = pairs ? (run->count + 1) / 2 : run->count;
    const word *all = values_at(pool, head, run->slot);
    const word *weights = (word *)s->scores + (pairs ? run->column / 2 : run->column);
    for (int64_t t = 0; t < words; t += STRETCH) {
        const int64_t count = words - t < STRETCH ? words - t : STRETCH;
        const word *values = all + t * width;
        int64_t i = 0;
        for (; i + PANEL * LANES <= width; i += PANEL * LANES) {
#define BROAD(r, rows) \
    gather_panel(s, values, weights + t, width, count, r, i, rows, PANEL, pairs)
            FOR_ROWS(run->row, last, BROAD);
        }
        for (; i < width; i += LANES) {
#define NARROW(r, rows) gather_panel(s, values, weights + t, width, count, r, i, rows, 1, pairs)
            FOR_ROWS(run->row, last, NARROW);
        }
    }
}

static inline __attribute__((always_inline)) void attend_tile(const Pool *pool, const Queries *q,
                                                              int64_t head, int64_t first,
                                                              int64_t last, Scratch *s,
                                                              const int pairs) {
    const int64_t rows = last - first, heads = pool->heads * q->group;
    take_queries(pool, q, head, first, last, s);
    find_runs(q, rows, s);
    for (int64_t i = 0; i < s->count; i++) {
        score_run(pool, s->runs + i, head, s, pairs);
        mask(s->runs + i, q, s);
    }
    for (int64_t r = 0; r < rows; r++) soften(pool, q, r, s);
    for (int64_t i = 0; i < s->count; i++) gather_run(pool, s->runs + i, head, s, pairs);
    for (int64_t r = 0; r < rows; r++)
        memcpy(q->out + (s->token[r] * heads + s->query_head[r]) * pool->depth, s->sums[r],
               pool->depth * sizeof(float));
}

/* Rows of queries that are worked on together: tokens that share their first span. */
typedef struct {
    int64_t first, last;
} Tile;

/* The columns of scores that a token can need. */
static int64_t columns_of(const Queries *q, int64_t token) {
    int64_t columns = 0;
    for (int64_t level = 0; level < q->levels; level++)
        columns += whole_blocks(span_of(q, token, level)->length) + BLOCK;
    return columns;
}

/* Into tiles of at most `most` rows; returns how many. */
static int64_t cut_into_tiles(const Queries *q, int64_t most, Tile *tiles) {
    int64_t count = 0;
    for (int64_t i = 0, next; i < q->tokens; i = next) {
        const Span *span = span_of(q, q->order[i], 0);
        for (next = i + 1; next < q->tokens; next++)
            if (memcmp(span, span_of(q, q->order[next], 0), sizeof *span)) break;
        for (int64_t first = i * q->group; first < next * q->group; first += most) {
            const int64_t last = first + most;
            tiles[count++] = (Tile){first, last < next * q->group ? last : next * q->group};
        }
    }
    return count;
}

/* Let the queries look at what they see; what they gather goes to `out`. Returns 0, or -1 where
 * there is no memory for the scores. */
int attend(const Pool *pool, const Queries *q) {
    int64_t stride = 0, most = TILE, failed = 0;
    for (int64_t token = 0; token < q->tokens; token++) {
        const int64_t columns = columns_of(q, token);
        stride = columns > stride ? columns : stride;
    }
    while (most > ROWS && most * stride > SCORES) most -= ROWS;
    Tile *tiles = malloc((q->tokens * q->group + 1) * sizeof *tiles);
    if (!tiles) return -1;
    const int64_t count = cut_into_tiles(q, most, tiles), work = count * pool->heads;
#pragma omp parallel if (work > 1)
    {
        Scratch *s = make_scratch(most, q->levels, stride);
        if (!s) {
#pragma omp atomic write
            failed = 1;
        }
#pragma omp barrier
        if (!failed) {
            /* Tiles of one head follow one another: its keys and values stay in the L2 cache. */
#pragma omp for schedule(dynamic, 1)
            for (int64_t w = 0; w < work; w++) {
                const Tile *tile = tiles + w % count;
                if (pool->half)
                    attend_tile(pool, q, w / count, tile->first, tile->last, s, 1);
                else
                    attend_tile(pool, q, w / count, tile->first, tile->last, s, 0);
            }
        }
        drop_scratch(s);
    }
    free(tiles);
    return failed ? -1 : 0;
}

static inline vf silu(vf x) {
    const vf bounded = pick(x < -87.0f, splat(-87.0f), pick(x > 87.0f, splat(87.0f), x));
    return x / (1.0f + vexp(-bounded));
}

/* Row-wise steps between the linear layers, each in one or two passes over a row that the cache
 * still holds. */

static inline vf magnitude(vf x) { return (vf)((vi)x & 0x7fffffff); }

/* One row in 8 bits with 128 added, and its scale: the largest magnitude / 127. Not a number
 * anywhere makes the scale not a number. */
static float quantize_row(const float *row, uint8_t *to, int64_t width) {
    vf top = splat(0);
    vi bad = {0};
    int64_t i = 0;
    for (; i + LANES <= width; i += LANES) {
        const vf x = load(row + i), size = magnitude(x);
        top = pick(size > top, size, top);
        bad |= x != x;
    }
    float most = largest(top);
    int wrong = 0;
    for (int lane = 0; lane < LANES; lane++) wrong |= bad[lane];
    for (; i < width; i++) {
        most = fabsf(row[i]) > most ? fabsf(row[i]) : most;
        wrong |= row[i] != row[i];
    }
    const float least = 128 * 1.17549435e-38f;
    const float scale = wrong ? NAN : (most < least ? least : most) / 127;
    const float half_even = 12582912.0f; /* adding it rounds to whole numbers, ties to even */
    for (int64_t j = 0; j < width; j++)
        to[j] = (uint8_t)((int32_t)((row[j] / scale + half_even) - half_even) + 128);
    return scale;
}

void quantize(const float *rows, int64_t stride, uint8_t *to, float *scales, int64_t count,
              int64_t width) {
#pragma omp parallel for schedule(static) if (count * width > 8192)
    for (int64_t r = 0; r < count; r++)
        scales[r] = quantize_row(rows + r * stride, to + r * width, width);
}

/* Root mean square norm (Zhang and Sennrich 2019) of `count` rows, times `weight`. */
void rms_norm(const float *rows, int64_t stride, const float *weight, float epsilon, float *out,
              int64_t count, int64_t width) {
#pragma omp parallel for schedule(static) if (count * width > 8192)
    for (int64_t r = 0; r < count; r++) {
        const float *row = rows + r * stride;
        vf squares = splat(0);
        int64_t i = 0;
        for (; i + LANES <= width; i += LANES) squares += load(row + i) * load(row + i);
        float sum = sum_of(squares);
        for (; i < width; i++) sum += row[i] * row[i];
        const float share = 1.0f / sqrtf(sum / width + epsilon);
        float *to = out + r * width;
        for (int64_t j = 0; j < width; j++) to[j] = row[j] * share * weight[j];
    }
}

/* silu(gate) x up in 8 bits, from rows that hold `width` gates and then `width` ups. */
void swiglu(const float *rows, uint8_t *to, float *scales, int64_t count, int64_t width) {
#pragma omp parallel if (count * width > 8192)
    {
        float scratch[WIDEST] __attribute__((aligned(64)));
#pragma omp for schedule(static)
        for (int64_t r = 0; r < count; r++) {
            const float *gate = rows + 2 * r * width, *up = gate + width;
            for (int64_t i = 0; i < width; i += LANES) {
                keep(scratch + i, silu(load(gate + i)) * load(up + i));
            }
            scales[r] = quantize_row(scratch, to + r * width, width);
        }
    }
}

/* Linear attention with the gated delta rule (Yang et al. 2024), token by token, over a state that
 * is changed in place. */

typedef struct {
    const float *query, *key, *value, *gate, *beta; /* (rows, tokens, heads, depth or nothing) */
    int64_t strides[5][3];                          /* of row, token and head, for each of them */
    float *state;                                   /* (rows, value heads, depth, width) */
    float *out;                                     /* (rows, tokens, value heads, width) */
    int64_t rows, tokens, heads, value_heads, depth, width, state_row;
} Delta;

static const float *delta_at(const Delta *d, int which, const float *from, int64_t row,
                             int64_t token, int64_t head) {
    const int64_t *stride = d->strides[which];
    return from + row * stride[0] + token * stride[1] + head * stride[2];
}

/* A vector of length one, up to epsilon, times `scale`. */
static void unit(const float *from, float *to, int64_t count, float scale) {
    vf squares = splat(0);
    int64_t i = 0;
    for (; i + LANES <= count; i += LANES) squares += load(from + i) * load(from + i);
    float sum = sum_of(squares);
    for (; i < count; i++) sum += from[i] * from[i];
    const float share = scale / sqrtf(sum + 1e-6f);
    for (int64_t j = 0; j < count; j++) to[j] = from[j] * share;
}

/* `vectors` of the columns of one head's state, from column `first` on, through all tokens. They
 * are worked on in a copy that lies together: in the state, they would share a few lines of the
 * cache with one another. */
static inline __attribute__((always_inline)) void delta_columns(const Delta *d, int64_t row,
                                                                int64_t head, int64_t first,
                                                                const int vectors) {
    float key[MOST_DEPTH], query[MOST_DEPTH];
    float held[MOST_DEPTH][2 * LANES] __attribute__((aligned(64)));
    const int64_t shared = head / (d->value_heads / d->heads), width = d->width;
    float *state = d->state + row * d->state_row + head * d->depth * width + first;
    for (int64_t i = 0; i < d->depth; i++)
        memcpy(held[i], state + i * width, vectors * sizeof(vf));
    for (int64_t t = 0; t < d->tokens; t++) {
        unit(delta_at(d, 0, d->query, row, t, shared), query, d->depth, 1 / sqrtf(d->depth));
        unit(delta_at(d, 1, d->key, row, t, shared), key, d->depth, 1);
        const float *value = delta_at(d, 2, d->value, row, t, head) + first;
        const float decay = expf(*delta_at(d, 3, d->gate, row, t, head));
        const float beta = *delta_at(d, 4, d->beta, row, t, head);
        /* Even and odd places are summed apart: a sum waits four cycles for its last term. */
        vf change[2][2] = {{{0}}}, out[2] = {{0}};
        int64_t i = 0;
        for (; i + 2 <= d->depth; i += 2)
            for (int odd = 0; odd < 2; odd++)
                for (int j = 0; j < vectors; j++)
                    change[odd][j] += key[i + odd] * load(held[i + odd] + j * LANES);
        for (int j = 0; j < vectors && i < d->depth; j++)
            change[0][j] += key[i] * load(held[i] + j * LANES);
        vf new[2];
        for (int j = 0; j < vectors; j++)
            new[j] = (load(value + j * LANES) - decay * (change[0][j] + change[1][j])) * beta;
        for (i = 0; i < d->depth; i++) {
            for (int j = 0; j < vectors; j++) {
                const vf now = decay * load(held[i] + j * LANES) + key[i] * new[j];
                keep(held[i] + j * LANES, now);
                out[j] += query[i] * now;
            }
        }
        float *to = d->out + ((row * d->tokens + t) * d->value_heads + head) * width + first;
        for (int j = 0; j < vectors; j++) keep(to + j * LANES, out[j]);
    }
    for (int64_t i = 0; i < d->depth; i++)
        memcpy(state + i * width, held[i], vectors * sizeof(vf));
}

void delta_rule(const Delta *d) {
    const int64_t span = d->width % (2 * LANES) ? LANES : 2 * LANES, parts = d->width / span;
    const int64_t work = d->rows * d->value_heads * parts;
#pragma omp parallel for schedule(dynamic, 1)
    for (int64_t w = 0; w < work; w++) {
        const int64_t part = w % parts, head = w / parts % d->value_heads;
        const int64_t row = w / parts / d->value_heads;
        if (span == LANES)
            delta_columns(d, row, head, part * span, 1);
        else
            delta_columns(d, row, head, part * span, 2);
    }
}

/* Causal convolution of each channel for itself, then silu. `rows` is (tokens, channels), channels
 * side by side; `weights` (taps, channels); before the first token is nothing. */
void convolve(const float *rows, int64_t stride, const float *weights, float *out, int64_t tokens,
              int64_t channels, int64_t taps) {
#pragma omp parallel for schedule(static)
    for (int64_t t = 0; t < tokens; t++) {
        for (int64_t c = 0; c < channels; c += LANES) {
            vf sum = splat(0);
            for (int64_t j = t < taps - 1 ? taps - 1 - t : 0; j < taps; j++)
                sum += load(weights + j * channels + c) * load(rows + (t + j - taps + 1) * stride + c);
            keep(out + t * channels + c, silu(sum));
        }
    }
}

/* The same for one new token of each row, whose last `taps` inputs are kept in (rows, channels,
 * taps) and moved on. */
void convolve_step(const float *rows, int64_t stride, float *kept, int64_t kept_row,
                   const float *weights, float *out, int64_t count, int64_t channels,
                   int64_t taps) {
#pragma omp parallel for schedule(static)
    for (int64_t r = 0; r < count; r++) {
        for (int64_t c = 0; c < channels; c++) {
            float *last = kept + r * kept_row + c * taps, sum = 0;
            for (int64_t j = 0; j + 1 < taps; j++) last[j] = last[j + 1];
            last[taps - 1] = rows[r * stride + c];
            for (int64_t j = 0; j < taps; j++) sum += weights[c * taps + j] * last[j];
            out[r * channels + c] = sum / (1.0f + expf(-sum));
        }
    }
}
