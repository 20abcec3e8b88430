#include "vectors.h"

/* Linear attention with the gated delta rule (Yang et al. 2024), token by token, over a state that
 * is changed in place. */

typedef struct {
    const float *query, *key, *value, *gate, *beta; /* (rows, tokens, heads, depth or nothing) */
    int64_t strides[5][3];                          /* of row, token and head, for each of them */
    float *state;                                   /* (rows, value heads, depth, width) */
    float *out;                                     /* (rows, tokens, value heads, width) */
    int64_t rows, tokens, heads, value_heads, depth, width, state_row;
} Delta;

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

/* `vectors` of the columns of one head's state, from column `first` on, through all tokens. They
 * are worked on in a copy that lies together: in the state, they would share a few lines of the
 * cache with one another. */
static inline __attribute__((always_inline)) void delta_columns(const Delta *d, int64_t row,
                                                                int64_t head, int64_t first,
                                                                const int vectors) {
    float key[MOST_DEPTH], query[MOST_DEPTH];
    float held[MOST_DEPTH][2 * LANES] __attribute__((aligned(64)));
    const int64_t shared = head / (d->value_heads / d->heads), width = d->width;
    float *state = d->state + row * d->state_row + head * d->depth * width + first;
    for (int64_t i = 0; i < d->depth; i++)
        memcpy(held[i], state + i * width, vectors * sizeof(vf));
    for (int64_t t = 0; t < d->tokens; t++) {
        unit(delta_at(d, 0, d->query, row, t, shared), query, d->depth, 1 / sqrtf(d->depth));
        unit(delta_at(d, 1, d->key, row, t, shared), key, d->depth, 1);
        const float *value = delta_at(d, 2, d->value, row, t, head) + first;
        const float decay = expf(*delta_at(d, 3, d->gate, row, t, head));
        const float beta = *delta_at(d, 4, d->beta, row, t, head);
        /* Even and odd places are summed apart: a sum waits four cycles for its last term. */
        vf change[2][2] = {{{0}}}, out[2] = {{0}};
        int64_t i = 0;
        for (; i + 2 <= d->depth; i += 2)
            for (int odd = 0; odd < 2; odd++)
                for (int j = 0; j < vectors; j++)
                    change[odd][j] += key[i + odd] * load(held[i + odd] + j * LANES);
        for (int j = 0; j < vectors && i < d->depth; j++)
            change[0][j] += key[i] * load(held[i] + j * LANES);
        vf new[2];
        for (int j = 0; j < vectors; j++)
            new[j] = (load(value + j * LANES) - decay * (change[0][j] + change[1][j])) * beta;
        for (i = 0; i < d->depth; i++) {
            for (int j = 0; j < vectors; j++) {
                const vf now = decay * load(held[i] + j * LANES) + key[i] * new[j];
                keep(held[i] + j * LANES, now);
                out[j] += query[i] * now;
            }
        }
        float *to = d->out + ((row * d->tokens + t) * d->value_heads + head) * width + first;
        for (int j = 0; j < vectors; j++) keep(to + j * LANES, out[j]);
    }
    for (int64_t i = 0; i < d->depth; i++)
        memcpy(state + i * width, held[i], vectors * sizeof(vf));
}

void delta_rule(const Delta *d) {
    const int64_t span = d->width % (2 * LANES) ? LANES : 2 * LANES, parts = d->width / span;
    const int64_t work = d->rows * d->value_heads * parts;
#pragma omp parallel for schedule(dynamic, 1)
    for (int64_t w = 0; w < work; w++) {
        const int64_t part = w % parts, head = w / parts % d->value_heads;
        const int64_t row = w / parts / d->value_heads;
        if (span == LANES)
            delta_columns(d, row, head, part * span, 1);
        else
            delta_columns(d, row, head, part * span, 2);
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
                sum += load(weights + j * channels + c) * load(rows + (t + j - taps + 1) * stride + c);
            keep(out + t * channels + c, silu(sum));
        }
    }
}

/* The same for one new token of each row, whose last `taps` inputs are kept in (rows, channels,
 * taps) and moved on. */
void convolve_step(const float *rows, int64_t stride, float *kept, int64_t kept_row,
                   const float *weights, float *out, int64_t count, int64_t channels,
                   int64_t taps) {
#pragma omp parallel for schedule(static)
    for (int64_t r = 0; r < count; r++) {
        for (int64_t c = 0; c < channels; c++) {
            float *last = kept + r * kept_row + c * taps, sum = 0;
            for (int64_t j = 0; j + 1 < taps; j++) last[j] = last[j + 1];
            last[taps - 1] = rows[r * stride + c];
            for (int64_t j = 0; j < taps; j++) sum += weights[c * taps + j] * last[j];
            out[r * channels + c] = sum / (1.0f + expf(-sum));
        }
    }
}
