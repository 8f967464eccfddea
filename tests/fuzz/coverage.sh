#!/bin/sh
# How much of each parser the fuzzers' inputs reach: lines and branches of the files that
# tests/fuzz/parsers names, by clang's own counts. Inputs are those of the source tree and, where
# they are there, those that `make fuzz` has kept in fuzz-build/corpus. Builds in ./fuzz-coverage.
#   tests/fuzz/coverage.sh SOURCE-FOLDER
set -eu
top_srcdir=$1
export top_srcdir
kept=$(pwd)/fuzz-build/corpus
mkdir -p fuzz-coverage
cd fuzz-coverage
[ -f Makefile ] || "$top_srcdir/configure" -q CC="${FUZZ_CC:-clang}" \
	CFLAGS='-g -O1 -fprofile-instr-generate -fcoverage-mapping'
make -s -j"$(nproc)" fuzzers

# inputs NAME: all of them, each in a line
inputs() {
	find "$top_srcdir/tests/fuzz/corpus/$1" -type f
	[ ! -d "$kept/$1" ] || find "$kept/$1" -type f
}

tool() {
	command -v "$1" || find /usr/lib/llvm-*/bin -name "$1" | sort -V | tail -n 1
}

profdata=$(tool llvm-profdata) cov=$(tool llvm-cov)
printf '%-12s %8s %14s %14s\n' fuzzer inputs lines branches
while read -r name files; do
	case $name in '' | '#'*) continue ;; esac
	program=tests/fuzz/fuzz_$name
	rm -f "$name".*.profraw
	inputs "$name" | LLVM_PROFILE_FILE="$name.%p.profraw" xargs "$program" >/dev/null
	"$profdata" merge -o "$name.profdata" "$name".*.profraw
	rm -f "$name".*.profraw
	# shellcheck disable=SC2086 # the patterns are meant to be such
	(cd "$top_srcdir" && ls -d $files) | sed "s,^,$top_srcdir/," |
		xargs "$cov" export -summary-only -instr-profile="$name.profdata" "$program" |
		jq -r --arg name "$name" --arg inputs "$(inputs "$name" | wc -l)" '
			.data[0].totals | "\(.lines.covered) \(.lines.count) \(.branches.covered) \(.branches.count) \($name) \($inputs)"' |
		awk '{ printf "%-12s %8d %6d = %3d %% %6d = %3d %%\n", $5, $6, $1, $1 * 100 / $2, $3, $3 * 100 / ($4 ? $4 : 1) }'
done <"$top_srcdir/tests/fuzz/parsers"
