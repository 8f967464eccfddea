#!/bin/sh
# What people ask of runs, DAGs and pools: of a scheduler, and where none runs. Either way the same is
# said, and the same comes of it.
. "${top_srcdir:-.}/tests/e2e/tap.sh"
. "${top_srcdir:-.}/tests/e2e/daemon.sh"
command -v sqlite3 >/dev/null || {
	skip 1 "no sqlite3 here"
	tap_done
	exit
}

query()
{
	sqlite3 -cmd '.timeout 10000' "$WINDROW_HOME/windrow.db" "$1"
}

# state DAG RUN: of the run
state()
{
	query "SELECT state FROM runs WHERE dag_id = '$1' AND run_id = '$2'"
}

has_state()
{
	[ "$(state "$1" "$2")" = "$3" ]
}

# said NAME STATUS PATTERN ARGUMENTS...: the command says it on standard error, and exits so
said()
{
	said_name=$1
	said_status=$2
	said_pattern=$3
	shift 3
	run "$@"
	is "$kind: $said_name exits $said_status" "$status" "$said_status"
	like "$kind: and says so" "$err" "$said_pattern"
}

write_dags()
{
	mkdir -p "$dags"
	cat >"$dags/d.yaml" <<END
params: {n: {type: integer, default: 1}}
default_args: {operator: local}
tasks:
  a: {command: "echo a"}
  b: {command: "test -e $work/go.$kind", depends_on: [a]}
  c: {command: "echo \$<params.n>", depends_on: [b]}
END
	cat >"$dags/e.yaml" <<END
schedule: '0 0 * * *'
start_date: 2026-01-01
end_date: 2026-01-03
is_paused_upon_creation: true
tasks: {a: {operator: local, command: "true"}}
END
}

# What a person does meanwhile.
ask_for_things()
{
	said "a conf that does not fit" 2 "*parameter n: want an integer, found the string \"x\"*" dags trigger d --conf '{"n": "x"}'
	said "a conf that is no object" 2 "*--conf: it must be a JSON object; this is: list*" dags trigger d --conf '[1]'
	said "a run id that there is already" 1 "*d has a run r1 already*" dags trigger d -r r1
	said "a run id that is none" 2 "*cannot be a run id*" dags trigger d -r a/b
	said "a DAG that there is not" 1 "*there is no DAG dd; did you mean d?*" dags trigger dd
	said "pausing" 0 "d is paused now" dags pause d
	said "pausing twice" 0 "d is paused already" dags pause d
	run dags trigger d -r r2 --conf '{"n": 7}'
	is "$kind: a trigger prints the run's id" "$out" r2
	like "$kind: and says that it waits" "$err" "d is paused: the run waits*"
	is "$kind: it does" "$(state d r2)" queued
	run dags trigger d -r r3
	run dags trigger e -r r3
	said "a run id that two DAGs have" 2 "*2 DAGs have a run r3: say which, as DAG/RUN: ?/r3, ?/r3*" runs cancel r3
	is "$kind: neither is cancelled" "$(state d r3).$(state e r3)" queued.queued
	said "a run by its DAG" 0 "d/r3 is being cancelled*" runs cancel d/r3
	said "a run id that one has" 0 "e/r3 is being cancelled*" runs cancel r3
	is "$kind: both are" "$(state d r3).$(state e r3)" failed.failed
	said "a run that is over" 1 "*the run r3 of d is over: failed*" runs cancel d/r3
	said "a task that there is not" 1 "*d has no task \"x\"*" tasks mark d x r2 success
	said "the log of one that there is not" 1 "*d has no task \"x\"*" tasks logs d x r2
	said "what such a one was rendered to" 1 "*d has no task \"x\"*" tasks render d x r2
	said "marking a task" 0 "a of d/r2 is marked success*" tasks mark d a r2 success
	run tasks clear d -t '^main.b$' -r r1 --downstream --dry-run
	is "$kind: clear lists what it would clear" "$out" "r1	main.b		failed
r1	main.c		upstream_failed"
	is "$kind: and does not do it" "$(state d r1)" failed
	said "a clear that nobody can be asked about" 2 "*say --yes*" tasks clear d -t b
	said "a pattern that is none" 2 "*the pattern (*missing*" tasks clear d -t '(' -y
	: >"$work/go.$kind"
	said "clearing what failed" 0 "cleared 2 tasks*" tasks clear d -r r1 --only-failed --yes
	said "a backfill without a schedule" 2 "*" dags backfill d -s 2026-01-01 -e 2026-01-02
	run dags backfill e -s 2026-01-01 -e 2026-01-03 --dry-run
	is "$kind: a backfill lists its runs" "$(echo "$out" | cut -f 1,5)" \
		"backfill__2026-01-01T00:00:00+00:00	new
backfill__2026-01-02T00:00:00+00:00	new
backfill__2026-01-03T00:00:00+00:00	new"
	is "$kind: and makes none" "$(query "SELECT count(*) FROM runs WHERE run_type = 'backfill'")" 0
	run dags backfill e -s 2026-01-01 -e 2026-01-03
	said "deleting what runs" 1 "*d has the run * under way*" dags delete d --yes
	said "a pool" 0 "" pools set p 2 'of two'
	said "a pool of no number" 2 "*no number of slots*" pools set p two
	said "a pool without a name" 2 "*pool: it is empty*" pools set "" 2
	said "a name that no pool can have" 2 "*cannot hold control characters*" pools set "$(printf 'a\nb')" 2
	said "a name that is too long" 2 "*more than 250 bytes*" pools set "$(printf '%0300d' 0)" 2
	said "a description that is no text" 2 "*no UTF-8*" pools set p 2 "$(printf '\377')"
	said "sizing it again" 0 "" pools set p 2
	said "deleting a pool that there is not" 1 "*there is no pool q*" pools delete q
	said "deleting the default pool" 1 "*always there*" pools delete default_pool
	is "$kind: the pool is there" "$(query 'SELECT name, slots, description FROM pools')" "p|2|of two"
	run dags unpause e
	said "unpausing" 0 "d is not paused now" dags unpause d
}

