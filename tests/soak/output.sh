#!/bin/sh
# SOAK_MIB (1,024) MiB of output through one task over ssh: every line is in its log, and the memory of
# the scheduler stays small meanwhile.
. "${top_srcdir:-.}/tests/e2e/tap.sh"
. "${top_srcdir:-.}/tests/e2e/sshd.sh"
. "${top_srcdir:-.}/tests/e2e/daemon.sh"
trap '[ -z "$daemon" ] || kill -s KILL "$daemon"; sshd_stop; chmod -R u+rwx "$work" 2>/dev/null; rm -rf "$work"' EXIT
mib=${SOAK_MIB:-1024}
peak=${SOAK_PEAK_KIB:-32768}
lines=$((mib * 1048576 / 1000))
sshd_start
mkdir -p "$dags"
for detach in true false; do
	cat >"$dags/loud_$detach.yaml" <<END
tasks:
  a:
    operator: ssh
    ssh_conn_id: BOX
    detach: $detach
    log_limit: $((mib * 2))M
    command: "seq -f '%0999.0f' 1 $lines"
END
done
printed()
{
	task_log main.a | sed -n 's/^\[.* - \([0-9]*\)$/\1/p'
}
for detach in true false; do
	daemon_start
	until_ok "detach $detach: the DAG is there" knows "loud_$detach"
	"$windrow" dags trigger "loud_$detach" --wait >"$work/out" 2>&1
	is "detach $detach: a task that prints $mib MiB succeeds" $? 0
	used=$(awk '$1 == "VmHWM:" { print $2 }' "/proc/$daemon/status")
	echo "# at most $used KiB"
	ok "detach $detach: in no more than $peak KiB" [ "$used" -le "$peak" ]
	daemon_stop
	seq -f '%0999.0f' 1 $lines >"$work/wanted"
	printed | cmp - "$work/wanted" >"$work/out" 2>&1
	is "detach $detach: every line is in its log" "$?:$(cat "$work/out")" 0:
	rm -rf "$WINDROW_HOME/logs" "$host/.windrow" "$work/wanted"
done
tap_done
