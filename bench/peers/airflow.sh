# Apache Airflow: api-server, scheduler with the LocalExecutor, dag-processor, and PostgreSQL.
. "$top_srcdir/bench/peers/kit.sh"
. "$top_srcdir/bench/peers/airflow_dags.sh"
venv=$PEERS_DIR/airflow
home=$work/airflow
airflow=$venv/bin/airflow
api=http://127.0.0.1:18080

AIRFLOW_HOME=$home
AIRFLOW__DATABASE__SQL_ALCHEMY_CONN="postgresql+psycopg2://airflow@/airflow?host=$home/pg&port=15432"
AIRFLOW__CORE__EXECUTOR=LocalExecutor
AIRFLOW__CORE__LOAD_EXAMPLES=False
AIRFLOW__CORE__DAGS_ARE_PAUSED_AT_CREATION=False
AIRFLOW__CORE__SIMPLE_AUTH_MANAGER_ALL_ADMINS=True
AIRFLOW__CORE__EXECUTION_API_SERVER_URL=$api/execution/
# Any will do that is the same for all parts, and lasts as long as this machine's report.
AIRFLOW__CORE__FERNET_KEY=MDEyMzQ1Njc4OTAxMjM0NTY3ODkwMTIzNDU2Nzg5MDE=
AIRFLOW__API_AUTH__JWT_SECRET=windrow-bench-windrow-bench-windrow-bench-windrow-bench-windrow-bench
AIRFLOW__LOGGING__WORKER_LOG_SERVER_PORT=18793
export AIRFLOW_HOME AIRFLOW__DATABASE__SQL_ALCHEMY_CONN AIRFLOW__CORE__EXECUTOR AIRFLOW__CORE__LOAD_EXAMPLES \
	AIRFLOW__CORE__DAGS_ARE_PAUSED_AT_CREATION AIRFLOW__CORE__SIMPLE_AUTH_MANAGER_ALL_ADMINS \
	AIRFLOW__CORE__EXECUTION_API_SERVER_URL AIRFLOW__CORE__FERNET_KEY AIRFLOW__API_AUTH__JWT_SECRET \
	AIRFLOW__LOGGING__WORKER_LOG_SERVER_PORT
for host in $(seq "$n_hosts"); do
	export "AIRFLOW_CONN_HOST$host=ssh://$user@127.0.0.$host:$port/?key_file=$key"
done

# What its documentation has for a scheduler that reacts fast; not while it is measured idle.
settings_fast()
{
	export AIRFLOW__SCHEDULER__SCHEDULER_IDLE_SLEEP_TIME=0.1
	export AIRFLOW__SCHEDULER__SCHEDULER_HEARTBEAT_SEC=1
	export AIRFLOW__DAG_PROCESSOR__REFRESH_INTERVAL=1
	export AIRFLOW__DAG_PROCESSOR__BUNDLE_REFRESH_CHECK_INTERVAL=1
}