for kind in with without; do
	WINDROW_HOME=$work/home.$kind
	dags=$WINDROW_HOME/dags
	write_dags
	daemon_start
	run dags trigger d -r r1 --wait
	is "$kind: a run that is waited for and fails exits 1" "$status" 1
	# N.B. who begins to follow late hears of the run first, and then of its tasks as they stand.
	like "$kind: and was shown, its tasks before its end" "$out" "*main.b failed try=1*run failed dag_id=d run_id=r1*"
	[ $kind = with ] || daemon_stop
	ask_for_things
	[ $kind = with ] || daemon_start
	until_ok "$kind: what was cleared runs again" has_state d r1 success
	until_ok "$kind: what waited runs" has_state d r2 success
	for day in 1 2 3; do
		until_ok "$kind: what was made up for runs" has_state e "backfill__2026-01-0${day}T00:00:00+00:00" success
	done
	like "$kind: with its conf" "$("$windrow" tasks logs d c r2)" "* INFO - 7
*"
	like "$kind: expressions become what they did in that run" "$("$windrow" tasks render d c r2)" "*
echo '7'*"
	like "$kind: of each its own" "$("$windrow" tasks render d c r1)" "*
echo '1'*"
	daemon_stop
	query "SELECT dag_id, run_id, runs.state, task_id, task_instances.state, try_number FROM runs
		LEFT JOIN task_instances ON run = number
		WHERE run_type <> 'scheduled' ORDER BY 1, 2, 4" >"$work/states.$kind"
	query "SELECT actor, action, name FROM audit_log ORDER BY at, rowid" >"$work/audit.$kind"
done
ok "what comes of it is the same with a scheduler and without" cmp "$work/states.with" "$work/states.without"
ok "so is what is told of who did what" cmp "$work/audit.with" "$work/audit.without"
is "of a clear too, with its run" "$(query "SELECT name FROM audit_log WHERE action = 'task.clear'")" d/r1
is "list-runs lists them, the newest first" "$("$windrow" dags list-runs d | cut -f 1-3)" "d	r3	failed
d	r2	success
d	r1	success"
is "or some" "$("$windrow" dags list-runs d --state success -n 1 | cut -f 2)" r2
is "the state of one is a word" "$("$windrow" dags state d r3)" failed
is "so is that of a task" "$("$windrow" tasks state d a r3)" skipped
is "all of a run's tasks have theirs" "$("$windrow" tasks states-for-dag-run d r1 | cut -f 3,5,6,9)" \
	"main.a	success	1	r1
main.b	success	2	r1
main.c	success	1	r1"
is "pools are listed" "$("$windrow" pools list)" "default_pool	128	
p	2	of two"
is "and had" "$("$windrow" pools get p | cut -f 2)" 2
grep -q '^d|r2|success|main.a|success|0$' "$work/states.with"
is "a task that was marked did not run" $? 0
[ "$tap_failed" = 0 ] || diff "$work/states.with" "$work/states.without" | sed 's/^/# /'

