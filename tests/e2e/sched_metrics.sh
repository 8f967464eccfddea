#!/bin/sh
# The file of metrics: what Prometheus would read, and what has become of runs in it.
. "${top_srcdir:-.}/tests/e2e/tap.sh"
mkdir -p "$WINDROW_HOME/dags"
. "$top_srcdir/tests/e2e/daemon.sh"
file=$WINDROW_HOME/metrics.prom

value()
{
	sed -n "s/^$1 //p" "$file"
}

# has METRIC VALUE: whether the file says so by now
has()
{
	[ "$(value "$1")" = "$2" ]
}

cat >"$dags/m.yaml" <<END
default_args: {operator: local}
tasks:
  good: {command: "true"}
  bad: {command: "false", depends_on: [good], pool: narrow, on_failure: {command: "true"}}
  odd: {command: "true", pool: "6\" of \\\\n\nand more"}
END
echo 'tasks: {a: {operator: nowhere}}' >"$dags/wrong.yaml"
good p.yaml 'is_paused_upon_creation: true'
echo untouched >"$work/victim"
ln -s "$work/victim" "$file.new"
daemon_start WINDROW__METRICS__INTERVAL=1
until_ok "there is a file of metrics" test -s "$file"
is "which goes where no link leads" "$(cat "$work/victim")" untouched
until_ok "DAGs are counted" has 'windrow_dags{state="active"}' 1
until_ok "paused ones by themselves" has 'windrow_dags{state="paused"}' 1
until_ok "import errors too" has windrow_import_errors 1
run dags trigger m --wait
until_ok "a run that failed is counted" has 'windrow_runs_total{state="failed"}' 1
is "and its tasks" "$(value 'windrow_task_instances_total{state="success"}') $(value 'windrow_task_instances_total{state="failed"}')" "2 1"
is "none is under way" "$(value windrow_runs_active)" 0
until_ok "its callback" has 'windrow_callbacks_total{outcome="success"}' 1
is "the pool that it used" "$(value 'windrow_pool_slots{pool="narrow",state="total"}')" 128
ok "and one whose name has to be quoted" grep -qF \
	'windrow_pool_slots{pool="6\" of \\n\nand more",state="used"} 0' "$file"
ok "transactions were timed" test "$(value windrow_journal_commit_seconds_count)" -gt 0
ok "and turns of the loop" test "$(value windrow_scheduler_loop_seconds_count)" -gt 0
ok "the process is told of" test "$(value process_open_fds)" -gt 3
is "and began when it did" "$(awk -v now="$(date +%s)" '/^process_start_time_seconds / { print ($2 > now - 600 && $2 <= now + 2) }' "$file")" 1
is "nothing is stalled" "$(value windrow_journal_stalled)" 0
cp "$file" "$work/metrics"
if command -v promtool >/dev/null; then
	promtool check metrics <"$work/metrics" >"$work/said" 2>&1
	is "promtool finds nothing wrong" "$(cat "$work/said")" ""
else
	label='[a-z]+="([^"\]|\\[n"\])*"'
	is "every line is of the format" "$(grep -vE \
		"^(# (HELP|TYPE) [a-z_]+ .+|[a-z_]+(\\{$label(,$label)*\\})? [0-9.e+-]+)\$" "$work/metrics")" ""
fi
is "no metric is described twice" "$(sed -n 's/^# TYPE \([a-z_]*\) .*/\1/p' "$work/metrics" | sort | uniq -d)" ""
until_ok "the file goes on" sh -c "[ \"\$(cat '$file')\" != \"\$(cat '$work/metrics')\" ]"
run pools set narrow 5
until_ok "a pool that is sized is so at once" has 'windrow_pool_slots{pool="narrow",state="total"}' 5
run pools delete narrow
until_ok "one that is deleted has as many slots as any" has 'windrow_pool_slots{pool="narrow",state="total"}' 128
printf 'core:\n  default_pool_task_slot_count: 3\n' >"$WINDROW_HOME/windrow.yaml"
kill -s HUP "$daemon"
until_ok "also when that changes" has 'windrow_pool_slots{pool="narrow",state="total"}' 3
printf 'metrics:\n  interval: 1\n  file: other.prom\n' >"$WINDROW_HOME/windrow.yaml"
kill -s HUP "$daemon"
until_ok "another file is written as soon as the settings say so" test -s "$WINDROW_HOME/other.prom"
cp "$WINDROW_HOME/other.prom" "$work/other"
until_ok "as often as they say" sh -c "! cmp -s '$WINDROW_HOME/other.prom' '$work/other'"
rm "$WINDROW_HOME/windrow.yaml"
kill -s HUP "$daemon"
is "no connection is open where no task wanted one" "$(value windrow_ssh_connections)" 0
daemon_stop
is "the scheduler stops" "$status" 0
ok "and leaves no half of a file" test ! -e "$file.new"

mkdir "$work/none"
daemon_start WINDROW__METRICS__INTERVAL=1 WINDROW__METRICS__FILE="$work/none/such/file"
until_ok "a file that cannot be written is told" grep -q "metrics cannot be written to $work/none/such/file" "$daemon_log"
mkdir "$work/none/such"
until_ok "and written when it can be" test -s "$work/none/such/file"
daemon_stop
tap_done
