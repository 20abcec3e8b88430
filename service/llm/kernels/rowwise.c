#include <stddef.h>

#include "bfloat16.h"
#include "groups.h"

/* Row-wise steps between the linear layers, each in one or two passes over a row that the cache
 * still holds. */

/* Whether a mask is set in any lane. */
static int in_any(vi mask) {
    int any = 0;
    for (int lane = 0; lane < LANES; lane++) any |= mask[lane];
    return any;
}

#ifdef TILES
/* A row in bfloat16, the last group filled up with zeros; NULL: zeros. Its groups lie a tile apart.
 */
static void round_row(const float *row, int64_t width, input *to) {
    for (int64_t i = 0; i < width; i += GROUP, to += TILE_ROWS * GROUP) {
        const int64_t rest = width - i;
        if (!row || rest < GROUP) memset(to, 0, GROUP * sizeof(input));
        if (row) narrow_many(row + i, to, rest < GROUP ? rest : GROUP);
    }
}

/* Rows of `width` numbers to (tiles, groups, TILE_ROWS, GROUP) in bfloat16, the last tile filled up
 * with zeros. There are no scales and offsets. */
void quantize(const float *rows, int64_t stride, input *to, float *scales, int32_t *offsets,
              int64_t count, int64_t width) {
    const int64_t groups = (width + GROUP - 1) / GROUP;
    const int64_t whole = (count + TILE_ROWS - 1) / TILE_ROWS * TILE_ROWS;
    (void)scales, (void)offsets;
#pragma omp parallel for schedule(static) if (count * width > 8192)
    for (int64_t r = 0; r < whole; r++) {
        const int64_t place = r / TILE_ROWS * groups * TILE_ROWS + r % TILE_ROWS;
        round_row(r < count ? rows + r * stride : NULL, width, to + place * GROUP);
    }
}

#else
typedef input inputs __attribute__((vector_size(LANES * sizeof(input))));

/* A group of GROUP numbers in 8 bits; its scale is the largest magnitude divided by 127. A NaN
 * makes the scale NaN, an infinity makes it infinite. */
static inline float quantize_group(const float *from, input *to, int32_t *offset) {
    vf top = splat(0), sum = splat(0);
    vi bad = {0};
    for (int i = 0; i < GROUP; i += LANES) {
        const vf x = load(from + i);
        top = larger(magnitude(x), top);
        bad |= x != x;
    }
    const float least = 128 * 1.17549435e-38f, most = largest(top);
    const int any_nan = sum_of((vf)(bad & 0x3f800000)) > 0; /* of a one for each */
    const float scale = any_nan ? NAN : (most < least ? least : most) / 127;
    const int finite = scale <= 3.4e38f; /* else no number fits in 8 bits, nor matters */
    const float half_even = 12582912.0f; /* adding it rounds to whole numbers, ties to even */
    for (int i = 0; i < GROUP; i += LANES) {
        const vf x = finite ? load(from + i) / scale : splat(0);
        const vf whole = (x + half_even) - half_even;
        const inputs narrow = __builtin_convertvector(__builtin_convertvector(whole, vi), inputs);
        memcpy(to + i, &narrow, sizeof narrow);
        sum += whole;
    }
    *offset = -128 * (int32_t)sum_of(sum); /* exact: whole numbers far below 2^24 */
    return scale;
}

/* The last group is filled up with zeros. */
static void quantize_row(const float *row, int64_t width, input *to, float *scales,
                         int32_t *offsets) {
    int64_t i = 0, group = 0;
    for (; i + GROUP <= width; i += GROUP, group++)
        scales[group] = quantize_group(row + i, to + i, offsets + group);
    if (i < width) {
        float rest[GROUP] = {0};
        memcpy(rest, row + i, (width - i) * sizeof(float));
        scales[group] = quantize_group(rest, to + i, offsets + group);
    }
}

/* Rows of `width` numbers to (count, groups, GROUP) in 8 bits, with (count, groups) scales, and
 * `offsets`: -128 times the sums of groups. */
void quantize(const float *rows, int64_t stride, input *to, float *scales, int32_t *offsets,
              int64_t count, int64_t width) {
    const int64_t groups = (width + GROUP - 1) / GROUP;
#pragma omp parallel for schedule(static) if (count * width > 8192)
    for (int64_t r = 0; r < count; r++)
        quantize_row(rows + r * stride, width, to + r * groups * GROUP, scales + r * groups,
                     offsets + r * groups);
}
#endif

/* The index of the largest number of each row, the first of equals; of the first NaN where there is
 * one, as torch has it. */
