/* Numbers in 8 bits with a scale for every GROUP of them (Q8_0 of llama.cpp), for linear(). With
 * tiles only weights are, and rows are bfloat16. */
#pragma once
#include "vectors.h"

#define GROUP 32 /* inputs that share a scale */

/* DOT: inputs of a channel that lie side by side. Without tiles, a step adds their products in a
 * lane, and those of a row fill 32 bits. TILE_ROWS: rows that lie side by side. */
#if defined __AMX_BF16__
#define TILES
#define TILE_ROWS 16
#define DOT 4
typedef uint16_t input; /* bfloat16 */
#elif defined __AVX512VNNI__ || defined __AVXVNNI__ || defined __ARM_FEATURE_DOTPROD
#define DOT 4
typedef int8_t input;
#else
#define DOT 2
typedef int16_t input;
#endif
#ifndef TILES
#define TILE_ROWS 1
#endif
