#!/bin/sh
# Servers that allow little: few sessions a connection, few connections at a time.
. "${top_srcdir:-.}/tests/e2e/tap.sh"
. "${top_srcdir:-.}/tests/e2e/sshd.sh"

{
	printf 'default_args: {operator: ssh, ssh_conn_id: box}\nmax_active_tasks: 100\ntasks:\n'
	for i in $(seq 40); do
		# None ends before eight of them have begun: they must run side by side.
		printf '  t%s: {command: "echo $WINDROW_TASK_ID >> ran; while [ $(wc -l < ran) -lt 8 ]; do sleep 0.02; done"}\n' "$i"
	done
} >"$work/t.yaml"

# serves NAME LINE...: 40 tasks at once on such a server
serves()
{
	name=$1
	shift
	sshd_start "$@"
	rm -f "$host/ran"
	run dags test "$work/t.yaml"
	is "$name: all tasks succeed" "$status" 0
	[ "$status" = 0 ] || printf '%s\n' "$out" | grep failed | sed 's/^/# /'
	is "$name: each ran once" "$(sort "$host/ran" | uniq | wc -l) $(wc -l <"$host/ran")" "40 40"
	sshd_stop
}

serves "MaxSessions 1" "MaxSessions 1"
serves "MaxSessions 3" "MaxSessions 3"
serves "MaxStartups 2:50:3" "MaxStartups 2:50:3" "MaxSessions 4"

# What the connection itself allows, and how.
: >"$sshd_dir/log"
sshd_start "LogLevel DEBUG1"
WINDROW_CONN_BOX="$WINDROW_CONN_BOX&max_sessions=2&compress=true"
rm -f "$host/ran"
run dags test "$work/t.yaml"
is "max_sessions: all tasks succeed" "$status" 0
# N.B. of the first eight: those that end are for the server still there when the next ones begin.
is "max_sessions: a connection has no more" \
	"$(sed -n 's/^Starting session: .* id \([0-9]*\).*/\1/p' "$sshd_dir/log" | head -n 8 | sort -n | tail -n 1)" 1
ok "compress: it is compressed" grep -q 'kex: client->server .*compression: zlib@openssh.com' "$sshd_dir/log"
tap_done
