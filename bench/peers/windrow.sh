# windrow as it is meant to run: a scheduler with its store on disk, tasks over ssh durable.
. "$top_srcdir/bench/peers/kit.sh"
windrow=$top_builddir/windrow
WINDROW_HOME=$work/windrow
# All 1,000 sleepers are to be one pool's.
WINDROW__CORE__DEFAULT_POOL_TASK_SLOT_COUNT=1024
export WINDROW_HOME WINDROW__CORE__DEFAULT_POOL_TASK_SLOT_COUNT
detach=true
. "$top_srcdir/bench/peers/windrow_dags.sh"

peer_install()
{
	"$windrow" --version >/dev/null
}

peer_version()
{
	"$windrow" --version
}

peer_told()
{
	cat <<'TOLD'
The default: `windrow scheduler` with its store on disk, each step durable before it is done; tasks over ssh with `detach: true`, so that
they outlive scheduler and connection. 16 local tasks at once (`max_active_tasks`), ssh tasks as many as the host lets in.
Measured: `windrow dags trigger DAG --wait`. Start: from `windrow scheduler` to the first `windrow jobs check` that succeeds.
TOLD
}

peer_size()
{
	rm -rf "$work/installed"
	make -s -C "$top_builddir" install-strip DESTDIR="$work/installed" >"$work/out" 2>&1
	du -sk "$work/installed" | awk '{ printf "mib %.1f\n", $1 / 1024 }'
}

peer_command()
{
	timed "$windrow" --version
}

# daemon_start HOME
daemon_start()
{
	WINDROW_HOME=$1
	"$windrow" scheduler >>"$work/windrow.log" 2>&1 </dev/null &
	echo $! >"$work/windrow.pid"
	until "$windrow" jobs check >/dev/null 2>&1; do
		kill -0 "$(cat "$work/windrow.pid")" || return 1
	done
}

peer_start()
{
	rm -rf "$WINDROW_HOME" "$work/windrow-idle"
	: >"$work/windrow.log"
	mkdir -p "$WINDROW_HOME/dags"
	start_from=$(kit_now)
	daemon_start "$WINDROW_HOME" || return 1
	kit_ms "$start_from" "$(kit_now)"
}

peer_stop()
{
	kit_stop "$work/windrow.pid"
}

# run KIND N: the run alone is timed, its DAG is there before
run()
{
	"dag_$1" "$2" >"$work/$1.yaml"
	mv "$work/$1.yaml" "$WINDROW_HOME/dags/$1.yaml"
	until_true 20 grep -q "DAG $1 is new" "$work/windrow.log" || return 1
	timed "$windrow" dags trigger "$1" --wait -o plain
}

peer_sleep()
{
	sleepers_prepare
	dag_sleep "$1" >"$work/sleep.yaml"
	sleep 2
	echo "idle_kib $(kit_kib "$(cat "$work/windrow.pid")")"
	mv "$work/sleep.yaml" "$WINDROW_HOME/dags/sleep.yaml"
	until_true 20 "$windrow" dags trigger sleep || return 1
	kit_sleepers "$1" "$(cat "$work/windrow.pid")"
}

# A new one each time, as one that is known has had its run.
peer_drop()
{
	drop_prepare
	printf 'schedule: "@once"\ntasks: {a: {operator: local, command: "%s"}}\n' "$drop_command" >"$work/drop.yaml"
	drop_from=$(kit_now)
	mv "$work/drop.yaml" "$WINDROW_HOME/dags/drop$drop_from.yaml"
	dropped "$drop_from"
}

# Its own home, as its DAGs are to be the only ones.
peer_idle()
{
	mkdir -p "$work/windrow-idle/dags"
	for idle_dag in $(seq "$1"); do
		printf 'schedule: "0 0 1 1 *"\ntasks: {a: {operator: local, command: "true"}}\n' \
			>"$work/windrow-idle/dags/d$idle_dag.yaml"
	done
	peer_stop
	daemon_start "$work/windrow-idle" || return 1
	until_true 60 idle_knows "$1" && kit_idle "$(cat "$work/windrow.pid")"
}

idle_knows()
{
	"$windrow" jobs check -o json | grep -q "\"dags\": $1\b"
}

kit_main "$@"
