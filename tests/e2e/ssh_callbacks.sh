#!/bin/sh
# Callbacks on another machine: they run there once, though the scheduler is killed meanwhile.
. "${top_srcdir:-.}/tests/e2e/tap.sh"
mkdir -p "$WINDROW_HOME/dags"
. "$top_srcdir/tests/e2e/daemon.sh"
. "$top_srcdir/tests/e2e/sshd.sh"
trap '[ -z "$daemon" ] || kill -s KILL "$daemon"; sshd_stop; chmod -R u+rwx "$work" 2>/dev/null; rm -rf "$work"' EXIT

sshd_start
there=$(mktemp -d "${TMPDIR:-/tmp}/windrow-there.XXXXXX")
chmod 777 "$there"
trap '[ -z "$daemon" ] || kill -s KILL "$daemon"; sshd_stop; chmod -R u+rwx "$work" 2>/dev/null; rm -rf "$work" "$there"' EXIT
cat >"$dags/.s" <<END
schedule: '@once'
tasks:
  one:
    operator: local
    command: exit 4
    on_failure:
      operator: ssh
      ssh_conn_id: box
      script: |
        echo "\$(id -un) \$WINDROW_EVENT" >>$there/ledger
        while [ -d $there ] && [ ! -e $there/go ]; do sleep 0.05; done
        echo over >>$there/ledger
END
# Whether the file of metrics tells of open connections.
has_connections()
{
	grep -qx 'windrow_ssh_connections [1-9]' "$WINDROW_HOME/metrics.prom"
}

WINDROW__METRICS__INTERVAL=1
export WINDROW__METRICS__INTERVAL
daemon_start
mv "$dags/.s" "$dags/s.yaml"
until_ok "a callback runs over there" test -s "$there/ledger"
daemon_kill
: >"$there/go"
daemon_start
until_ok "it is taken up after a crash" grep -q "callback main.one.on_failure, action 1: done" "$daemon_log"
until_ok "the metrics count the connection that it came over" has_connections
is "and ran once, as whom it should" "$(cut -d ' ' -f 1 "$there/ledger" | tr '\n' ' ')" "$sshd_user over "
like "with the event" "$(cat "$there/ledger")" '*"event":"on_failure"*"task_id":"main.one"*'
daemon_stop
is "the scheduler stops" "$status" 0
sshd_stop
tap_done
