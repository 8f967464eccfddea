#!/bin/sh
# A line that takes in nothing more for a while. A task that ends within a packet that is half sent leaves the connection whole for all
# that it serves.
. "${top_srcdir:-.}/tests/e2e/tap.sh"
. "${top_srcdir:-.}/tests/e2e/sshd.sh"
sshd_start
patience=$(($(date +%s) + 120))
is_in_time()
{
	[ "$(date +%s)" -lt "$patience" ]
}
is_alive()
{
	kill -0 "$run" 2>/dev/null && is_in_time
}

mkfifo "$work/proxy" "$host/gate"
exec 7<>"$work/proxy" 3<>"$host/gate"
"$top_builddir/tests/proxy/faults" "$port" clog:60000 >"$work/ports" <"$work/proxy" 7>&- 3>&- &
proxy_pid=$!
while [ ! -s "$work/ports" ] && kill -0 "$proxy_pid"; do
	:
done
read -r _ proxy <"$work/ports"
printf '[127.0.0.1]:%s %s\n' "$proxy" "$(cut -d' ' -f1,2 "$sshd_dir/host_key.pub")" >>"$me/.ssh/known_hosts"
WINDROW_CONN_BOX=$(printf %s "$WINDROW_CONN_BOX" | sed "s/:$port/:$proxy/")

# What is begun for the large script refuses it, while most of it is still on its way.
cat >"$work/login" <<E
#!/bin/sh
case \$SSH_ORIGINAL_COMMAND in
*WINDROW_TASK_ID=main.large*)
	until [ -e $work/full ] || [ ! -d $work ]; do
		:
	done
	exec >/dev/null
	;;
esac
exec /bin/sh -c "\$SSH_ORIGINAL_COMMAND"
E
chmod +x "$work/login"
sed "s|^|command=\"$work/login\" |" "$sshd_dir/user_key.pub" >"$sshd_dir/authorized_keys"
{
	cat <<E
default_args: {operator: ssh, ssh_conn_id: box}
tasks:
  waits: {script: 'touch $work/began; head -n 1 $host/gate'}
  first: {operator: local, script: 'until [ -e $work/began ] || [ ! -d $work ]; do :; done'}
  large:
    depends_on: [first]
    script: |
      true
E
	yes '      # this is sent, and never run' | head -n 50000
} >"$work/t.yaml"
"$windrow" dags test "$work/t.yaml" >"$work/out" 2>"$work/err" </dev/null 3>&- 7>&- &
run=$!

# queues: what windrow has not got rid of, where that is much; in hexadecimal
queues()
{
	awk -v port="$(printf ':%04X' "$proxy")" '$4 == "01" && index($2 $3, port) {
		sub(/:.*/, "", $5)
		sub(/^0*/, "", $5)
		if (length($5) > 3)
			print $5
	}' /proc/net/tcp
}
# is_full: whether that stays as it is
is_full()
{
	full_before=$(queues)
	for _ in 1 2 3 4 5 6 7 8 9 10; do
		[ "$full_before" ] && [ "$full_before" = "$(queues)" ] || return 1
	done
}
while is_alive && ! is_full; do
	:
done
ok "the line is full" is_alive
: >"$work/full"
while is_alive && ! task_log main.large | grep -q 'Marking task as FAILED'; do
	:
done
like "a task ends while it is" "$(task_log main.large)" '*sends standard output or standard error elsewhere*'
echo >&7
echo done >&3
while is_alive; do
	:
done
is_in_time || kill -s KILL "$run"
wait "$run"
log=$(task_log main.waits)
like "and another on its connection goes on" "$log" '*- done*Marking task as SUCCESS*'
is "which was never lost" "$(printf '%s\n' "$log" | grep 'lost')" ""
exec 7>&-
wait "$proxy_pid"
tap_done
