#!/bin/sh
# windrow stood still, as on a machine that was paused, for longer than a host may be silent. What the host sent meanwhile is yet to
# be read: neither a connection that is being made nor one that serves is given up for it.
. "${top_srcdir:-.}/tests/e2e/tap.sh"
. "${top_srcdir:-.}/tests/e2e/sshd.sh"
sshd_start "LogLevel DEBUG1"
WINDROW_CONN_BOX="$WINDROW_CONN_BOX&keepalive_interval=1&conn_timeout=60"
mkdir "$work/clock"
mkfifo "$work/clock/move" "$work/clock/moved" "$host/gate"
exec 3<>"$host/gate" 4<>"$work/clock/move" 5<>"$work/clock/moved"
cat >"$work/t.yaml" <<'E'
tasks:
  a: {operator: ssh, ssh_conn_id: box, detach: false, script: 'touch "$HOME/began"; head -n 1 "$HOME/gate"'}
E

# is_alive: whether the run goes on; for loops that wait, which have an end where it hangs
patience=$(($(date +%s) + 300))
is_alive()
{
	kill -0 "$run" 2>/dev/null && [ "$(date +%s)" -lt "$patience" ]
}
# stand_still: an hour passes at once, of which windrow has nothing
stand_still()
{
	kill -s STOP "$run" 2>/dev/null
	echo "stood 3600000" >&4
	kill -s CONT "$run" 2>/dev/null
	read -r answer <&5
}
keepalives()
{
	grep -c 'keepalive@' "$sshd_dir/log"
}
is_connected()
{
	awk -v port="$(printf ':%04X' "$port")" 'index($3, port) && $4 == "01" { n++ } END { exit n == 0 }' /proc/net/tcp
}

# A host that accepts, and says nothing yet.
kill -s STOP "$sshd_pid"
# N.B. AddressSanitizer would want to be loaded first. One who waits for the clock must hear of the end.
(
	# shellcheck disable=SC2016
	sh -c 'echo $$ >"$0" && exec env "$@"' "$work/run" LD_PRELOAD="$top_builddir/tests/clock/moved.so" \
		MOVED_CLOCK="$work/clock" ASAN_OPTIONS="${ASAN_OPTIONS:+$ASAN_OPTIONS:}verify_asan_link_order=0" \
		"$windrow" dags test "$work/t.yaml" >"$work/out" 2>"$work/err" </dev/null
	echo $? >"$work/status"
	echo ended >&5
) &
whole=$!
while kill -0 "$whole" && [ ! -s "$work/run" ]; do
	:
done
run=$(cat "$work/run")
while is_alive && ! is_connected; do
	:
done
stand_still
kill -s CONT "$sshd_pid"
while is_alive && [ ! -e "$host/began" ]; do
	:
done
ok "a host that had not answered before it is waited for" test -e "$host/began"

# A host that serves.
stand_still
before=$(keepalives)
while is_alive && [ "$(keepalives)" -le "$((before + 1))" ]; do
	:
done
ok "a connection that serves goes on" is_alive
echo done >&3
while is_alive; do
	:
done
[ "$(date +%s)" -lt "$patience" ] || kill -s KILL "$run"
wait "$whole"
is "the run succeeds" "$(cat "$work/status")" 0
sed 's/^/# /' "$work/err"
like "with what the script said" "$(task_log main.a)" '*- done*'
tap_done
