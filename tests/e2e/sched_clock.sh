#!/bin/sh
# The clock moves under a real scheduler: set forward and back, with it running and not, and by the
# sleep of the machine. One interval makes one run, all of them where catchup is, and retries and
# timeouts come by the wall clock. The library that moves it says how (tests/clock/moved.c).
. "${top_srcdir:-.}/tests/e2e/tap.sh"
. "${top_srcdir:-.}/tests/e2e/daemon.sh"
mkdir -p "$dags" "$work/clock"
mkfifo "$work/clock/move" "$work/clock/moved"

# ahead DATE: how many milliseconds it is away
ahead()
{
	echo $((($(date -d "$1" +%s) - $(date +%s)) * 1000))
}
# start_at DATE: the scheduler, at that time
start_at()
{
	# N.B. AddressSanitizer would want to be loaded first.
	daemon_start LD_PRELOAD="$top_builddir/tests/clock/moved.so" MOVED_CLOCK="$work/clock" \
		ASAN_OPTIONS="${ASAN_OPTIONS:+$ASAN_OPTIONS:}verify_asan_link_order=0" \
		MOVED_CLOCK_MS="$(ahead "$1")"
}
set_to()
{
	echo "set $(ahead "$1")" >"$work/clock/move"
	read -r answer <"$work/clock/moved"
}
# sleep_for MS: of the machine: nothing moves meanwhile but the clock
sleep_for()
{
	kill -s STOP "$daemon"
	echo "slept $1" >"$work/clock/move"
	kill -s CONT "$daemon"
	read -r answer <"$work/clock/moved"
}

# dag NAME TASK-KEYS [KEY...]: one that writes the beginning of its interval into a ledger
dag()
{
	dag_name=$1 dag_task=$2
	shift 2
	{
		for dag_key; do
			echo "$dag_key"
		done
		cat <<END
tasks:
  a: {operator: local, command: 'echo \${run.data_interval_start} >> $work/ledger.$dag_name$dag_task}
END
	} >"$work/$dag_name.yaml"
	mv "$work/$dag_name.yaml" "$dags"
}
lines()
{
	cat "$work/ledger.$1" 2>/dev/null | wc -l
}
has()
{
	[ "$(lines "$1")" -ge "$2" ]
}
# settle: what was due when this began has been made, and has ended: a run that is asked for now comes behind it
settle()
{
	settle_n=$(lines asked)
	"$windrow" dags trigger asked --wait >"$work/out" 2>&1
	"$windrow" dags trigger asked --wait >"$work/out" 2>&1
	is "a run that somebody asks for runs" "$(lines asked)" $((settle_n + 2))
	for settle_name in hourly all; do
		until_ok "nothing of $settle_name is left running" none_left $settle_name
	done
}
none_left()
{
	"$windrow" dags list-runs "$1" -o plain >"$work/runs" && ! grep -q 'queued\|running' "$work/runs"
}
# made WHAT HOURLY ALL: how many runs there were
made()
{
	until_ok "$1: hourly" has hourly "$2"
	until_ok "$1: all of them" has all "$3"
	settle
	is "$1: no more than one, the latest" "$(lines hourly)" "$2"
	is "$1: no more than all" "$(lines all)" "$3"
	is "$1: none twice" "$(for made_of in hourly all minutely; do
		sort "$work/ledger.$made_of" 2>/dev/null | uniq -d
	done)" ""
}

dag asked "'"
dag hourly "'" "schedule: '@hourly'"
dag all "'" "schedule: '@hourly'" 'catchup: true' 'start_date: 2030-01-10T08:00:00Z'
dag minutely "'" "schedule: '* * * * *'"
dag again "; test \$(wc -l < $work/ledger.again) = 2', retries: 1, retry_delay: 1h"
dag late "; sleep 1000', execution_timeout: 2h"

start_at 2030-01-10T10:30:10Z
until_ok "the DAGs are there" knows late
made "at the start" 0 2
set_to 2030-01-10T11:02:10Z
made "half an hour later" 1 3
until_ok "of a DAG of every minute the latest runs" awk '$1 >= "2030-01-10T11:01" { n++ } END { exit !n }' "$work/ledger.minutely"
# N.B. the first minutes stand there where they went by in earnest.
is "and none before it" "$(awk '"2030-01-10T10:45" <= $1 && $1 < "2030-01-10T11:01"' "$work/ledger.minutely")" ""
set_to 2030-01-10T12:01:00Z
made "an hour later" 2 4
is "the first one ended once the DAG was there" "$(sed -n 1p "$work/ledger.hourly")" 2030-01-10T10:00:00+00:00
set_to 2030-01-11T12:01:30Z
made "set a day forward" 3 28
is "of the DAG that catches up nothing, the latest is made" "$(sed -n 3p "$work/ledger.hourly")" 2030-01-11T11:00:00+00:00
set_to 2030-01-11T11:05:00Z
made "set back an hour" 3 28
set_to 2030-01-11T12:30:00Z
made "the hour goes by again" 3 28
set_to 2030-01-11T13:01:00Z
made "and the next" 4 29
daemon_kill
start_at 2030-01-10T13:01:00Z
made "a day back behind a crash" 4 29
set_to 2030-01-11T14:01:00Z
made "and forward again" 5 30
sleep_for 86400000
made "behind a day of sleep" 6 54
daemon_kill
start_at 2030-01-13T14:01:00Z
made "behind a day without a scheduler" 7 78
is "each of all intervals ran" "$(sort "$work/ledger.all" | sed -n '1p;$p' | xargs)" \
	"2030-01-10T08:00:00+00:00 2030-01-13T13:00:00+00:00"
is "the store has as many runs" "$("$windrow" dags list-runs all -o plain --limit 1000 2>/dev/null | grep -c scheduled__)" 78

# ---- what waits ----
is_in()
{
	"$windrow" tasks states-for-dag-run "$1" one -o plain | grep -q "$2"
}
"$windrow" dags trigger again --run-id one >/dev/null 2>&1
until_ok "a task waits for its retry" is_in again up_for_retry
settle
is "and has run once" "$(lines again)" 1
sleep_for 3660000
until_ok "it is due behind an hour of sleep" is_in again success
"$windrow" dags trigger late --run-id one >/dev/null 2>&1
until_ok "a task runs" is_in late running
set_to 2030-01-13T17:30:00Z
until_ok "its time is over by the wall clock" is_in late failed

# ---- files from days to come ----
set_to 2020-01-01T00:00:00Z
good new.yaml
until_ok "a file counts that seems to come from the future" knows new
daemon_stop
is "it stops when it is told to" "$status" 0
tap_done
