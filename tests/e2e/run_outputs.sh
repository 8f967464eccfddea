#!/bin/sh
# `windrow dags test`: what a run hands on, decides and retries, and what it exits with.
. "${top_srcdir:-.}/tests/e2e/tap.sh"

HOME=$work # the user may have none
export HOME

# dag: the DAG of the next run, from standard input
dag()
{
	cat >"$work/t.yaml"
}

# state TASK: its last state
state()
{
	sed -n "s/^[^ ]* $1 \([a-z_]*\).*/\1/p" "$work/out" | tail -n 1
}

dag <<'E'
default_args: {operator: local}
stages:
  Make:
    tasks:
      json:
        command: >-
          printf '{"list": [1, {"x": "a b"}], "big": 12345678901234567890}' > "$SCRIPT_RESPONSE_FILE";
          echo said; echo complained >&2
      text:
        command: printf 'it is "text"\n' > "$SCRIPT_RESPONSE_FILE"
  Use:
    tasks:
      all:
        arguments: [$<run.conf.out>]
        script: |
          exec > "$1"
          printf '%s\n' "$<Make.json.output.response.list[1].x>"
          printf '%s\n' "$<Make.json.output.response.big>"
          printf '%s\n' "$<Make.json.output.response>"
          printf '%s\n' "$<Make.text.output.response>"
          printf '%s\n' "$<Make.json.output.logs>/$<Make.json.output.error>"
          printf '%s\n' "$<Make.json.output.status> $<Make.json.output.exitCode> $<Make.json.output.completed>"
          printf '[%s]\n' "$<Make.json.output.errorMessage>"
          test -d "$<Make.json.output.userFolder>" && echo home
          cat "$<Make.json.output.logFilePath>" "$<Make.json.output.errorFilePath>"
          cat "$<Make.text.output.responseFilePath>"
          case $<Make.json.output.responseFilePath> in *$<Make.json.output.scriptExecutionId>*) echo id ;; esac
          printf '%s\n' "$<task.id> $<task.try_number> $<dag.id> $WINDROW_TASK_ID $WINDROW_TRY_NUMBER"
          printf '%s\n' "$<run.ds> $<run.logical_date> $<run.conf.n>"
E
run dags test "$work/t.yaml" --logical-date 2026-01-02 --conf "{\"out\": \"$work/got\", \"n\": 7}"
is "a run that succeeds exits 0" "$status" 0
is "every output is handed on" "$(cat "$work/got")" 'a b
12345678901234567890
{"list":[1,{"x":"a b"}],"big":12345678901234567890}
it is "text"
said/complained
success 0 true
[]
home
said
complained
it is "text"
id
Use.all 1 t Use.all 1
2026-01-02 2026-01-02T00:00:00+00:00 7'
like "each event is a line" "$out" '*T*+00:00 Make.json success try=1 duration=*'

dag <<'E'
default_args: {operator: local}
tasks:
  fails: {command: "echo first; echo last; exit 7"}
  ends: {command: "kill -KILL $$"}
  fine: {command: "true"}
  below: {depends_on: [fails], command: "true"}
E
run dags test "$work/t.yaml"
is "a run that fails exits 1" "$status" 1
is "a task that fails" "$(state main.fails)" failed
is "takes those below along" "$(state main.below)" upstream_failed
is "but no others" "$(state main.fine)" success
like "its last lines are shown, and why" "$out" '*main.fails failed try=1 *message="the script ended with exit status 7"
  | first
  | last*'
like "a signal is named" "$out" '*main.ends failed*message="signal 9 (SIGKILL) ended the script"*'
log=$(sed -n 's/.* main.fails failed.* log=\([^ ]*\) .*/\1/p' "$work/out")
like "the log is where it says, and reads like Airflow's" "$(cat "$log")" '\[*+0000\] {*.c:*} INFO - *
*INFO - Running command: echo first; echo last; exit 7
*INFO - first
*INFO - last
*ERROR - the script ended with exit status 7
*INFO - Marking task as FAILED. dag_id=t, task_id=main.fails, run_id=manual__*, execution_date=*, start_date=*, end_date=*'

dag <<'E'
default_args: {operator: local}
params:
  level: {type: integer, default: 3, maximum: 5}
tasks:
  ask: {command: 'printf 5 > "$SCRIPT_RESPONSE_FILE"'}
  high: {when: $<ask.output.response> > $<params.level>, command: "true"}
  low: {when: $<ask.output.response> <= $<params.level>, command: "true"}
  code: {skip_on_exit_code: 99, command: "exit 99"}
  zero: {skip_on_exit_code: [0, 99], command: "exit 0"}
  fallback:
    trigger_rule: all_done
    command: test $<low.output.response | default("none")> = none
