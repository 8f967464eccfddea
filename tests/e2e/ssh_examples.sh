#!/bin/sh
# The examples in dags/ that want another machine, and the demonstration that `./setup run` gives.
. "${top_srcdir:-.}/tests/e2e/tap.sh"
. "${top_srcdir:-.}/tests/e2e/sshd.sh"
sshd_start

WINDROW_CONN_SURVEY=$WINDROW_CONN_BOX
export WINDROW_CONN_SURVEY
run dags test "$top_srcdir/dags/host_survey.yaml" --conf '{"files": 3}'
is "host_survey.yaml succeeds" "$status" 0
is "and says nothing on standard error" "$err" ""
like "its report holds what all found out" "$(task_log Report.verdict)" \
	"*kernel $(uname -r)*cores:   *disk:    *% used*digest:  * of 3 programs*"
sshd_stop

out=$(TMPDIR=$work "$top_srcdir/packaging/demo.sh" "$windrow" 2>"$work/err")
is "the demonstration succeeds" "$?" 0
like "and shows the report" "$out" "*And this is its report:*cores: *digest: *"
is "and leaves nothing behind" "$(find "$work" -name 'windrow-demo.*')" ""
tap_done
