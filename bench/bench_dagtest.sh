#!/bin/sh
# What `windrow dags test` costs beside bare forks: 1,000 tasks `true` one after the other beside a
# shell loop that runs `/bin/sh -c true` as often, and 1,000 side by side beside `xargs -P16`.
# Interleaved, medians of ROUNDS (5). Homes lie in $TMPDIR; nothing is deleted until the end, as some
# file systems are slow at making files right after many were deleted.
set -eu
windrow=$top_builddir/windrow
rounds=${ROUNDS:-5}
work=$(mktemp -d "${TMPDIR:-/tmp}/windrow-bench.XXXXXX")
trap 'rm -rf "$work"' EXIT

for kind in serial parallel; do
	awk -v kind="$kind" 'BEGIN {
		print "max_active_tasks: 16\ndefault_args: {operator: local}\ntasks:"
		for (i = 0; i < 1000; i++)
			print "  t" i ": {command: \"true\"" \
				(kind == "serial" && i > 0 ? ", depends_on: [t" i - 1 "]" : "") "}"
	}' >"$work/$kind.yaml"
done
cat >"$work/loop" <<'EOF'
i=0
while [ $i -lt 1000 ]; do
	/bin/sh -c true
	i=$((i + 1))
done
EOF
seq 1000 >"$work/numbers"

# took NAME COMMAND...: runs it and adds its milliseconds to the file NAME
took()
{
	took_name=$1
	shift
	took_from=$(date +%s%N)
	"$@" >/dev/null
	echo $((($(date +%s%N) - took_from) / 1000000)) >>"$work/$took_name.ms"
}

side_by_side()
{
	xargs -P16 -I'{}' /bin/sh -c true <"$work/numbers"
}

median()
{
	sort -n "$work/$1.ms" | sed -n "$(((rounds + 1) / 2))p"
}

round=0
while [ "$round" -lt "$rounds" ]; do
	WINDROW_HOME=$work/home$round
	export WINDROW_HOME
	took serial "$windrow" dags test "$work/serial.yaml"
	took loop sh "$work/loop"
	took parallel "$windrow" dags test "$work/parallel.yaml"
	took xargs side_by_side
	round=$((round + 1))
done
awk -v s="$(median serial)" -v l="$(median loop)" -v p="$(median parallel)" \
	-v x="$(median xargs)" 'BEGIN {
	printf "in a row:   %5d ms; a shell loop %5d ms\n", s, l
	printf "16 at once: %5d ms; xargs -P16   %5d ms\n", p, x
	goal("dags test, 1,000 in a row: times a shell loop", s / l, 2)
	goal("dags test, 1,000 side by side: times xargs -P16", p / x, 1.3)
}
function goal(what, ratio, most) {
	printf "goal: %-60s %6.2f  at most  %-5.4g %s\n", what, ratio, most,
		ratio <= most ? "met" : "MISSED"
}'
