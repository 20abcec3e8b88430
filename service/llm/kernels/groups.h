/* Numbers in 8 bits with a scale for every GROUP of them (Q8_0 of llama.cpp), for linear(). */
#pragma once
#include "vectors.h"

#define GROUP 32 /* inputs that share a scale */

/* DOT: inputs whose products one step adds in a lane. They fill 32 bits. */
#if defined __AVX512VNNI__ || defined __AVXVNNI__ || defined __ARM_FEATURE_DOTPROD
#define DOT 4
typedef int8_t input;
#else
#define DOT 2
typedef int16_t input;
#endif
