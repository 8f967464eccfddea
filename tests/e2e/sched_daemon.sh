#!/bin/sh
# The daemon as an operator meets it: its start, a second one, stopping while tasks run, settings
# that are read again, stores that it cannot use.
. "${top_srcdir:-.}/tests/e2e/tap.sh"
daemon=
trap '[ -z "$daemon" ] || kill -s KILL "$daemon" 2>/dev/null; chmod -R u+rwx "$work" 2>/dev/null; rm -rf "$work"' EXIT
mkdir -p "$work/dags"
WINDROW__CORE__DAGS_FOLDER=$work/dags
export WINDROW__CORE__DAGS_FOLDER

daemon_start()
{
	: >"$work/daemon"
	"$windrow" scheduler 2>"$work/daemon" &
	daemon=$!
	until_said "the scheduler runs on"
}

is_in_or_gone()
{
	grep -qs -- "$2" "$1" || ! kill -0 "$daemon" 2>/dev/null
}

# until_in FILE TEXT: waits until the file holds it; false where the daemon is gone, or it does not
until_in()
{
	wait_for is_in_or_gone "$1" "$2"
	grep -qs -- "$2" "$1"
}

# until_said TEXT: waits until the daemon has said it
until_said()
{
	until_in "$work/daemon" "$1"
}

daemon_stop()
{
	kill "$daemon" && wait "$daemon" && daemon=
}

locked=$(ulimit -S -l)
ulimit -S -l 0
ok "the scheduler starts where there is nothing yet" daemon_start
ulimit -S -l "$locked"
ok "it has made a store" test -s "$WINDROW_HOME/windrow.db"

run scheduler
is "a second scheduler exits 3" "$status" 3
like "and names the first" "$err" "*a scheduler runs on $WINDROW_HOME already: process $daemon on *, since 2*"

# What somebody took away from home.
mv "$WINDROW_HOME/scheduler.lock" "$work/lock"
run scheduler
is "so does it where the lock's file was taken away" "$status" 3
like "and says so" "$err" "*a scheduler answers at $WINDROW_HOME/scheduler.sock*was that file taken away*"
mv "$work/lock" "$WINDROW_HOME/scheduler.lock"
files=$(prlimit --pid "$daemon" --nofile --noheadings --output SOFT)
prlimit --pid "$daemon" --nofile=3:
rm "$WINDROW_HOME/scheduler.sock"
ok "a socket that was taken away is missed" until_said "scheduler.sock was taken away, and cannot be made anew yet: .*Too many open files"
prlimit --pid "$daemon" --nofile="$((files)):"
ok "and made anew as soon as it can be" until_said "scheduler.sock had been taken away, and was made anew"
run jobs check
is "and there is an answer there" "$status" 0

# A run, whose task waits for the test.
cat >"$work/dags/.new" <<END
schedule: '@once'
default_args: {operator: local}
tasks:
  slow:
    script: |
      echo \$\$ > $work/pid
      echo before
      while [ -d $work ] && [ ! -e $work/go ]; do sleep 0.05; done
      echo after
      echo '"kept"' > "\$SCRIPT_RESPONSE_FILE"
  next: {command: "echo \${main.slow.output.response} > $work/next", depends_on: [slow]}
END
mv "$work/dags/.new" "$work/dags/t.yaml"
ok "a task runs" until_said "t: run .* is running"
if [ "$(id -u)" = 0 ] || [ "${is_sanitized:-no}" = yes ]; then
	skip 1 "memory is locked here whatever the limit, or not at all"
else
	ok "that secrets cannot be locked any more is told" until_said "a secret could not be locked in memory"
fi
wait_for [ -s "$work/pid" ]
ok "it stops though a task runs" daemon_stop
like "and says what becomes of that" "$(cat "$work/daemon")" "*what runs is left running*"
ok "the task runs on" kill -0 "$(cat "$work/pid")"
ok "the next scheduler starts" daemon_start
like "and tells what it took up" "$(cat "$work/daemon")" "*1 run was taken up where it stopped*"
: >"$work/go"
ok "the run goes on" until_said "t: run .* is success"
is "with what the task has left" "$(cat "$work/next")" kept
is "whose output is whole" "$(find "$WINDROW_HOME/logs" -path '*main.slow*' -name '*.log' -exec cat {} + |
	sed -n 's/.* - \(before\|after\)$/\1/p' | tr '\n' ' ')" "before after "