E
run dags test "$work/t.yaml"
is "when lets one branch run" "$(state main.high)" success
is "and skips the other" "$(state main.low)" skipped
is "an exit code may skip" "$(state main.code)" skipped
is "0 too, as in Airflow" "$(state main.zero)" skipped
is "default() stands in for what was skipped" "$(state main.fallback)" success
is "and the run is a success" "$status" 0
run dags test "$work/t.yaml" --conf '{"level": 5}'
is "a parameter of the conf decides" "$(state main.low)" success
run dags test "$work/t.yaml" --conf '{"level": 6}'
is "one that is out of bounds is wrong usage" "$status" 2
like "and named" "$err" '*level*5*'
run dags test "$work/t.yaml" --conf '{"level": '
is "so is a conf that is no JSON" "$status" 2
run dags test "$work/t.yaml" --conf '[]'
is "or no object" "$status" 2
run dags test "$work/t.yaml" --logical-date yesterday
is "or a date that is none" "$status" 2

dag <<'E'
default_args: {operator: local}
tasks:
  list: {command: 'printf "[\"a b\", \"c\", \"\"]" > "$SCRIPT_RESPONSE_FILE"'}
  each:
    for_each: $<list.output.response>
    max_active_tis: 2
    command: printf '"%s-%s"' $<item> $<index> > "$SCRIPT_RESPONSE_FILE"
  some:
    for_each: [1, 2, 3]
    max_active_tis: 1
    command: echo item $<item>; test $<item> != 2
    ignore_failure: true
  none: {for_each: [], command: "true"}
  after:
    depends_on: [some]
    command: printf '%s\n' $<each.output.response> $<each.output.response[-1]> $<some.output.exitCode> > $<run.conf.out>
  count:
    trigger_rule: none_failed
    command: echo "of none $<none.output.response | length>" >> $<run.conf.out>2
E
run dags test "$work/t.yaml" --conf "{\"out\": \"$work/got\"}"
is "for_each publishes lists in the items' order" "$(cat "$work/got")" '["a b-0","c-1","-2"]
-2
[0,1,0]'
is "one instance that fails makes the task fail" "$(state main.some)" failed
like "and it says how many did" "$out" '*main.some failed *message="1 of its 3 instances failed"*'
is "what an instance printed is shown as its own" "$(printf '%s' "$out" | grep '^  |')" '  | item 2'
is "the outputs of an empty list are an empty list" "$(cat "$work/got2")" 'of none 0'
is "an empty list skips it" "$(state main.none)" skipped
is "ignore_failure lets the run succeed" "$status" 0
like "instances have logs of their own" \
	"$(find "$work/home/logs" -path '*task_id=main.each*')" '*/map_index=2/attempt=1.log*'

dag <<'E'
default_args: {operator: local}
tasks:
  flaky:
    retries: 2
    retry_delay: 1ms
    command: test "$WINDROW_TRY_NUMBER" = 3
  hopeless: {retries: 1, retry_delay: 1ms, command: "exit 1"}
  slow: {execution_timeout: 50ms, command: "sleep 1000"}
  wrong: {retries: 5, command: "printf '%s' $<flaky.output.response.x>"}
E
run dags test "$work/t.yaml"
is "a task that succeeds at last is a success" "$(state main.flaky)" success
like "after as many tries as it took" "$out" '*main.flaky success try=3*'
like "each failed one says so" "$out" '*main.flaky up_for_retry try=1 *'
is "retries end" "$(state main.hopeless)" failed
like "a timeout is told" "$out" '*main.slow failed*message="it was ended at its execution_timeout of 50ms"*'
like "what cannot be rendered fails its task, and says what and why" "$out" \
	'*main.wrong failed*message="command: *flaky*response*'

dag <<'E'
default_args: {operator: local}
tasks:
  up: {setup: true, command: "true"}
  work: {depends_on: [up], command: "exit 1"}
  down: {teardown: true, depends_on: [work, up], command: "touch $<run.conf.out>"}
E
run dags test "$work/t.yaml" --conf "{\"out\": \"$work/down\"}"
is "a teardown runs whatever happened" "$(state main.down)" success
ok "really" [ -e "$work/down" ]
is "and hides no failure" "$status" 1

dag <<'E'
dag_id: here
tasks:
  near: {operator: local, command: "touch $<run.conf.out>"}
  far: {operator: ssh, ssh_conn_id: x, command: "true"}
E
run dags test "$work/t.yaml" --conf "{\"out\": \"$work/near\"}"
case $err in
*"no operator for"*)
	is "a task that this build cannot run stops all" "$status" 1
	is "by name" "$err" \
		'windrow: nothing was started: this build has no operator for main.far (ssh)'
	ok "before anything starts" [ ! -e "$work/near" ]
	;;
