/* What queries gather from stored keys and values: all scores of a few queries, their softmax, then
 * the values. */
#include "attention.h"

#define SCORES (1 << 18) /* of a tile, if it can be: they stay in the L2 cache */
#define STRETCH 64       /* words of values in a pass of a tile: they stay in the L1 cache */

/* Sums that are kept in registers: ROWS x PANEL vectors of them. */
#ifdef __AVX512F__
#define ROWS 6
#define PANEL 4
#else
#define ROWS 4
#define PANEL 2
#endif
#define PARTS (BLOCK / LANES) /* vectors of a block */

/* Queries of a pass are a multiple of this, if they need not be fewer. */
#ifdef TILES
#define FEWEST TILE_ROWS
#else
#define FEWEST ROWS
#endif

/* Its size and its fields' offsets, which Python compares with its own (layout.py). */
#define AT(field) offsetof(Queries, field)
const int64_t layout_queries[] = {sizeof(Queries), AT(query),   AT(query_token), AT(query_head),
                                  AT(out),         AT(order),   AT(positions),   AT(spans),
                                  AT(tokens),      AT(levels),  AT(group),       AT(window),
                                  AT(scale),       AT(softcap), AT(sinks)};
#undef AT

static void drop_scratch(Scratch *s) {
    if (s) {
        free(s->runs);
        free(s->scores);
        free(s);
    }
}

static Scratch *make_scratch(int64_t rows, int64_t levels, int64_t stride) {
    Scratch *s = aligned_alloc(64, sizeof *s);
    if (!s) return NULL;
    s->stride = stride;
    s->runs = malloc((rows * levels + 1) * sizeof *s->runs);
    s->scores = malloc(((rows + SPARE) * stride + 1) * sizeof *s->scores);
    if (s->runs && s->scores) return s;
    drop_scratch(s);
    return NULL;
}

/* Rows `first` to `last` of what the tokens ask of one stored head, each `group` rows. */
static void take_queries(const Pool *pool, const Queries *q, int64_t head, int64_t first,
                         int64_t last, Scratch *s) {
    for (int64_t i = first, r = 0; i < last; i++, r++) {
        const int64_t token = q->order[i / q->group], query_head = head * q->group + i % q->group;
        const float *query = q->query + token * q->query_token + query_head * q->query_head;
        if (pool->half)
            narrow_many(query, (uint16_t *)s->query[r], pool->key_dim);
        else
            memcpy(s->query[r], query, pool->key_dim * sizeof(float));
        s->token[r] = token, s->query_head[r] = query_head;
        s->position[r] = q->positions[token];
        s->columns[r] = 0;
        memset(s->sums[r], 0, pool->value_width * sizeof(float));
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
                if (s->columns[next] != s->columns[r]) break;
                lowest = at < lowest ? at : lowest;
                highest = at > highest ? at : highest;
            }
            const int64_t seen = highest + 1 - span->position;
            const int64_t end = seen < span->length ? seen : span->length;
            int64_t start = q->window ? lowest + 1 - q->window - span->position : 0;
            start = start > 0 ? start / ALIGNED * ALIGNED : 0;
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
#define FOR_ROWS(first, last, CALL)                        \
    do {                                                   \
        int64_t r = first;                                 \
        for (; r + ROWS <= last; r += ROWS) CALL(r, ROWS); \
        for (; r + 2 <= last; r += 2) CALL(r, 2);          \
        for (; r < last; r++) CALL(r, 1);                  \
    } while (0)

static inline __attribute__((always_inline)) void score_run(const Pool *pool, const Run *run,
                                                            int64_t head, Scratch *s,
                                                            const int pairs) {
#ifdef TILES
    if (in_tiles(pool)) {
        score_tiles(pool, run, head, s);
        return;
    }
#endif
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

/* Scores times the scale, below the cap; what is masked stays so. */
static void cap_scores(const Queries *q, float *scores, int64_t columns) {
    for (int64_t t = 0; t < columns; t++)
        if (scores[t] != -INFINITY)
            scores[t] = q->softcap * tanhf(scores[t] * q->scale / q->softcap);
}

/* From scores to weights that sum to one, in place; as words. */
static void soften(const Pool *pool, const Queries *q, int64_t r, Scratch *s) {
    float *scores = s->scores + r * s->stride, scale = q->scale;
    const int64_t columns = s->columns[r];
    if (q->softcap > 0) {
        cap_scores(q, scores, columns);
        scale = 1;
    }
    vf top = splat(-INFINITY), sum = splat(0);
    for (int64_t t = 0; t < columns; t += LANES) top = larger(top, load(scores + t) * scale);
    const float sink = q->sinks ? q->sinks[s->query_head[r]] : -INFINITY, seen = largest(top);
    const float peak = seen > sink ? seen : sink;
    for (int64_t t = 0; t < columns; t += LANES) {
        const vf x = load(scores + t) * scale;
        const vf weight = pick(x == -INFINITY, splat(0), vexp(x - peak));
        keep(scores + t, weight);
        sum += weight;
    }
    const float share = 1.0f / (sum_of(sum) + (q->sinks ? expf(sink - peak) : 0));
    for (int64_t t = 0; t < columns; t += LANES) {
        const vf weight = load(scores + t) * share;
        if (pool->half)
            keep_narrow((uint16_t *)scores + t, weight);
        else
            keep(scores + t, weight);
    }
}

/* sums[r] += weights[r] x values, for some rows, vectors of the width, and words of tokens. */
static inline __attribute__((always_inline)) void gather_panel(Scratch *s, const word *values,
                                                               const word *weights, int64_t width,
                                                               int64_t count, int64_t r,
                                                               int64_t first, const int rows,
                                                               const int vectors, const int pairs) {
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
#ifdef TILES
    if (in_tiles(pool)) {
        gather_tiles(pool, run, head, s);
        return;
    }
#endif
    const int64_t width = pool->value_width, last = run->row + run->rows;
    const int64_t words = pairs ? (run->count + 1) / 2 : run->count;
    const word *all = values_at(pool, head, run->slot);
    const word *weights = (word *)s->scores + (pairs ? run->column / 2 : run->column);
    for (int64_t t = 0; t < words; t += STRETCH) {
        const int64_t count = words - t < STRETCH ? words - t : STRETCH;
        const word *values = all + t * width;
        int64_t i = 0;
        for (; i + PANEL * LANES <= width; i += PANEL * LANES) {
#define BROAD(r, rows) gather_panel(s, values, weights + t, width, count, r, i, rows, PANEL, pairs)
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
        memcpy(q->out + (s->token[r] * heads + s->query_head[r]) * pool->value_dim, s->sums[r],
               pool->value_dim * sizeof(float));
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
    while (most > FEWEST && most * stride > SCORES) most -= FEWEST;
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
            begin_tiles();
            /* Tiles of one head follow one another: its keys and values stay in the L2 cache. */
#pragma omp for schedule(dynamic, 1)
            for (int64_t w = 0; w < work; w++) {
                const Tile *tile = tiles + w % count;
                if (pool->half)
                    attend_tile(pool, q, w / count, tile->first, tile->last, s, 1);
                else
                    attend_tile(pool, q, w / count, tile->first, tile->last, s, 0);
            }
            end_tiles();
        }
        drop_scratch(s);
    }
    free(tiles);
    return failed ? -1 : 0;
}
