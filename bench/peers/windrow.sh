# windrow as it is meant to run: a scheduler with its store on disk, tasks over ssh durable.
detach=true
WINDROW_HOME=$work/windrow
. "$top_srcdir/bench/peers/windrow_service.sh"

peer_told()
{
	cat <<'TOLD'
The default: `windrow scheduler` with its store on disk, each step durable before it is done; tasks over ssh with `detach: true`, so that
they outlive scheduler and connection. `true` over ssh is done by the host's shell that is there, as with all others here that ask a shell for it
(`make bench BENCH=ssh` measures a program, too). 16 local tasks at once (`max_active_tasks`), ssh tasks as many as the host lets in.
Measured: `windrow dags trigger DAG --wait`. Start: from `windrow scheduler` to the first `windrow jobs check` that succeeds.
TOLD
}

peer_size()
{
	rm -rf "$work/installed"
	make -s -C "$top_builddir" install-strip DESTDIR="$work/installed" >"$work/out" 2>&1
	du -sk "$work/installed" | awk '{ printf "mib %.1f\n", $1 / 1024 }'
}

peer_start()
{
	service_start
}

peer_command()
{
	timed "$windrow" --version
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
