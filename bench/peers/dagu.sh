# Dagu: `dagu start` of a file. The program is $DAGU, or else the `dagu` of the path.
. "$top_srcdir/bench/peers/kit.sh"
dagu=${DAGU:-$(command -v dagu)}
DAGU_HOME=$work/dagu
# What its documentation has for speed, and nothing that asks the world outside.
DAGU_CACHE=high DAGU_AUTH_MODE=none DAGU_COORDINATOR_ENABLED=false DAGU_CHECK_UPDATES=false DAGU_SCHEDULER_PORT=18090
SHELL=/bin/sh
export DAGU_HOME DAGU_CACHE DAGU_AUTH_MODE DAGU_COORDINATOR_ENABLED DAGU_CHECK_UPDATES DAGU_SCHEDULER_PORT SHELL

peer_install()
{
	[ -n "$dagu" ] && "$dagu" version >/dev/null 2>&1 || {
		echo "no program of it was given (\$DAGU), and none is on the path" >&2
		return 1
	}
}

peer_version()
{
	echo "dagu $("$dagu" version 2>&1 | tail -n 1)"
}

peer_told()
{
	cat <<'TOLD'
`dagu start FILE`, which runs the DAG in a process of its own and keeps its state in files; `type: graph`, `max_active_steps: 16`, shell `/bin/sh`, cache `high`. Over ssh its `ssh` steps
with key and known hosts, which open a connection each; 1,000 sleeping ones are cut down to 200. The service is `dagu scheduler` alone, without page and
coordinator: it is ready when its health port answers. The new file is started by `dagu start` as soon as it is there, as the scheduler
itself begins what is scheduled with the minute. Size: the program, stripped and without its page. The committed report has the release that could be
had where it was made, which is not the newest.
TOLD
}

peer_size()
{
	du -k "$dagu" | awk '{ printf "mib %.1f\n", $1 / 1024 }'
}

peer_command()
{
	timed "$dagu" version
}

# steps N KIND: the steps of a DAG; N.B. one without `depends` waits for nothing in a graph
steps()
{
	echo "type: graph"
	echo "max_active_steps: $([ "$2" = sleep ] && echo "$1" || echo 16)"
	echo "steps:"
	seq "$1" | awk -v kind="$2" -v command="${3:-true}" -v hosts="${4:-1}" -v user="$user" -v key="$key" -v port="$port" \
		-v known="$HOME/.ssh/known_hosts" '{
		printf "  - name: t%d\n    command: '\''%s'\''\n", $1, command
		if (kind == "chain" && $1 > 1)
			printf "    depends: [t%d]\n", $1 - 1
		if (kind == "ssh" || kind == "sleep")
			printf "    type: ssh\n    with: {user: %s, host: 127.0.0.%d, port: %s, key: %s, known_host_file: %s}\n",
				user, ($1 - 1) % hosts + 1, port, key, known }'
}

run()
{
	mkdir -p "$DAGU_HOME/dags"
	timed "$dagu" start "$1"
}

peer_chain()
{
	steps "$1" chain >"$work/dagu-chain.yaml"
	run "$work/dagu-chain.yaml"
}

peer_wide()
{
	steps "$1" wide >"$work/dagu-wide.yaml"
	run "$work/dagu-wide.yaml"
}

peer_ssh()
{
	steps "$1" ssh >"$work/dagu-ssh.yaml"
	run "$work/dagu-ssh.yaml"
}

peer_hosts()
{
	steps "$1" ssh true "$n_hosts" >"$work/dagu-hosts.yaml"
	run "$work/dagu-hosts.yaml"
}

peer_sleep()
{
	sleepers_prepare
	at_most "$1" 200
	steps "$n" sleep "$sleep_command" >"$work/dagu-sleep.yaml"
	"$dagu" start "$work/dagu-sleep.yaml" >"$work/out" 2>&1 </dev/null &
	kit_sleepers "$n" $!
	sleep_status=$?
	wait
	return $sleep_status
}

peer_drop()
{
	drop_prepare
	printf 'steps: [{name: a, command: "%s"}]\n' "$drop_command" >"$work/dagu-drop.new"
	drop_from=$(kit_now)
	mv "$work/dagu-drop.new" "$work/dagu-drop.yaml"
	run "$work/dagu-drop.yaml" >/dev/null && dropped "$drop_from"
}

# The scheduler of these DAGs alone.
scheduler_start()
{
	scheduler_from=$(kit_now)
	"$dagu" scheduler >"$work/dagu.log" 2>&1 </dev/null &
	echo $! >"$work/dagu.pid"
	until_true 60 curl -sf -o "$work/health" "http://127.0.0.1:$DAGU_SCHEDULER_PORT/health" || return 1
	kit_ms "$scheduler_from" "$(kit_now)"
}

peer_start()
{
	mkdir -p "$DAGU_HOME/dags"
	scheduler_start
}

peer_stop()
{
	kit_stop "$work/dagu.pid"
}

peer_idle()
{
	peer_stop
	DAGU_HOME=$work/dagu-idle
	mkdir -p "$DAGU_HOME/dags"
	for idle_dag in $(seq "$1"); do
		printf 'schedule: "0 0 1 1 *"\nsteps: [{name: a, command: "true"}]\n' >"$DAGU_HOME/dags/d$idle_dag.yaml"
	done
	scheduler_start >/dev/null && kit_idle "$(cat "$work/dagu.pid")"
}

kit_main "$@"