*) skip 3 "this build has ssh" ;;
esac

dag <<'E'
tasks:
  one: {operator: local, command: "echo $<var.greeting>; exit 3"}
  two: {operator: local, retries: 1, retry_delay: 0, command: "test $<task.try_number> = 2"}
E
WINDROW_VAR_GREETING='hello  there' "$windrow" dags test "$work/t.yaml" -o json >"$work/out"
is "-o json prints the final states" \
	"$(tr -d ' \n' <"$work/out" | sed 's/"[a-z_]*_date":"[^"]*"/DATE/g; s/"run_id":"[^"]*"/RUN/; s/"log":"[^"]*"/LOG/g')" \
	'{"dag_id":"t",RUN,"state":"failed",DATE,DATE,DATE,"tasks":[{"task_id":"main.one","state":"failed","try_number":1,DATE,DATE,"error_message":"thescriptendedwithexitstatus3",LOG},{"task_id":"main.two","state":"success","try_number":2,DATE,DATE,"error_message":null,LOG}]}'
like "variables come from the environment" \
	"$(cat "$(find "$work/home/logs" -path '*main.one*' -name '*.log')")" '*INFO - hello  there*'
run dags test "$work/nothing.yaml"
is "a file that is not there fails" "$status" 1
run dags test
is "no file is wrong usage" "$status" 2

cat >"$work/past.yaml" <<'E'
default_args: {operator: local, command: "true", depends_on_past: true}
tasks: {a: {}, b: {depends_on: [a]}}
E
run dags test "$work/past.yaml"
is "a run by hand has no run before it to wait for" "$status" 0
# What tasks print comes between their beginning and their end, however quick they are.
{
	echo 'default_args: {operator: local}'
	echo 'tasks:'
	echo "  each: {for_each: [$(seq -s , 100)], command: echo a; echo b}"
	seq 100 | sed 's/.*/  t&: {command: echo a; echo b}/'
} >"$work/many.yaml"
run dags test "$work/many.yaml" --verbose
is "no line of a task's comes before it runs, or after its end" "$(printf '%s\n' "$out" | awk '
	$3 == "|" { lines++; if (!($2 in runs)) early++ }
	$3 == "running" { runs[$2] = 1 }
	$3 == "success" { delete runs[$2] }
	END { print lines, early + 0 }')" "400 0"
cat >"$work/t.yaml" <<'E'
tasks:
  a: {operator: local, command: "true"}
  b: {operator: local, command: "true"}
E
rm -rf "$WINDROW_HOME/logs"
touch "$WINDROW_HOME/logs"
run dags test "$work/t.yaml"
is "logs that cannot be written end no run" "$status" 0
like "the first of them is told, and why" "$err" "*warning: what main.? prints cannot be kept: *: Not a directory"
is "once" "$(printf '%s\n' "$err" | grep -c kept)" 1
rm "$WINDROW_HOME/logs"
# Why a task failed is one line, whatever it names.
dag <<'E'
tasks:
  lost: {operator: local, command: "true", working_directory: "/no\nsuch folder"}
  reads: {operator: local, trigger_rule: all_done, command: "printf '%s\\n' $<lost.output.errorMessage> | wc -l"}
E
run dags test "$work/t.yaml" --verbose
like "a reason is one line" "$out" '*main.reads | 1
*'
like "in the log too" "$(cat "$WINDROW_HOME"/logs/dag_id=t/run_id=*/task_id=main.lost/attempt=1.log)" '*"/no?such folder"*'
# More tasks at once than there are descriptors at first: each has its log open. Scripts have what we began with.
{
	echo 'default_args: {operator: local, execution_timeout: 60s}'
	echo 'max_active_tasks: 100'
	echo 'tasks:'
	seq 80 | sed "s|.*|  t&: {script: 'echo here >> $work/here; while [ -d $work ] && [ ! -e $work/all ]; do sleep 0.05; done'}|"
	echo "  all: {script: 'until [ \$(wc -l < $work/here) = 80 ]; do sleep 0.05; done; : > $work/all; ulimit -S -n'}"
} >"$work/wide.yaml"
: >"$work/here"
hard=$(ulimit -H -n)
if [ "$hard" = unlimited ] || [ "$hard" -ge 200 ]; then
	(
		ulimit -S -n 64
		run dags test "$work/wide.yaml" --verbose
		echo "$status:$err"
		printf '%s\n' "$out" | sed -n 's/^.* main\.all | //p'
	) >"$work/got"
	is "80 tasks at once keep their logs with 64 descriptors, which their scripts have" "$(cat "$work/got")" "0:
64"
else
	skip 1 "no more than $hard descriptors may be had here"
fi
tap_done
