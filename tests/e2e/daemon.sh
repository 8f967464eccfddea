# A scheduler of the test's own: source it behind tap.sh. Nothing here waits for time to pass, but for
# what is to become true.

daemon=
daemon_log=$work/daemon.log
dags=$WINDROW_HOME/dags
: >"$daemon_log"
trap '[ -z "$daemon" ] || kill -s KILL "$daemon"; chmod -R u+rwx "$work" 2>/dev/null; rm -rf "$work"' EXIT

# until_ok NAME COMMAND...: waits until the command succeeds
until_ok()
{
	daemon_name=$1
	shift
	ok "$daemon_name" wait_for "$@"
	[ "$tap_polls" -gt 0 ] && return
	tail -n 20 "$daemon_log" | sed 's/^/# /'
	return 1
}

# daemon_start [NAME=VALUE...]: starts one, and waits until it answers
daemon_start()
{
	env "$@" "$windrow" scheduler >>"$daemon_log" 2>&1 &
	daemon=$!
	until_ok "the scheduler runs" "$windrow" jobs check
}

# daemon_kill: ends it as a crash does
daemon_kill()
{
	kill -s KILL "$daemon"
	wait "$daemon" 2>/dev/null
	daemon=
}

# daemon_stop: ends it as a person does; what it leaves with is in $status
daemon_stop()
{
	kill -s TERM "$daemon"
	wait "$daemon"
	status=$?
	daemon=
}

# knows ID: whether a scheduler has seen this DAG, and its file has it
knows()
{
	"$windrow" dags list -o json | tr -d ' \n' |
		grep -q "\"dag_id\":\"$1\"[^}]*\"is_paused\":\(true\|false\)"
}

# good NAME [KEY...]: writes a DAG file that is right
good()
{
	daemon_file=$1
	shift
	{
		for daemon_key; do
			echo "$daemon_key"
		done
		echo 'tasks: {a: {operator: local, command: "true"}}'
	} >"$dags/$daemon_file"
}
