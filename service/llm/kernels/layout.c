/* What Python has to know by heart, so that it can compare when the kernels are loaded (layout.py):
 * constants, and the size of a struct with its fields' offsets. */
#include <stddef.h>

#include "pool.h"

const int64_t layout_constants[] = {BLOCK, LANES, MAX_HEAD_DIM};

#define AT(field) offsetof(Pool, field)
const int64_t layout_pool[] = {sizeof(Pool), AT(keys),      AT(values),      AT(blocks), AT(heads),
                               AT(key_dim),  AT(value_dim), AT(value_width), AT(half)};
