#!/bin/sh
# What the commands that look at DAG files say, and how they exit.
. "${top_srcdir:-.}/tests/e2e/tap.sh"

dags=$WINDROW_HOME/dags
mkdir -p "$dags/sub"
cat >"$dags/nightly.yaml" <<'END'
dag_id: nightly_backup
description: Dump & check <everything>
owner: ops
schedule: "30 2 * * *"
timezone: Europe/London
start_date: 2026-01-01
dagrun_timeout: 90m
tags: [ops, backup]
params:
  database: shop
default_args:
  operator: local
stages:
  Dump:
    tasks:
      dump:
        script: echo '{"file":"a"}' > "$SCRIPT_RESPONSE_FILE"
      lock:
        command: "true"
  Check:
    tasks:
      restore:
        command: echo $<Dump.dump.output.response.file>
      size:
        command: "true"
        retries: 2
      report:
        command: "true"
        trigger_rule: one_failed
        depends_on: [restore, size]
  Rotate:
    depends_on: [Check]
    tasks:
      keep:
        command: "true"
        when: $<params.database> == "shop"
      tell:
        command: "true"
        ignore_failure: true
      each:
        command: echo $<item>
        for_each: [a, b]
END
cat >"$dags/sub/tiny.yml" <<'END'
tasks:
  one:
    operator: local
    command: "true"
END

run dags validate "$dags/nightly.yaml"
is "validate of a good file exits 0" "$status" 0
is "and says what it saw" "$out" "1 file, 1 DAG, 8 tasks: no errors"
is "and nothing else" "$err" ""
run dags validate
is "without a file it takes the dags folder" "$out" "2 files, 2 DAGs, 9 tasks: no errors"
run dags validate "$WINDROW_HOME"
is "a folder is walked" "$out" "2 files, 2 DAGs, 9 tasks: no errors"
"$windrow" dags validate - <"$dags/sub/tiny.yml" >"$work/out"
is "- is standard input" "$(cat "$work/out")" "1 file, 1 DAG, 1 task: no errors"

run dags list-runs nightly_backup -o json
is "a DAG that no scheduler has seen has no runs" "$status:$out:$err" "0:[]:"
run dags list-runs nightly_bakcup
is "one that is not there has none to be listed" "$status:$out:$err" \
	"1::windrow: no DAG \"nightly_bakcup\" in $dags; did you mean \"nightly_backup\"?"
run dags list-runs "$dags/nightly.yaml"
is "a file is no DAG's id" "$status:$out:$err" "1::windrow: $dags/nightly.yaml is a file; its DAG is nightly_backup"

run dags list
is "list exits 0" "$status" 0
is "list elsewhere than on a terminal is plain" "$out" \
	"$(printf 'nightly_backup\t30 2 * * *\tops\tops, backup\t\t%s\ntiny\t\t\t\t\t%s' \
		"$dags/nightly.yaml" "$dags/sub/tiny.yml")"
run dags list -o table
like "a table has a header" "$out" "dag_id  *schedule  *owners  *tags  *fileloc*"
run dags list -o yaml
like "yaml" "$out" "- dag_id: nightly_backup
  schedule: \"30 2 \* \* \*\"
  owners: ops
  tags:
    - ops
    - backup
  is_paused: null
  fileloc: *"

run dags details nightly_backup
like "details of an id" "$out" "*dag_id	nightly_backup
description	Dump & check <everything>*start_date	2026-01-01T00:00:00+00:00*"
like "durations are seconds" "$out" "*dagrun_timeout	5400
*"
run dags details "$dags/sub/tiny.yml" -o json
like "details of a file as JSON" "$out" '{
  "dag_id": "tiny",
  "description": null,*
  "tasks": 1
}'

cat >"$work/numbers.yaml" <<'END'
params: {a: 1e5, b: -2.5E+400, c: 0.5, d: 7E-3, e: "1e5"}
tasks: {t: {operator: local, command: "true"}}
END
run dags details "$work/numbers.yaml" -o yaml
like "numbers are such for YAML 1.1, too" "$out" '*
params:
  a: 1.0e+5
  b: -2.5E+400
  c: 0.5
  d: 7.0E-3
  e: "1e5"
