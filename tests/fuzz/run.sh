#!/bin/sh
# Builds the fuzzers with clang into ./fuzz-build and runs each for FUZZ_SECONDS (60), or FUZZ_TARGET
# alone. New inputs are kept in fuzz-build/corpus/NAME, a find in fuzz-build/crash-*.
#   tests/fuzz/run.sh SOURCE-FOLDER
set -eu
top_srcdir=$1
seconds=${FUZZ_SECONDS:-60}
export top_srcdir
mkdir -p fuzz-build
cd fuzz-build
[ -f Makefile ] || "$top_srcdir/configure" -q CC="${FUZZ_CC:-clang}" CFLAGS='-g -O1' --enable-fuzzers
make -s -j"$(nproc)" fuzzers
status=0
for program in tests/fuzz/fuzz_*; do
	case $program in *.*) continue ;; esac
	name=${program##*/fuzz_}
	[ "${FUZZ_TARGET:-$name}" = "$name" ] || continue
	mkdir -p "corpus/$name"
	dict=$top_srcdir/tests/fuzz/$name.dict
	if [ -f "$dict" ]; then set -- "-dict=$dict"; else set --; fi
	echo "== $name for $seconds s"
	"$program" -max_total_time="$seconds" -timeout=10 -rss_limit_mb=4096 -print_final_stats=1 "$@" \
		"corpus/$name" "$top_srcdir/tests/fuzz/corpus/$name" >"$name.log" 2>&1 || status=1
	grep -E 'stat::number_of_executed_units|SUMMARY|ERROR:|cov:' "$name.log" | tail -n 3
done
exit $status
