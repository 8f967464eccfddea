#!/bin/sh
# Many tasks that come to one channel, one behind the other: each has its own streams, response, environment and end, and none
# sees anything of the one before.
. "${top_srcdir:-.}/tests/e2e/tap.sh"
. "${top_srcdir:-.}/tests/e2e/sshd.sh"
sshd_start "MaxSessions 2"

# sessions_begun: how many commands sshd was asked to run
sessions_begun()
{
	grep -c '^Starting session' "$sshd_dir/log"
}

{
	printf 'default_args: {operator: ssh, ssh_conn_id: box}\nmax_active_tasks: 100\ntasks:\n'
	for i in $(seq 60); do
		cat <<'E' | sed "s/@/$i/g"
  t@:
    script: |
      echo "out @ ${ONLY-none} $PWD $(umask)"
      echo "err @" >&2
      [ "$(cat | wc -c)" -eq 0 ] || echo "something on standard input"
      export ONLY=t@
      umask 077
      cd /
      printf '{"n": @}' >"$SCRIPT_RESPONSE_FILE"
E
	done
	# What would be the next one's, were it left: output of a child that goes on, a large script, no line's end.
	echo '  quiet: {command: "true"}'
	echo '  fails: {command: "echo gone >&2; exit 3"}'
	echo '  leaves: {command: "(sleep 0.1; echo late; echo late >&2) & echo left"}'
	printf '  large: {script: "printf large\\n# %s"}\n' "$(head -c 20000 /dev/zero | tr '\0' x)"
	echo '  only: {command: "echo only $ONLY", environment: {ONLY: mine}}'
	echo '  late: {command: "echo begun; sleep 1000", execution_timeout: 1s}'
} >"$work/t.yaml"
run dags test "$work/t.yaml"
is "those end well that should" "$(printf '%s\n' "$out" | grep -c ' success try=1')" 64
like "one fails" "$out" '*main.fails failed*'
like "one is ended at its time" "$out" '*main.late failed*execution_timeout*'
right=0
for i in $(seq 60); do
	task_log "main.t$i" | sed -n 's/^.*} \(INFO\|WARNING\|ERROR\) - \(\(out\|err\|something\|large\|left\|late\|only\) *.*\)/\2/p' | sort >"$work/got"
	printf 'err %s\nout %s none %s 0022\n' "$i" "$i" "$host" | sort | cmp -s - "$work/got" && right=$((right + 1))
done
is "each has its own output, folder and environment" "$right" 60
[ "$right" = 60 ] || sed 's/^/# /' "$work/got"
is "and its own response" "$(cat "$host"/.windrow/*/response | tr -d ' ' | tr '}' '\n' | sed 's/.*://' | sort -n | tr '\n' ' ')" \
	"$(seq 60 | tr '\n' ' ')"
like "a large script comes whole" "$(task_log main.large)" '*} INFO - large
*'
like "what a script leaves behind stays its own" "$(task_log main.leaves)" '*} INFO - left
*'
is "on its host, too" "$(grep -l '^only mine$' "$host"/.windrow/*/stdout | wc -l)" 1
ok "all of them took fewer channels than there are tasks" [ "$(sessions_begun)" -lt 66 ]

# ---- what becomes of a channel whose shell is gone ----

{
	printf 'default_args: {operator: ssh, ssh_conn_id: box}\nmax_active_tasks: 100\ntasks:\n'
	for i in $(seq 30); do
		echo "  t$i: {command: 'echo ran $i >> ran'}"
	done
	echo "  shell: {command: 'kill -9 \$PPID'}"
} >"$work/t.yaml"
rm -rf "$WINDROW_HOME/logs"
run dags test "$work/t.yaml"
like "a script that kills its supervisor is lost" "$out" '*main.shell failed*supervisor on the host was killed*'
is "those that wait for the same channel run" "$(sort "$host/ran" | uniq | wc -l) $(wc -l <"$host/ran")" "30 30"
is "and end well" "$(printf '%s\n' "$out" | grep -c 'main.t[0-9]* success try=1')" 30

# Its shell is killed once it has written down how its script ended: it waits, is handed on, or begins the next task.
{
	printf 'default_args: {operator: ssh, ssh_conn_id: box, retries: 9, retry_delay: 0s}\nmax_active_tasks: 100\ntasks:\n'
	for i in $(seq 30); do
		echo "  t$i: {command: 'echo again $i >> ran'}"
	done
	for i in $(seq 9); do
		printf '  k%s:\n    script: |\n' "$i"
		echo '      c=${SCRIPT_RESPONSE_FILE%/*}/claim; p=$(sed -n 2p "$c")'
		echo '      (while kill -0 "$p"; do grep -qs exit "$c" && kill -9 "$p"; done) >/dev/null 2>&1 &'
	done
} >"$work/t.yaml"
run dags test "$work/t.yaml"
is "whenever the shell of a channel dies, all is done in the end" "$status" 0
[ "$status" = 0 ] || printf '%s\n' "$out" | grep failed | sed 's/^/# /'
is "and nothing is left out" "$(grep again "$host/ran" | sort | uniq | wc -l)" 30

# none_left: whether no shell of ours is left on the host
none_left()
{
	! grep -lsz "^HOME=$host\$" /proc/[0-9]*/environ | grep -v "^/proc/$$/" | while read -r left; do
		tr '\0' ' ' <"${left%environ}cmdline"
	done | grep -q 'windrow'
}
ok "nothing waits on the host for more" wait_for none_left
tap_done
