/* The loops that torch has no operator for: attention over stored keys and values, and the small
 * row-wise steps around it. Compiled once per machine by build.py; every function has a twin in
 * torch (attention.py, fused.py), which the tests hold it against.
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
#include <string.h>

#define BLOCK 16 /* stored tokens that lie side by side */
#ifdef __AVX512F__
#define LANES 16
#else
#define LANES 8
#endif
#define CHUNK 32 /* stored tokens that are scored at once: keys and values stay in the L1 cache */
#define TILE 32  /* queries that share a pass over the keys */
#define MOST_DEPTH 256
#define WIDEST 32768 /* of a gated layer */

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

static inline float widen(uint16_t half) {
    uint32_t bits = (uint32_t)half << 16;
    float x;
    memcpy(&x, &bits, 4);
    return x;
}

/* To bfloat16, to nearest, ties to even, as torch rounds. */
static inline uint16_t narrow(float x) {
    uint32_t bits;
    memcpy(&bits, &x, 4);
    if ((bits & 0x7fffffff) > 0x7f800000) return 0x7fc0;
    return (uint16_t)((bits + 0x7fff + ((bits >> 16) & 1)) >> 16);
}

/* The vector that LANES bfloat16 stand for. By name, since gcc 12 takes six instructions for the
 * conversion that it could do in one. */
static inline vf widened(const uint16_t *from) {
#if defined(__AVX512F__)
    const __m512i wide = _mm512_cvtepu16_epi32(_mm256_loadu_si256((const __m256i *)from));
    return (vf)_mm512_slli_epi32(wide, 16);
#elif defined(__AVX2__)
    const __m256i wide = _mm256_cvtepu16_epi32(_mm_loadu_si128((const __m128i *)from));
    return (vf)_mm256_slli_epi32(wide, 16);
#else
    vh half;
    memcpy(&half, from, sizeof half);
    return (vf)(__builtin_convertvector(half, vi) << 16);
#endif
}

/* LANES numbers from `at` on, stored as bfloat16 or as float32. */
static inline __attribute__((always_inline)) vf load_either(const void *from, int64_t at,
                                                            const int half) {
    if (!half) return load((const float *)from + at);
    return widened((const uint16_t *)from + at);
}

/* Ask memory for what the next chunk will need; without it two thirds of the time is waiting. */
static inline __attribute__((always_inline)) void ahead(const void *from, int64_t at,
                                                        const int half) {
    __builtin_prefetch((const char *)from + at * (half ? 2 : 4));
}

__attribute__((noinline)) static void widen_many(const uint16_t *restrict from,
                                                 float *restrict to, int64_t count) {
    for (int64_t i = 0; i < count; i += LANES) {
        __builtin_prefetch(from + i + 2048);
        keep(to + i, widened(from + i));
    }
}

/* Where keys and values are stored: per head, blocks of BLOCK tokens. A block of keys is
 * (depth, BLOCK), so that scores grow side by side; one of values is (BLOCK, width), where
 * width is the depth rounded up to whole vectors. `half` says bfloat16, else float32. */
typedef struct {
    void *keys, *values;
    int64_t blocks, heads, depth, width;
    int32_t half;
} Pool;

/* Keys and values of `count` tokens, float32 with these strides, into their slots. */
void store(const Pool *pool, const float *keys, int64_t key_token, int64_t key_head,
           const float *values, int64_t value_token, int64_t value_head, const int64_t *slots,
           int64_t count) {
    const int64_t depth = pool->depth, width = pool->width;
#pragma omp parallel for collapse(2) schedule(static) if (count * pool->heads > 64)
    for (int64_t head = 0; head < pool->heads; head++) {
        for (int64_t token = 0; token < count; token++) {
            const int64_t block = head * pool->blocks + slots[token] / BLOCK;
            const int64_t lane = slots[token] % BLOCK;
            const float *key = keys + token * key_token + head * key_head;
            const float *value = values + token * value_token + head * value_head;
            const int64_t at = block * depth * BLOCK + lane;
            const int64_t to = (block * BLOCK + lane) * width;
            if (pool->half) {
                uint16_t *k = (uint16_t *)pool->keys + at, *v = (uint16_t *)pool->values + to;
                for (int64_t i = 0; i < depth; i++) k[i * BLOCK] = narrow(key[i]);
                for (int64_t i = 0; i < depth; i++) v[i] = narrow(value[i]);
            } else {
                float *k = (float *)pool->keys + at, *v = (float *)pool->values + to;
                for (int64_t i = 0; i < depth; i++) k[i * BLOCK] = key[i];
                for (int64_t i = 0; i < depth; i++) v[i] = value[i];
            }
        }
    }
}

