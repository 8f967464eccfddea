# Plain ssh: a client and a connection for each task, 16 at once.
. "$top_srcdir/bench/peers/kit.sh"

peer_install()
{
	command -v ssh >/dev/null
}

peer_version()
{
	ssh -V 2>&1
}

peer_told()
{
	cat <<'TOLD'
A connection a task: `xargs -P16 -I'{}' ssh HOST true`; the sleeping ones all at once, cut down to 100. 1,000 on one
host are cut down to 200, as each costs the same.
TOLD
}

peer_size()
{
	deb_size openssh-client
}

peer_command()
{
	timed ssh -V
}

one_host()
{
	seq "$1" | xargs -P16 -I'{}' "$ssh" 127.0.0.1 true
}

peer_ssh()
{
	at_most "$1" 200
	timed one_host "$n"
}

many_hosts()
{
	seq "$1" | awk -v n="$n_hosts" '{ print "127.0.0." $1 % n + 1 }' | xargs -P16 -I'{}' "$ssh" '{}' true
}

peer_hosts()
{
	timed many_hosts "$1"
}

peer_sleep()
{
	sleepers_prepare
	at_most "$1" 100
	seq "$n" | xargs -P"$n" -I'{}' "$ssh" 127.0.0.1 "$sleep_command" &
	kit_sleepers "$n" $!
	sleep_status=$?
	wait
	return $sleep_status
}

kit_main "$@"
