# A real sshd of the test's own, for the current user, on loopback: source it after tap.sh.
#   sshd_start [LINE...]   starts it, with these lines in its configuration before ours
#   sshd_stop              ends it, and what tasks left running; also done at the end of the test
#   sshd_crash, sshd_again kills it and every session of it, and starts it again where it was
# task_log prints a task's log; $port is where it listens, $host the home of those who log in, $me the home of windrow's own user,
# where .ssh/known_hosts holds the host key. WINDROW_CONN_BOX is exported: a connection to it.

host=$work/host
me=$work/me
sshd_dir=$work/sshd
sshd_user=$(id -un)
sshd_program=$(PATH=$PATH:/usr/sbin:/usr/local/sbin:/sbin command -v sshd) || {
	echo "1..0 # SKIP sshd is not installed"
	exit 0
}
mkdir -p "$host" "$me/.ssh" "$sshd_dir" || exit 99
HOME=$me
export HOME
unset SSH_AUTH_SOCK
for tap_name in $(env | sed -n 's/^\(WINDROW_CONN_[A-Za-z0-9_]*\)=.*/\1/p'); do
	unset "$tap_name"
done
ssh-keygen -q -t ed25519 -N '' -C host -f "$sshd_dir/host_key" || exit 99
ssh-keygen -q -t ed25519 -N '' -C user -f "$sshd_dir/user_key" || exit 99
cp "$sshd_dir/user_key.pub" "$sshd_dir/authorized_keys"
trap 'sshd_stop; chmod -R u+rwx "$work" 2>/dev/null; rm -rf "$work"' EXIT

# Without PAM sshd refuses accounts that are locked, which it can only see as root.
sshd_pam=no
if [ "$(id -u)" = 0 ]; then
	[ -d /run/sshd ] || mkdir -p -m 755 /run/sshd
	case $(getent shadow "$sshd_user" 2>/dev/null) in "$sshd_user:!"*) sshd_pam=yes ;; esac
fi

# OpenSSH from 9.8 on bars an address whose connections break off or fail, which tests do on purpose.
sshd_penalties=
if "$sshd_program" -T -f /dev/null -o "HostKey=$sshd_dir/host_key" -o PerSourcePenalties=no >/dev/null 2>&1; then
	sshd_penalties='PerSourcePenalties no'
fi

sshd_configure()
{
	{
		[ $# = 0 ] || printf '%s\n' "$@"
		[ -z "$sshd_penalties" ] || echo "$sshd_penalties"
		cat <<END
Port $port
ListenAddress 127.0.0.1
HostKey $sshd_dir/host_key
PidFile $sshd_dir/pid
AuthorizedKeysFile $sshd_dir/authorized_keys
StrictModes no
UsePAM $sshd_pam
PermitRootLogin yes
PasswordAuthentication no
KbdInteractiveAuthentication no
MaxStartups 100:30:200
SetEnv HOME=$host
LogLevel VERBOSE
END
	} >"$sshd_dir/config"
}

# Whether the sshd that was just started listens; false where it gave up, its port being taken.
sshd_is_up()
{
	while [ ! -s "$sshd_dir/pid" ]; do
		kill -0 "$1" 2>/dev/null || return 1
	done
}

sshd_start()
{
	sshd_tries=0
	while [ $sshd_tries -lt 50 ]; do
		sshd_tries=$((sshd_tries + 1))
		port=$(awk -v seed="$$$sshd_tries" 'BEGIN { srand(seed); print 20000 + int(rand() * 12000) }')
		sshd_configure "$@"
		rm -f "$sshd_dir/pid"
		"$sshd_program" -D -f "$sshd_dir/config" -E "$sshd_dir/log" &
		sshd_pid=$!
		if sshd_is_up "$sshd_pid"; then
			printf '[127.0.0.1]:%s %s\n' "$port" "$(cut -d' ' -f1,2 "$sshd_dir/host_key.pub")" \
				>"$me/.ssh/known_hosts"
			WINDROW_CONN_BOX="ssh://$sshd_user@127.0.0.1:$port/?key_file=$sshd_dir/user_key"
			export WINDROW_CONN_BOX
			return 0
		fi
	done
	echo "Bail out! sshd does not start: $(tail -n 1 "$sshd_dir/log")"
	exit 99
}

# sshd_below PID: the processes that come from this one and are called sshd; what they run is not
sshd_below()
{
	for sshd_child in $(cat /proc/[0-9]*/stat 2>/dev/null |
		awk -v of="$1" '$4 == of && $2 ~ /^\(sshd/ { print $1 }'); do
		echo "$sshd_child"
		(sshd_below "$sshd_child")
	done
}

# N.B. each is held first: one that became what it was to run in this moment is to be left alone.
sshd_crash()
{
	kill -s STOP "$sshd_pid"
	for sshd_child in $(sshd_below "$sshd_pid"); do
		kill -s STOP "$sshd_child" 2>/dev/null
		grep -qs '(sshd' "/proc/$sshd_child/stat" && kill -s KILL "$sshd_child" 2>/dev/null
		kill -s CONT "$sshd_child" 2>/dev/null
	done
	kill -s KILL "$sshd_pid"
	wait "$sshd_pid" 2>/dev/null
	sshd_pid=
	rm -f "$sshd_dir/pid"
}

sshd_again()
{
	"$sshd_program" -D -f "$sshd_dir/config" -E "$sshd_dir/log" &
	sshd_pid=$!
	sshd_is_up "$sshd_pid" || {
		echo "Bail out! sshd does not start again: $(tail -n 1 "$sshd_dir/log")"
		exit 99
	}
}

sshd_stop()
{
	if [ -n "${sshd_pid:-}" ]; then
		kill "$sshd_pid" 2>/dev/null
		kill -s CONT "$sshd_pid" 2>/dev/null
		wait "$sshd_pid" 2>/dev/null
	fi
	sshd_pid=
	# N.B. the number of one that has ended may be another's by now.
	for sshd_group in "$host"/.windrow/*/group; do
		[ -s "$sshd_group" ] && read -r sshd_rest <"${sshd_group%/group}/claim" && [ -z "$sshd_rest" ] &&
			read -r sshd_leader sshd_rest <"$sshd_group" && kill -s KILL -- "-$sshd_leader" 2>/dev/null
	done
}

# task_log TASK: the log of the last try of the last run's task
task_log()
{
	find "$WINDROW_HOME" -path "*task_id=$1/*" -name '*.log' | sort -V | tail -n 1 | xargs cat
}