*'

run tasks list nightly_backup
like "tasks list" "$out" "Dump.dump	local	all_success	
Dump.lock	local	all_success	
Check.restore	local	all_success	Dump.dump*"
like "a rule shows" "$out" "*Check.report	local	one_failed	*Check.restore, Check.size*"
run tasks list nightly_backup --tree
is "tasks list --tree" "$out" "Dump
├── dump  (local)
└── lock  (local)
Check  after Dump
├── restore  (local)
│   └── report ...
└── size  (local)
    └── report  (local)
Rotate  after Check
├── keep  (local)
├── tell  (local)
└── each  (local)"
run tasks list nightly_backup --tree -o json
is "a tree in JSON is wrong usage" "$status" 2

run dags show nightly_backup
is "show draws stages, tasks and what they wait for" "$out" \
	"nightly_backup  Dump & check <everything>
schedule 30 2 * * * (Europe/London), 3 stages, 8 tasks

●  Dump
│    dump     local
│    lock     local
│
●  Check
│    restore  local  reads Dump.dump
│    size     local  up to 3 tries
│    report   local  one_failed; after restore, size
│
●  Rotate
     keep     local  when \$<params.database> == \"shop\"
     tell     local  may fail
     each     local  for each of 2"
run dags show "$dags/nightly.yaml" --format dot
like "dot" "$out" 'digraph "nightly_backup" {*"Dump.dump" -> "Check.restore" \[style=dashed\];*}'
if command -v dot >/dev/null; then
	ok "Graphviz reads it" dot -Tsvg -o "$work/dot.svg" "$work/out"
else
	skip 1 "no dot here"
fi
run dags show nightly_backup --format mermaid
like "mermaid" "$out" 'flowchart LR*subgraph s0 \["Dump"\]*t0("dump")*s0 --> s1*t0 -.-> t2*'
run dags show nightly_backup --format svg
like "svg" "$out" '<svg xmlns="http://www.w3.org/2000/svg"*Dump &#38; check &#60;everything&#62;*</svg>'
if command -v xmllint >/dev/null; then
	ok "svg is XML" xmllint --noout "$work/out"
elif command -v rsvg-convert >/dev/null; then
	ok "svg is drawn" rsvg-convert -o "$work/svg.png" "$work/out"
else
	skip 1 "nothing here reads SVG"