id=$("$windrow" dags list-runs t | cut -f 2)
began=$("$windrow" tasks logs t slow "$id" | sed -n 's/.* start_date=\([^,]*\), end_date=.*/\1/p')
taken_up=$(sed -n 's/ .*taken up where it stopped.*//p' "$work/daemon")
ok "which tells when the task began, not when it was taken up" \
	[ "$(printf '%s\n' "$began" "$taken_up" | LC_ALL=C sort | head -n 1)" = "${began:-none}" ]
is "nothing lies beside logs of what is over" "$(find "$WINDROW_HOME/logs" -name '.*' -type f)" ""

printf 'core:\n  default_pool_task_slot_count: 3\n' >"$WINDROW_HOME/windrow.yaml"
kill -s HUP "$daemon"
ok "it reads its settings again when it is told to" until_said "the settings were read again"
printf 'core:\n  default_pool_slots: 3\n' >"$WINDROW_HOME/windrow.yaml"
kill -s HUP "$daemon"
ok "and stays as it was where they are wrong" until_said "the settings stay as they were: .*default_pool_slots"
rm "$WINDROW_HOME/windrow.yaml"
# One wish that comes as two signals: they wait for a scheduler that stands still, and reach it together.
kill -s STOP "$daemon"
kill -s TERM "$daemon"
kill -s INT "$daemon"
kill -s CONT "$daemon"
wait "$daemon"
is "two signals that come as one stop it once, in order" "$?:$(grep -c 'leaving at once' "$work/daemon")" 0:0

# Killed, it leaves nothing that bars the next.
daemon_start
kill -s KILL "$daemon"
wait "$daemon" 2>/dev/null
ok "after a kill the next one starts" daemon_start
daemon_stop

printf 'core:\n  default_pool_slots: 3\n' >"$WINDROW_HOME/windrow.yaml"
run scheduler
is "wrong settings are for a person to mend" "$status" 1
rm "$WINDROW_HOME/windrow.yaml"

