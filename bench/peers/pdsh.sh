# pdsh over ssh.
. "$top_srcdir/bench/peers/kit.sh"
PDSH_RCMD_TYPE=ssh PDSH_SSH_ARGS_APPEND="-F $ssh_config"
export PDSH_RCMD_TYPE PDSH_SSH_ARGS_APPEND

peer_install()
{
	deb_install pdsh pdsh
}

peer_version()
{
	pdsh -V 2>&1 | head -n 1
}

peer_told()
{
	cat <<'TOLD'
`PDSH_RCMD_TYPE=ssh pdsh -S -f 16 -w HOSTS true`. It runs one command a host, so one host is 200 names of it (cut down from 1,000, as each costs the same), and 20 hosts are 10 names of each;
the sleeping ones with `-f` as large as they are many, cut down to 100, as a task is a process.
TOLD
}

peer_size()
{
	deb_size pdsh
}

peer_command()
{
	timed pdsh -V
}

# names N HOSTS: so many names of so many hosts; the settings of ssh tell whose they are
names()
{
	[ -s "$work/pdsh-$2" ] || {
		for names_i in $(seq "$2"); do
			printf 'Host box%d-*\nHostName 127.0.0.%d\n' "$names_i" "$names_i"
		done
		cat "$ssh_config"
	} >"$work/pdsh-$2"
	PDSH_SSH_ARGS_APPEND="-F $work/pdsh-$2"
	seq "$1" | awk -v n="$2" '{ print "box" $1 % n + 1 "-" $1 }' >"$work/pdsh-names"
}

peer_ssh()
{
	at_most "$1" 200
	names "$n" 1
	timed pdsh -S -f 16 -w "^$work/pdsh-names" true
}

peer_hosts()
{
	names "$1" "$n_hosts"
	timed pdsh -S -f 16 -w "^$work/pdsh-names" true
}

peer_sleep()
{
	sleepers_prepare
	at_most "$1" 100
	names "$n" 1
	pdsh -f "$n" -w "^$work/pdsh-names" "$sleep_command" >"$work/out" 2>&1 &
	kit_sleepers "$n" $!
	sleep_status=$?
	wait
	return $sleep_status
}

kit_main "$@"
