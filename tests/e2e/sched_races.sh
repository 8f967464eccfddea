#!/bin/sh
# What several people ask for in the same moment: the scheduler is held while they ask, so that it
# hears of all of it before anything is on disk.
. "${top_srcdir:-.}/tests/e2e/tap.sh"
. "${top_srcdir:-.}/tests/e2e/daemon.sh"
if ! command -v python3 >/dev/null || ! command -v sqlite3 >/dev/null; then
	skip 1 "no python3 or no sqlite3 here"
	tap_done
fi
mkdir -p "$dags"

query()
{
	sqlite3 -cmd '.timeout 10000' "$WINDROW_HOME/windrow.db" "$1"
}
has_state()
{
	[ "$(query "SELECT state FROM runs WHERE dag_id = '$1' AND run_id = '$2'")" = "$3" ]
}
# at_once REQUEST...: asks for all of them, in this order; $out is the answers, a line each
at_once()
{
	kill -s STOP "$daemon"
	python3 - "$WINDROW_HOME" "$daemon" "$@" >"$work/out" <<'END'
import os, signal, socket, sys
asked = []
os.chdir(sys.argv[1]) # the path of a socket has at most 107 bytes
for line in sys.argv[3:]:
    s = socket.socket(socket.AF_UNIX)
    s.settimeout(60)
    s.connect("scheduler.sock")
    s.sendall(line.encode() + b"\n")
    asked.append(s)
os.kill(int(sys.argv[2]), signal.SIGCONT)
for s in asked:
    print(s.makefile().readline(), end="")
END
	out=$(cat "$work/out")
}
# answers PATTERN: how many there are
answers()
{
	grep -c -- "$1" "$work/out"
}

good d.yaml
cat >"$dags/e.yaml" <<END
schedule: '0 0 * * *'
start_date: 2026-01-01
end_date: 2026-01-09
is_paused_upon_creation: true
tasks: {a: {operator: local, command: "true"}}
END
daemon_start
until_ok "a DAG is there" knows d
until_ok "another, too" knows e

one='{"do": "trigger", "dag_id": "d", "run_id": "one"}'
at_once "$one" "$one" "$one" "$one" "$one"
is "of those who want one run the first gets it" "$(answers '^{"ok"').$(answers "has a run one already")" 1.4
until_ok "it runs" has_state d one success

delete='{"do": "delete", "dag_id": "d"}'
at_once '{"do": "trigger", "dag_id": "d", "run_id": "two"}' "$delete"
like "a DAG whose run was asked for this moment is not deleted" "$out" '{"ok"*"d has the run two under way*'
until_ok "and the run ends as any other" has_state d two success
at_once '{"do": "clear", "dag_id": "d", "run_id": "one"}' "$delete"
like "nor one of which a run was cleared" "$out" '{"ok"*"d has the run one under way*'
until_ok "which runs again" has_state d one success

backfill='{"do": "backfill", "dag_id": "e", "start_date": "2026-01-01", "end_date": "2026-01-09"}'
at_once "$backfill" "$backfill"
is "of two backfills the second finds the runs of the first" \
	"$(grep -o '"action":"[a-z ]*"' "$work/out" | sort | uniq -c | xargs)" "9 action:new 9 action:under way"
is "an interval has one run" "$(query "SELECT count(*) FROM runs WHERE dag_id = 'e'")" 9
"$windrow" dags unpause e 2>"$work/err"
none_left()
{
	[ "$(query "SELECT count(*) FROM runs WHERE state NOT IN ('success', 'failed')")" = 0 ]
}
until_ok "they run" none_left
is "nothing is stored of runs that there are not" "$(query "SELECT count(*) FROM task_instances
	WHERE run NOT IN (SELECT number FROM runs)")" 0

# A for_each that was cleared has no instances before it runs again.
cat >"$dags/each.yaml" <<END
tasks: {e: {operator: local, pool: gate, for_each: [x, y], command: "true"}}
END
run dags trigger each -r one --wait
is "a for_each runs" "$status" 0
at_once '{"do": "clear", "dag_id": "each", "run_id": "one"}' \
	'{"do": "mark", "dag_id": "each", "run_id": "one", "task_id": "main.e", "map_index": 0, "state": "failed"}'
# Whoever comes first: a mark that finds it running again counts.
ended()
{
	has_state each one success || has_state each one failed
}
until_ok "an instance of it is marked in the moment in which it is cleared" ended
run pools set gate 0
run tasks clear each -r one --yes
run tasks mark each e one success -i 7
like "an instance that there is not cannot be marked" "$status:$err" "1:*main.e has no instance 7 in this run now*"
run pools delete gate
until_ok "it runs again" has_state each one success
is "no run broke" "$(grep -c ' broke' "$daemon_log")" 0
daemon_stop
is "the scheduler stops" "$status" 0
run tasks clear each -r one --yes
run tasks mark each e one success -i 0
like "nor one that was cleared while no scheduler runs" "$status:$err" "1:*main.e has no instance 0 in this run now*"

# A backfill whose run's id somebody has used for a run of his own: that one stays, and the others come.
run dags delete e --yes
run dags pause e
run dags trigger e -r backfill__2026-01-02T00:00:00+00:00
run dags backfill e -s 2026-01-01 -e 2026-01-03
is "a run by hand that has the id of a backfill's stays" "$status:$(echo "$out" | cut -f 5 | xargs)" "0:new exists new"

# Days of 23 and of 25 hours, which a date alone means whole.
cat >"$dags/hours.yaml" <<END
schedule: '0 * * * *'
timezone: Europe/Berlin
start_date: 2025-01-01
is_paused_upon_creation: true
tasks: {a: {operator: local, command: "true"}}
END
run dags backfill hours -s 2025-03-30 -e 2025-03-30
is "the day on which clocks go forward has 23 runs" "$(echo "$out" | wc -l)" 23
run dags backfill hours -s 2025-10-26 -e 2025-10-26
is "that on which they go back 25" "$(echo "$out" | wc -l)" 25
run dags backfill hours -s 2025-10-27 -e 2025-10-27T00:00
for n in $("$windrow" dags list-runs hours -s 2025-10-25 | cut -f 2); do
	"$windrow" runs mark "hours/$n" failed 2>/dev/null
done
run tasks clear hours -s 2025-10-26 -e 2025-10-26 --dry-run
is "as many can be cleared" "$(echo "$out" | wc -l)" 25

# An interval that is not over yet keeps its place for the run that the schedule makes when it is.
run dags backfill hours -s 9000-01-01 -e 9000-01-02
is "no run is made of what is to come" "$status:$out:$err" \
	"0::intervals that are not over yet were left out: their runs begin when they are"
echo "{schedule: '0 0 1 1 *', start_date: 2020-01-01, is_paused_upon_creation: true, tasks: {a: {operator: local, command: 'true'}}}" \
	>"$dags/years.yaml"
run dags backfill years -s 2023-06-01 -e 2200-01-01 --dry-run
like "but of all that came before it" "$status:$out:$err" \
	"0:backfill__2024-01-01T*	new*new:intervals that are not over yet were left out*"
tap_done