# What becomes of a store that is spoilt while the scheduler runs.
wait_for_run()
{
	: >"$work/waited"
	rm -f "$work/left"
	{
		"$windrow" dags trigger w -r "$1" --wait >"$work/waited" 2>&1
		echo "left with $?" >"$work/left"
	} &
	ok "a run is waited for" until_in "$work/waited" "main.a running"
}
echo "tasks: {a: {operator: local, command: 'while [ -e $work ] && [ ! -e $work/go.\$<run.id> ]; do sleep 0.05; done'}}" >"$work/dags/w.yaml"
daemon_start
wait_for_run one
mv "$WINDROW_HOME/windrow.db" "$work/away.db"
cp "$work/dags/t.yaml" "$work/dags/u.yaml"
{
	"$windrow" pools set p 2 >"$work/asked" 2>&1
	echo "left with $?" >>"$work/asked"
} &
ok "a store that is taken away is told" until_said "nothing can be stored, .*was taken away or replaced while it was in use: put it back"
run jobs check
is "and seen from outside" "$status" 1
like "with the reason" "$err" "*cannot write its store, and starts nothing: the store * was taken away or replaced*"
ok "to whoever waits for a run" until_in "$work/waited" "the scheduler can store nothing: .*was taken away"
ok "or for an answer" until_in "$work/asked" "waiting for the scheduler, which cannot write its store now: .*was taken away"
mv "$work/away.db" "$WINDROW_HOME/windrow.db"
ok "put back, it is written again" until_said "storing works again"
ok "the answer comes" until_in "$work/asked" "left with 0"
ok "and that it goes on" until_in "$work/waited" "the scheduler goes on"
: >"$work/go.one"
ok "as does the run" until_in "$work/left" "left with 0"
run jobs check -o json
like "and all is well" "$status:$out" '0:*"is_stalled": false,*"stall_reason": null*'
daemon_stop
cp "$WINDROW_HOME/windrow.db" "$work/good.db"
if command -v sqlite3 >/dev/null; then
	daemon_start
	wait_for_run two
	sqlite3 -cmd ".timeout 10000" "$WINDROW_HOME/windrow.db" "INSERT INTO pools (name, slots) VALUES ('x', 1); PRAGMA wal_checkpoint(TRUNCATE)" >/dev/null
	pages=$(($(wc -c <"$WINDROW_HOME/windrow.db") / 4096))
	tr '\0' x </dev/zero | dd of="$WINDROW_HOME/windrow.db" bs=4096 seek=1 count=$((pages - 1)) \
		iflag=fullblock conv=notrunc 2>/dev/null
	cp "$WINDROW_HOME/windrow.db" "$work/bad.db"
	cp "$work/dags/t.yaml" "$work/dags/v.yaml"
	ok "one that is damaged is told" until_said "nothing is stored any more, and nothing started, until .*is damaged (.*stop what uses it, keep a copy, and put a backup in its place"
	ok "whoever waits for a run is told" until_in "$work/left" "left with 3"
	like "with the reason" "$(cat "$work/waited")" "*the run cannot go on: the store * is damaged (*put a backup in its place*"
	run jobs check
	like "and seen" "$status:$err" "1:*cannot write its store, and starts nothing: the store * is damaged*"
	run pools set web 3
	like "what would change something is refused" "$status:$err" "3:*nothing was done: the store * is damaged*"
	kill "$daemon"
	wait "$daemon" 2>/dev/null
	like "it can be stopped" "$(cat "$work/daemon")" "*leaving at once*"
	ok "and has left it as it was" cmp -s "$WINDROW_HOME/windrow.db" "$work/bad.db"
	rm -f "$WINDROW_HOME/windrow.db-wal" "$WINDROW_HOME/windrow.db-shm"
	cp "$work/good.db" "$WINDROW_HOME/windrow.db"
	ok "with the backup in its place it goes on" daemon_start
	daemon_stop
	: >"$work/go.two"
else
	skip 9 "no sqlite3 here"
fi

# The log beside the store, in which lies what was stored last.
daemon_start
run pools set kept 7
rm "$WINDROW_HOME/windrow.db-wal"
cp "$work/dags/t.yaml" "$work/dags/x.yaml"
ok "a log that is taken away is told" until_said "nothing can be stored, .*windrow.db-wal was taken away or replaced while it was in use: put it back"
ok "where it stays away it is saved, and nothing more is written" until_said "nothing is stored any more, .*what it held was saved"
kill -s KILL "$daemon"
wait "$daemon" 2>/dev/null
run pools get kept
like "so that nothing is lost" "$status:$out" "0:kept	7	"
ok "and the next scheduler goes on" daemon_start
daemon_stop
if [ "$(id -u)" != 0 ]; then
	daemon_start
	chmod 0 "$WINDROW_HOME"
	rm "$work/dags/x.yaml"
	ok "a home that may not be entered any more is told" until_said "nothing can be stored, .*windrow.db cannot be reached any more: Permission denied"
	chmod 0700 "$WINDROW_HOME"
	ok "and when it may, all goes on" until_said "storing works again"
	chmod 0 "$WINDROW_HOME/windrow.db"
	run dags trigger w -r three --wait
	chmod 0600 "$WINDROW_HOME/windrow.db"
	like "whoever cannot wait for a run is told that it is there" "$status:$err" \
		"3:*cannot be opened: Permission denied*the run three of w is stored all the same*"
	daemon_stop
	: >"$work/go.three"
else
	skip 3 "root may enter any folder"
fi

# What tries leave is sealed: without the key nothing could be stored.
mv "$WINDROW_HOME/master.key" "$work/key"
run scheduler
is "without the master key none starts" "$status" 3
like "and says so" "$err" "*the master key is missing*put it back*"
mv "$work/key" "$WINDROW_HOME/master.key"

