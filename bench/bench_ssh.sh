#!/bin/sh
# What a task over ssh costs beside its peers, on one sshd on loopback: 1,000 times `true`, for an
# account with /bin/sh as its login shell, and for one with bash. N.B. `true` is done by the shell that
# is there, on either side; /bin/true is a program.
# MaxSessions and MaxStartups are told with the figures; peers that are not installed are named. QUICK
# leaves out the slow ones. Interleaved, medians of ROUNDS (3); peers that start a client a task, once.
. "$top_srcdir/bench/ssh_kit.sh"
rounds=${ROUNDS:-3} count=${COUNT:-1000}
kit_start
dag plain false "$count" true
dag durable true "$count" true
dag program true "$count" /bin/true
seq "$count" >"$work/numbers"
[ -n "${QUICK:-}" ] || command -v pdsh >/dev/null || [ "$(id -u)" != 0 ] ||
	apt-get install -qq -y pdsh >/dev/null 2>&1

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

# One host by many names, since pdsh runs one command a host.
pdsh_names()
{
	pdsh -f 16 -w "box[1-$count]" true
}

# beside NAME WHAT OURS GOAL: how many times as fast as that peer we are
beside()
{
	if [ ! -s "$work/$1.ms" ]; then
		printf '  %-44s not measured: QUICK, or not installed\n' "$2"
		return
	fi
	printf '  %-44s %6d ms; ours %6d ms\n' "$2" "$(median "$1")" "$3"
	goal "ssh, times as fast as $2" "$(awk "BEGIN { print $(median "$1") / $3 }")" "$4" at-least
}

# rounds SHELL: ours and the bare loop, in turn
rounds_run()
{
	round=0
	while [ "$round" -lt "$rounds" ]; do
		WINDROW_HOME=$work/home-$1-$round
		export WINDROW_HOME
		took "$1-plain" "$windrow" dags test "$work/plain.yaml"
		for n in 1 2 4 8; do
			took "$1-bare$n" bare "$n" "$sessions" "$count" true
		done
		took "$1-durable" "$windrow" dags test "$work/durable.yaml"
		took "$1-program" "$windrow" dags test "$work/program.yaml"
		for n in 2 4; do
			took "$1-bareprogram$n" bare "$n" "$sessions" "$count" /bin/true
		done
		[ "$1" != sh ] || took control_master control_master
		round=$((round + 1))
	done
}

# bare_best NAME N...: sets best to the number of connections with which the bare loop was fastest
bare_best()
{
	name=$1 best=$2
	shift
	for n in "$@"; do
		[ "$(median "$name$n")" -ge "$(median "$name$best")" ] || best=$n
	done
}

for shell in sh bash; do
	kit_shell "/bin/$shell" || [ "$shell" = sh ] || continue
	rounds_run "$shell"
	ours=$(median "$shell-plain")
	bare_best "$shell-bare" 1 2 4 8
	echo "$count times true on one sshd, MaxSessions $sessions, MaxStartups 100:30:200; login shell $kit_shell"
	beside "$shell-bare$best" "bare libssh2, $best connections, $kit_shell" "$ours" 0.9
	beside "$shell-bare$best" "bare libssh2, durable, $kit_shell" "$(median "$shell-durable")" 0.8
	beside "$shell-plain" "ours of detach: false, durable, $kit_shell" "$(median "$shell-durable")" 0.5
	bare_best "$shell-bareprogram" 2 4
	beside "$shell-bareprogram$best" "bare libssh2, durable /bin/true, $kit_shell" "$(median "$shell-program")" 0.8
	[ "$shell" = sh ] || continue
	if [ -z "${QUICK:-}" ]; then
		took plain_ssh plain_ssh
		command -v parallel >/dev/null && took gnu_parallel gnu_parallel
		command -v pdsh >/dev/null && took pdsh pdsh_names
	fi
	beside control_master "ssh through a ControlMaster, xargs -P16" "$ours" 2.5
	beside plain_ssh "ssh, xargs -P16" "$ours" 10
	beside gnu_parallel "GNU parallel -j16" "$ours" 10
	beside pdsh "pdsh -f 16" "$ours" 10
done
