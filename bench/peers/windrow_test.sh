# windrow without a store and without a daemon: `dags test`, tasks over ssh with `detach: false`.
. "$top_srcdir/bench/peers/kit.sh"
windrow=$top_builddir/windrow
WINDROW_HOME=$work/windrow-test
WINDROW__CORE__DEFAULT_POOL_TASK_SLOT_COUNT=1024
export WINDROW_HOME WINDROW__CORE__DEFAULT_POOL_TASK_SLOT_COUNT
detach=false
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
Nothing is stored and no daemon runs; tasks over ssh have `detach: false`, and die with the connection, as those of `ssh` do. Else as above.
Measured: `windrow dags test FILE`.
TOLD
}

# run KIND N
run()
{
	"dag_$1" "$2" >"$work/$1-test.yaml"
	timed "$windrow" dags test "$work/$1-test.yaml" -o plain
}

peer_sleep()
{
	sleepers_prepare
	dag_sleep "$1" >"$work/sleep-test.yaml"
	"$windrow" dags test "$work/sleep-test.yaml" >"$work/out" 2>&1 &
	kit_sleepers "$1" $!
	sleep_status=$?
	wait
	return $sleep_status
}

kit_main "$@"
