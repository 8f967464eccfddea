#!/bin/sh
# Schedules, with a real scheduler: one interval makes one run whatever dies, pause, max_active_runs,
# broken files, depends_on_past. The ledgers are written by the tasks themselves.
. "${top_srcdir:-.}/tests/e2e/tap.sh"
. "${top_srcdir:-.}/tests/e2e/daemon.sh"
mkdir -p "$dags"

# ticking NAME [KEY...]: a DAG that runs each second, and writes each run's id into a ledger
ticking()
{
	ticking_name=$1
	shift
	{
		echo "schedule: every 1s"
		for ticking_key; do
			echo "$ticking_key"
		done
		echo 'tasks:'
		echo '  a: {operator: local, command: "echo ${run.id} >> '"$work/ledger.$ticking_name"'"}'
	} >"$work/$ticking_name.yaml"
	mv "$work/$ticking_name.yaml" "$dags"
}
# has NAME N: the ledger has at least so many lines
has()
{
	[ "$(cat "$work/ledger.$1" 2>/dev/null | wc -l)" -ge "$2" ]
}
lines()
{
	cat "$work/ledger.$1" 2>/dev/null | wc -l
}
# pass: a few runs of another DAG go by
pass()
{
	pass_n=$(lines tick)
	until_ok "time goes on" has tick $((pass_n + 2))
}

# idle NAME: none of its runs is running
idle()
{
	"$windrow" dags list-runs "$1" -o plain >"$work/runs" && ! grep -q running "$work/runs"
}

ticking tick
ticking paused 'is_paused_upon_creation: true'
cat >"$dags/once.yaml" <<END
schedule: '@once'
tasks:
  a: {operator: local, command: "echo once >> $work/ledger.once"}
END
daemon_start
until_ok "@once runs at once" has once 1
until_ok "a DAG of every second runs" has tick 2

# ---- killed again and again ----
for round in 1 2 3 4; do
	n=$(lines tick)
	daemon_kill
	daemon_start
	until_ok "it goes on behind crash $round" has tick $((n + 1))
done
is "no interval ran twice" "$(sort "$work/ledger.tick" | uniq -d)" ""
is "@once ran once" "$(lines once)" 1
is "a paused DAG did not run" "$(lines paused)" 0
"$windrow" dags unpause paused >/dev/null 2>&1
until_ok "unpaused it does" has paused 1
"$windrow" dags pause paused >/dev/null 2>&1
until_ok "what of it runs ends" idle paused
n=$(lines paused)
pass
is "paused again it stops" "$(lines paused)" "$n"

# ---- a broken file ----
ticking tock
until_ok "another runs" has tock 1
echo 'tasks: [' >"$dags/tock.yaml"
until_ok "its file breaks" sh -c "! '$windrow' dags list-import-errors"
pass
until_ok "what of it runs ends" idle tock
n=$(lines tock)
pass
is "a broken file makes no runs" "$(lines tock)" "$n"
ticking tock
until_ok "until it is mended" has tock $((n + 1))

# ---- max_active_runs ----
cat >"$dags/narrow.yaml" <<END
schedule: every 1s
start_date: 2026-01-01
max_active_runs: 1
tasks:
  a:
    operator: local
    command: "echo + >> $work/ledger.narrow; sleep 0.3; echo - >> $work/ledger.narrow"
END
until_ok "a DAG of one run at a time runs" has narrow 6
is "and never two at once" "$(awk '$1 == last { print NR } { last = $1 }' "$work/ledger.narrow")" ""
rm "$dags/narrow.yaml"

# ---- depends_on_past ----
cat >"$dags/past.yaml" <<END
tasks:
  a:
    operator: local
    depends_on_past: true
    command: "echo \${run.id} >> $work/ledger.past; test \${run.id} != r1"
