#!/bin/sh
# The daemon killed with -9 at random moments of a run, alone or together with the sshd and all its
# sessions: in the end every task ran once, by a ledger on the host, every line that it printed is in
# its log, once, and the run succeeded.
#   WINDROW_CRASHES  how often it is killed (12)   WINDROW_TASKS  of how many tasks (24)
#   WINDROW_SEED  of the moments
. "${top_srcdir:-.}/tests/e2e/tap.sh"
. "${top_srcdir:-.}/tests/e2e/sshd.sh"
seed=${WINDROW_SEED:-$$}
crashes=${WINDROW_CRASHES:-12}
tasks=${WINDROW_TASKS:-24}
lines=12
sshd_start "MaxSessions 4"
echo "# WINDROW_SEED=$seed"

# A DAG whose last task waits for the test.
write_dag()
{
	echo "schedule: '@once'"
	echo "max_active_tasks: 6"
	echo "default_args: {operator: $2}"
	echo "tasks:"
	i=0
	while [ $i -lt $tasks ]; do
		cat <<END
  t$i:
    script: |
      echo t$i >> $host/ledger.$1
      i=0
      while [ \$i -lt $lines ]; do
        echo "out \$i" && echo "err \$i" >&2 && sleep 0.02
        i=\$((i + 1))
      done
      printf '{"n": $i}' > "\$SCRIPT_RESPONSE_FILE"
END
		[ $i -lt 12 ] || echo "    depends_on: [t$((i - 12))]"
		i=$((i + 1))
	done
	cat <<END
  last:
    depends_on: [$(seq -s ', ' -f 't%.0f' 0 $((tasks - 1)))]
    script: |
      echo last >> $host/ledger.$1
      while [ -d $host ] && [ ! -e $host/go.$1 ]; do sleep 0.05; done
      echo \${main.t3.output.response.n} > $host/n.$1
END
}

daemon_start()
{
	"$windrow" scheduler >>"$work/daemon" 2>&1 &
	daemon=$!
}

seq 0 $((lines - 1)) | sed 's/^/out /' >"$work/wanted.out"
seq 0 $((lines - 1)) | sed 's/^/err /' >"$work/wanted.err"

# Tasks whose log has not every line once, in order.
broken()
{
	i=0
	while [ $i -lt $tasks ]; do
		task_log "main.t$i" | sed -n 's/.* - \(out [0-9]*\)$/\1/p' | cmp -s - "$work/wanted.out" &&
			task_log "main.t$i" | sed -n 's/.* - \(err [0-9]*\)$/\1/p' | cmp -s - "$work/wanted.err" ||
			printf 't%s ' $i
		i=$((i + 1))
	done
}

# is_over DAG: the daemon has said what its run came to
is_over()
{
	grep -q "$1: run .* is \(success\|failed\)" "$work/daemon"
}

# crash PAUSE PAUSE BEFORE: starts the daemon; the sshd goes after a while, and comes again before it or
# behind it
crash()
{
	daemon_start
	sleep "$1"
	if [ $kind = sshd ]; then
		sshd_crash
		[ "$3" = 0 ] || sshd_again
		sleep "$2"
	fi
	kill -s KILL "$daemon"
	wait "$daemon" 2>/dev/null
	[ $kind != sshd ] || [ "$3" = 1 ] || sshd_again
}

# N.B. a task that cannot be started for want of an sshd has failed, and never ran: that is tried again.
for kind in ssh local sshd; do
	WINDROW_HOME=$work/home.$kind
	mkdir -p "$WINDROW_HOME/dags"
	: >"$work/daemon"
	case $kind in
	ssh) write_dag ssh "ssh, ssh_conn_id: BOX, retries: 0" ;;
	local) write_dag local "local, retries: 0" ;;
	sshd) write_dag sshd "ssh, ssh_conn_id: BOX, retries: 1000, retry_delay: 50ms" ;;
	esac >"$WINDROW_HOME/dags/t.yaml"
	awk -v seed="$seed" -v n="$crashes" 'BEGIN { srand(seed)
		while (n-- > 0) print rand() * rand() * 0.8, rand() * rand() * 0.4, rand() < 0.5 }' >"$work/moments"
	while read -r moment; do
		# shellcheck disable=SC2086
		crash $moment
	done <"$work/moments"
	daemon_start
	: >"$host/go.$kind"
	wait_for is_over t
	kill "$daemon" 2>/dev/null
	wait "$daemon"
	is "$kind: the daemon stops when it is told to" $? 0
	like "$kind: a run that was crashed $crashes times succeeds" \
		"$(grep -o 'is \(success\|failed\)$' "$work/daemon")" "is success"
	is "$kind: every task ran" "$(sort -u "$host/ledger.$kind" | wc -l)" $((tasks + 1))
	is "$kind: none of them twice" "$(sort "$host/ledger.$kind" | uniq -d)" ""
	is "$kind: outputs outlive a crash" "$(cat "$host/n.$kind" 2>/dev/null)" 3
	is "$kind: every line of output is there once" "$(broken)" ""
	[ "$tap_failed" = 0 ] || sed 's/^/# /' "$work/daemon"