kind=without
: >"$work/not"
WINDROW_HOME=$work/not said "a home that cannot be used" 3 "*$work/not*" dags pause d
said "jobs check without a scheduler" 1 "*no scheduler runs on*" jobs check
said "waiting for a run that nobody runs" 3 "*no scheduler runs*nothing was done*" dags trigger d -r r4 --wait
is "nothing was done" "$(state d r4)" ""
said "what would be forgotten" 0 "found 0 runs *" db clean --before 2026-01-01
run db clean --before 2100-01-01 --dry-run
like "and is, where nothing else is asked for, the answer" "$status:$out:$err" "0:found [1-9]* runs *:"
said "forgetting" 0 "found *forgot [1-9]* runs *" db clean --before 2100-01-01 --yes
is "and it is told who did" "$(query "SELECT name FROM audit_log WHERE action = 'db.clean'")" 2100-01-01T00:00:00+00:00
is "they are forgotten" "$(query "SELECT count(*) FROM runs WHERE state IN ('success', 'failed')")" 0
run dags trigger d -r r5
run runs cancel d/r5
run dags delete d --yes
like "a DAG is deleted, and where its logs stay is told" "$err" \
	"*deleted*its logs stay in $WINDROW_HOME/logs/dag_id=d until they are 90 days old (logging.max_age_days)"
is "its runs are gone" "$status.$(query "SELECT count(*) FROM runs WHERE dag_id = 'd'")" 0.0
run dags trigger d -r r1
is "and begins anew" "$status.$(query "SELECT version FROM runs WHERE dag_id = 'd'")" 0.1

# Following: what is printed shows while the task runs; the run is followed through a crash.
kind=with
cat >"$dags/f.yaml" <<END
default_args: {operator: local}
tasks:
  b:
    for_each: [x, y]
    script: echo "{\\"of\\":\\"\$<item>\\"}" >"\$SCRIPT_RESPONSE_FILE"
  c: {command: "echo \$<main.b.output.response>", depends_on: [b]}
  a:
    retries: 1
    retry_delay: 1s
    script: |
      echo first
      while [ -d $work ] && [ ! -e $work/go.f ]; do sleep 0.05; done
      echo second
      [ \$<task.try_number> -ge 2 ]
END
daemon_start
"$windrow" dags trigger f -r one --wait >"$work/waited" 2>&1 &
waiting=$!
until_ok "the run is there" has_state f one running
"$windrow" tasks logs f a one --follow >"$work/followed" 2>"$work/tries" &
following=$!
until_ok "a line shows while the task runs" grep -q 'INFO - first$' "$work/followed"
is "and no more than that" "$(grep -c second "$work/followed")" 0
{
	"$windrow" tasks logs f a one --follow
	echo "left with $?" >"$work/left"
} | head -n 1 >"$work/head" &
until_ok "whoever follows for somebody who reads no more leaves, though nothing more is printed" grep -q 'left with 1' "$work/left"
like "after what was wanted" "$(cat "$work/head")" "*Starting attempt 1 of 2"
daemon_kill
until_ok "whoever waits is told that the scheduler went away" grep -q "went away" "$work/waited"
daemon_start
: >"$work/go.f"
wait $waiting
is "the run is waited for all the same, and its status is the command's" $? 0
wait $following
is "the log is followed to its end" $? 0
is "with all that was printed, of both tries" "$(grep -c 'INFO - second$' "$work/followed")" 2
like "a stored run tells what its tasks left" "$("$windrow" tasks render f c one)" '*"of":"x"*"of":"y"*'
grep -aq '"of":"x"' "$WINDROW_HOME"/windrow.db*
is "which lies sealed in the store's files" $? 1
like "and the item of each instance" "$("$windrow" tasks render f b one -i 1)" '*# item
y*'
like "and which try is which" "$(cat "$work/tries")" "try 2:"
said "following an instance that there is not" 1 "*main.b has no instance 7 in this run, but 2 of them*" \
	tasks logs f b one -i 7 --follow
said "asking how it stands" 1 "*main.b has no instance 7*" tasks state f b one -i 7
said "following one of a task that has none" 1 "*main.a is no for_each*" tasks logs f a one -i 0 --follow
said "following a for_each as a whole" 2 "*--map-index says which*" tasks logs f b one --follow
run jobs check -o plain
is "jobs check answers" "$status" 0
like "with the process" "$out" "pid	$daemon
*"