fi
run dags show nightly_backup --format json
like "json has every edge" "$out" '{
  "dag_id": "nightly_backup",*"upstream_task_ids": \[
            "Dump.dump"*'
if command -v jq >/dev/null; then
	is "and is JSON" "$(jq -r '.stages[1].tasks[0].task_id' <"$work/out")" Check.restore
else
	skip 1 "no jq here"
fi

# What is wrong.
cat >"$work/bad.yaml" <<'END'
tasks:
  one:
    operator: local
    comand: "true"
    retries: many
END
run dags validate "$work/bad.yaml"
is "validate of a bad file exits 1" "$status" 1
is "with nothing on standard output" "$out" ""
like "each error in one line with its place" "$err" "$work/bad.yaml:4:5: *comand*command*
$work/bad.yaml:5:14: *retries*"
run dags validate "$work/bad.yaml" -o json
is "-o json exits 1 too" "$status" 1
like "and has a list on standard output" "$out" '\[
  {
    "file": "*/bad.yaml",
    "line": 4,
    "column": 5,
    "level": "error",
    "message": "*comand*'
run dags validate "$dags/nightly.yaml" -o json
is "an empty list where all is well" "$out" "[]"
run dags validate "$work/none.yaml" "$dags/nightly.yaml"
is "a file that is not there exits 1" "$status" 1
is "and is told" "$err" "windrow: $work/none.yaml: No such file or directory"
mkdir "$work/empty"
run dags validate "$work/empty"
is "an empty folder is no error" "$status" 0
is "but is told" "$err" "no DAG files in $work/empty"
odd=$(printf '%s/odd\377name.yaml' "$work")
if printf 'tasks: {a: {operator: local, comand: x}}\n' >"$odd" 2>/dev/null; then
	run dags validate "$odd"
	like "a name that is no UTF-8 is shown escaped" "$err" '*odd\\xffname.yaml:1:*'
else
	skip 1 "the file system here wants UTF-8"
fi
if [ "$(id -u)" -eq 0 ]; then
	skip 1 "root may read everything"
else
	cp "$work/bad.yaml" "$work/secret.yaml"
	chmod 000 "$work/secret.yaml"
	run dags validate "$work/secret.yaml"
	is "a file that may not be read is told" "$err" \
		"windrow: $work/secret.yaml: Permission denied"
fi

run dags show nightly_bakcup
is "an unknown id exits 1" "$status" 1
is "and names the nearest" "$err" \
	"windrow: no DAG \"nightly_bakcup\" in $dags; did you mean \"nightly_backup\"?"
run dags show
is "no id at all is wrong usage" "$status" 2
is "and is told" "$err" 'windrow: dags show: ID|FILE is missing; want windrow dags show ID|FILE'
run dags show nightly_backup --format png
is "a format that is none is wrong usage" "$status" 2
run dag lst
is "an unknown command names the nearest" "$err" \
	'windrow: unknown command "dag lst"; did you mean "windrow dags list"?'
run list
like "a verb without its group too" "$err" '*did you mean "windrow dags list"?'

case $(stat -f -c %T "$dags") in
ext2/ext3 | xfs | btrfs | tmpfs | overlayfs)
	exec 9>"$dags/half.yaml"
	echo 'tasks: {a: {operator: local, command: "true"}}' >&9
	run dags list
	like "a file that is being written does not count" "$out:$err" \
		"nightly*tiny.yml:$dags/half.yaml is being written, and does not count yet"
	run dags show half
	like "nor has its DAG an id yet" "$status:$err" '1:*no DAG "half" in *'
	run dags validate "$dags/half.yaml"
	is "who names the file has it read" "$status" 0
	exec 9>&-
	run dags list
	like "it does when it is closed" "$out" 'half*'
	rm "$dags/half.yaml"
	;;
*) skip 4 "whether a file is being written cannot be told here" ;;
esac

cp "$work/bad.yaml" "$dags/bad.yaml"
cp "$dags/sub/tiny.yml" "$dags/tiny.yaml"
run dags list
is "a broken file does not hide the others" "$status" 0
is "and is counted" "$err" \
	'2 files could not be loaded: `windrow dags list-import-errors` tells why'
run dags list-import-errors -o json
is "list-import-errors exits 1" "$status" 1
like "and lists errors" "$out" '\[
  {
    "filepath": "*/dags/bad.yaml",
    "line": 4,
    "column": 5,
    "error": "*"
  },*'
like "two files with one dag_id: the second names both" "$out" \
	'*tiny.yaml*the dag_id \\"tiny\\" is that of */sub/tiny.yml already*'
run dags show tony
like "an unknown id beside broken files says so" "$err" "*did you mean \"tiny\"?
2 files there could not be loaded*"

# 1970-01-01 is a date like any other, though it counts as 0.
cat >"$work/first.yaml" <<END
tasks: {one: {operator: local, command: "true", on_success: {operator: local, script: 'echo "\$WINDROW_EVENT" >$work/event'}}}
END
run dags test "$work/first.yaml" --logical-date 1970-01-01 -o json
like "a run may stand at 1970-01-01" "$out" '*"logical_date": "1970-01-01T00:00:00+00:00"*'
like "which is told to who asked" "$(cat "$work/event")" '*"logical_date":"1970-01-01T00:00:00+00:00"*'
WINDROW_HOME=$work/epoch
mkdir -p "$WINDROW_HOME/dags"
cp "$work/first.yaml" "$WINDROW_HOME/dags/first.yaml"
run dags trigger first --run-id r1 --logical-date 1970-01-01
run dags list-runs first -o json
like "list-runs says so" "$out" '*"logical_date": "1970-01-01T00:00:00+00:00"*"start_date": null*'
run tasks states-for-dag-run first r1 -o json
like "states-for-dag-run too" "$out" '*"logical_date": "1970-01-01T00:00:00+00:00"*"start_date": null*'

