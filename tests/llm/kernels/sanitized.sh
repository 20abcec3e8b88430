#!/bin/sh
# Runs a command with kernels that are compiled with address and undefined-behaviour sanitizers, whose
# first report ends it. Takes GCC; CC names another one.
set -eu
compiler=${CC:-gcc}
# The sanitizer must be the first library of a process. libstdc++ makes it find what throws.
libraries="$("$compiler" -print-file-name=libasan.so) $("$compiler" -print-file-name=libstdc++.so.6)"
export DIGLOT_KERNEL_FLAGS="-O1 -g -fno-omit-frame-pointer -fsanitize=address,undefined -fno-sanitize-recover=all"
export ASAN_OPTIONS="detect_leaks=0:halt_on_error=1:abort_on_error=0"
export UBSAN_OPTIONS="print_stacktrace=1:halt_on_error=1"
LD_PRELOAD="$libraries" exec "$@"