pg_bin()
{
	ls -d /usr/lib/postgresql/*/bin 2>/dev/null | sort -V | tail -n 1
}

peer_install()
{
	[ -n "$(pg_bin)" ] || deb_install pg_ctlcluster postgresql || return 1
	[ ! -x "$airflow" ] || return 0
	python3 -m venv "$venv" && "$venv/bin/pip" install -q apache-airflow apache-airflow-providers-ssh psycopg2-binary asyncpg \
		>"$work/pip" 2>&1 || {
		echo "pip install apache-airflow: $(tail -n 1 "$work/pip")" >&2
		return 1
	}
}

peer_version()
{
	echo "Airflow $("$airflow" version 2>/dev/null), $("$(pg_bin)/postgres" --version), $("$venv/bin/python" --version)"
}

peer_told()
{
	cat <<'TOLD'
Airflow and its ssh provider from PyPI, as pip resolves them; PostgreSQL of Debian on a unix socket, as it is. `airflow api-server`,
`scheduler` (LocalExecutor, `parallelism` 32, which are its own default, as are 16 tasks a DAG at once), `dag-processor`. For speed `scheduler_idle_sleep_time` 0.1,
`scheduler_heartbeat_sec` 1, and 1 s for `refresh_interval` and `bundle_refresh_check_interval` of the dag-processor, which are 300 s and 5 s by
default; the default of all these where it is measured idle. BashOperator and SSHOperator. A run is timed from `queued_at` to `end_date` in its
database, so `airflow dags trigger` itself is not counted, nor are the first tasks of all, which warm the service up for some seconds. Cut down: 200 tasks side by side
and over ssh on one host, 100 on 20 hosts, 30 asleep (each is a process that is there before); the 1,000 idle DAGs are made by one file. Start: until the api-server answers and scheduler and dag-processor have
signed in, PostgreSQL running already. Size: the virtual environment.
TOLD
}

peer_size()
{
	du -sm "$venv" | awk '{ print "mib", $1 }'
}

peer_command()
{
	timed "$airflow" version
}

# As the user that PostgreSQL insists on, where this is root.
pg()
{
	pg_program=$(pg_bin)/$1
	shift
	if [ "$(id -u)" = 0 ]; then
		setpriv --reuid postgres --regid postgres --clear-groups "$pg_program" "$@"
	else
		"$pg_program" "$@"
	fi
}

sql()
{
	"$(pg_bin)/psql" -h "$home/pg" -p 15432 -U airflow -d "${2:-airflow}" -Atqc "$1"
}

database_start()
{
	if [ ! -d "$home/pg" ]; then
		mkdir -p "$home/dags" "$home/pg"
		[ "$(id -u)" != 0 ] || chown postgres "$home/pg"
		pg initdb -D "$home/pg/data" -U airflow -A trust >"$work/initdb" 2>&1 || return 1
		pg pg_ctl -w -D "$home/pg/data" -l "$home/pg/log" -o "-p 15432 -k $home/pg -h ''" start >/dev/null &&
			sql "create database airflow" postgres &&
			"$airflow" db migrate >"$work/migrate" 2>&1
	else
		pg pg_ctl -w -D "$home/pg/data" -l "$home/pg/log" -o "-p 15432 -k $home/pg -h ''" start >/dev/null
	fi
}

# service NAME [ARGUMENT...]
service()
{
	"$airflow" "$@" >>"$home/$1.log" 2>&1 </dev/null &
	echo $! >"$home/$1.pid"
}

services()
{
	echo "$(cat "$home/api-server.pid" "$home/scheduler.pid" "$home/dag-processor.pid") $(head -n 1 "$home/pg/data/postmaster.pid")"
}

signed_in()
{
	[ "$(sql "select count(*) from job where state = 'running' and start_date > to_timestamp($start_seconds)")" -ge 2 ] &&
		curl -sf -o "$work/health" "$api/api/v2/version"
}

services_start()
{
	database_start || return 1
	start_seconds=$(date +%s)
	start_from=$(kit_now)
	service api-server --host 127.0.0.1 --port 18080
	service scheduler
	service dag-processor
	until_true 120 signed_in || return 1
	kit_ms "$start_from" "$(kit_now)"
}

# The first tasks of a service just started take seconds, which are not those that are measured.
peer_start()
{
	settings_fast
	services_start || return 1
	dag_bash warm_bash 16 wide | dag warm_bash && run warm_bash >/dev/null &&
		dag_ssh warm_ssh 16 true 1 | dag warm_ssh && run warm_ssh >/dev/null
}

peer_stop()
{
	for stop_name in scheduler dag-processor api-server; do
		kit_stop "$home/$stop_name.pid"
	done
	[ ! -s "$home/pg/data/postmaster.pid" ] || pg pg_ctl -w -m fast -D "$home/pg/data" stop >/dev/null
}

# dag NAME: puts it in place from standard input, and waits until it is known
dag()
{
	cat >"$work/$1.py"
	mv "$work/$1.py" "$home/dags/$1.py"
	until_true 120 is_known "$1"
}

is_known()
{
	[ "$(sql "select count(*) from serialized_dag where dag_id = '$1'")" -ge 1 ]
}

is_over()
{
	sql "select state from dag_run where dag_id = '$1' and run_id = '$2'" | grep -qE 'success|failed'
}

# run NAME: its milliseconds by the clock of the database
run()
{
	run_id=bench$(kit_now)
	"$airflow" dags trigger "$1" -r "$run_id" >"$work/out" 2>&1 || return 1
	until_true 600 is_over "$1" "$run_id" || return 1
	[ "$(sql "select state from dag_run where dag_id = '$1' and run_id = '$run_id'")" = success ] || {
		echo "the run of $1 failed" >&2
		return 1
	}
	echo "ms $(sql "select round(1000 * extract(epoch from end_date - queued_at)) from dag_run where run_id = '$run_id'")"
}

peer_chain()
{
	at_most "$1" 100
	dag_bash chain "$n" chain | dag chain && run chain
}

peer_wide()
{
	at_most "$1" 200
	dag_bash wide "$n" wide | dag wide && run wide
}

peer_ssh()
{
	at_most "$1" 200
	dag_ssh ssh "$n" true 1 | dag ssh && run ssh
}

peer_hosts()
{
	at_most "$1" 100
	dag_ssh hosts "$n" true "$n_hosts" | dag hosts && run hosts
}

peer_sleep()
{
	sleepers_prepare
	at_most "$1" 30
	dag_ssh sleepers "$n" "$sleep_command" 1 | dag sleepers || return 1
	sleep 5
	# shellcheck disable=SC2046
	echo "idle_kib $(kit_kib $(services))"
	"$airflow" dags trigger sleepers >"$work/out" 2>&1 || return 1
	# shellcheck disable=SC2046
	kit_sleepers "$n" $(services)
}

# A new one each time, as what is known already would not be new.
peer_drop()
{
	drop_prepare
	drop_name=drop$(kit_now)
	dag_once "$drop_name" "$drop_command" >"$work/drop.py"
	drop_from=$(kit_now)
	mv "$work/drop.py" "$home/dags/$drop_name.py"
	dropped "$drop_from"
}

idle_are_known()
{
	[ "$(sql "select count(*) from serialized_dag where dag_id like 'idle%'")" -ge "$1" ]
}

peer_idle()
{
	peer_stop
	rm -f "$home"/dags/*
	unset AIRFLOW__SCHEDULER__SCHEDULER_IDLE_SLEEP_TIME AIRFLOW__SCHEDULER__SCHEDULER_HEARTBEAT_SEC \
		AIRFLOW__DAG_PROCESSOR__REFRESH_INTERVAL AIRFLOW__DAG_PROCESSOR__BUNDLE_REFRESH_CHECK_INTERVAL
	dags_idle "$1" >"$home/dags/idle.py"
	services_start >/dev/null && until_true 300 idle_are_known "$1" || return 1
	sleep 10
	# shellcheck disable=SC2046
	kit_idle $(services)
	peer_stop
	rm "$home/dags/idle.py"
}

kit_main "$@"
