#!/bin/sh
# ^C on `windrow dags test`, once and twice, and what is left when it is killed. All waiting is for
# conditions: a task opens a fifo when it runs, and is gone when its process is.
. "${top_srcdir:-.}/tests/e2e/tap.sh"

mkfifo "$work/ready"

# gone PID: waits until no such process runs
gone()
{
	while kill -0 "$1" 2>/dev/null && ! grep -q ') Z' "/proc/$1/stat" 2>/dev/null; do
		:
	done
}

# begin: starts the DAG on standard input; $pid is windrow's, $task the running task's
begin()
{
	cat >"$work/t.yaml"
	"$windrow" dags test "$work/t.yaml" --conf "{\"ready\": \"$work/ready\"}" \
		>"$work/out" 2>"$work/err" &
	pid=$!
	read -r task <"$work/ready"
}

finish()
{
	wait "$pid"
	status=$?
	out=$(cat "$work/out")
	err=$(cat "$work/err")
}

begin <<'E'
default_args: {operator: local}
tasks:
  up: {setup: true, command: "true"}
  long:
    depends_on: [up]
    script: |
      sleep 1000 &
      echo $! > $<run.conf.ready>
      wait
  later: {depends_on: [long], command: "true"}
  down: {teardown: true, depends_on: [later, up], command: "true"}
E
kill -INT "${pid:?}"
finish
is "a cancelled run exits 1" "$status" 1
like "it says that it cancels" "$err" '*cancelling*'
like "what ran is ended" "$out" '*main.long failed*message="it was cancelled"*'
like "what had not started is skipped" "$out" '*main.later skipped*'
like "teardowns still run" "$out" '*main.down success*'
like "the run's line says why" "$out" '*run failed*message="the run was cancelled"*'
gone "${task:?}"
ok "children of the task are gone" true

# One wish that comes as two signals: they wait for a windrow that stands still, and reach it together.
begin <<'E'
default_args: {operator: local}
tasks:
  up: {setup: true, command: "true"}
  long: {depends_on: [up], script: "echo $$ > $<run.conf.ready>; sleep 1000"}
  down: {teardown: true, depends_on: [long, up], command: "true"}
E
kill -STOP "${pid:?}"
kill -TERM "$pid"
kill -INT "$pid"
kill -CONT "$pid"
finish
is "two signals that come as one cancel once" "$status:$(grep -c 'ending everything' "$work/err")" 1:0
like "and teardowns run" "$out" '*main.down success*'

begin <<'E'
default_args: {operator: local}
tasks:
  each:
    for_each: [1, 2]
    max_active_tis: 1
    script: |
      echo $$ > $<run.conf.ready>
      exec sleep 1000
E
kill -INT "${pid:?}"
finish
like "a for_each that is cut short says so" "$out" '*main.each failed*message="it was cancelled"*'

begin <<'E'
default_args: {operator: local}
tasks:
  deaf:
    script: |
      trap '' TERM
      sh -c 'echo $$ > $0; while :; do sleep 1000; done' $<run.conf.ready>
E
kill -INT "${pid:?}"
while ! grep -q cancelling "$work/err" && kill -0 "$pid"; do
	:
done
# N.B. what comes right behind the first is its echo.
until grep -q 'ending everything' "$work/err" || ! kill -INT "$pid" 2>/dev/null; do
	:
done
finish
is "a second ^C does not wait for those who ignore the first" "$status" 1
like "and says so" "$err" '*ending everything*'
gone "${task:?}"
ok "they are gone too" true

begin <<'E'
default_args: {operator: local}
tasks:
  long: {script: "echo $$ > $<run.conf.ready>; sleep 1000"}
E
kill -KILL "${pid:?}"
finish
gone "${task:?}"
ok "kill -9 of windrow leaves no task behind" true
tap_done