/* Queries that look at one span of stored tokens. `first`, `count`: into the list of query
 * indices. `slot`: where the span starts, a multiple of BLOCK; `length`: its tokens;
 * `position`: that of its first token in the text. */
typedef struct {
    int64_t first, count, slot, length, position;
} Segment;

typedef struct {
    const float *query; /* (tokens, heads * group, depth) with these strides */
    int64_t query_token, query_head;
    float *out;   /* (tokens, heads * group, width), contiguous: sums that grow */
    float *peaks; /* (tokens, heads * group, 2): the running maximum and the running total */
    const int64_t *positions;
    int64_t group;  /* query heads per stored head */
    int64_t window; /* how far back a query sees, itself included; 0: all the way */
    float scale, cap;
} Queries;

typedef struct {
    float query[TILE][MOST_DEPTH], sums[TILE][MOST_DEPTH], scores[TILE][CHUNK];
    float keys[CHUNK * MOST_DEPTH], values[CHUNK * MOST_DEPTH];
    float peak[TILE], total[TILE];
    int64_t row[TILE], position[TILE];
} Scratch;

/* scores[r] = query[r] . keys, for some rows and CHUNK tokens at once. `rows` and `half` are
 * constants wherever it is inlined. */
static inline __attribute__((always_inline)) void score(Scratch *s, const void *keys,
                                                        int64_t depth, int64_t r, const int rows,
                                                        const int half) {
    for (int64_t part = 0; part < CHUNK; part += 2 * LANES) {
        const int64_t first = part / BLOCK * depth * BLOCK;
        /* The second vector: the next block, or the same one's other half. */
        const int64_t second = LANES == BLOCK ? first + depth * BLOCK : first + LANES;
        vf a[4] = {{0}}, b[4] = {{0}};
        for (int64_t i = 0; i < depth; i++) {
            const vf key = load_either(keys, first + i * BLOCK, half);
            const vf other = load_either(keys, second + i * BLOCK, half);
            ahead(keys, first + i * BLOCK + CHUNK * depth, half);
            ahead(keys, second + i * BLOCK + CHUNK * depth, half);
            for (int j = 0; j < rows; j++) {
                a[j] += s->query[r + j][i] * key;
                b[j] += s->query[r + j][i] * other;
            }
        }
        for (int j = 0; j < rows; j++) {
            keep(s->scores[r + j] + part, a[j]);
            keep(s->scores[r + j] + part + LANES, b[j]);
        }
    }
}

static void cap_scores(float *scores, float cap) {
    for (int t = 0; t < CHUNK; t++) scores[t] = cap * tanhf(scores[t] / cap);
}

/* Tokens of the chunk that the query at `position` may not see. */
static void mask(float *scores, int64_t position, int64_t window, int64_t start, int64_t count) {
    for (int64_t t = 0; t < CHUNK; t++) {
        const int64_t at = start + t;
        if (t >= count || at > position || (window && at <= position - window))
            scores[t] = -INFINITY;
    }
}

/* From scores to weights, against the running maximum (Milakov and Gimelshein 2018). */
static inline void soften(Scratch *s, int64_t r, int64_t width) {
    float *scores = s->scores[r];
    vf top = load(scores);
    for (int t = LANES; t < CHUNK; t += LANES) {
        const vf x = load(scores + t);
        top = pick(top > x, top, x);
    }
    const float best = largest(top), peak = best > s->peak[r] ? best : s->peak[r];
    if (peak == -INFINITY) { /* nothing that it may see yet */
        memset(scores, 0, sizeof s->scores[r]);
        return;
    }
    vf sum = splat(0);
    for (int t = 0; t < CHUNK; t += LANES) {
        const vf x = load(scores + t);
        const vf weight = pick(x == -INFINITY, splat(0), vexp(x - peak));
        keep(scores + t, weight);
        sum += weight;
    }
    const float total = sum_of(sum);
    if (peak != s->peak[r]) {
        const float shrink = s->peak[r] == -INFINITY ? 0 : expf(s->peak[r] - peak);
        s->total[r] *= shrink;
        for (int64_t i = 0; i < width; i++) s->sums[r][i] *= shrink;
        s->peak[r] = peak;
    }
    s->total[r] += total;
}

