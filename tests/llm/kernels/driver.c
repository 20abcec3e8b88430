/* Calls kernels of another processor for the tests, which run it under an emulator.
 *
 * Standard input holds calls: a name of 16 bytes, the number of arguments, then each argument: its
 * kind and, by kind, a whole number, a float, or an array's bytes, their number first, and the
 * offset in them that is handed over. After a call all of its arrays are written to standard
 * output.
 */
#include <stdio.h>
#include <stdlib.h>

#include "linear_attention.c" /* for the struct that it takes */

#define MAX_ARGUMENTS 32

void quantize(void *, int64_t, void *, void *, void *, int64_t, int64_t);
void linear(void *, void *, void *, void *, void *, void *, int64_t, int64_t, int64_t, int64_t);
void linear_layout(void *);
void argmax(void *, void *, int64_t, int64_t);
void log_sum_exp(void *, void *, int64_t, int64_t);
void rms_norm(void *, int64_t, int64_t, int64_t, void *, float, void *, int64_t, int64_t);
void gated_norm(void *, int64_t, void *, int64_t, void *, float, void *, int64_t, int64_t);
void rotate(void *, int64_t, int64_t, int64_t, void *, void *, void *, int64_t, int64_t, int64_t,
            int64_t, int64_t);

enum { WHOLE, FLOAT, ARRAY, NOTHING };

typedef struct {
    int64_t kind, whole, bytes;
    float real;
    char *array;
    void *at;
} Argument;

static void take(void *to, int64_t bytes) {
    if (bytes && fread(to, bytes, 1, stdin) != 1) exit(2);
}

static Argument take_argument(void) {
    Argument argument = {0};
    take(&argument.kind, sizeof argument.kind);
    if (argument.kind == WHOLE) take(&argument.whole, sizeof argument.whole);
    if (argument.kind == FLOAT) take(&argument.real, sizeof argument.real);
    if (argument.kind == ARRAY) {
        int64_t offset;
        take(&argument.bytes, sizeof argument.bytes);
        take(&offset, sizeof offset);
        argument.array = malloc(argument.bytes + 1);
        if (!argument.array) exit(3);
        take(argument.array, argument.bytes);
        argument.at = argument.array + offset;
    }
    return argument;
}

static void call(const char *name, const Argument *a) {
#define P(index) a[index].at
#define W(index) a[index].whole
    if (!strcmp(name, "quantize"))
        quantize(P(0), W(1), P(2), P(3), P(4), W(5), W(6));
    else if (!strcmp(name, "linear"))
        linear(P(0), P(1), P(2), P(3), P(4), P(5), W(6), W(7), W(8), W(9));
    else if (!strcmp(name, "linear_layout"))
        linear_layout(P(0));
    else if (!strcmp(name, "argmax"))
        argmax(P(0), P(1), W(2), W(3));
    else if (!strcmp(name, "log_sum_exp"))
        log_sum_exp(P(0), P(1), W(2), W(3));
    else if (!strcmp(name, "rms_norm"))
        rms_norm(P(0), W(1), W(2), W(3), P(4), a[5].real, P(6), W(7), W(8));
    else if (!strcmp(name, "gated_norm"))
        gated_norm(P(0), W(1), P(2), W(3), P(4), a[5].real, P(6), W(7), W(8));
    else if (!strcmp(name, "rotate"))
        rotate(P(0), W(1), W(2), W(3), P(4), P(5), P(6), W(7), W(8), W(9), W(10), W(11));
    else if (!strcmp(name, "convolve"))
        convolve(P(0), W(1), P(2), P(3), W(4), W(5), W(6));
    else if (!strcmp(name, "convolve_step"))
        convolve_step(P(0), W(1), P(2), W(3), P(4), P(5), W(6), W(7), W(8));
    else if (!strcmp(name, "delta_rule"))
        delta_rule(&(Delta){.query = P(0),
                            .key = P(1),
                            .value = P(2),
                            .gate = P(3),
                            .beta = P(4),
                            .strides = {{W(5), W(6), W(7)},
                                        {W(8), W(9), W(10)},
                                        {W(11), W(12), W(13)},
                                        {W(14), W(15), W(16)},
                                        {W(17), W(18), W(19)}},
                            .state = P(20),
                            .out = P(21),
                            .rows = W(22),
                            .tokens = W(23),
                            .heads = W(24),
                            .value_heads = W(25),
                            .depth = W(26),
                            .width = W(27),
                            .state_row = W(28)});
    else
        exit(4);
}

int main(void) {
    char name[16];
    while (fread(name, sizeof name, 1, stdin) == 1) {
        Argument arguments[MAX_ARGUMENTS];
        int64_t count;
        take(&count, sizeof count);
        if (count > MAX_ARGUMENTS) exit(5);
        for (int64_t i = 0; i < count; i++) arguments[i] = take_argument();
        call(name, arguments);
        for (int64_t i = 0; i < count; i++) {
            if (arguments[i].bytes) fwrite(arguments[i].array, 1, arguments[i].bytes, stdout);
            free(arguments[i].array);
        }
        fflush(stdout);
    }
    return 0;
}
