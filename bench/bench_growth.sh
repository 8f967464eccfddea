#!/bin/sh
# Whether cost grows with size: the engine's work for a task with 100 to 100,000 tasks side by side
# (bench_growth), the same by `windrow dags test` of tasks `true`, and what is asked of a store of
# 1,000 to 1,000,000 past runs (bench_past). TASKS and PAST set the ends.
set -eu
windrow=$top_builddir/windrow
most=${TASKS:-100000}
work=$(mktemp -d "${TMPDIR:-/tmp}/windrow-bench.XXXXXX")
trap 'rm -rf "$work"' EXIT
status=0

"$top_builddir/bench/bench_growth" || status=1

# The sizes come round by round in turn, but the largest, which takes minutes.
n=100
while [ "$n" -le "$most" ]; do
	awk -v n="$n" 'BEGIN {
		print "dag_id: wide\nmax_active_tasks: 16\ndefault_args: {operator: local}\ntasks:"
		for (i = 0; i < n; i++)
			print "  t" i ": {command: \"true\"}"
	}' >"$work/$n.yaml"
	n=$((n * 10))
done
for round in 1 2 3; do
	n=100
	while [ "$n" -le "$most" ]; do
		[ "$round" = 1 ] || [ "$n" -lt 100000 ] || break
		WINDROW_HOME=$work/home$round-$n
		export WINDROW_HOME
		from=$(date +%s%N)
		"$windrow" dags test "$work/$n.yaml" -o plain >/dev/null
		echo "$n $(($(date +%s%N) - from))" >>"$work/took"
		n=$((n * 10))
	done
done
sort -n "$work/took" | awk '
	{ took[$1, count[$1]++] = $2 / 1000 / $1; if (!($1 in seen)) { order[++sizes] = $1; seen[$1] } }
	END {
		for (i = 1; i <= sizes; i++) {
			median = took[order[i], int((count[order[i]] - 1) / 2)]
			printf "dags test, %6d tasks side by side: %.0f us a task\n", order[i], median
			if (order[i] == 100) # of which much is the start
				continue
			least = least == 0 || median < least ? median : least
			most = median > most ? median : most
		}
		printf "goal: %-60s %6.2f  at most  %-5.4g %s\n",
			"growth, dags test of 1,000 tasks and more: dearest to cheapest", most / least, 1.3,
			most <= 1.3 * least ? "met" : "MISSED"
	}' || status=1

"$top_builddir/bench/bench_past" || status=1
exit $status
