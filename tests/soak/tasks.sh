#!/bin/sh
# SOAK_TASKS (1,000,000) tasks `true` through one scheduler, in runs of 250, four at a time: when each
# fortieth part of them is over, the memory and the descriptors of it and of its launcher are looked at.
# Behind the first tenth they grow no more. Then the store is cleaned, while it runs.
# N.B. so many logs and executions would fill a disk: what is over is taken away on the way.
. "${top_srcdir:-.}/tests/e2e/tap.sh"
. "${top_srcdir:-.}/tests/e2e/daemon.sh"
tasks=${SOAK_TASKS:-1000000}
batches=40 side=250
runs=$(((tasks + batches * side - 1) / (batches * side)))
slack=${SOAK_SLACK_KIB:-2048}
mkdir -p "$dags"
{
	echo "max_active_tasks: 32"
	echo "default_args: {operator: local, command: 'true'}"
	echo "tasks:"
	seq $side | sed 's/.*/  t&: {}/'
} >"$dags/soak.yaml"

# The scheduler, and its launcher.
processes()
{
	echo "$daemon"
	cat /proc/[0-9]*/stat 2>/dev/null | awk -v of="$daemon" '$4 == of { print $1 }'
}
# pss: memory in KiB, of which what is shared counts once
pss()
{
	for pss_pid in $(processes); do
		cat "/proc/$pss_pid/smaps_rollup"
	done | awk '$1 == "Pss:" { n += $2 } END { print n }'
}
descriptors()
{
	for fd_pid in $(processes); do
		ls "/proc/$fd_pid/fd"
	done | wc -l
}
has_counted()
{
	grep -qx "windrow_task_instances_total{state=\"success\"} $1" "$WINDROW_HOME/metrics.prom"
}
none_runs()
{
	[ "$(sed -n 's/^windrow_runs_active //p' "$WINDROW_HOME/metrics.prom")" = 0 ]
}
# batch NUMBER
batch()
{
	seq "$runs" | xargs -P 4 -I '{}' "$windrow" dags trigger soak --run-id "b$1-{}" --wait >"$work/out" 2>&1 || return 1
	find "$WINDROW_HOME/logs" "$WINDROW_HOME/executions" -mindepth 1 -maxdepth 1 -exec rm -rf '{}' + || return 1
	echo "$1 $(pss) $(descriptors)" >>"$work/samples"
}

daemon_start WINDROW__METRICS__INTERVAL=1
until_ok "the DAG is there" knows soak
from=$(date +%s)
n=0
while [ $n -lt $batches ]; do
	n=$((n + 1))
	batch $n || break
	echo "# $((n * runs * side)) tasks, $(($(date +%s) - from)) s: $(tail -n 1 "$work/samples" | cut -d' ' -f2) KiB, $(
		tail -n 1 "$work/samples" | cut -d' ' -f3) descriptors"
done
is "every run of them succeeds" "$n" "$batches"
until_ok "all tasks are counted" has_counted $((batches * runs * side))
until_ok "and none is under way" none_runs
awk -v slack="$slack" '
	NR > 4 && NR <= 20 { if ($2 > early) early = $2; if ($3 > early_fd) early_fd = $3 }
	NR > 20 { if ($2 > late) late = $2; if ($3 > late_fd) late_fd = $3 }
	END {
		print "memory", late <= early + slack ? "flat" : "grows from " early " to " late " KiB"
		print "descriptors", late_fd <= early_fd ? "flat" : "grow from " early_fd " to " late_fd
	}' "$work/samples" >"$work/verdict"
is "memory stays within $slack KiB of what it was" "$(sed -n 's/^memory //p' "$work/verdict")" flat
is "descriptors are no more than they were" "$(sed -n 's/^descriptors //p' "$work/verdict")" flat
before=$(pss)
"$windrow" db clean --before "$(date -u -d '+1 hour' +%FT%TZ)" --yes >"$work/out" 2>&1
is "what is over can be forgotten meanwhile" $? 0
sed 's/^/# /' "$work/out"
is "nothing of it is left" "$("$windrow" dags list-runs soak -o plain 2>/dev/null | wc -l)" 0
"$windrow" dags trigger soak --wait >"$work/out" 2>&1
is "and it goes on" $? 0
ok "in as much memory" [ "$(pss)" -le $((before + slack)) ]
daemon_stop
is "it stops when it is told to" "$status" 0
tap_done
