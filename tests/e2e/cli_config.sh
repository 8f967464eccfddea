#!/bin/sh
# Settings and info: values, where they came from, and what is said of wrong ones.
. "${top_srcdir:-.}/tests/e2e/tap.sh"

run config list
is "config list needs no home" "$status" 0
like "and tells the default" "$out" "core	dags_folder	$WINDROW_HOME/dags	default*"
run config get core dags_folder
is "config get prints the value alone" "$out" "$WINDROW_HOME/dags"
run config get core.dags_folder
is "one word will do" "$out" "$WINDROW_HOME/dags"
run config get core dags_foldr
is "an unknown setting exits 1" "$status" 1
is "and names the nearest" "$err" \
	'windrow: unknown setting "dags_foldr"; did you mean "dags_folder"?'
run config get core
is "a section alone is wrong usage" "$status" 2

mkdir -p "$WINDROW_HOME"
echo 'core: {dags_folder: /srv/dags}' >"$WINDROW_HOME/windrow.yaml"
run config list
like "the file wins over the default" "$out" \
	"core	dags_folder	/srv/dags	$WINDROW_HOME/windrow.yaml:1:8*"
WINDROW__CORE__DAGS_FOLDER=/env run config list
like "the environment wins over the file" "$out" \
	"core	dags_folder	/env	WINDROW__CORE__DAGS_FOLDER*"
WINDROW__CORE__DEFAULT_POOL_TASK_SLOT_COUNT=many run config list
is "a number must be one" "$status:$err" "1:windrow: WINDROW__CORE__DEFAULT_POOL_TASK_SLOT_COUNT: \
core.default_pool_task_slot_count is \"many\"; it takes a whole number from 1 to 1000000"
WINDROW__SCHEDULER__DAG_DIR_WATCH=maybe run config list
is "so must a truth" "$status:$err" "1:windrow: WINDROW__SCHEDULER__DAG_DIR_WATCH: \
scheduler.dag_dir_watch is \"maybe\"; it takes true or false"
WINDROW__CORE__REMOTE_RETENTION=30s run config list
is "a duration must be one, and no shorter than it may be" "$status:$err" "1:windrow: WINDROW__CORE__REMOTE_RETENTION: \
core.remote_retention is \"30s\"; it takes a duration of at least a minute, such as 90m or 1d"
WINDROW__CORE__REMOTE_RETENTION=PT90M run config get core remote_retention
is "however it is written" "$status:$out" 0:PT90M
WINDROW__SCHEDULER__DAG_DIR_WATCH=False run config get scheduler dag_dir_watch
is "which may be written as Airflow has it" "$status:$out" 0:false
echo 'scheduler: {dag_dir_watch: Off}' >"$WINDROW_HOME/windrow.yaml"
run config get scheduler dag_dir_watch
is "and as YAML has it" "$status:$out" 0:false
echo 'core: {dags_folder: /srv/dags}' >"$WINDROW_HOME/windrow.yaml"
run info -o json
is "info exits 0" "$status" 0
like "info tells of home and file" "$out" "*\"home\": \"$WINDROW_HOME\",*\"settings_file\": \
\"$WINDROW_HOME/windrow.yaml\"*"
like "and of the libraries" "$out" '*"libssh2_rsa_sha2": true*"sqlite": "3.*'
if command -v jq >/dev/null; then
	is "and is JSON" "$(jq -r .dags_folder <"$work/out")" /srv/dags
else
	skip 1 "no jq here"
fi
run info
like "info for scripts" "$out" "version	[0-9]*"

echo 'core: {dag_folder: /srv/dags}' >"$WINDROW_HOME/windrow.yaml"
run config list
is "an unknown setting in the file exits 1" "$status" 1
is "and tells its place" "$err" "windrow: $WINDROW_HOME/windrow.yaml:1:8: unknown setting \
\"dag_folder\"; did you mean \"dags_folder\"?"
run info
is "info tells what it can all the same" "$status" 1
like "with the versions" "$out" "version	*libyaml	*"
run version
is "version needs no settings" "$status" 0
tap_done