# A log that somebody takes away is made anew, and followed on.
echo "tasks: {a: {operator: local, script: 'echo one; until [ -e $work/go.away ] || [ ! -d $work ]; do sleep 0.1; done; echo two'}}" >"$dags/away.yaml"
run dags trigger away -r gone
until_ok "a task runs" has_state away gone running
"$windrow" tasks logs away a gone --follow >"$work/followed" 2>&1 &
following=$!
until_ok "its log is followed" grep -q 'INFO - one$' "$work/followed"
rm "$WINDROW_HOME"/logs/dag_id=away/run_id=gone/task_id=main.a/*.log
: >"$work/go.away"
wait $following
is "to its end" $? 0
is "though it is another file by then" "$(grep -c 'INFO - two$' "$work/followed")" 1

# A pool that nobody has sized lets in, and the log warns of it: it may be misspelled.
echo 'tasks: {a: {operator: local, command: "true"}, b: {operator: local, pool: typo, command: "true"}}' >"$dags/t.yaml"
run dags trigger t -r one --wait
is "a task runs in a pool that nobody has sized" "$status" 0
like "and the log says so, of this pool alone" "$(grep 'nobody has sized' "$daemon_log")" \
	'*t: run one: main.b names the pool "typo", which nobody has sized: it has 128 slots of its own; `windrow pools set` sizes it'
run pools set typo 2
run dags trigger t -r two --wait
is "once it is sized it does not" "$(grep -c 'run two: .*nobody has sized' "$daemon_log")" 0
run pools delete typo

# A pool that is deleted lets in at once what it kept out.
echo 'tasks: {a: {operator: local, pool: shut, command: "true"}}' >"$dags/p.yaml"
run pools set shut 0
run dags trigger p -r waits
until_ok "a task waits before a pool without slots" sh -c "\"$windrow\" tasks state p main.a waits | grep -qx scheduled"
run pools delete shut
until_ok "and runs when the pool is deleted" has_state p waits success

# Nobody reads any more, and nothing comes that could not be written.
run pools set shut 0
{
	"$windrow" dags trigger p -r unread --wait 2>"$work/err"
	echo "left with $?" >"$work/left.run"
} | head -n 1 >"$work/head" &
until_ok "whoever waits for a run for somebody who reads no more leaves" grep -qs 'left with 1' "$work/left.run"
is "without a word" "$(sed '/^waiting for the scheduler[:,] /d' "$work/err")" ""
{
	"$windrow" tasks logs p a unread --follow 2>"$work/err"
	echo "left with $?" >"$work/left.log"
} | : &
until_ok "so does whoever waits for a log" grep -qs 'left with 1' "$work/left.log"
is "without a word, too" "$(cat "$work/err")" ""
run pools delete shut
until_ok "the run goes on all the same" has_state p unread success

# Whoever follows a run over a crash, and is held until it is over, hears of its end behind its tasks.
run pools set shut 0
"$windrow" dags trigger p -r late --wait >"$work/late" 2>&1 &
waiting=$!
until_ok "a run is waited for" grep -q "run running" "$work/late"
kill -s STOP $waiting
daemon_kill
daemon_start
run pools delete shut
until_ok "it ends while nobody looks" has_state p late success || kill -s KILL $waiting
kill -s CONT $waiting
wait $waiting
is "who waited for it leaves with its status" $? 0
like "and was told of its task first" "$(cat "$work/late")" "*main.a success*run success*"

# Backfills side by side, over a crash.
cat >"$dags/g.yaml" <<END
schedule: '0 0 * * *'
start_date: 2026-01-01
end_date: 2026-01-04
catchup: false
is_paused_upon_creation: true
tasks: {a: {operator: local, command: "while [ -d $work ] && [ ! -e $work/go.g.\$<run.id> ]; do sleep 0.05; done"}}
END
count()
{
	query "SELECT count(*) FROM runs WHERE dag_id = 'g' AND run_type = 'backfill' AND state = '$1'"
}
has_count()
{
	[ "$(count "$1")" = "$2" ]
}
run dags backfill g -s 2026-01-01 -e 2026-01-04 --max-active-runs 1
run dags unpause g
until_ok "of backfills no more begin side by side than were asked for" has_count running 1
daemon_kill
daemon_start
: >"$work/go.g.other"
run dags trigger g -r other --wait
is "others pass meanwhile" "$status" 0
is "also after a crash" "$(count running).$(count queued)" 1.3
for n in 1 2 3 4; do
	: >"$work/go.g.backfill__2026-01-0${n}T00:00:00+00:00"
	until_ok "and one after the other they end" has_count success $n
done
rm -f "$work"/go.g.backfill__*
run dags backfill g -s 2026-01-01 -e 2026-01-04 --reset-dagruns --max-active-runs 1
is "runs that are over are cleared" "$status:$(echo "$out" | cut -f 5 | xargs)" "0:cleared cleared cleared cleared"
until_ok "of these, too, no more go on side by side" has_count running 1
daemon_kill
daemon_start
is "also after a crash" "$(count running).$(count queued)" 1.3
for n in 1 2 3 4; do
	: >"$work/go.g.backfill__2026-01-0${n}T00:00:00+00:00"
	until_ok "and one after the other they end again" has_count success $n
done
run dags pause g
run tasks clear g -s 2026-01-03 -y
is "while a DAG is paused what is cleared waits" "$(count success).$(count queued)" 2.2
like "which is told" "$err" "*g is paused: runs that were over wait until it is unpaused"
is "and has not started yet" "$("$windrow" dags list-runs g --state queued | cut -f 5 | xargs)" ""
run dags unpause g
until_ok "and then goes on" has_count success 4

# So does a run that goes on because a task of it is marked.
cat >"$dags/m.yaml" <<END
stages:
  S:
    tasks: {a: {operator: local, command: "false"}, b: {operator: local, command: "true", depends_on: [a]}}
END
run dags trigger m -r r1 --wait
run dags pause m
run tasks mark m S.a r1 success
like "a mark tells, too, that the run which it lets go on waits" "$err" "*m is paused: where the run goes on by this, it waits until that is unpaused"
run dags unpause m
until_ok "which goes on then" has_state m r1 success

# Runs that are looked at when they are over take nobody's place.
cat >"$dags/one.yaml" <<END
max_active_runs: 1
tasks: {a: {operator: local, command: "true"}}
END
run dags trigger one -r r1 --wait
run runs cancel one/r1
run tasks clear one -r r1 --dry-run
run dags trigger one -r r2 --wait
is "a run that is over and looked at takes nobody's place" "$status" 0

# A run that was cleared stands behind one that runs, over a crash, too, though it was made first.
cat >"$dags/behind.yaml" <<END
max_active_runs: 1
tasks: {a: {operator: local, command: "while [ -d $work ] && [ ! -e $work/go.h.\$<run.id> ]; do sleep 0.05; done"}}
END
: >"$work/go.h.r1"
run dags trigger behind -r r1 --wait
run dags trigger behind -r r2
until_ok "a run has its turn" has_state behind r2 running
run tasks clear behind -r r1 -y
daemon_kill
daemon_start
is "one that is cleared has not" "$("$windrow" dags state behind r1).$("$windrow" dags state behind r2)" queued.running
: >"$work/go.h.r2"
until_ok "until that is over" has_state behind r1 success

# Of several DAGs in a file the one that says no id is named after the file, wherever it is read again.
cat >"$dags/several.yaml" <<END
tasks: {a: {operator: local, command: "true"}}
---
dag_id: second
tasks: {a: {operator: local, command: "true"}}
END
run dags trigger second -r r1 --wait
is "a DAG beside one without an id can be waited for" "$status:$err" "0:"
run tasks states-for-dag-run second r1 -o plain
like "and looked at" "$out" "*main.a*success*"
run dags trigger several -r r1 --wait
is "and so can the other" "$status:$err" "0:"

n=0
while [ $n -lt 20 ]; do
	n=$((n + 1))
	echo 'tasks: {a: {operator: local, command: "true"}}' >"$dags/new$n.yaml"
	"$windrow" dags trigger "new$n" 2>&1 >/dev/null
done >"$work/unknown"
is "a DAG can be asked for as soon as its file is there" "$(cat "$work/unknown")" ""

# A scheduler that dies between a request and its answer: what was answered is kept.
n=0
while [ $n -lt 12 ]; do
	n=$((n + 1))
	"$windrow" dags trigger d -r "k$n" >/dev/null 2>"$work/err.$n" &
	asking=$!
	[ $((n % 3)) = 0 ] || sleep 0.00$n
	daemon_kill
	wait $asking
	status=$?
	case $status in
	0) [ -n "$(state d k$n)" ] || echo "k$n was answered, and is not there" ;;
	3) grep -q "went away" "$work/err.$n" || echo "k$n was not answered, and nothing told" ;;
	*) echo "k$n: exit status $status: $(cat "$work/err.$n")" ;;
	esac >>"$work/lost"
	"$windrow" scheduler >>"$daemon_log" 2>&1 &
	daemon=$!
done
is "what was answered is kept, and what was not is told" "$(cat "$work/lost")" ""
ended()
{
	[ "$(query "SELECT count(*) FROM runs WHERE state NOT IN ('success', 'failed')")" = 0 ]
}
until_ok "to their end" ended
until_ok "the last scheduler answers" "$windrow" jobs check
daemon_stop
is "the scheduler stops when it is told to" "$status" 0
ok "and takes its socket away" [ ! -e "$WINDROW_HOME/scheduler.sock" ]
tap_done
