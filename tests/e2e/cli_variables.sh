#!/bin/sh
# Variables from the command line: plain and secret ones, Airflow's files, and how runs see them.
. "${top_srcdir:-.}/tests/e2e/tap.sh"

run variables list
is "without a store there are no variables" "$status:$out" "0:"
ok "and looking makes no home" test ! -e "$WINDROW_HOME"
run variables get region
is "one that is not there exits 1" "$status" 1
is "and is told" "$err" "windrow: there is no variable region"
run variables get region --default eu
is "unless there is a default" "$status:$out" "0:eu"

run variables set region eu --description 'where it runs'
is "a variable is set" "$status:$out:$err" "0::"
run variables get region
is "and got" "$out" eu
run variables get regoin
is "a wrong one names the nearest" "$err" \
	"windrow: there is no variable regoin; did you mean region?"
run variables set region us
run variables list -o json --show-values
like "a description stays" "$out" '*"value": "us"*"description": "where it runs"*'
run variables list
is "a list hides values" "$out" "region		false	where it runs"

printf 'hunter2\n' | "$windrow" variables set token --secret
run variables list --show-values
is "and secrets even when values are shown" "$out" "region	us	false	where it runs
token		true	"
run variables get token
is "a secret is not printed" "$status:$out" "1:"
like "and the way to it is told" "$err" "*is secret, and no secret is printed*"
run variables set token swordfish
run variables get token
is "a secret one stays secret when it is set anew" "$status" 1
ok "the store does not show it" sh -c "! grep -aq -e hunter2 -e swordfish '$WINDROW_HOME'/*"

run variables export "$work/plain.json"
is "an export leaves secrets out" "$status:$err" \
	"0:1 exported; secret variables left out: 1; --with-secrets takes them too"
is "and is its owner's alone" "$(ls -l "$work/plain.json" | cut -c1-10)" "-rw-------"
run variables set object '{"a":[1,2.0]}'
run variables set text '"quoted"'
run variables export - --with-secrets
like "what is JSON is exported as JSON" "$out" '*"object": {
    "a": \[
      1,
      2.0
    \]
  }*'
cp "$work/out" "$work/all.json"
mkfifo "$work/fifo"
cat "$work/fifo" >"$work/piped" &
run variables export "$work/fifo" --with-secrets
wait
ok "an export can go into a pipe" cmp "$work/piped" "$work/all.json"
ok "which stays one" test -p "$work/fifo"
ln -s target.json "$work/link.json"
echo old >"$work/target.json"
run variables export "$work/link.json" --with-secrets
ok "and over a link" cmp "$work/target.json" "$work/all.json"
{
	echo head
	"$windrow" variables export /dev/stdout --with-secrets 2>"$work/err"
	echo tail
} >"$work/joined"
is "into standard output by its name, behind what stands there" "$(cat "$work/joined")" "head
$(cat "$work/all.json")
tail"
run variables export "$work"
is "but not over a folder" "$status" 1
run variables set said --secret on-the-line
like "a secret on the command line is warned of" "$err" "*others can see a command line*"
run variables delete said
for name in region token object text; do run variables delete $name; done
run variables delete region
is "one that is gone cannot be deleted" "$status" 1
run variables import "$work/all.json"
is "an export can be imported" "$status:$err" "0:4 of 4 variables imported"
run variables export - --with-secrets
is "and comes back the same" "$out" "$(cat "$work/all.json")"
cat >"$work/airflow.json" <<'EOF'
{"region": "asia", "retries": 3, "flag": true, "conf": {"a": 1}, "new": {"value": "v", "description": "d"}}
EOF
run variables import "$work/airflow.json" --action-on-existing-key skip
is "what is there already can be skipped" "$err" "4 of 5 variables imported"
is "and stays" "$("$windrow" variables get region)" us
is "a number becomes its text" "$("$windrow" variables get retries)" 3
is "an object its JSON" "$("$windrow" variables get conf)" '{"a":1}'
is "a described one its value" "$("$windrow" variables get new)" v
run variables import "$work/airflow.json" -a fail
is "or be a failure" "$status" 1
run variables import "$work/airflow.json"
is "unless said it is overwritten" "$("$windrow" variables get region)" asia
echo '{"fresh": 1, "": 2}' >"$work/bad.json"
run variables import "$work/bad.json"
is "a wrong one fails the import" "$status:$err" \
	"1:windrow: $work/bad.json: nothing was imported: the name of a variable cannot be empty"
