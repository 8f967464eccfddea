#!/bin/sh
# What a task left in an earlier life, and what of its present one is kept: behind a clear, and
# behind a restart.
. "${top_srcdir:-.}/tests/e2e/tap.sh"
. "${top_srcdir:-.}/tests/e2e/daemon.sh"

# has DAG RUN N STATE: whether so many tasks and instances of the run are in that state
has()
{
	[ "$("$windrow" tasks states-for-dag-run "$1" "$2" -o plain | grep -cw "$4")" -ge "$3" ]
}

is_over()
{
	"$windrow" dags state "$1" "$2" | grep -qE 'success|failed'
}

mkdir -p "$dags"
mkfifo "$work/gate" "$work/hold"
cat >"$dags/shrink.yaml" <<END
default_args: {operator: local}
tasks:
  list:
    command: "[ ! -e $work/second ] || { : >$work/waiting; read x <$work/gate; }; cat $work/list >\$SCRIPT_RESPONSE_FILE"
  each:
    for_each: \$<list.output.response>
    max_active_tis: 1
    command: "echo \$<item> >>$work/ledger; [ -e $work/second ] || read x <$work/hold"
END
cat >"$dags/cut.yaml" <<END
default_args: {operator: local}
tasks:
  up: {setup: true, command: "true"}
  rep: {depends_on: [up], for_each: [a, b], retries: 2, retry_delay: 1h, command: "echo hello \$<item>; exit 7"}
  down: {teardown: true, depends_on: [rep, up], command: "echo \$<rep.output.exitCode> \$<rep.output.logs> >>$work/left"}
END
echo "[$(seq -s, 1 300)]" >"$work/list"
daemon_start
until_ok "the DAGs are known" knows shrink
until_ok "both" knows cut

# A list of which little was begun, cleared, and shorter in its second life; a restart in between.
run dags trigger shrink -r r1
is "a for_each begins" "$status" 0
until_ok "its first instance runs" test -s "$work/ledger"
echo '[1,2,3]' >"$work/list"
: >"$work/second"
run tasks clear shrink -r r1 -t each -u -y
is "it is cleared" "$status" 0
until_ok "its list is made anew" test -e "$work/waiting"
daemon_stop
daemon_start
echo go >"$work/gate"
until_ok "behind a restart the run comes to its end" is_over shrink r1
is "with the new list" "$("$windrow" dags state shrink r1):$(xargs <"$work/ledger")" "success:1 1 2 3"
run tasks render shrink main.each r1 -i 2
is "what an instance was is shown" "$status" 0
like "beside those that are gone" "$out" "*echo '3' >>*"

# What waits for its retry when the run is cancelled keeps what its last try left.
run dags trigger cut -r r1
until_ok "both instances wait for their retry" has cut r1 2 up_for_retry
run runs cancel cut/r1
until_ok "the run is cancelled" is_over cut r1
run tasks clear cut -t down -r r1 -y
until_ok "its teardown runs again" eval '[ "$(wc -l <"$work/left")" = 2 ]'
is "and reads what it read before" "$(sort -u "$work/left")" "[7,7] [\"hello a\",\"hello b\"]"
daemon_stop
tap_done
