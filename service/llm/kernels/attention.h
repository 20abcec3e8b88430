/* What attention.c shares with its products by tiles (attention_tiles.c). */
#pragma once
#include <stddef.h>
#include <stdlib.h>

#include "pool.h"
#include "tiles.h"

/* TILE: queries that share a pass over keys and values. ALIGNED: where a window may start in a
 * span, so that the same tokens are summed together whoever shares the pass. SPARE: rows that are
 * read behind the last one, and whose products nobody takes. */
#ifdef TILES
#define TILE (2 * TILE_ROWS)
#define ALIGNED (2 * TILE_ROWS)
#define SPARE TILE_ROWS
#else
#define TILE 24
#define ALIGNED BLOCK
#define SPARE 0
#endif

/* Queries, and the spans of stored tokens that they look at. A token sees what stands no later in
 * its text than itself. Tokens that share spans follow one another in `order`. */
typedef struct {
    const float *query; /* (tokens, heads * group, key_dim) with these strides */
    int64_t query_token, query_head;
    float *out;               /* (tokens, heads * group, value_dim), contiguous */
    const int64_t *order;     /* (tokens): which is next */
    const int64_t *positions; /* (tokens): the place of each in its text */
    const int64_t *spans;     /* (tokens, levels, 3): slot, tokens, place of the first; see Span */
    int64_t tokens, levels;
    int64_t group;  /* query heads per stored head */
    int64_t window; /* how far back a query sees, itself included; 0: all the way */
    float scale, softcap;
    const float
        *sinks; /* (heads * group): scores of a token that all see and that is worth 0; or NULL */
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
    word query[TILE + SPARE][MAX_HEAD_DIM] __attribute__((aligned(64)));
    float sums[TILE][MAX_HEAD_DIM];
    int64_t token[TILE], query_head[TILE], position[TILE];
    int64_t columns[TILE]; /* how many scores each row has */
    Run *runs;
    int64_t count;  /* of runs */
    int64_t stride; /* from one row of scores to the next */
    float *scores;  /* (rows + SPARE, stride); then weights, as words */
} Scratch;

/* Ask memory for what comes soon, into the L2 cache: what is there now fills the L1 cache. The
 * processor itself looks ahead to the end of a page, which is a block. */
static inline __attribute__((always_inline)) void ahead(const word *from) {
    __builtin_prefetch(from, 0, 2);
}

static inline int64_t whole_blocks(int64_t tokens) { return (tokens + BLOCK - 1) / BLOCK * BLOCK; }

#ifdef TILES
/* Whether keys are whole tiles. */
static inline int in_tiles(const Pool *pool) {
    return pool->half && pool->key_dim % (2 * TILE_ROWS) == 0;
}

/* As score_run() and gather_run() do. */
void score_tiles(const Pool *pool, const Run *run, int64_t head, Scratch *s);
void gather_tiles(const Pool *pool, const Run *run, int64_t head, Scratch *s);
#endif