void argmax(const float *rows, int64_t *indices, int64_t count, int64_t width) {
#pragma omp parallel for schedule(static) if (count * width > 8192)
    for (int64_t r = 0; r < count; r++) {
        const float *row = rows + r * width;
        vf top = splat(-INFINITY);
        vi bad = {0};
        int64_t i = 0, index = 0;
        for (; i + LANES <= width; i += LANES) {
            const vf x = load(row + i);
            top = pick(x > top, x, top);
            bad |= x != x;
        }
        float most = largest(top);
        int any_nan = in_any(bad);
        for (; i < width; i++) {
            most = row[i] > most ? row[i] : most;
            any_nan |= row[i] != row[i];
        }
        while (index + 1 < width && (any_nan ? row[index] == row[index] : row[index] != most))
            index++;
        indices[r] = index;
    }
}

/* The logarithm of the sum of the exponentials of each row; NaN where there is one. */
void log_sum_exp(const float *rows, float *sums, int64_t count, int64_t width) {
#pragma omp parallel for schedule(static) if (count * width > 8192)
    for (int64_t r = 0; r < count; r++) {
        const float *row = rows + r * width;
        vf top = splat(-INFINITY), sum = splat(0);
        int64_t i = 0;
        for (; i + LANES <= width; i += LANES) {
            const vf x = load(row + i);
            top = pick(x > top, x, top);
        }
        float most = largest(top);
        for (int64_t j = i; j < width; j++) most = row[j] > most ? row[j] : most;
        for (i = 0; i + LANES <= width; i += LANES) sum += vexp(load(row + i) - most);
        float total = sum_of(sum);
        for (; i < width; i++) total += expf(row[i] - most);
        sums[r] = most + logf(total);
    }
}

/* Root mean square norm (Zhang and Sennrich 2019) of a row, times `weight`. */
static void norm_row(const float *row, const float *weight, float epsilon, float *to,
                     int64_t width) {
    vf squares = splat(0);
    int64_t i = 0;
    for (; i + LANES <= width; i += LANES) squares += load(row + i) * load(row + i);
    float sum = sum_of(squares);
    for (; i < width; i++) sum += row[i] * row[i];
    const float share = 1.0f / sqrtf(sum / width + epsilon);
    for (int64_t j = 0; j < width; j++) to[j] = row[j] * share * weight[j];
}

/* Rows (count, heads, width) with strides of the first two, each head on its own. */
void rms_norm(const float *rows, int64_t stride, int64_t heads, int64_t head_stride,
              const float *weight, float epsilon, float *out, int64_t count, int64_t width) {
#pragma omp parallel for schedule(static) if (count * heads * width > 8192)
    for (int64_t at = 0; at < count * heads; at++) {
        const float *row = rows + at / heads * stride + at % heads * head_stride;
        norm_row(row, weight, epsilon, out + at * width, width);
    }
}

/* The norm of a row, times silu(gate); `width` is whole vectors. */
void gated_norm(const float *rows, int64_t stride, const float *gates, int64_t gate_stride,
                const float *weight, float epsilon, float *out, int64_t count, int64_t width) {
#pragma omp parallel for schedule(static) if (count * width > 8192)
    for (int64_t r = 0; r < count; r++) {
        float *to = out + r * width;
        norm_row(rows + r * stride, weight, epsilon, to, width);
        for (int64_t i = 0; i < width; i += LANES)
            keep(to + i, load(to + i) * silu(load(gates + r * gate_stride + i)));
    }
}

/* Rotary positions (Su et al. 2021): the first `turned` numbers of each head, in halves. Strides
 * are of row, head and token; `cosines` and `sines` are (rows, tokens, turned); `out` is (rows,
 * tokens, heads, depth). */
void rotate(const float *from, int64_t row_stride, int64_t head_stride, int64_t token_stride,
            const float *cosines, const float *sines, float *out, int64_t rows, int64_t heads,
            int64_t tokens, int64_t depth, int64_t turned) {
    const int64_t half = turned / 2;
#pragma omp parallel for schedule(static) if (rows * tokens * heads > 64)
    for (int64_t at = 0; at < rows * tokens; at++) {
        const float *cosine = cosines + at * turned, *sine = sines + at * turned;
        const float *token = from + at / tokens * row_stride + at % tokens * token_stride;
        for (int64_t head = 0; head < heads; head++) {
            const float *x = token + head * head_stride;
            float *restrict to = out + (at * heads + head) * depth;
            for (int64_t i = 0; i < half; i++) {
                to[i] = x[i] * cosine[i] - x[i + half] * sine[i];
                to[i + half] = x[i + half] * cosine[i + half] + x[i] * sine[i + half];
            }
            memcpy(to + turned, x + turned, (depth - turned) * sizeof(float));
        }
    }
}
