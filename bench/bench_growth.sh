#!/bin/sh
# Whether cost grows with size: the engine's work for a task with 100 to 100,000 tasks side by side
# (bench_growth), the same with tasks `true` by `windrow dags test` and, to 10,000, through the
# daemon, and what is asked of a store of 1,000 to 1,000,000 past runs (bench_past). TASKS and PAST
# set the ends.
set -eu
windrow=$top_builddir/windrow
most=${TASKS:-100000}
work=$(mktemp -d "${TMPDIR:-/tmp}/windrow-bench.XXXXXX")
daemon=
trap '[ -z "$daemon" ] || kill "$daemon"; rm -rf "$work"' EXIT
status=0

# dag_write TASKS: a DAG w_TASKS, in the dags folder of the daemon's home
dag_write()
{
	awk -v n="$1" 'BEGIN {
		print "dag_id: w_" n "\nmax_active_tasks: 16\ndefault_args: {operator: local}\ntasks:"
		for (i = 0; i < n; i++)
			print "  t" i ": {command: \"true\"}"
	}' >"$dags/$1.yaml"
}

# took NAME TASKS COMMAND...: adds what it takes, in nanoseconds, to the file NAME
took()
{
	took_file=$work/$1 took_n=$2
	shift 2
	took_from=$(date +%s%N)
	"$@" >/dev/null
	echo "$took_n $(($(date +%s%N) - took_from))" >>"$took_file"
}

# tell NAME WHAT: microseconds a task by size, and the goal for 1,000 tasks and more
tell()
{
	sort -n "$work/$1" | awk -v what="$2" '
		{ took[$1, count[$1]++] = $2 / 1000 / $1; if (!($1 in seen)) { order[++sizes] = $1; seen[$1] } }
		END {
			for (i = 1; i <= sizes; i++) {
				median = took[order[i], int((count[order[i]] - 1) / 2)]
				printf "%s, %6d tasks side by side: %.0f us a task\n", what, order[i], median
				if (order[i] == 100) # of which much is the start
					continue
				least = least == 0 || median < least ? median : least
				most = median > most ? median : most
			}
			is_met = most <= 1.3 * least
			printf "goal: %-60s %6.2f  at most  %-5.4g %s\n",
				"growth, " what " of 1,000 tasks and more: dearest to cheapest", most / least,
				1.3, is_met ? "met" : "MISSED"
			exit !is_met
		}'
}

"$top_builddir/bench/bench_growth" || status=1

WINDROW_HOME=$work/home
export WINDROW_HOME
dags=$WINDROW_HOME/dags
mkdir -p "$dags"
n=100
while [ "$n" -le "$most" ]; do
	dag_write "$n"
	n=$((n * 10))
done
"$windrow" scheduler 2>"$work/log" &
daemon=$!
until grep -q "DAG w_$((n / 10)) is new" "$work/log"; do
	:
done
# The sizes come round by round in turn, but the largest, which take minutes.
for round in 1 2 3; do
	n=100
	while [ "$n" -le "$most" ]; do
		[ "$round" = 1 ] || [ "$n" -lt 100000 ] || break
		took test "$n" "$windrow" dags test "$dags/$n.yaml" -o plain
		[ "$n" -gt 10000 ] || took daemon "$n" "$windrow" dags trigger "w_$n" --wait -o plain
		n=$((n * 10))
	done
done
tell test 'dags test' || status=1
tell daemon 'the daemon' || status=1

"$top_builddir/bench/bench_past" || status=1
exit $status
