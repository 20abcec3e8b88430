/* Tiles (AMX): eight registers of 16 rows of 64 bytes, and products of bfloat16 that grow in them.
 *
 * multiply_tiles(SUMS, ROWS, COLUMNS): to float32 (16, 16) add the products of 16 rows of 32
 * numbers and 32 rows of 16 numbers, whose rows lie in pairs: (16 pairs, 16 columns, 2). Each
 * number of a row is computed in one fixed order, so it does not depend on other rows. Registers
 * are named by literal numbers.
 */
#pragma once
#include "groups.h"

#ifdef TILES
#include <immintrin.h>

#define TILE_LINE 64 /* bytes of a row of a tile */
#define TILE_WORDS (TILE_ROWS * TILE_LINE / 4)

typedef struct {
    uint8_t palette, start, reserved[14];
    uint16_t row_bytes[16];
    uint8_t rows[16];
} TileShapes;

/* What a thread does before it takes tiles and after: without them a switch of threads is cheaper.
 */
static inline void begin_tiles(void) {
    TileShapes shapes = {.palette = 1};
    for (int i = 0; i < 8; i++) shapes.row_bytes[i] = TILE_LINE, shapes.rows[i] = TILE_ROWS;
    __asm__ volatile("" ::: "memory"); /* GCC's intrinsics don't tell that they read memory */
    _tile_loadconfig(&shapes);
}
static inline void end_tiles(void) { _tile_release(); }

#define zero_tile(tile) _tile_zero(tile)
#define load_tile(tile, from, row_bytes) _tile_loadd(tile, from, row_bytes)
#define keep_tile(to, row_bytes, tile) _tile_stored(tile, to, row_bytes)
#define multiply_tiles(sums, rows, columns) _tile_dpbf16ps(sums, rows, columns)

/* What was written before is in memory when tiles are loaded. */
static inline void written_for_tiles(void) { __asm__ volatile("" ::: "memory"); }

#else
static inline void begin_tiles(void) {}
static inline void end_tiles(void) {}
#endif
