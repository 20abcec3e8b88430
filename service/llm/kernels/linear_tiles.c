/* Rows in bfloat16 times weights in 8 bits, which become bfloat16 on the way, by tiles. A group of
 * a panel is two tiles, 32 inputs in pairs of 16 channels each. They are made once for all rows of
 * a block, and sums are float32. */
#include "bfloat16.h"
#include "linear.h"
#include "tiles.h"

#ifdef TILES
#define DEPTH 16 /* groups whose tiles stay in the L1 cache */
#define LAG 2    /* groups from making a tile to its products */

typedef uint16_t Tile[TILE_ROWS * GROUP];

/* The places, in the 64 bytes of 4 inputs of 16 channels, of the bytes that become floats: vectors
 * 0 and 1 are the first two inputs of the first and of the last 8 channels, 2 and 3 the others. */
typedef struct {
    __m512i bytes[4], channels[2];
} Places;

static Places places(void) {
    union {
        uint8_t bytes[4][64];
        __m512i vectors[4];
    } of_bytes = {0};
    union {
        int32_t lanes[2][16];
        __m512i vectors[2];
    } of_channels;
    for (int lane = 0; lane < 16; lane++) {
        for (int v = 0; v < 4; v++)
            of_bytes.bytes[v][4 * lane + 1] = (v % 2 * 8 + lane / 2) * DOT + v / 2 * 2 + lane % 2;
        for (int half = 0; half < 2; half++) of_channels.lanes[half][lane] = half * 8 + lane / 2;
    }
    Places p;
    memcpy(p.bytes, of_bytes.vectors, sizeof p.bytes);
    memcpy(p.channels, of_channels.vectors, sizeof p.channels);
    return p;
}

/* 16 weights times their scales. A byte, plus 128, is put into the float 2^15 in place of its 8
 * bits before the binary point; `minus` is (2^15 + 128) times the scale: an exact product, as the
 * result is. */
static inline __attribute__((always_inline)) vf floats_of(__m512i weights, __m512i places,
                                                          vf scales, vf minus) {
    const __m512i base = (__m512i)(0x47000000 - (vi){0});
    const __m512i placed = _mm512_mask_permutexvar_epi8(base, 0x2222222222222222, places, weights);
    return (vf)_mm512_fmsub_ps((__m512)placed, (__m512)scales, (__m512)minus);
}

/* A group of a panel, as tiles. */
static inline __attribute__((always_inline)) void dequantize(const uint8_t *chunk, const Places *p,
                                                             Tile *to) {
    UNROLLED
    for (int v = 0; v < VECTORS; v++) {
        const __m512 scales = (__m512)scales_at(chunk + 2 * v * WIDE);
        vf scale[2], minus[2];
        UNROLLED
        for (int half = 0; half < 2; half++) {
            scale[half] = (vf)_mm512_permutexvar_ps(p->channels[half], scales);
            minus[half] = scale[half] * 32896.0f;
        }
        const uint8_t *from = chunk + SCALES + v * LINE;
        uint16_t *tile = to[v];
        UNROLLED
        for (int step = 0; step < STEPS; step++, from += PANEL * DOT, tile += 4 * WIDE) {
            vi weights;
            memcpy(&weights, from, sizeof weights);
            weights ^= 0x80808080;
            vf x[4];
            UNROLLED
            for (int i = 0; i < 4; i++)
                x[i] = floats_of((__m512i)weights, p->bytes[i], scale[i % 2], minus[i % 2]);
            keep_narrow_pair(tile, x[0], x[1]);
            keep_narrow_pair(tile + 2 * WIDE, x[2], x[3]);
        }
    }
}

/* Groups of a panel from `chunk` on, and as tiles; `next` comes from memory meanwhile. */
typedef struct {
    const uint8_t *chunk, *next;
    Places places;
    Tile tiles[DEPTH][VECTORS] __attribute__((aligned(64)));
} Weights;

/* Adds the products of one group, of 32 rows or of 16. */
static inline __attribute__((always_inline)) void multiply_group(const input *rows, int64_t apart,
                                                                 Tile *weights, const int both) {
    load_tile(4, rows, TILE_LINE);
    load_tile(6, weights[0], TILE_LINE);
    multiply_tiles(0, 4, 6);
    load_tile(7, weights[1], TILE_LINE);
    multiply_tiles(1, 4, 7);
    if (both) {
        load_tile(5, rows + apart, TILE_LINE);
        multiply_tiles(2, 5, 6);
        multiply_tiles(3, 5, 7);
    }
}

/* Sums of 32 rows, or of 16, grow by their products with `groups` of a panel. `begin`: from 0.
 * `fresh`: the tiles are still to be made. They are multiplied LAG groups later, when they have
 * reached the cache, while the vector units make the next. */
static inline __attribute__((always_inline)) void multiply_rows(const input *rows, int64_t apart,
                                                                Weights *w, int64_t groups,
                                                                float (*sums)[PANEL], int begin,
                                                                const int both, const int fresh) {
    const int64_t line = sizeof *sums, step = TILE_ROWS * GROUP;
    zero_tile(0);
    zero_tile(1);
    zero_tile(2);
    zero_tile(3);
    if (!begin) {
        load_tile(0, sums[0], line);
        load_tile(1, sums[0] + WIDE, line);
        if (both) {
            load_tile(2, sums[TILE_ROWS], line);
            load_tile(3, sums[TILE_ROWS] + WIDE, line);
        }
    }
    int64_t multiplied = 0;
    for (int64_t group = 0; fresh && group < groups; group++) {
        ask_ahead(w->next + group * CHUNK, CHUNK / LINE);
        dequantize(w->chunk + group * CHUNK, &w->places, w->tiles[group]);
        written_for_tiles();
        if (group < LAG) continue;
        multiply_group(rows + multiplied * step, apart, w->tiles[multiplied], both);
        multiplied++;
    }
    for (; multiplied < groups; multiplied++)
        multiply_group(rows + multiplied * step, apart, w->tiles[multiplied], both);
    keep_tile(sums[0], line, 0);
    keep_tile(sums[0] + WIDE, line, 1);
    if (both) {
        keep_tile(sums[TILE_ROWS], line, 2);
        keep_tile(sums[TILE_ROWS] + WIDE, line, 3);
    }
}

void multiply_panel(const Linear *l, int64_t row, int64_t end, int64_t panel, int64_t next) {
    float sums[MOST_ROWS][PANEL] __attribute__((aligned(64)));
    Weights w;
    w.places = places();
    const int64_t apart = l->groups * TILE_ROWS * GROUP;
    for (int64_t group = 0; group < l->groups; group += DEPTH) {
        const int64_t groups = l->groups - group < DEPTH ? l->groups - group : DEPTH;
        w.chunk = l->weights + (panel * l->groups + group) * CHUNK;
        w.next = l->weights + (next * l->groups + group) * CHUNK;
#define MULTIPLY(both, fresh) \
    multiply_rows(rows, apart, &w, groups, sums + r - row, !group, both, fresh)
        for (int64_t r = row; r < end; r += ROWS) {
            const input *rows = l->rows + (r * l->groups + group * TILE_ROWS) * GROUP;
            const int both = end - r > TILE_ROWS;
            if (r == row && both)
                MULTIPLY(1, 1);
            else if (r == row)
                MULTIPLY(0, 1);
            else if (both)
                MULTIPLY(1, 0);
            else
                MULTIPLY(0, 0);
        }
    }
    for (int64_t r = row; r < end; r++) finish_row(l, r, panel, sums[r - row]);
}
#endif
