# What the measurements over ssh share; sourced by them, and run by nobody.
#   kit_start [LINE...]   an sshd on loopback with these lines in its configuration
#   kit_shell SHELL       from here on the account has this login shell, where that can be had
#   took NAME COMMAND...  runs it and adds its milliseconds to the file NAME.ms
#   median NAME           of these
#   goal WHAT RATIO BOUND at-least|at-most  one line of the report
# The account is the one who runs this, with an empty home. As root, sshd and all else live in a mount
# namespace of their own with a copy of /etc/passwd, so that the login shell can be chosen; nothing
# of the system's changes.
if [ "$(id -u)" = 0 ] && [ -z "${KIT_NAMESPACE:-}" ] && unshare -m true 2>/dev/null; then
	KIT_NAMESPACE=1 exec unshare -m sh "$0" "$@"
fi
set -u
windrow=$top_builddir/windrow
bare=$top_builddir/bench/bare_ssh
sessions=${SESSIONS:-64}
# N.B. a DAG's max_active_tasks alone shall say how many run at once.
export WINDROW__CORE__DEFAULT_POOL_TASK_SLOT_COUNT=100000
work=$(mktemp -d "${TMPDIR:-/tmp}/windrow-bench.XXXXXX") || exit 1
trap 'exit 1' HUP INT TERM
trap 'rm -rf "$work"' EXIT
. "$top_srcdir/tests/e2e/sshd.sh"
kit_shell=$(getent passwd "$(id -u)" | cut -d: -f7)

kit_start()
{
	sshd_start "MaxSessions $sessions" "$@"
	cat >"$work/ssh_config" <<END
Host *
HostName 127.0.0.1
Port $port
User $sshd_user
IdentityFile $sshd_dir/user_key
IdentitiesOnly yes
UserKnownHostsFile $me/.ssh/known_hosts
LogLevel ERROR
END
	printf '#!/bin/sh\nexec ssh -F %s "$@"\n' "$work/ssh_config" >"$work/ssh"
	chmod +x "$work/ssh"
	export PDSH_RCMD_TYPE=ssh PDSH_SSH_ARGS_APPEND="-F $work/ssh_config"
	[ -z "${KIT_NAMESPACE:-}" ] || {
		cp /etc/passwd "$work/passwd"
		mount --bind "$work/passwd" /etc/passwd
	}
}

kit_shell()
{
	[ -n "${KIT_NAMESPACE:-}" ] || return 1
	awk -F: -v OFS=: -v user="$sshd_user" -v shell="$1" \
		'$1 == user { $7 = shell } { print }' "$work/passwd" >"$work/passwd.new"
	cat "$work/passwd.new" >"$work/passwd"
	kit_shell=$1
}

took()
{
	took_name=$1
	shift
	took_from=$(date +%s%N)
	"$@" >/dev/null 2>"$work/err" || echo "$took_name: $(tail -n 1 "$work/err")" >&2
	echo $((($(date +%s%N) - took_from) / 1000000)) >>"$work/$took_name.ms"
}

median()
{
	sort -n "$work/$1.ms" | awk '{ v[NR] = $1 } END { print v[int((NR + 1) / 2)] }'
}

goal()
{
	awk -v what="$1" -v is="$2" -v bound="$3" -v side="$4" 'BEGIN {
		met = side == "at-least" ? is >= bound : is <= bound
		sub("-", " ", side)
		printf "goal: %-60s %6.2f  %s %-5.4g %s\n", what, is, side, bound, met ? "met" : "MISSED" }'
}

bare()
{
	"$bare" 127.0.0.1 "$port" "$sshd_user" "$sshd_dir/user_key" "$@"
}

# dag NAME DETACH COUNT COMMAND [KEYS]: a file of so many tasks
dag()
{
	{
		echo "max_active_tasks: $3"
		echo "default_args: {operator: ssh, ssh_conn_id: box, detach: $2${5:+, $5}}"
		echo "tasks:"
		seq "$3" | awk -v command="$4" '{ print "  t" $1 ": {command: \"" command "\"}" }'
	} >"$work/$1.yaml"
}