cp "$WINDROW_HOME/windrow.db" "$work/good.db"
printf 'this is no database' | dd of="$WINDROW_HOME/windrow.db" conv=notrunc 2>/dev/null
rm -f "$WINDROW_HOME/windrow.db-wal" "$WINDROW_HOME/windrow.db-shm"
cp "$WINDROW_HOME/windrow.db" "$work/bad.db"
run scheduler
is "a damaged store is refused" "$status" 3
like "by its name" "$err" "*$WINDROW_HOME/windrow.db*"
ok "and not written to" cmp -s "$WINDROW_HOME/windrow.db" "$work/bad.db"
cp "$work/good.db" "$WINDROW_HOME/windrow.db"
if command -v sqlite3 >/dev/null; then
	# spoil: writes over the page in which its audit log begins; nothing but a look at all of it finds that
	spoil()
	{
		page=$(sqlite3 "$WINDROW_HOME/windrow.db" "SELECT rootpage FROM sqlite_schema WHERE name = 'audit_log'")
		tr '\0' x </dev/zero | dd of="$WINDROW_HOME/windrow.db" bs=4096 seek=$((page - 1)) count=1 \
			iflag=fullblock conv=notrunc 2>/dev/null
		rm -f "$WINDROW_HOME/windrow.db-wal" "$WINDROW_HOME/windrow.db-shm"
		cp "$WINDROW_HOME/windrow.db" "$work/bad.db"
	}
	spoil
	run scheduler
	is "so is one with damage in its midst" "$status" 3
	like "which says what to do" "$err" "*windrow.db is damaged (*put a backup in its place*"
	ok "nothing is written to that one either" cmp -s "$WINDROW_HOME/windrow.db" "$work/bad.db"
	cp "$work/good.db" "$WINDROW_HOME/windrow.db"
	sqlite3 "$WINDROW_HOME/windrow.db" "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 170)
		INSERT INTO audit_log SELECT 0, 'x', 'x', hex(zeroblob(50000)) FROM n; PRAGMA wal_checkpoint(TRUNCATE)" >/dev/null
	spoil
	daemon_start
	ok "a large one is read beside the work" until_said "nothing is stored any more, .*is damaged (.*put a backup in its place"
	kill "$daemon"
	wait "$daemon" 2>/dev/null
	rm -f "$WINDROW_HOME/windrow.db-wal" "$WINDROW_HOME/windrow.db-shm"
	cp "$work/good.db" "$WINDROW_HOME/windrow.db"
	sqlite3 "$WINDROW_HOME/windrow.db" "INSERT INTO schema_migrations VALUES (99, 'x', 0)"
	run scheduler
	is "a store of a newer windrow is refused" "$status" 3
	like "with what to do" "$err" "*newer windrow*use that windrow; nothing was changed*"
	sqlite3 "$WINDROW_HOME/windrow.db" "DELETE FROM schema_migrations WHERE number > 1"
	run scheduler
	is "so is one of an older" "$status" 3
	like "with what to do first" "$err" "*windrow db migrate*"
else
	skip 8 "no sqlite3 here"
fi

# ---- a service manager, which hears how it goes ----
if command -v python3 >/dev/null; then
	python3 - "$work/manager" >"$work/heard" <<'END' &
import socket, sys
s = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
s.bind(sys.argv[1])
s.settimeout(60)
heard = ""
while "STOPPING=1" not in heard:
    heard = s.recv(4096).decode()
    print(heard, flush=True)
END
	manager=$!
	wait_for [ -S "$work/manager" ]
	WINDROW_HOME=$work/managed NOTIFY_SOCKET=$work/manager WATCHDOG_USEC=100000
	export WINDROW_HOME NOTIFY_SOCKET WATCHDOG_USEC
	daemon_start
	ok "a manager hears that the scheduler is ready" until_in "$work/heard" READY=1
	ok "and, as often as it asks for, that it lives" until_in "$work/heard" WATCHDOG=1
	daemon_stop
	wait "$manager"
	is "and that it stops" "$?:$(tail -n 1 "$work/heard")" "0:STOPPING=1"
	unset NOTIFY_SOCKET WATCHDOG_USEC
else
	skip 3 "no python3 here"
fi
tap_done
