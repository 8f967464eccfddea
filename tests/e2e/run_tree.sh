#!/bin/sh
# The live tree of `windrow dags test`, on a terminal that script(1) makes.
. "${top_srcdir:-.}/tests/e2e/tap.sh"

if ! script -qec true /dev/null </dev/null >/dev/null 2>&1; then
	skip 1 "no script(1) here"
	tap_done
fi
LC_ALL=C.UTF-8
TERM=xterm
export LC_ALL TERM
escape=$(printf '\033')

# on_terminal COLUMNS ROWS COMMAND: its output, as the terminal gets it; $last is the last drawing
on_terminal()
{
	script -qec "stty cols $1 rows $2; $3" /dev/null </dev/null >"$work/raw" 2>&1
	status=$?
	last=$(tr -d '\r' <"$work/raw" |
		sed "s/$escape\[[0-9]*A/\n=====\n/; s/$escape\[[0-9;?]*[A-Za-z]//g" |
		awk '/^=====$/ { text = ""; next } { text = text $0 "\n" }
			END { printf "%s", text }')
}

cat >"$work/t.yaml" <<'E'
default_args: {operator: local}
stages:
  One:
    tasks:
      good: {command: "true"}
      bad: {command: "printf 'evil \\033]0;x\\007 end\\n'; exit 4"}
  Two:
    tasks:
      never: {command: "true"}
E
on_terminal 60 20 "'$windrow' dags test '$work/t.yaml'"
is "the exit status is the run's" "$status" 1
like "the tree shows stages and tasks" "$last" '*✗ t *failed*
✗ One *2/2
  ✓ good *
  ✗ bad *
    │ the script ended with exit status 4
    │ evil \\x1b\]0;x\\x07 end
✗ Two *1/1
  ✗ never *upstream_failed
*3/3 done, 1 failed*'
ok "the cursor is hidden" grep -q "$escape\[?25l" "$work/raw"
is "and shown again at the end" "$(tail -c 6 "$work/raw")" "$escape[?25h"
ok "there is colour" grep -q "$escape\[31m" "$work/raw"
on_terminal 60 20 "NO_COLOR=1 '$windrow' dags test '$work/t.yaml'"
is "and none with NO_COLOR" "$(grep -c "$escape\[31m" "$work/raw")" 0

on_terminal 60 20 "LC_ALL=C '$windrow' dags test '$work/t.yaml'"
like "a terminal that takes ASCII alone gets that" "$last" '*
x One *2/2
  + good *
  x bad *
    | the script ended with exit status 4
*3/3 done, 1 failed*'
on_terminal 60 20 "LC_ALL=C '$windrow' dags show '$work/t.yaml'"
like "a graph, too" "$last" '*
\* *One
| *good *local
*'
on_terminal 60 20 "unset LC_ALL LC_CTYPE LANG; '$windrow' dags show '$work/t.yaml'"
like "where nobody says what it takes, that is UTF-8" "$last" '*● *One*'
on_terminal 60 20 "TERM=dumb '$windrow' dags test '$work/t.yaml'"
like "a terminal whose cursor does not move gets lines" "$status:$(grep -c "$escape" "$work/raw"):$last" '1:0:*One.bad failed*run failed*'
on_terminal 60 20 "unset TERM; '$windrow' dags test '$work/t.yaml'"
is "and one of which nobody knows" "$status:$(grep -c "$escape" "$work/raw")" 1:0

mkfifo "$work/ready"
cat >"$work/t.yaml" <<'E'
tasks:
  long: {operator: local, script: "echo up > $<run.conf.ready>; sleep 1000"}
E
on_terminal 60 20 "'$windrow' dags test '$work/t.yaml' --conf '{\"ready\": \"$work/ready\"}' & \
	read x < '$work/ready'; kill -INT \$!; wait \$!"
is "a cancelled run exits 1" "$status" 1
like "the tree says why" "$last" '*long*it was cancelled*'
is "the cursor comes back" "$(tail -c 6 "$work/raw")" "$escape[?25h"
tap_done
