# A scheduler of the test's own: source it behind tap.sh. Nothing here waits for time to pass, but for
# what is to become true; a wait that takes longer than a minute is a failed test.

daemon=
daemon_log=$work/daemon.log
dags=$WINDROW_HOME/dags
: >"$daemon_log"
trap '[ -z "$daemon" ] || kill -s KILL "$daemon"; chmod -R u+rwx "$work" 2>/dev/null; rm -rf "$work"' EXIT

# until NAME COMMAND...: waits until the command succeeds
until_ok()
{
	daemon_name=$1
	shift
	daemon_left=1200
	while ! "$@" >/dev/null 2>&1; do
		daemon_left=$((daemon_left - 1))
		if [ $daemon_left = 0 ]; then
			ok "$daemon_name" false
			tail -n 20 "$daemon_log" | sed 's/^/# /'
			return 1
		fi
		sleep 0.05
	done
	ok "$daemon_name" true
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
