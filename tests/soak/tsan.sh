#!/bin/sh
# The thread sanitizer over what has threads: transports, the journal, the folder's looks.
#   tests/soak/tsan.sh SOURCE-FOLDER   builds below ./soak
set -eu
src=$1
mkdir -p soak/tsan
cd soak/tsan
[ -f Makefile ] || "$src/configure" -q CFLAGS='-g -O1' --enable-tsan
make -s -j"$(nproc)" all
cd "$src"
tests=$(echo tests/e2e/ssh_*.sh tests/e2e/sched_*.sh)
cd - >/dev/null
# N.B. where the kernel scatters addresses widely, they fall now and then where the sanitizer's own are.
steady=
setarch -R true 2>/dev/null && steady='setarch -R'
# shellcheck disable=SC2086 # nothing, or a command and its flag
exec $steady make -s check VERBOSE=1 \
	TESTS="tests/unit/test_journal tests/unit/test_power tests/unit/test_bag tests/unit/test_conductor tests/unit/test_transport $tests"
