#!/bin/sh
# A bad network: the connection is cut, stalls, trickles, or has a bit turned over at one byte after the other of a session. Whatever
# happens, the script runs once, and its output is whole. N.B. what could not be started is tried again: so many handshakes at once
# may well take longer than conn_timeout on a machine with much else to do.
. "${top_srcdir:-.}/tests/e2e/tap.sh"
. "${top_srcdir:-.}/tests/e2e/sshd.sh"
sshd_start "MaxSessions 1"

# Two connections at a time would hide what a cut does to the first.
faults=$(
	seq -f 'out:%.0f' 0 331 8000
	seq -f 'in:%.0f' 0 307 8000
	seq -f 'stall:%.0f' 1600 1300 6000
	seq -f 'flip:%.0f' 11 613 8000
	seq -f 'flipout:%.0f' 17 613 8000
	echo trickle:0
)
mkfifo "$work/end" "$work/alive"
# Without its proxy a run would wait for its hosts for an hour.
(
	cat "$work/alive"
	[ ! -s "$work/run" ] || kill "$(cat "$work/run")"
) &
# shellcheck disable=SC2086
"$top_builddir/tests/proxy/faults" "$port" $faults >"$work/ports" <"$work/end" 6>"$work/alive" &
proxy_pid=$!
exec 7>"$work/end"
while [ "$(wc -l <"$work/ports")" -lt "$(printf '%s\n' $faults | wc -l)" ] && kill -0 "$proxy_pid"; do
	:
done

{
	cat <<'E'
max_active_tasks: 100
default_args:
  operator: ssh
  retries: 30
  retry_delay: 0s
tasks:
E
	while read -r fault proxy; do
		name=$(printf %s "$fault" | tr : _)
		printf '  %s:\n    ssh_conn_id: %s\n' "$name" "$name"
		cat <<'E'
    script: |
      echo $WINDROW_TASK_ID >> "$HOME/ledger"
      i=0
      while [ $i -lt 30 ]; do
        echo "out $i" && echo "err $i" >&2 && sleep 0.01
        i=$((i + 1))
      done
      printf '{"whole": true}' > "$SCRIPT_RESPONSE_FILE"
E
		printf '127.0.0.1 %s\n' "$proxy" >>"$work/proxies"
		printf '[127.0.0.1]:%s %s\n' "$proxy" "$(cut -d' ' -f1,2 "$sshd_dir/host_key.pub")" >>"$me/.ssh/known_hosts"
		eval "WINDROW_CONN_$(printf %s "$name" | tr a-z A-Z)=\$(printf '%s' \"\$WINDROW_CONN_BOX\" | sed \"s/:$port/:$proxy/\")'&keepalive_interval=1&conn_timeout=5'"
		export "WINDROW_CONN_$(printf %s "$name" | tr a-z A-Z)"
	done <"$work/ports"
} >"$work/t.yaml"
{ seq 0 29 | sed 's/^/out /'; } >"$work/wanted.out"
{ seq 0 29 | sed 's/^/err /'; } >"$work/wanted.err"

# N.B. libssh2 forgets what OpenSSL had made where damage ends a key exchange.
echo leak:libcrypto >"$work/leaks"
LSAN_OPTIONS=${LSAN_OPTIONS:+$LSAN_OPTIONS:}suppressions=$work/leaks:print_suppressions=0
export LSAN_OPTIONS
"$windrow" dags test "$work/t.yaml" >"$work/out" 2>"$work/err" </dev/null &
echo $! >"$work/run"
wait $!
status=$?
: >"$work/run"
out=$(cat "$work/out")
is "a run over a bad network succeeds" "$status" 0
[ "$status" = 0 ] || printf '%s\n' "$out" | grep -v 'success\|running' | sed 's/^/# /'
is "each script ran" "$(sort -u "$host/ledger" | wc -l)" "$(wc -l <"$work/ports")"
is "and none of them twice" "$(sort "$host/ledger" | uniq -d)" ""
broken=
while read -r fault proxy; do
	log=$(task_log "main.$(printf %s "$fault" | tr : _)")
	printf '%s\n' "$log" | sed -n 's/^[^{]*{task_log.c:[0-9]*} INFO - //p' | cmp -s - "$work/wanted.out" &&
		printf '%s\n' "$log" | sed -n 's/^[^{]*{task_log.c:[0-9]*} WARNING - //p' | cmp -s - "$work/wanted.err" ||
		broken="$broken $fault"
done <"$work/ports"
is "the output of all is whole, each line once" "$broken" ""
like "a lost connection is told" "$(cat "$WINDROW_HOME"/logs/*/*/*/*.log)" '*The connection is lost*Attached to the script again*'
exec 7>&-
wait "$proxy_pid"
ok "the proxy ends with its input" true
tap_done
