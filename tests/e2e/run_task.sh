#!/bin/sh
# `windrow tasks test`: one try of one task.
. "${top_srcdir:-.}/tests/e2e/tap.sh"

cat >"$work/t.yaml" <<'E'
default_args: {operator: local}
stages:
  One:
    tasks:
      first: {command: "touch $<run.conf.mark>; echo 1 > $SCRIPT_RESPONSE_FILE"}
      fails: {retries: 3, command: "printf 'out\\001'; echo err >&2; exit 3"}
  Two:
    tasks:
      second:
        when: false
        command: echo got $<One.first.output.response | default("nothing")>
      strict: {command: "echo $<One.first.output.response>"}
      each: {for_each: [x, y], command: "echo $<item>-$<index>"}
E
run tasks test "$work/t.yaml" Two.second --conf "{\"mark\": \"$work/mark\"}"
is "a task that succeeds exits 0" "$status" 0
is "its output comes alone" "$out" "got nothing"
ok "what comes before it is not run" [ ! -e "$work/mark" ]
like "how it ended is told beside" "$err" '*Two.second: success'
run tasks test "$work/t.yaml" strict
is "a missing output fails it" "$status" 1
like "and is told" "$err" '*Two.strict: failed: command: *One.first*'
run tasks test "$work/t.yaml" fails
is "a task that fails exits 1, after one try" "$status" 1
is "its output comes as it is" "$(od -An -c "$work/out" | tr -d ' ')" 'out001\n'
like "standard error on standard error" "$err" '*
err
*One.fails: failed: the script ended with exit status 3'
run tasks test "$work/t.yaml" each
is "of a for_each the first item runs" "$out" "x-0"
mkfifo "$work/ready"
cat >"$work/long.yaml" <<'E'
tasks:
  long:
    operator: local
    script: |
      trap 'echo told; exit 1' TERM
      sleep 1000 &
      echo $! > $<run.conf.ready>
      wait
E
# signalled SIGNAL...: a task that these reach, which a windrow that stands still gets together; $err is what came
signalled()
{
	"$windrow" tasks test "$work/long.yaml" long --conf "{\"ready\": \"$work/ready\"}" >"$work/out" 2>"$work/err" &
	pid=$!
	read -r task <"$work/ready"
	kill -STOP "${pid:?}"
	for signal; do
		kill -s "$signal" "$pid"
	done
	kill -CONT "$pid"
	wait "$pid"
	is "$*: the exit status" "$?" 1
	is "$*: the task has its grace" "$(cat "$work/out")" told
	like "$*: and its end is told" "$(cat "$work/err")" '*main.long: failed: it was cancelled*'
}
signalled HUP
signalled QUIT
signalled TERM INT
run tasks test "$work/t.yaml" nothing
like "a task that there is not fails, as one does of a run" "$status:$err" "1:*has no task \"nothing\"*"
tap_done
