/* Scores and gathered values by tiles (AMX), of keys, values, queries and weights in bfloat16. Keys
 * and pairs of values are stored as tiles need them (pool.h). */
#include "attention.h"

#ifdef TILES
#define WORDS (TILE_LINE / 4) /* of a row of a tile: so many steps, or pairs of tokens */
#define MOST_COLUMNS 4        /* tiles of columns that 16 rows are multiplied by; 32 rows by 2 */

/* Rows and columns of products, in words: `line` from one row of a tile to the next, `step` from
 * one tile to the next, `apart` from one column of tiles to the next. */
typedef struct {
    const word *first;
    int64_t line, step, apart;
} Factor;

typedef float Products[TILE][MOST_COLUMNS * WORDS];

#define LOAD_COLUMN(tile, c) load_tile(tile, column + (c)*columns->apart, columns->line * 4)
#define LOAD_SUMS(tile, r, c) load_tile(tile, sums[r] + (c)*WORDS, sizeof *sums)
#define KEEP_SUMS(tile, r, c) keep_tile(sums[r] + (c)*WORDS, sizeof *sums, tile)

/* The sums of 16 rows and `count` columns of tiles grow. `near`: lines to ask for in each row of
 * the next tile, which comes from memory. */
static inline __attribute__((always_inline)) void multiply_16(const Factor *rows,
                                                              const Factor *columns, int64_t tiles,
                                                              int64_t near, Products sums,
                                                              const int count) {
    LOAD_SUMS(0, 0, 0);
    if (count > 1) LOAD_SUMS(1, 0, 1);
    if (count > 2) LOAD_SUMS(2, 0, 2);
    if (count > 3) LOAD_SUMS(3, 0, 3);
    for (int64_t i = 0; i < tiles; i++) {
        const word *column = columns->first + i * columns->step;
        const word *next = column + 2 * columns->step;
        for (int64_t r = 0; near && r < TILE_ROWS; r++)
            for (int64_t l = 0; l < near; l++) ahead(next + r * columns->line + l * WORDS);
        load_tile(4, rows->first + i * rows->step, rows->line * 4);
        LOAD_COLUMN(5, 0);
        multiply_tiles(0, 4, 5);
        if (count > 1) {
            LOAD_COLUMN(6, 1);
            multiply_tiles(1, 4, 6);
        }
        if (count > 2) {
            LOAD_COLUMN(7, 2);
            multiply_tiles(2, 4, 7);
        }
        if (count > 3) {
            LOAD_COLUMN(5, 3);
            multiply_tiles(3, 4, 5);
        }
    }
    KEEP_SUMS(0, 0, 0);
    if (count > 1) KEEP_SUMS(1, 0, 1);
    if (count > 2) KEEP_SUMS(2, 0, 2);
    if (count > 3) KEEP_SUMS(3, 0, 3);
}

/* The same of 32 rows. */
static inline __attribute__((always_inline)) void multiply_32(const Factor *rows,
                                                              const Factor *columns, int64_t tiles,
                                                              Products sums, const int count) {
    LOAD_SUMS(0, 0, 0);
    LOAD_SUMS(2, TILE_ROWS, 0);
    if (count > 1) {
        LOAD_SUMS(1, 0, 1);
        LOAD_SUMS(3, TILE_ROWS, 1);
    }
    for (int64_t i = 0; i < tiles; i++) {
        const word *column = columns->first + i * columns->step;
        const word *row = rows->first + i * rows->step;
        load_tile(4, row, rows->line * 4);
        LOAD_COLUMN(6, 0);
        multiply_tiles(0, 4, 6);
        load_tile(5, row + TILE_ROWS * rows->line, rows->line * 4);
        multiply_tiles(2, 5, 6);
        if (count > 1) {
            LOAD_COLUMN(7, 1);
            multiply_tiles(1, 4, 7);
            multiply_tiles(3, 5, 7);
        }
    }
    KEEP_SUMS(0, 0, 0);
    KEEP_SUMS(2, TILE_ROWS, 0);
    if (count > 1) {
        KEEP_SUMS(1, 0, 1);
        KEEP_SUMS(3, TILE_ROWS, 1);
    }
}

static int64_t most_columns(int64_t rows) { return rows > TILE_ROWS ? 2 : MOST_COLUMNS; }

