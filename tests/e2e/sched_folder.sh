#!/bin/sh
# The watched folder, with a real scheduler: what becomes a DAG and when, import errors, files that come
# by the thousand, a scheduler that is killed meanwhile.
. "${top_srcdir:-.}/tests/e2e/tap.sh"
. "${top_srcdir:-.}/tests/e2e/daemon.sh"

daemon_start
ok "the folder is made where it is missing" [ -d "$dags" ]
good a.yaml
until_ok "a file that is written is a DAG" knows a

exec 9>"$dags/half.yaml"
printf 'tasks: {a: {operator: ' >&9
good b.yaml
until_ok "another comes" knows b
ok "one that is being written does not count" sh -c "! grep -q 'DAG half' '$daemon_log'"
run dags list-import-errors
is "and is no error" "$status:$out" "0:"
printf 'local, command: "true"}}\n' >&9
exec 9>&-
until_ok "once it is closed it does" knows half

mkdir -p "$work/in/deep"
cp "$dags/a.yaml" "$work/in/deep/moved.yaml"
mv "$work/in" "$dags/in"
until_ok "a folder that is moved in brings its DAGs" knows moved
good in/deep/later.yaml
until_ok "and is watched" knows later
echo 'deep/' >"$dags/.windrowignore"
until_ok "an ignore file counts at once" grep -q "DAG moved is retired" "$daemon_log"
rm "$dags/.windrowignore"
until_ok "and its going" grep -q "DAG moved has come back" "$daemon_log"

# ---- import errors ----
errors()
{
	run dags list-import-errors -o json
	[ "$status" = 1 ]
}
says()
{
	errors && grep -q "$1" "$work/out"
}
good a.yaml 'retrys: 2'
until_ok "a file that breaks is an import error" says '"filepath": ".*/a.yaml"'
good z.yaml 'dag_id: b'
until_ok "so is a second file of one dag_id" says 'is that of .*/b.yaml already'
good b0.yaml 'dag_id: half'
until_ok "also one that comes first by name" says 'is that of .*/half.yaml already'
errors
cp "$work/out" "$work/with"
daemon_stop
is "it stops when it is told to" "$status" 0
errors
ok "the errors are the same without a scheduler" cmp -s "$work/with" "$work/out"
like "with line and column" "$(tr -d ' \n' <"$work/out")" '*"line":1,"column":1,*retrys*'
rm "$dags/z.yaml" "$dags/b0.yaml"
good a.yaml
daemon_start
until_ok "they go when files are mended meanwhile" sh -c "'$windrow' dags list-import-errors"

# ---- going and coming back ----
"$windrow" dags pause a >/dev/null 2>&1
rm "$dags/a.yaml"
until_ok "a file that goes retires its DAG" grep -q "DAG a is retired" "$daemon_log"
good a.yaml
until_ok "it comes back" grep -q "DAG a has come back" "$daemon_log"
is "paused, as it was" "$("$windrow" dags list -o plain | awk -F '\t' '$1 == "a" { print $5 }')" true

# ---- the folder itself ----
mv "$dags" "$dags.away"
until_ok "a folder that goes as a whole is told of" grep -q "DAGs stay as they are" "$daemon_log"
mv "$dags.away" "$dags"
until_ok "so is its return" grep -q "dags can be read again" "$daemon_log"
ok "and no DAG was retired for it" sh -c "! grep -q 'DAG b is retired' '$daemon_log'"
good b.yaml 'description: x'
until_ok "it is watched again" grep -q "DAG b has changed" "$daemon_log"

# ---- many at once, and a crash between ----
mkdir "$work/many"
i=0
while [ $i -lt 1000 ]; do
	echo 'tasks: {a: {operator: local, command: "true"}}' >"$work/many/m$i.yaml"
	i=$((i + 1))
done
count()
{
	[ "$("$windrow" dags list -o plain | awk -F '\t' '$1 ~ /^m[0-9]/ && $5 != ""' | wc -l)" = "$1" ]
}
mv "$work"/many/* "$dags"
daemon_kill
daemon_start
until_ok "1,000 files that are moved in at once are 1,000 DAGs, though it is killed meanwhile" \
	count 1000
mkdir "$work/more"
i=0
while [ $i -lt 1000 ]; do
	echo 'tasks: {a: {operator: local, command: "true"}}' >"$work/more/m1$i.yaml"
	i=$((i + 1))
done
rm "$dags"/m*.yaml
mv "$work"/more/* "$dags"
until_ok "as are those that take their place" count 1000
daemon_stop

# ---- without inotify ----
daemon_start WINDROW__SCHEDULER__DAG_DIR_WATCH=false WINDROW__SCHEDULER__DAG_DIR_LIST_INTERVAL=1
good c.yaml
until_ok "a folder that cannot be watched is looked at" knows c
rm "$dags/c.yaml"
until_ok "again and again" grep -q "DAG c is retired" "$daemon_log"
daemon_stop
tap_done
