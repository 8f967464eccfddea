#!/bin/sh
# Ends by force on a real sshd: kill means killed, and the log says what was.
. "${top_srcdir:-.}/tests/e2e/tap.sh"
. "${top_srcdir:-.}/tests/e2e/sshd.sh"
sshd_start
mkfifo "$work/ready"

# gone PID...: waits until none of them runs
gone()
{
	for gone_pid in "$@"; do
		while kill -0 "$gone_pid" 2>/dev/null && ! grep -q ') Z' "/proc/$gone_pid/stat" 2>/dev/null; do
			:
		done
	done
}

# Children that ignore TERM, that left the group, that dropped their environment.
cat >"$work/stubborn.yaml" <<'E'
default_args: {operator: ssh, ssh_conn_id: box}
tasks:
  stubborn:
    cmd_timeout: TIMEOUT
    detach: DETACH
    script: |
      sleep 1000 &
      a=$!
      (trap "" TERM; : > $<run.conf.pids>.deaf; exec sleep 1000) &
      b=$!
      setsid sleep 1000 &
      c=$!
      env -i sleep 1000 &
      d=$!
      until [ -e $<run.conf.pids>.deaf ]; do :; done
      echo $$ $a $c $d $b > $<run.conf.pids>
      wait
E

# begin_stubborn: runs it; $pids are its processes, once they have been told to end
begin_stubborn()
{
	rm -rf "$WINDROW_HOME/logs" "$work"/pids*
	sed "s/DETACH/$detach/; s/TIMEOUT/$timeout/" "$work/stubborn.yaml" >"$work/t.yaml"
	"$windrow" dags test "$work/t.yaml" --conf "{\"pids\": \"$work/pids\"}" >"$work/out" 2>"$work/err" &
	pid=$!
	until task_log main.stubborn 2>/dev/null | grep -q SIGTERM || ! kill -0 "$pid" 2>/dev/null; do
		:
	done
	pids=$(cat "$work/pids" 2>/dev/null)
}

# end_stubborn: the grace is ten seconds, and a second ^C does not wait for it
end_stubborn()
{
	# N.B. what comes right behind the first is its echo.
	until grep -q 'ending everything' "$work/err" || ! kill -INT "$pid" 2>/dev/null; do
		:
	done
	wait "$pid"
	status=$?
}

for detach in true false; do
	# N.B. where the machine has much else to do, the first of these may be over before all of them are there.
	for timeout in 500ms 5s 50s; do
		begin_stubborn
		[ -n "$pids" ] && task_log main.stubborn | grep -q '(5 processes)' && break
		end_stubborn
	done
	# Those that are not deaf need a moment to die.
	# shellcheck disable=SC2086
	gone ${pids% *}
	end_stubborn
	is "detach: $detach: the run fails" "$status" 1
	# shellcheck disable=SC2086
	gone $pids
	ok "children that ignore TERM are gone, and those that left the group" true
	log=$(task_log main.stubborn)
	like "the log says who was told to end" "$log" "*Sent SIGTERM to the script's processes (5 processes)*"
	like "and who had to be killed" "$log" '*1 process did not end within *: sent SIGKILL*'
	like "and why" "$log" "*it was ended at its cmd_timeout of $timeout*"
done

# A timeout of the connection's, beside a longer one of the task's.
cat >"$work/timed.yaml" <<'E'
tasks:
  timed: {operator: ssh, ssh_conn_id: box, execution_timeout: 1h, command: "sleep 1000"}
E
WINDROW_CONN_BOX="$WINDROW_CONN_BOX&cmd_timeout=500ms" run dags test "$work/timed.yaml"
like "the connection's cmd_timeout counts where the task has a longer timeout" "$out" \
	'*main.timed failed*message="it was ended at its cmd_timeout of 500ms"*'

# ^C where the remote script is decent.
cat >"$work/long.yaml" <<'E'
default_args: {operator: ssh, ssh_conn_id: box}
tasks:
  long: {script: "echo said before; echo $$ > $<run.conf.ready>; sleep 1000"}
  later: {depends_on: [long], command: "true"}
E
"$windrow" dags test "$work/long.yaml" --conf "{\"ready\": \"$work/ready\"}" >"$work/out" 2>"$work/err" &
pid=$!
read -r task <"$work/ready"
kill -INT "$pid"
wait "$pid"
is "^C ends a run" "$?" 1
gone "$task"
ok "and its task on the host" true
like "which says so" "$(cat "$work/out")" '*main.long failed*message="it was cancelled"*'
like "what it had printed is not lost" "$(task_log main.long)" '*said before*'

# A terminal that closes, of a task alone.
"$windrow" tasks test "$work/long.yaml" long --conf "{\"ready\": \"$work/ready\"}" >"$work/out" 2>"$work/err" &
pid=$!
read -r task <"$work/ready"
kill -HUP "$pid"
wait "$pid"
is "HUP ends a task that is tried alone" "$?" 1
gone "$task"
ok "on the host, too" true

# windrow itself is killed: what was started ends by itself, and its end is written down.
"$windrow" dags test "$work/long.yaml" --conf "{\"ready\": \"$work/ready\"}" >"$work/out" 2>"$work/err" &
pid=$!
read -r task <"$work/ready"
kill -KILL "$pid"
wait "$pid" 2>/dev/null
ok "a script outlives windrow" kill -0 "$task"
claim=$(grep -lx "$task $task" "$host"/.windrow/*/group)
claim=${claim%/group}/claim
kill -s TERM -- "-$task"
gone "$task"
until grep -q '^exit' "$claim" || [ ! -e "$claim" ]; do
	:
done
like "and its end is on record" "$(head -n 1 "$claim")" 'exit 143*'

# Whose folder was taken away is found all the same. N.B. one that is not yet so far in two seconds proves nothing, and no harm is done.
cat >"$work/gone.yaml" <<E
tasks:
  t:
    operator: ssh
    ssh_conn_id: box
    execution_timeout: 2s
    script: 'echo \$\$ >$work/pid; rm -rf "\${SCRIPT_RESPONSE_FILE%/*}"; exec sleep 1000'
E
rm -rf "$WINDROW_HOME/logs"
: >"$work/pid"
run dags test "$work/gone.yaml"
like "a script whose folder was taken away has its timeout" "$(task_log main.t)" "*it was ended at its execution_timeout of 2s*"
read -r pid <"$work/pid" || pid=0
ok "and is gone then" sh -c "! grep -qs 'sleep) [^Z]' /proc/$pid/stat"
tap_done
