#!/bin/sh
# What a task over ssh costs beside its peers, on one sshd on loopback: 1,000 times `true`.
# MaxSessions and MaxStartups are told with the figures; peers that are not installed are named.
# Interleaved, medians of ROUNDS (3).
set -u
windrow=$top_builddir/windrow
bare=$top_builddir/bench/bare_ssh
rounds=${ROUNDS:-3} count=${COUNT:-1000} sessions=${SESSIONS:-64}
work=$(mktemp -d "${TMPDIR:-/tmp}/windrow-bench.XXXXXX") || exit 1
trap 'exit 1' HUP INT TERM
trap 'rm -rf "$work"' EXIT
. "$top_srcdir/tests/e2e/sshd.sh"
sshd_start "MaxSessions $sessions"

for detach in false true; do
	{
		echo "max_active_tasks: $count"
		echo "default_args: {operator: ssh, ssh_conn_id: box, detach: $detach}"
		echo "tasks:"
		seq "$count" | sed 's/.*/  t&: {command: "true"}/'
	} >"$work/detach-$detach.yaml"
done
seq "$count" >"$work/numbers"
cat >"$work/ssh_config" <<END
Host box
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

# took NAME COMMAND...: runs it and adds its milliseconds to the file NAME
took()
{
	took_name=$1
	shift
	took_from=$(date +%s%N)
	"$@" >/dev/null 2>"$work/err" || echo "$took_name: $(tail -n 1 "$work/err")" >&2
	echo $((($(date +%s%N) - took_from) / 1000000)) >>"$work/$took_name.ms"
}

bare()
{
	"$bare" 127.0.0.1 "$port" "$sshd_user" "$sshd_dir/user_key" "$1" "$sessions" "$count" true
}

control_master()
{
	"$work/ssh" -M -S "$work/master" -o ControlPersist=60 box true
	xargs -P16 -I'{}' "$work/ssh" -S "$work/master" box true <"$work/numbers"
	"$work/ssh" -S "$work/master" -O exit box
}

plain_ssh()
{
	xargs -P16 -I'{}' "$work/ssh" box true <"$work/numbers"
}

gnu_parallel()
{
	parallel --will-cite -j16 --ssh "$work/ssh" -S 16/box true <"$work/numbers"
}


median()
{
	sort -n "$work/$1.ms" | sed -n "$(((rounds + 1) / 2))p"
}

# beside NAME WHAT OURS GOAL: how many times as fast as that peer we are
beside()
{
	if [ ! -s "$work/$1.ms" ]; then
		printf '  %-44s not installed\n' "$2"
		return
	fi
	awk -v what="$2" -v p="$(median "$1")" -v o="$3" -v goal="$4" 'BEGIN {
		printf "  %-44s %6d ms; ours %6d ms\n", what, p, o
		printf "goal: %-60s %6.2f  at least %-5.4g %s\n", "ssh, times as fast as " what,
			p / o, goal, p / o >= goal ? "met" : "MISSED" }'
}

round=0
while [ "$round" -lt "$rounds" ]; do
	WINDROW_HOME=$work/home$round
	export WINDROW_HOME
	took plain_channel "$windrow" dags test "$work/detach-false.yaml"
	for n in 1 2 4 8; do
		took bare$n bare $n
	done
	took durable "$windrow" dags test "$work/detach-true.yaml"
	took control_master control_master
	[ -n "${QUICK:-}" ] || took plain_ssh plain_ssh
	[ -n "${QUICK:-}" ] || command -v parallel >/dev/null && took gnu_parallel gnu_parallel
	round=$((round + 1))
done
best=1
for n in 2 4 8; do
	[ "$(median bare$n)" -ge "$(median bare$best)" ] || best=$n
done
ours=$(median plain_channel)
echo "$count times true on one sshd, MaxSessions $sessions, MaxStartups 100:30:200; detach: false"
beside bare$best "bare libssh2, $best connections of $sessions channels" "$ours" 0.9
beside control_master "ssh through a ControlMaster, xargs -P16" "$ours" 2.5
beside plain_ssh "ssh, xargs -P16" "$ours" 10
beside gnu_parallel "GNU parallel -j16" "$ours" 10
echo "the same, durable"
beside plain_channel "detach: false, with detach: true" "$(median durable)" 0.5
