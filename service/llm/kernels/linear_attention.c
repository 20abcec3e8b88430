#include <stddef.h>

#include "vectors.h"

#define STRIP (LANES == 16 ? 8 : 4) /* vectors of a state's columns that are in registers */

/* Linear attention with the gated delta rule (Yang et al. 2024), token by token, over a state that
 * is changed in place. */

typedef struct {
    const float *query, *key, *value, *gate, *beta; /* (rows, tokens, heads, depth or nothing) */
    int64_t strides[5][3];                          /* of row, token and head, for each of them */
    float *state;                                   /* (rows, value heads, depth, width) */
    float *out;                                     /* (rows, tokens, value heads, width) */
    int64_t rows, tokens, heads, value_heads, depth, width, state_row;
} Delta;

/* Its size and its fields' offsets, which Python compares with its own (layout.py). */
#define AT(field) offsetof(Delta, field)
const int64_t layout_delta[] = {sizeof(Delta),   AT(query), AT(key),     AT(value),
                                AT(gate),        AT(beta),  AT(strides), AT(state),
                                AT(out),         AT(rows),  AT(tokens),  AT(heads),
                                AT(value_heads), AT(depth), AT(width),   AT(state_row)};
#undef AT

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

/* `vectors` of the columns of one head's state, from column `first` on, through all tokens. `held`
 * is where they are worked on, its rows `stride` apart. */
static inline __attribute__((always_inline)) void delta_columns(const Delta *d, int64_t row,
                                                                int64_t head, int64_t first,
                                                                float *held, int64_t stride,
                                                                const int vectors) {
    float key[MAX_HEAD_DIM], query[MAX_HEAD_DIM];
    const int64_t shared = head / (d->value_heads / d->heads), width = d->width;
    for (int64_t t = 0; t < d->tokens; t++) {
        unit(delta_at(d, 0, d->query, row, t, shared), query, d->depth, 1 / sqrtf(d->depth));
        unit(delta_at(d, 1, d->key, row, t, shared), key, d->depth, 1);
        const float *value = delta_at(d, 2, d->value, row, t, head) + first;
        const float decay = expf(*delta_at(d, 3, d->gate, row, t, head));
        const float beta = *delta_at(d, 4, d->beta, row, t, head);
        /* Even and odd places are summed apart: a sum waits four cycles for its last term. */
        vf change[2][STRIP] = {{{0}}}, out[STRIP] = {{0}};
        int64_t i = 0;
        for (; i + 2 <= d->depth; i += 2)
            for (int odd = 0; odd < 2; odd++)
                for (int j = 0; j < vectors; j++)
                    change[odd][j] += key[i + odd] * load(held + (i + odd) * stride + j * LANES);
        for (int j = 0; j < vectors && i < d->depth; j++)
            change[0][j] += key[i] * load(held + i * stride + j * LANES);
        vf new[STRIP];
        for (int j = 0; j < vectors; j++)
            new[j] = (load(value + j * LANES) - decay * (change[0][j] + change[1][j])) * beta;
        for (i = 0; i < d->depth; i++) {
            for (int j = 0; j < vectors; j++) {
                const vf now = decay * load(held + i * stride + j * LANES) + key[i] * new[j];
                keep(held + i * stride + j * LANES, now);
                out[j] += query[i] * now;
            }
        }
        float *to = d->out + ((row * d->tokens + t) * d->value_heads + head) * width + first;
        for (int j = 0; j < vectors; j++) keep(to + j * LANES, out[j]);
    }
}

static float *delta_state(const Delta *d, int64_t row, int64_t head) {
    return d->state + row * d->state_row + head * d->depth * d->width;
}

/* Many tokens: few columns at once, in a copy that lies together and stays in the L1 cache. */
static void delta_text(const Delta *d, int64_t row, int64_t head) {
    float held[MAX_HEAD_DIM * 2 * LANES] __attribute__((aligned(64)));
    for (int64_t first = 0; first < d->width;) {
        const int vectors = d->width - first >= 2 * LANES ? 2 : 1;
        float *state = delta_state(d, row, head) + first;
        for (int64_t i = 0; i < d->depth; i++)
            memcpy(held + i * vectors * LANES, state + i * d->width, vectors * sizeof(vf));
        if (vectors == 2)
            delta_columns(d, row, head, first, held, 2 * LANES, 2);
        else
            delta_columns(d, row, head, first, held, LANES, 1);
        for (int64_t i = 0; i < d->depth; i++)
            memcpy(state + i * d->width, held + i * vectors * LANES, vectors * sizeof(vf));
        first += vectors * LANES;
    }
}

/* One token: as many columns at once as there are registers for, in the state itself, which comes
 * from memory and goes back there. */
static void delta_token(const Delta *d, int64_t row, int64_t head) {
    float *state = delta_state(d, row, head);
    int64_t first = 0;
    for (; first + STRIP * LANES <= d->width; first += STRIP * LANES)
        delta_columns(d, row, head, first, state + first, d->width, STRIP);
    for (; first < d->width; first += LANES)
        delta_columns(d, row, head, first, state + first, d->width, 1);
}

void delta_rule(const Delta *d) {
    const int64_t work = d->rows * d->value_heads;
#pragma omp parallel for schedule(dynamic, 1)
    for (int64_t w = 0; w < work; w++) {
        if (d->tokens > 1)
            delta_text(d, w / d->value_heads, w % d->value_heads);
        else
            delta_token(d, w / d->value_heads, w % d->value_heads);
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
                sum +=
                    load(weights + j * channels + c) * load(rows + (t + j - taps + 1) * stride + c);
            keep(out + t * channels + c, silu(sum));
        }
    }
}

/* The same for one new token of each row, whose last `taps` inputs are kept in (rows, channels,
 * taps) and moved on. `taps` is a constant where it is inlined. */
static inline __attribute__((always_inline)) void convolve_row(const float *row, float *kept,
                                                               const float *weights, float *out,
                                                               int64_t channels,
                                                               const int64_t taps) {
    for (int64_t c = 0; c < channels; c += LANES) {
        float sums[LANES];
        for (int64_t lane = 0; lane < LANES; lane++) {
            float *last = kept + (c + lane) * taps, sum = 0;
            for (int64_t j = 0; j + 1 < taps; j++) last[j] = last[j + 1];
            last[taps - 1] = row[c + lane];
            for (int64_t j = 0; j < taps; j++) sum += weights[(c + lane) * taps + j] * last[j];
            sums[lane] = sum;
        }
        keep(out + c, silu(load(sums)));
    }
}

void convolve_step(const float *rows, int64_t stride, float *kept, int64_t kept_row,
                   const float *weights, float *out, int64_t count, int64_t channels,
                   int64_t taps) {
#pragma omp parallel for schedule(static)
    for (int64_t r = 0; r < count; r++) {
        const float *row = rows + r * stride;
        if (taps == 4) /* as published models have */
            convolve_row(row, kept + r * kept_row, weights, out + r * channels, channels, 4);
        else
            convolve_row(row, kept + r * kept_row, weights, out + r * channels, channels, taps);
    }
}
