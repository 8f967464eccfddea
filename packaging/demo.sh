#!/bin/sh
# Runs the example dags/host_survey.yaml over SSH to this very machine: an sshd of its own on
# loopback, with keys made for it, and all of it gone afterwards.
#   packaging/demo.sh WINDROW
set -u # not -e: what is cleaned up at the end may be gone already
top=$(cd "$(dirname "$0")/.." && pwd)
windrow=$1

work=$(mktemp -d "${TMPDIR:-/tmp}/windrow-demo.XXXXXX") || exit 1
trap 'rm -rf "$work"' EXIT
trap 'exit 1' HUP INT TERM
. "$top/tests/e2e/sshd.sh"
sshd_start
WINDROW_HOME=$work/home
WINDROW_CONN_SURVEY=$WINDROW_CONN_BOX
export WINDROW_HOME WINDROW_CONN_SURVEY
echo "An sshd of our own listens on port $port; $top/dags/host_survey.yaml runs on it."
"$windrow" dags show "$top/dags/host_survey.yaml" || exit
echo
"$windrow" dags test "$top/dags/host_survey.yaml" || exit
echo "And this is its report:"
sed -n 's/^.*task_log.c:[0-9]*} INFO - //p' "$WINDROW_HOME"/logs/*/*/task_id=Report.verdict/attempt=1.log
