/* Linear layers in 8 bits with a scale for every GROUP inputs.
 *
 * The format of weights is llama.cpp's Q8_0, laid out anew. A panel is PANEL channels side by side:
 * for each group of inputs the scales of its channels (float16), then DOT inputs of every channel,
 * and so on.
 */
#include "linear.h"
#include "tiles.h"

/* The channels of a panel of one row, to where they belong. */
void finish_row(const Linear *l, int64_t row, int64_t panel, float *y) {
    const int64_t first = panel * PANEL;
    const int64_t channels = l->width - first < PANEL ? l->width - first : PANEL;
    if (l->bias)
        for (int64_t c = 0; c < channels; c++) y[c] += l->bias[first + c];
    if (l->activation == IDENTITY) {
        memcpy(l->out + row * l->width + first, y, channels * sizeof(float));
        return;
    }
    float *to = l->out + (row * l->width + first) / 2;
    for (int c = 0; c < PANEL / 2; c += LANES) {
        const vf gate = load(y + c);
        keep(to + c,
             (l->activation == SILU ? silu(gate) : gelu_tanh(gate)) * load(y + PANEL / 2 + c));
    }
}

/* Rows that stay in a core's own cache while panel after panel goes by: `count` in equal parts. */
static int64_t block_of_rows(int64_t count, int64_t groups) {
    const int64_t fitting = BLOCK_BYTES / (groups * GROUP * (int64_t)sizeof(input));
    const int64_t most = fitting < ROWS ? ROWS : (fitting > MOST_ROWS ? MOST_ROWS : fitting);
    const int64_t blocks = (count + most - 1) / most;
    const int64_t rows = (count + blocks - 1) / (blocks ? blocks : 1);
    return rows < ROWS ? ROWS : (rows + ROWS - 1) / ROWS * ROWS;
}

/* The next part that no thread has taken yet. */
static inline int64_t take(int64_t *taken) {
    int64_t part;
#pragma omp atomic capture
    part = (*taken)++;
    return part;
}

/* out = activation(rows x weights' + bias), of what quantize() made of the rows; tiles need neither
 * `row_scales` nor `offsets`. With an activation
 * half of each panel's channels are gates of the other half, and `width` is whole panels. */
void linear(const input *rows, const float *row_scales, const int32_t *offsets,
            const uint8_t *weights, const float *bias, float *out, int64_t count, int64_t groups,
            int64_t width, int64_t activation) {
    const Linear l = {rows, row_scales, offsets, weights, bias,
                      out,  count,      groups,  width,   activation};
    const int64_t panels = (width + PANEL - 1) / PANEL, block = block_of_rows(count, groups);
    const int64_t parts = (count + block - 1) / block * panels;
    int64_t taken = 0;
    /* As they come, since another program may have taken the core of one thread. */
#pragma omp parallel if (count * groups * width > 2048)
    {
        begin_tiles();
        for (int64_t part = take(&taken), next; part < parts; part = next) {
            next = take(&taken);
            const int64_t row = part / panels * block, end = row + block;
            multiply_panel(&l, row, end < count ? end : count, part % panels, next % panels);
        }
        end_tiles();
    }
}

/* The layout of weights: inputs of a group, channels of a panel, adjacent inputs of a channel; and
 * of rows: how many lie side by side in a tile, or 1 without tiles. */
void linear_layout(int64_t *layout) {
    layout[0] = GROUP;
    layout[1] = PANEL;
    layout[2] = DOT;
    layout[3] = TILE_ROWS;
}
