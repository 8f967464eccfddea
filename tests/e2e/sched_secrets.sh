#!/bin/sh
# A secret that a task has left as its response: whoever prints it later, a scheduler that was started since or a person who looks, is
# shown none of it.
. "${top_srcdir:-.}/tests/e2e/tap.sh"
. "${top_srcdir:-.}/tests/e2e/daemon.sh"
mkdir -p "$dags"

# shellcheck disable=SC2016 # the dollar is the secret's
secret='hunter$2"x\y'
printf %s "$secret" | "$windrow" variables set token --secret
head -c 70000 /dev/zero | tr '\0' k | "$windrow" variables set long --secret
cat >"$dags/s.yaml" <<END
tasks:
  leave: {operator: local, command: 'printf "%s %s" $<var.token> $<var.coded | b64decode> > "\$SCRIPT_RESPONSE_FILE"'}
  wait: {operator: local, command: "until [ -e $work/go ] || [ ! -d $work ]; do sleep 0.05; done", depends_on: [leave]}
  show: {operator: local, command: 'echo "$<main.leave.output.response>"; exit 3', depends_on: [wait]}
  never: {operator: local, command: 'echo $<var.long>', depends_on: [show]}
END
is_state()
{
	[ "$("$windrow" tasks state s "$1" one)" = "$2" ]
}
# shown_by TRY: what the log of a try of show tells of the secret
shown_by()
{
	"$windrow" tasks logs s show one --try "$1" | sed -n 's/^[^}]*} [A-Z]* - \(Running.*\|[^SM].*\)/\1/p'
}

run tasks test s never
like "a secret that is too long to be masked is not given out" "$status:$out$err" "1:*variable long *: a secret has at most 64 KiB*"
if [ -r /proc/self/environ ]; then
	cat >"$work/look.yaml" <<'END'
tasks: {look: {operator: local, command: 'grep -c WINDROW_ "/proc/$PPID/environ"; cat /proc/$PPID/comm'}}
END
	is "a script finds nothing of the engine's environment in its parent's" \
		"$(WINDROW_VAR_OTHER=other "$windrow" tasks test "$work/look.yaml" look 2>/dev/null)" "0
windrow-launch"
	cat >"$work/core.yaml" <<'END'
tasks: {core: {operator: local, command: 'awk "/^Max core/ { print (\$5 > 1) }" /proc/$PPID/limits; sh -c "ulimit -S -c"'}}
END
	is "no core dump of the launcher, and scripts have what limit there was" \
		"$(ulimit -S -c "$(ulimit -H -c)"
			ASAN_OPTIONS=${ASAN_OPTIONS:+$ASAN_OPTIONS:}disable_coredump=0 "$windrow" tasks test "$work/core.yaml" core 2>/dev/null)" "0
$(ulimit -S -c "$(ulimit -H -c)"; sh -c 'ulimit -S -c')"
else
	skip 2 "there is no /proc"
fi
printf 'Zm94IGFuZCBnb29zZQ==' | "$windrow" variables set coded --secret
cat >"$work/changed.yaml" <<'END'
tasks: {a: {operator: local, command: 'echo $<var.coded | b64decode> $<var.coded | b64decode | upper | replace(" ", "_")>'}}
END
head -c 60000 /dev/urandom | od -An -v -tx1 | tr -d ' \n' | head -c 60000 | "$windrow" variables set large --secret
cat >"$work/large.yaml" <<'END'
tasks: {a: {operator: local, script: 'echo $<var.large | b64encode>; echo $<var.large | b64encode> | wc -c'}}
END
run tasks test "$work/large.yaml" a
like "the base64 of a large one is given out, and masked" "$status:$out" "0:\*\*\**
80001"
run tasks test "$work/changed.yaml" a
like "what filters make of a secret is one" "$status:$out$err" \
	"0:\*\*\* \*\*\**Running command: echo '\*\*\*' '\*\*\*'*"
ok "and shown nowhere" test -z "$(echo "$out$err" | grep -i 'goose')"
run tasks render "$work/changed.yaml" a
is "nor does who looks at it see it" "$status:$out" "0:# command
echo '***' '***'"
daemon_start
until_ok "a DAG is there" knows s
run dags trigger s --run-id one
until_ok "a task waits behind the one that was given the secret" is_state wait running
daemon_stop
daemon_start
: >"$work/go"
until_ok "another scheduler goes on with the run" is_state show failed
is "and its log holds no secret" "$(shown_by 1)" 'Running command: echo "*** ***"; exit 3
*** ***
the script ended with exit status 3'
daemon_stop
daemon_start
run tasks clear s -r one -t show -y
until_ok "another one runs a task of a run that was over" "$windrow" tasks logs s show one --try 2
until_ok "to its end" is_state show failed
is "and its log holds none" "$(shown_by 2)" "$(shown_by 1)"
run tasks render s show one
is "nor does what it was rendered to" "$status:$out" '0:# command
echo "*** ***"; exit 3'
for format in table json yaml plain; do
	run tasks render s show one -o "$format"
	like "as $format neither" "$status:$out" "0:*[*][*][*]*"
	is "in any part" "$(printf %s "$out" | grep -c -e hunter -e goose)" 0
done
daemon_stop
is "nor does any log" "$(grep -rl -e hunter -e goose "$WINDROW_HOME/logs" "$daemon_log")" ""
tap_done