# One dag_id in two files: it is that of the file that has had it, and nothing of the other counts.
WINDROW_HOME=$work/doubles
mkdir -p "$WINDROW_HOME/dags"
echo '{dag_id: held, tasks: {old: {operator: local, command: "true"}}}' >"$WINDROW_HOME/dags/b.yaml"
run dags pause held
is "the store gets to know a DAG" "$status" 0
WINDROW__CORE__DAGS_FOLDER=$work/typo run pools set few 3
ok "a dags folder with a mistyped name is not made" test ! -e "$work/typo"
WINDROW__CORE__DAGS_FOLDER=$work/typo run dags trigger held
like "nor is a DAG retired for it" "$status:$err" "0:held is paused: the run waits;*"
cat >"$WINDROW_HOME/dags/a.yaml" <<'END'
{dag_id: held, tasks: {new: {operator: local, command: "true"}}}
---
{dag_id: along, tasks: {new: {operator: local, command: "true"}}}
END
for command in "dags show held" "dags details held" "tasks list held"; do
	# shellcheck disable=SC2086 # words
	run $command
	is "$command goes to the file that has had the DAG" "$status:$err" 0:
	ok "and to no other" test "${out#*new}" = "$out"
done
run tasks test held new
is "tasks test too" "$status:${err%%;*}" "1:windrow: held has no task \"new\""
run dags test along
is "nothing of the other file is to be had" "$status:$out:$err" "1::$WINDROW_HOME/dags/a.yaml:1:1: the dag_id \"held\" is \
that of $WINDROW_HOME/dags/b.yaml already; each DAG needs its own"
echo '{dag_id: along, tasks: {a: {operator: local, command: "true"}}}' >"$WINDROW_HOME/dags/c.yaml"
run dags show along
is "where several want a DAG, and none may have it, each is told" "$status:$(echo "$err" | sed 's/.*the dag_id //; s/ already.*//')" \
	"1:\"held\" is that of $WINDROW_HOME/dags/b.yaml
\"along\" is that of $WINDROW_HOME/dags/a.yaml"
rm "$WINDROW_HOME/dags/c.yaml"
run dags show alonk
is "nor is it what somebody may have meant" "$status:$(echo "$err" | grep -c "did you mean")" "1:0"
WINDROW_HOME=$work/home

cat >"$work/two.yaml" <<'END'
dag_id: first
tasks: {a: {operator: local, command: "true"}}
---
dag_id: second
tasks: {b: {operator: local, command: "true"}}
END
run dags show "$work/two.yaml"
is "a file of two DAGs: which?" "$err" \
	"windrow: $work/two.yaml holds 2 DAGs; say which, as in $work/two.yaml:first"
run tasks list "$work/two.yaml:second"
like "FILE:ID says which" "$out" "main.b	*"
is "of standard input too" "$("$windrow" tasks list -:second <"$work/two.yaml" 2>&1 | cut -f1)" main.b

# Schedules without a DAG.
run cron next "30 2 * * *" --tz Europe/London --from 2026-07-01
is "cron next is in UTC" "$status:$out" "0:2026-07-01T01:30:00Z"
run cron next "30 2 * * *" --tz Europe/Londn
is "a time zone that there is not is wrong usage" "$status:$err" \
	"2:windrow: --tz: there is no time zone \"Europe/Londn\"; did you mean \"Europe/London\"?"
run cron next "30 2 * * *" --from yesterday
is "as is a time that is none" "$status:${err%%:*}" 2:windrow
run cron next "61 2 * * *"
is "an expression that is wrong is what was to be found out" "$status" 1

# One dag_id in files that are named one by one.
run dags validate "$work/two.yaml"
is "several DAGs in a file are none too many" "$status" 0
for double in "$work/double.yaml" -; do
	printf '{dag_id: second, tasks: {a: {operator: local, command: "true"}}}\n' >"$work/double.yaml"
	"$windrow" dags validate "$work/two.yaml" "$double" <"$work/double.yaml" >"$work/out" 2>"$work/err"
	status=$?
	[ "$double" != - ] || double="<stdin>"
	is "validate: $double has a dag_id that a file before it has" "$status:$(cat "$work/out" "$work/err")" \
		"1:$double:1:1: the dag_id \"second\" is that of $work/two.yaml already; each DAG needs its own"