run variables get fresh
is "of which nothing is kept" "$status" 1
echo '{"a": hunter2}' >"$work/bad.json"
run variables import "$work/bad.json"
is "no JSON is told" "$status" 1

cat >"$work/dag.yaml" <<'EOF'
dag_id: v
stages:
  S:
    tasks:
      echo:
        operator: local
        command: echo $<var.region> $<var.text>
      secret:
        operator: local
        command: test $<var.token> = swordfish
      leak:
        operator: local
        command: sh -c 'printf sword; printf "fish\n"; printf %s "$1" | base64; echo "$1" >&2;
          printf "the end %s" "$1"; exit 3' x $<var.token>
        ignore_failure: true
      missing:
        operator: local
        command: echo $<var.missing>
EOF
run tasks test "$work/dag.yaml" S.echo
is "a task sees stored variables" "$out" 'asia "quoted"'
WINDROW_VAR_REGION=env run tasks test "$work/dag.yaml" S.echo
is "the environment wins" "$out" 'env "quoted"'
printf 'tasks: {echo: {operator: local, command: echo $<var.token>}}\n' >"$work/said.yaml"
WINDROW_VAR_TOKEN=mackerel run tasks test "$work/said.yaml" echo
is "what is secret in the store is masked in its words too" "$out" "***"
run tasks test "$work/dag.yaml" S.secret
is "and secret ones" "$status" 0
run tasks render "$work/dag.yaml" S.secret
like "which are not shown" "$out" "*'\*\*\*' = swordfish*"
run tasks test "$work/dag.yaml" S.leak
is "what a task prints of them is masked" "$out" "***
***
the end ***"
ok "on standard error too, and in what is told of it" sh -c "! grep -q swordfish '$work/err'"
run dags test "$work/dag.yaml"
ok "a run's output shows none" sh -c "! grep -q swordfish '$work/out' '$work/err'"
ok "nor do its logs" sh -c "! grep -rq -e swordfish -e c3dvcmRmaXNo '$WINDROW_HOME/logs'"
ok "which show what else there was" grep -rq "the end \*\*\*" "$WINDROW_HOME/logs"
cat >"$work/cut.yaml" <<'EOF'
tasks:
  t:
    operator: local
    log_limit: 100
    script: |
      seq 11 16
      for i in 1 2 3 4 5 6 7 8 9; do echo $<var.token>; done
      seq 21 25
EOF
run tasks test "$work/cut.yaml" main.t
is "of one that is cut in two by log_limit nothing is shown" "$(printf '%s\n' "$out" | tr '\n' ' ')" \
	"11 12 13 14 15 16 *** *** *** *** *** *** *** 21 22 23 24 25 "
run tasks test "$work/dag.yaml" S.missing
like "one that is not there is told" "$err" "*there is no variable missing; \`windrow variables set \
missing\` makes one*"

# A prompt on a terminal: what is typed is not echoed, and what interrupts it ends it at once.
# prompt HOW: answers a prompt, and prints what came of it
prompt()
{
	python3 - "$windrow" "$1" <<'END'
import os, pty, signal, sys, termios
signal.alarm(60)
pid, terminal = pty.fork()
if pid == 0:
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, signal.SIG_DFL)
    os.execv(sys.argv[1], [sys.argv[1], "variables", "set", "asked", "--secret"])
said = b""
while b"the value: " not in said:
    said += os.read(terminal, 100)
has_echo = termios.tcgetattr(terminal)[3] & termios.ECHO != 0
if sys.argv[2] == "kill":
    os.kill(pid, signal.SIGTERM)
else:
    os.write(terminal, sys.argv[2].encode())
status = os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])
said += os.read(terminal, 100)
print(has_echo, status, termios.tcgetattr(terminal)[3] & termios.ECHO != 0, b"typed" in said)
END
}
if command -v python3 >/dev/null; then
	is "what is typed at a prompt is not echoed" "$(prompt 'typed
')" "False 0 True False"
	run variables export - --with-secrets
	like "and is the value" "$out" '*"asked": {*"value": "typed"*'
	is "an interrupt ends the prompt at once, and the echo is back" "$(prompt "$(printf 'half typed\003')")" "False -2 True False"
	is "so does whoever ends the command" "$(prompt kill)" "False -15 True False"
else
	skip 4 "no python3 here"
fi
tap_done
