#!/bin/sh
# Old logs go when a scheduler starts; those of a run that is not over stay, however old. A log that cannot be
# written is told.
. "${top_srcdir:-.}/tests/e2e/tap.sh"
mkdir -p "$WINDROW_HOME/dags"
. "$top_srcdir/tests/e2e/daemon.sh"

logs=$WINDROW_HOME/logs
# old_log RUN: a log of long ago
old_log()
{
	mkdir -p "$logs/$1/task_id=main.a"
	echo line >"$logs/$1/task_id=main.a/attempt=1.log"
	touch -d '2020-01-01 00:00' "$logs/$1/task_id=main.a/attempt=1.log"
}

daemon_start
cat >"$dags/.w" <<END
tasks:
  first: {operator: local, command: echo first}
  wait: {operator: local, command: "while [ -d $work ] && [ ! -e $work/go ]; do sleep 0.05; done", depends_on: [first]}
END
mv "$dags/.w" "$dags/w.yaml"
echo 'tasks: {again: {operator: local, command: "false", retries: 1, retry_delay: 1d}}' >"$dags/.r"
mv "$dags/.r" "$dags/r.yaml"
run dags trigger r --run-id three
again=$logs/dag_id=r/run_id=three/task_id=main.again/attempt=1.log
until_ok "a task waits to be tried again" grep -q UP_FOR_RETRY "$again"
run dags trigger w --run-id one
run dags trigger w --run-id two
until_ok "runs are under way" sh -c "[ -s '$logs/dag_id=w/run_id=one/task_id=main.wait/attempt=1.log' ] &&
	[ -s '$logs/dag_id=w/run_id=two/task_id=main.wait/attempt=1.log' ]"
# Names as long as they may be, and longer than any file system's.
long=$(printf %0250d 0 | tr 0 n)
echo "{dag_id: $long, stages: {$long: {tasks: {$long: {operator: local, command: 'false', retries: 1, retry_delay: 1d}}}}}" >"$dags/.l"
mv "$dags/.l" "$dags/l.yaml"
run dags trigger "$long" --run-id "$long"
until_ok "a task whose names are long has a log" sh -c "'$windrow' tasks logs $long $long.$long $long | grep 'UP_FOR_RETRY.*end_date=2'"
daemon_kill
find "$logs/dag_id=nnn"* "$logs/dag_id=w" "$logs/dag_id=r" -type f -exec touch -d '2020-01-01 00:00' {} +
old_log dag_id=gone/run_id=1
old_log dag_id=gone/run_id=2
daemon_start
until_ok "logs of old runs are removed, and it is told" grep -q "the logs of 2 old runs were removed" "$daemon_log"
ok "with their folders" test ! -e "$logs/dag_id=gone"
ok "those of a run that is not over stay" test -s "$logs/dag_id=w/run_id=one/task_id=main.first/attempt=1.log"
ok "of each" test -s "$logs/dag_id=w/run_id=two/task_id=main.first/attempt=1.log"
ok "of one that waits to be tried again, too" test -s "$again"
run tasks logs "$long" "$long.$long" "$long"
is "however long its names are" "$status" 0
: >"$work/go"
until_ok "which goes on" grep -q "w: run two is success" "$daemon_log"
mkfifo "$work/pipe"
: <"$work/pipe" &
reader=$!
exec 3>"$work/pipe"
wait "$reader"
"$windrow" tasks logs w main.first one >&3 2>"$work/err"
is "a reader that goes away ends it without a word" "$?$(cat "$work/err")" 1
exec 3>&-
mv "$logs" "$work/logs"
ln -s /sys "$logs"
echo 'tasks: {a: {operator: local, command: "echo printed; exit 3"}}' >"$dags/.n"
mv "$dags/.n" "$dags/n.yaml"
run dags trigger n --run-id one --wait
like "a task runs without its log" "$status:$out" "1:*the script ended with exit status 3*"
until_ok "which is told" grep -q "n: run one: what main.a prints cannot be kept: cannot make the log .*/attempt=1.log: " "$daemon_log"
if [ -d /sys ]; then
	is "with the reason" "$(grep -c "attempt=1.log: No such file or directory" "$daemon_log")" 0
else
	skip 1 "there is no /sys"
fi
run tasks logs n a one
like "who asks for the log is told how the task ended" "$status:$err" "1:*/attempt=1.log*what is known of this try: the script ended with exit status 3"
rm "$logs"
mv "$work/logs" "$logs"
daemon_stop
is "the scheduler stops" "$status" 0
tap_done
