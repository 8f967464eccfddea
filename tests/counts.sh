#!/bin/sh
# Fails where a hot path of tests/counts takes 5 % more instructions than tests/counts/baseline says.
# Instructions, unlike seconds, do not depend on what else the machine does, but they do on the
# compiler, the C library and the other libraries: lines of the baseline say for which they count, and
# where none do the test is skipped. `tests/counts.sh update` (make counts-update) renews those of these here.
#
# A baseline's lines: COMPILER_LIBC_MACHINE PATH INSTRUCTIONS, and of each of the first COMPILER_LIBC_MACHINE
# libraries VERSIONS
set -u
. "$top_srcdir/tests/e2e/tap.sh"
baseline=$(cd "$top_srcdir" && pwd)/tests/counts/baseline
counts=./counts
most=105 # per cent of the baseline

skip_all()
{
	echo "1..0 # SKIP $*"
	exit 0
}

# What decides about the instructions: the compiler, the C library (which chooses its string
# functions by the processor), the machine.
key_of_this()
{
	case $($CC --version | head -n 1) in
	*clang*) compiler=clang ;;
	*) compiler=gcc ;;
	esac
	vectors=
	grep -qw avx2 /proc/cpuinfo 2>/dev/null && vectors=-avx2
	echo "$compiler-$($CC -dumpfullversion -dumpversion)_$(getconf GNU_LIBC_VERSION | tr ' ' -)_$(uname -m)$vectors"
}

# count PATH: prints how many instructions it takes. N.B. how memory is given out, and so how much of it
# must be zeroed, depends on the lengths of paths: the folder of temporary files is called the same each time.
count()
{
	env -i PATH="$PATH" LC_ALL=C TMPDIR=. LD_BIND_NOW=1 valgrind -q --tool=callgrind \
		--toggle-collect=counted --callgrind-out-file="$work/out" "$counts" "$1" >&2 &&
		sed -n 's/^summary: *//p' "$work/out"
}

[ "${is_sanitized:-no}" = no ] || skip_all 'sanitizers add instructions of their own'
command -v valgrind >/dev/null || skip_all 'there is no valgrind here'
valgrind -q --tool=callgrind --callgrind-out-file=/dev/null sh -c : >/dev/null 2>&1 || skip_all 'valgrind does not run here'
[ "${CFLAGS:--g -O2}" = '-g -O2' ] || skip_all "the baseline is of -g -O2, and this of $CFLAGS"
key=$(key_of_this)
# N.B. of debugging information valgrind understands less than compilers write.
strip -g -o "$work/counts" "$top_builddir/tests/counts/counts" || exit 99
cd "$work" || exit 99
libraries=$("$counts" libraries) || exit 99

if [ "${1:-}" = update ]; then
	echo "$key libraries $libraries" >"$work/new"
	for path in $("$counts"); do
		n=$(count "$path") || exit 1
		echo "$key $path $n"
	done >>"$work/new"
	grep -v "^$key " "$baseline" >"$work/old"
	LC_ALL=C sort "$work/old" "$work/new" >"$baseline"
	echo "$baseline has new counts for $key"
	exit 0
fi

grep -q "^$key " "$baseline" || skip_all "tests/counts/baseline has nothing for $key"
known=$(sed -n "s/^$key libraries //p" "$baseline")
[ "$known" = "$libraries" ] || skip_all "tests/counts/baseline is for $known, and this is $libraries"
for path in $("$counts"); do
	before=$(sed -n "s/^$key $path //p" "$baseline")
	now=$(count "$path") || now=0
	if [ -z "$before" ] || [ "$now" = 0 ]; then
		is "$path was counted, and has a baseline (else: make counts-update)" "${before:+$now}" some
		continue
	fi
	ok "$path takes at most 5 % more instructions than it did: $now, $((now * 1000 / before)) per mille" \
		[ "$((now * 100))" -le "$((before * most))" ]
	[ "$((now * most))" -ge "$((before * 100))" ] ||
		echo "# it has become cheaper: make counts-update keeps it so"
done
tap_done