done

# A try that may have been started when the daemon died, and a host that cannot be asked for a while:
# it does not end before the host was asked, though one that is new does.
WINDROW_HOME=$work/home.refused
mkdir -p "$WINDROW_HOME/dags"
cat >"$WINDROW_HOME/dags/t.yaml" <<END
schedule: '@once'
tasks: {a: {operator: ssh, ssh_conn_id: BOX, retries: 0, command: "echo a >> $host/ledger.refused"}}
END
sed 1d "$WINDROW_HOME/dags/t.yaml" >"$WINDROW_HOME/dags/new.yaml"
: >"$work/daemon"
kill -s STOP "$sshd_pid"
daemon_start
wait_for grep -rqs 'Using connection' "$WINDROW_HOME/logs"
kill -s KILL "$daemon"
wait "$daemon" 2>/dev/null
sshd_crash
daemon_start
wait_for "$windrow" jobs check
"$windrow" dags trigger new --wait >"$work/out" 2>&1
is "a host that refuses is the end of a new try" $? 1
sshd_again
wait_for is_over t
like "and not of one that may have been started" "$(grep 't: run scheduled.* is [sf]' "$work/daemon")" "*is success"
is "which ran once" "$(cat "$host/ledger.refused")" a

# What leaves nothing on its host is lost with the daemon, and tried again.
cat >"$WINDROW_HOME/dags/.plain" <<END
schedule: '@once'
default_args: {detach: false, retries: 1, retry_delay: 50ms}
environment: {TRY: \$<task.try_number>}
tasks:
  far: {operator: ssh, ssh_conn_id: BOX, script: &s 'echo "\$TRY" >>$host/\$WINDROW_TASK_ID; [ "\$TRY" = 2 ] || exec sleep 600'}
  near: {operator: local, script: *s}
END
mv "$WINDROW_HOME/dags/.plain" "$WINDROW_HOME/dags/plain.yaml"
wait_for [ -s "$host/main.far" ]
wait_for [ -s "$host/main.near" ]
kill -s KILL "$daemon"
wait "$daemon" 2>/dev/null
daemon_start
wait_for is_over plain
is "one with detach: false is tried again" "$(cat "$host/main.far" "$host/main.near" | tr '\n' ' ')" "1 2 1 2 "

# What runs is waited for while nobody can enter its account: the host is not known any more, and its connection is gone when the next
# daemon starts. Each is put right while it waits.
kept_says()
{
	task_log main.kept | grep -q "$1"
}
seen()
{
	ok "it is told: $1" wait_for kept_says "$1"
}
"$windrow" connections add kept --conn-uri "$WINDROW_CONN_BOX"
cat >"$WINDROW_HOME/dags/.kept" <<END
schedule: '@once'
tasks:
  kept:
    operator: ssh
    ssh_conn_id: kept
    script: |
      echo kept >>$host/ledger.kept
      while [ -d $host ] && [ ! -e $host/go.kept ]; do sleep 0.05; done
END
mv "$WINDROW_HOME/dags/.kept" "$WINDROW_HOME/dags/kept.yaml"
wait_for [ -s "$host/ledger.kept" ]
mv "$me/.ssh/known_hosts" "$me/.ssh/known"
sshd_crash
sshd_again
seen 'is not known'
mv "$me/.ssh/known" "$me/.ssh/known_hosts"
seen 'Attached to the script again'
kill -s KILL "$daemon"
wait "$daemon" 2>/dev/null
"$windrow" connections delete kept
daemon_start
seen 'no connection "kept".*attaching again'
"$windrow" connections add kept --conn-uri "$WINDROW_CONN_BOX"
: >"$host/go.kept"
wait_for is_over kept
like "what runs outlives a connection that cannot be used" "$(grep 'kept: run .* is [sf]' "$work/daemon")" "*is success"
is "and runs once" "$(cat "$host/ledger.kept")" kept
kill "$daemon"
wait "$daemon"
tap_done