/* The sums of `count` rows grow by their products with at most most_columns(count) columns. */
static void multiply(int64_t count, const Factor *rows, const Factor *columns, int64_t width,
                     int64_t tiles, int64_t near, Products sums) {
    written_for_tiles();
    if (count > TILE_ROWS && width > 1)
        multiply_32(rows, columns, tiles, sums, 2);
    else if (count > TILE_ROWS)
        multiply_32(rows, columns, tiles, sums, 1);
    else if (width == 4)
        multiply_16(rows, columns, tiles, near, sums, 4);
    else if (width == 3)
        multiply_16(rows, columns, tiles, near, sums, 3);
    else if (width == 2)
        multiply_16(rows, columns, tiles, near, sums, 2);
    else
        multiply_16(rows, columns, tiles, near, sums, 1);
}

static int64_t smaller(int64_t x, int64_t y) { return x < y ? x : y; }

void score_tiles(const Pool *pool, const Run *run, int64_t head, Scratch *s) {
    const int64_t steps = steps_of(pool), blocks = whole_blocks(run->count) / BLOCK;
    const Factor rows = {s->query[run->row], MAX_HEAD_DIM, WORDS, 0};
    Factor columns = {NULL, BLOCK, WORDS * BLOCK, BLOCK * steps};
    for (int64_t b = 0, count; b < blocks; b += count) {
        Products scores __attribute__((aligned(64)));
        count = smaller(blocks - b, most_columns(run->rows));
        memset(scores, 0, sizeof scores);
        columns.first = keys_at(pool, head, run->slot + b * BLOCK);
        const word *next = columns.first + count * columns.apart;
        for (int64_t i = 0; run->rows <= TILE_ROWS && i < count * columns.apart; i += WORDS)
            ahead(next + i);
        multiply(run->rows, &rows, &columns, count, steps / WORDS, 0, scores);
        for (int64_t r = 0; r < run->rows; r++)
            memcpy(s->scores + (run->row + r) * s->stride + run->column + b * BLOCK, scores[r],
                   count * BLOCK * sizeof(float));
    }
}

/* The last tokens of a run, filled up with zeros to a whole tile: what lies behind them may be no
 * number. */
typedef struct {
    word weights[TILE][WORDS], values[WORDS][MAX_HEAD_DIM];
} Rest;

static void take_rest(const Factor *rows, int64_t count, const word *values, int64_t width,
                      int64_t words, Rest *rest) {
    memset(rest, 0, sizeof *rest);
    for (int64_t r = 0; r < count; r++)
        memcpy(rest->weights[r], rows->first + r * rows->line, words * sizeof(word));
    for (int64_t t = 0; t < words; t++)
        memcpy(rest->values[t], values + t * width, width * sizeof(word));
}

void gather_tiles(const Pool *pool, const Run *run, int64_t head, Scratch *s) {
    const int64_t width = pool->value_width, words = (run->count + 1) / 2;
    const int64_t tiles = words / WORDS, whole = tiles * WORDS;
    const word *values = values_at(pool, head, run->slot);
    const word *weights = (word *)s->scores + run->row * s->stride + run->column / 2;
    const Factor rows = {weights, s->stride, WORDS, 0};
    const Factor last = {weights + whole, s->stride, 0, 0};
    Rest rest __attribute__((aligned(64)));
    const Factor rest_rows = {rest.weights[0], WORDS, 0, 0};
    if (whole < words)
        take_rest(&last, run->rows, values + whole * width, width, words - whole, &rest);
    for (int64_t i = 0, count; i < width; i += count * WORDS) {
        Products products __attribute__((aligned(64)));
        count = smaller((width - i) / WORDS, most_columns(run->rows));
        const Factor columns = {values + i, width, WORDS * width, WORDS};
        const Factor rest_columns = {rest.values[0] + i, MAX_HEAD_DIM, 0, WORDS};
        memset(products, 0, sizeof products);
        multiply(run->rows, &rows, &columns, count, tiles, i ? 0 : width / WORDS, products);
        if (whole < words) multiply(run->rows, &rest_rows, &rest_columns, count, 1, 0, products);
        for (int64_t r = 0; r < run->rows; r++) {
            float *sums = s->sums[run->row + r] + i;
            for (int c = 0; c < count * WORDS; c += LANES)
                keep(sums + c, load(sums + c) + load(products[r] + c));
        }
    }
}
#endif
