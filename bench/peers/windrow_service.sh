# A scheduler of windrow's with its store on disk; sourced by its peers, which set $detach and
# $WINDROW_HOME.
. "$top_srcdir/bench/peers/kit.sh"
windrow=$top_builddir/windrow
# All 1,000 sleepers are to be one pool's.
WINDROW__CORE__DEFAULT_POOL_TASK_SLOT_COUNT=1024
export WINDROW_HOME WINDROW__CORE__DEFAULT_POOL_TASK_SLOT_COUNT
. "$top_srcdir/bench/peers/windrow_dags.sh"

peer_install()
{
	"$windrow" --version >/dev/null
}

peer_version()
{
	"$windrow" --version
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

service_start()
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
