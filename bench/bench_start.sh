#!/bin/sh
# How long a scheduler takes until it knows all its DAGs (10,000: DAGS) where a million runs lie
# behind it (PAST), told by `jobs check`, and what memory it takes then.
set -eu
windrow=$top_builddir/windrow
dags=${DAGS:-10000}
work=$(mktemp -d "${TMPDIR:-/tmp}/windrow-bench.XXXXXX")
daemon=
trap '[ -z "$daemon" ] || kill "$daemon"; rm -rf "$work"' EXIT
WINDROW_HOME=$work/home
export WINDROW_HOME
mkdir -p "$WINDROW_HOME/dags"
"$top_builddir/bench/bench_past" "$WINDROW_HOME"
(
	cd "$WINDROW_HOME/dags"
	awk -v n="$dags" 'BEGIN {
		for (i = 0; i < n; i++) {
			f = "d" i ".yaml"
			printf "schedule: \"%d 3 * * *\"\ndefault_args: {operator: local}\ntasks:\n", i % 60 >f
			printf "  a: {command: \"true\"}\n  b: {command: \"true\", depends_on: [a]}\n" >f
			close(f)
		}
	}'
)

# started: until it knows all; adds its milliseconds to the file ms, and its KiB to kib
started()
{
	started_from=$(date +%s%N)
	"$windrow" scheduler 2>"$work/log" &
	daemon=$!
	until "$windrow" jobs check 2>/dev/null | awk -v n="$dags" '$1 == "dags" && $2 == n { is = 1 }
		END { exit !is }'; do
		:
	done
	echo $((($(date +%s%N) - started_from) / 1000000)) >>"$work/ms"
	awk '$1 == "VmRSS:" { print $2 }' "/proc/$daemon/status" >>"$work/kib"
	kill "$daemon"
	wait "$daemon" || :
	daemon=
}

started
first=$(cat "$work/ms")
rm "$work/ms" "$work/kib"
for round in 1 2 3 4 5; do
	started
done
sort -n "$work/ms" | sed -n 3p >"$work/median"
sort -n "$work/kib" | sed -n 3p >>"$work/median"
{ read -r again; read -r kib; } <"$work/median"
echo "$dags DAGs and ${PAST:-1000000} past runs: the first start, which stores them, $first ms; the next $again ms, $kib KiB"
awk -v ms="$again" 'BEGIN {
	printf "goal: %-60s %6.0f  at most  %-5.4g %s\n", "ms until a start knows all DAGs, many runs behind it",
		ms, 1000, ms <= 1000 ? "met" : "MISSED"
}'