END
until_ok "a DAG that depends on its past" knows past
"$windrow" dags trigger past --run-id r1 --logical-date 2026-01-01 >/dev/null 2>&1
until_ok "its first run is held by nothing, and fails" grep -q "past: run r1 is failed" "$daemon_log"
"$windrow" dags trigger past --run-id r2 --logical-date 2026-01-02 >/dev/null 2>&1
until_ok "the next one begins" grep -q "past: run r2 is running" "$daemon_log"
daemon_kill
daemon_start
pass
is "its task waits, behind a crash too" "$(cat "$work/ledger.past")" r1
"$windrow" tasks mark past main.a r1 success >"$work/out" 2>&1
until_ok "until somebody has the one before succeed" grep -q "past: run r2 is success" "$daemon_log"
is "and then it runs" "$(sed -n 2p "$work/ledger.past")" r2
began_again()
{
	[ "$(grep -c "past: run r2 is running" "$daemon_log")" -ge "$1" ]
}
began=$(grep -c "past: run r2 is running" "$daemon_log")
"$windrow" tasks mark past main.a r1 failed >/dev/null 2>&1
"$windrow" tasks clear past -r r2 -y >/dev/null 2>&1
until_ok "it is cleared, where the one before failed since" began_again $((began + 1))
pass
is "and waits for it again" "$(lines past)" 2
"$windrow" tasks mark past main.a r1 success >/dev/null 2>&1
until_ok "until that succeeds" has past 3

# A task that the run before did not have is held by nothing.
echo "tasks: {a: {operator: local, depends_on_past: true, command: echo}}" >"$dags/grown.yaml"
until_ok "a DAG with one task" knows grown
"$windrow" dags trigger grown --run-id r1 --logical-date 2026-01-01 --wait >/dev/null 2>&1
cat >"$dags/grown.yaml" <<END
default_args: {operator: local, depends_on_past: true, command: echo}
tasks: {a: {}, b: {}}
END
until_ok "gets a second one" grep -q "DAG grown has changed" "$daemon_log"
"$windrow" dags trigger grown --run-id r2 --logical-date 2026-01-02 >/dev/null 2>&1
until_ok "that waits for nothing" grep -q "grown: run r2 is success" "$daemon_log"

# Behind a crash the run before may be one that was made later: it does not wait for the place of the one that it holds.
cat >"$dags/between.yaml" <<END
max_active_runs: 1
tasks:
  a:
    operator: local
    depends_on_past: true
    command: "test \${run.id} != r1"
END
until_ok "a DAG of one run at a time that depends on its past" knows between
"$windrow" dags trigger between --run-id r1 --logical-date 2026-01-01 --wait >/dev/null 2>&1
"$windrow" dags trigger between --run-id r3 --logical-date 2026-01-03 >/dev/null 2>&1
until_ok "a run is held by the one before" grep -q "between: run r3 is running" "$daemon_log"
"$windrow" dags trigger between --run-id r2c --logical-date 2026-01-02T18:00 >/dev/null 2>&1
"$windrow" dags trigger between --run-id r2 --logical-date 2026-01-02 >/dev/null 2>&1
"$windrow" dags trigger between --run-id r2b --logical-date 2026-01-02T12:00 >/dev/null 2>&1
daemon_kill
daemon_start
until_ok "behind a crash the first of those between them begins, too" grep -q "between: run r2 is running" "$daemon_log"
is "and that alone" "$("$windrow" dags list-runs between --state queued | cut -f 2 | sort | tr '\n' ' ')" "r2b r2c "
"$windrow" tasks mark between main.a r1 success >/dev/null 2>&1
until_ok "and lets it go" grep -q "between: run r3 is success" "$daemon_log"

# ---- what comes next ----
run dags next-execution tick -o plain
like "the next run is told" "$out" "20*T*+00:00	20*T*	20*T*	20*T*+00:00"
run dags next-execution once
is "a schedule that is over has none" "$status:$out" "0:"
like "and says so" "$err" "*its schedule has come to its end"
run dags next-execution paused
like "a paused one says that it is" "$err" "*paused is paused: nothing is made before*"
daemon_stop
is "it stops when it is told to" "$status" 0
tap_done
