#!/bin/sh
# What it costs that a run survives: 100 tasks `true` one after the other through the daemon, each
# step of it on disk before it is done, beside the same by `dags test`, of which nothing is stored.
# Interleaved, medians of ROUNDS (9). Homes lie in $TMPDIR: on a disk, where it is to count.
set -eu
windrow=$top_builddir/windrow
rounds=${ROUNDS:-9}
work=$(mktemp -d "${TMPDIR:-/tmp}/windrow-bench.XXXXXX")
daemon=
trap '[ -z "$daemon" ] || kill "$daemon"; rm -rf "$work"' EXIT
WINDROW_HOME=$work/home
export WINDROW_HOME
mkdir -p "$WINDROW_HOME/dags"
awk 'BEGIN {
	print "default_args: {operator: local}\ntasks:"
	for (i = 0; i < 100; i++)
		print "  t" i ": {command: \"true\"" (i > 0 ? ", depends_on: [t" i - 1 "]" : "") "}"
}' >"$WINDROW_HOME/dags/chain.yaml"

# took NAME COMMAND...: runs it and adds its milliseconds to the file NAME
took()
{
	took_name=$1
	shift
	took_from=$(date +%s%N)
	"$@" >/dev/null
	echo $((($(date +%s%N) - took_from) / 1000000)) >>"$work/$took_name.ms"
}

median()
{
	sort -n "$work/$1.ms" | sed -n "$(((rounds + 1) / 2))p"
}

"$windrow" scheduler 2>"$work/log" &
daemon=$!
until grep -q 'DAG chain is new' "$work/log"; do
	:
done
round=0
while [ "$round" -lt "$rounds" ]; do
	took test "$windrow" dags test "$WINDROW_HOME/dags/chain.yaml" -o plain
	took daemon "$windrow" dags trigger chain --wait -o plain
	round=$((round + 1))
done
awk -v t="$(median test)" -v d="$(median daemon)" 'BEGIN {
	printf "a chain of 100: %5d ms by dags test, %5d ms through the daemon, durable\n", t, d
	printf "goal: %-60s %6.2f  at most  %-5.4g %s\n", "a durable chain of 100: times dags test",
		d / t, 3, d <= 3 * t ? "met" : "MISSED"
}'