/* sums[r] += weights[r] x values, for some rows and one or two vectors of the width at once. */
static inline __attribute__((always_inline)) void gather(Scratch *s, const void *values,
                                                         int64_t width, int64_t r, int64_t count,
                                                         const int rows, const int half) {
    int64_t i = 0;
    for (; i + LANES < width; i += 2 * LANES) {
        vf a[4], b[4];
        for (int j = 0; j < rows; j++)
            a[j] = load(s->sums[r + j] + i), b[j] = load(s->sums[r + j] + i + LANES);
        for (int64_t t = 0; t < count; t++) {
            const vf x = load_either(values, t * width + i, half);
            const vf y = load_either(values, t * width + i + LANES, half);
            ahead(values, (t + CHUNK) * width + i, half);
            for (int j = 0; j < rows; j++) {
                a[j] += s->scores[r + j][t] * x;
                b[j] += s->scores[r + j][t] * y;
            }
        }
        for (int j = 0; j < rows; j++)
            keep(s->sums[r + j] + i, a[j]), keep(s->sums[r + j] + i + LANES, b[j]);
    }
    for (; i < width; i += LANES) {
        vf a[4];
        for (int j = 0; j < rows; j++) a[j] = load(s->sums[r + j] + i);
        for (int64_t t = 0; t < count; t++) {
            const vf x = load_either(values, t * width + i, half);
            for (int j = 0; j < rows; j++) a[j] += s->scores[r + j][t] * x;
        }
        for (int j = 0; j < rows; j++) keep(s->sums[r + j] + i, a[j]);
    }
}

/* What a chunk of stored tokens is to a tile of queries. */
typedef struct {
    const void *keys, *values;
    int64_t at, count; /* the place of its first token in the text; its tokens */
    int whole;         /* every query sees all of it */
} Chunk;

static inline __attribute__((always_inline)) void look(Scratch *s, const Pool *pool,
                                                       const Queries *q, const Chunk *chunk,
                                                       int64_t r, const int rows, const int half) {
    score(s, chunk->keys, pool->depth, r, rows, half);
    for (int64_t j = r; j < r + rows; j++) {
        if (q->cap > 0) cap_scores(s->scores[j], q->cap);
        if (!chunk->whole) mask(s->scores[j], s->position[j], q->window, chunk->at, chunk->count);
        soften(s, j, pool->width);
    }
    gather(s, chunk->values, pool->width, r, chunk->count, rows, half);
}

/* One tile of queries against one span, for one stored head: of all that its tokens ask of it,
 * token by token, those from `first` to `last`. */