done
ln -s two.yaml "$work/again.yaml"
run dags validate "$work/two.yaml" "$work/two.yaml" "$work/again.yaml" "$dags" "$dags/sub/tiny.yml"
is "a file that is named again is no other" "$(echo "$err" | grep -c 'two.yaml already')" 0
is "nor is one of a folder" "$(echo "$err" | grep -c 'is that of')" 1
run dags validate "$dags/tiny.yaml" "$dags"
is "a folder's files were held against each other" "$(echo "$err" | grep -c 'is that of')" 1

WINDROW_HOME=$work/nowhere
missing="there is no dags folder $work/nowhere/dags yet; the scheduler makes it, or you do, or core.dags_folder is \
set to another"
run dags list -o json
is "no dags folder yet is none with a DAG, which is told" "$status:$out:$err" "0:[]:$missing"
run dags list-import-errors -o json
is "nor has it errors" "$status:$out" "0:[]"
run dags validate
is "nor anything to check" "$status:$out:$err" "0:0 files, 0 DAGs, 0 tasks: no errors:$missing"
run dags show tiny
is "a DAG that is wanted of it is not there" "$status:$err" "1:windrow: $missing"
run dags trigger tiny
is "where nobody made the folder there is nothing to be run" "$status:$err" \
	"1:windrow: there is no DAG tiny in the store, and the dags folder $WINDROW_HOME/dags cannot be read: No such file or \
directory"
run pools set few 3
is "a pool needs no folder" "$status" 0
ok "and no command makes one" test ! -e "$WINDROW_HOME/dags"
WINDROW__CORE__DAGS_FOLDER=$work/nowhere/dags run dags list -o json
is "one that somebody has named should be there" "$status:$out:$err" "1::windrow: $missing"
WINDROW__CORE__DAGS_FOLDER=$work/nowhere/dags run dags validate
is "nor can it be checked" "$status:$out:$err" "1::windrow: $missing"
WINDROW__CORE__DAGS_FOLDER=$work/nowhere/dags run dags validate -o json
is "which is a finding" "$status:$err:$(echo "$out" | tr -d '\n')" "1::[  {    \"file\": \"$work/nowhere/dags\",    \"line\": null,    \
\"column\": null,    \"level\": \"error\",    \"message\": \"$missing\"  }]"
WINDROW__CORE__DAGS_FOLDER=$work/two.yaml run dags list-import-errors -o json
is "and, of a file in its place, an import error" "$status:$err:$(echo "$out" | tr -d '\n')" "1::[  {    \
\"filepath\": \"$work/two.yaml\",    \"line\": null,    \"column\": null,    \
\"error\": \"the dags folder $work/two.yaml: Not a directory\"  }]"
WINDROW__CORE__DAGS_FOLDER=$work/two.yaml run dags show tiny
is "a DAG of it is not there either" "$status:$err" "1:windrow: the dags folder $work/two.yaml: Not a directory"
cat >"$work/kinds.yaml" <<'END'
tasks:
  first: {operator: local, command: echo}
  all:
    operator: local
    interpreter: dash -e
    script: "true"
    arguments: [plain, $<first.output.logs>]
    working_directory: $<first.output.userFolder>
    cmd_timeout: 5m
    response_limit: 1 MiB
    detach: true
END
run dags show "$work/kinds.yaml" --format dot
is "a task with keys of every kind is drawn" "$status" 0
like "with what its arguments read" "$out" '*"main.first" -> "main.all"*'
for file in "$top_srcdir"/dags/*.yaml; do
	for format in text dot mermaid svg json; do
		run dags show "$file" --format $format
		[ "$status$err" = 0 ] || break 2
	done
done
is "every example is drawn in every format" "$status $err" "0 "

tap_done