static void attend_tile(const Pool *pool, const Queries *q, const Segment *seg,
                        const int64_t *indices, int64_t head, int64_t first, int64_t last,
                        Scratch *s) {
    const int64_t depth = pool->depth, width = pool->width, all = pool->heads * q->group;
    int64_t rows = 0, lowest = INT64_MAX, highest = -1;
    for (int64_t i = first; i < last; i++, rows++) {
        const int64_t token = indices[seg->first + i / q->group], position = q->positions[token];
        const int64_t query_head = head * q->group + i % q->group;
        const int64_t row = token * all + query_head;
        const float *query = q->query + token * q->query_token + query_head * q->query_head;
        lowest = position < lowest ? position : lowest;
        highest = position > highest ? position : highest;
        for (int64_t j = 0; j < depth; j++) s->query[rows][j] = query[j] * q->scale;
        memcpy(s->sums[rows], q->out + row * width, width * sizeof(float));
        s->peak[rows] = q->peaks[2 * row];
        s->total[rows] = q->peaks[2 * row + 1];
        s->row[rows] = row;
        s->position[rows] = position;
    }
    const int64_t seen = highest - seg->position + 1;
    const int64_t end = seen < seg->length ? seen : seg->length;
    int64_t start = 0;
    if (q->window && lowest - q->window + 1 > seg->position)
        start = (lowest - q->window + 1 - seg->position) / CHUNK * CHUNK;
    for (int64_t t = start; t < end; t += CHUNK) {
        const int64_t count = end - t < CHUNK ? end - t : CHUNK;
        const int64_t block = head * pool->blocks + (seg->slot + t) / BLOCK;
        /* The last chunk may reach into a block of somebody else, or past the pool's end. */
        const int64_t blocks = (count + BLOCK - 1) / BLOCK;
        const int64_t key = block * depth * BLOCK, value = block * width * BLOCK;
        const int64_t at = seg->position + t;
        Chunk chunk = {.at = at, .count = count};
        chunk.whole = count == CHUNK && at + CHUNK - 1 <= lowest &&
                      !(q->window && at <= highest - q->window);
        int half = pool->half;
        if (half) {
            chunk.keys = (uint16_t *)pool->keys + key;
            chunk.values = (uint16_t *)pool->values + value;
        } else {
            chunk.keys = (float *)pool->keys + key;
            chunk.values = (float *)pool->values + value;
        }
        if (blocks * BLOCK < CHUNK || (half && rows > 4)) {
            /* Many rows share one widening; a missing block is zero. */
            if (half) {
                widen_many(chunk.keys, s->keys, blocks * depth * BLOCK);
                widen_many(chunk.values, s->values, blocks * width * BLOCK);
                chunk.values = s->values, half = 0;
            } else {
                memcpy(s->keys, chunk.keys, blocks * depth * BLOCK * sizeof(float));
            }
            chunk.keys = s->keys;
            if (blocks * BLOCK < CHUNK)
                memset(s->keys + blocks * depth * BLOCK, 0,
                       (CHUNK - blocks * BLOCK) * depth * sizeof(float));
        }
        int64_t r = 0;
        if (half) {
            for (; r + 4 <= rows; r += 4) look(s, pool, q, &chunk, r, 4, 1);
            for (; r + 2 <= rows; r += 2) look(s, pool, q, &chunk, r, 2, 1);
            for (; r < rows; r++) look(s, pool, q, &chunk, r, 1, 1);
        } else {
            for (; r + 4 <= rows; r += 4) look(s, pool, q, &chunk, r, 4, 0);
            for (; r + 2 <= rows; r += 2) look(s, pool, q, &chunk, r, 2, 0);
            for (; r < rows; r++) look(s, pool, q, &chunk, r, 1, 0);
        }
    }
    for (int64_t r = 0; r < rows; r++) {
        memcpy(q->out + s->row[r] * width, s->sums[r], width * sizeof(float));
        q->peaks[2 * s->row[r]] = s->peak[r];
        q->peaks[2 * s->row[r] + 1] = s->total[r];
    }
}

/* Let the queries of every segment look at their spans. A query may be in several segments, of
 * which each goes on where the last stopped; call once for the spans that are shared and once for
 * those of its own, so that no query is in two segments of one call. */
void attend(const Pool *pool, const Queries *q, const Segment *segments, int64_t count,
            const int64_t *indices) {
    int64_t tiles = 0;
    for (int64_t i = 0; i < count; i++) tiles += (segments[i].count * q->group + TILE - 1) / TILE;
    const int64_t work = tiles * pool->heads;
#pragma omp parallel if (work > 1)
    {
        Scratch scratch __attribute__((aligned(64)));
#pragma omp for schedule(dynamic, 1)
        for (int64_t w = 0; w < work; w++) {
            int64_t tile = w / pool->heads, i = 0, asked;
            for (;; i++) {
                asked = segments[i].count * q->group;
                const int64_t own = (asked + TILE - 1) / TILE;
                if (tile < own) break;
                tile -= own;
            }
            const int64_t first = tile * TILE;
            const int64_t last = first + TILE < asked ? first + TILE : asked;
            attend_tile(pool, q, segments + i, indices, w % pool->heads, first, last, &scratch);
        }
    }
}

/* Divide the sums by the totals: (rows, width) to (rows, depth). */
void settle(const float *sums, const float *peaks, float *out, int64_t rows, int64_t width,
            int64_t depth) {
#pragma omp parallel for schedule(static) if (rows > 64)
    for (int64_t r = 0; r < rows; r++) {
        const float share = 1.0f / peaks[2 * r + 1];
        for (int64_t i = 0; i < depth; i++) out[r * depth + i] = sums[r * width + i] * share;
    }
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
