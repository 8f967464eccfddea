# The hosts of the report: so many sshd's on loopback, and a clean account. Sourced by
# bench_report.sh, and run by nobody.
#   hosts_start N   127.0.0.1, 127.0.0.2 and so on, at one port
# What it exports, for the peers:
#   $work          a folder for everybody        $user, $key   who logs in, and with which key
#   $port          where all sshd's listen       $n_hosts      how many hosts there are
#   $ssh           a program that is ssh with its settings, which are in $ssh_config
# The account is the one who runs this, with an empty home. As root all lives in a mount namespace of
# its own with a copy of /etc/passwd, in which the login shell is /bin/sh; nothing of the system's
# changes.
if [ "$(id -u)" = 0 ] && [ -z "${HOSTS_NAMESPACE:-}" ] && unshare -m true 2>/dev/null; then
	HOSTS_NAMESPACE=1 exec unshare -m sh "$0" "$@"
fi
work=$(mktemp -d "${TMPDIR:-/tmp}/windrow-report.XXXXXX") || exit 1
chmod 755 "$work"
sshd_program=$(PATH=$PATH:/usr/sbin:/sbin command -v sshd) || {
	echo "sshd is not installed" >&2
	exit 1
}
user=$(id -un) key=$work/key ssh=$work/ssh ssh_config=$work/ssh_config
sessions=${SESSIONS:-64} startups=${STARTUPS:-1000:30:2000}
export work user key ssh ssh_config port n_hosts

hosts_account()
{
	[ -n "${HOSTS_NAMESPACE:-}" ] || return 0
	awk -F: -v OFS=: -v user="$user" '$1 == user { $7 = "/bin/sh" } { print }' /etc/passwd >"$work/passwd"
	mount --bind "$work/passwd" /etc/passwd
}

# host_config N
host_config()
{
	cat <<CONFIG
Port $port
ListenAddress 127.0.0.$1
HostKey $work/host_key
PidFile $work/sshd$1.pid
AuthorizedKeysFile $work/key.pub
StrictModes no
UsePAM no
PermitRootLogin yes
PasswordAuthentication no
KbdInteractiveAuthentication no
UseDNS no
MaxSessions $sessions
MaxStartups $startups
SetEnv HOME=$work/account
LogLevel ERROR
CONFIG
}

hosts_stop()
{
	for pid in "$work"/sshd*.pid; do
		[ ! -s "$pid" ] || kill "$(cat "$pid")"
	done
}

# hosts_try N: whether all could be started at this port
hosts_try()
{
	for host in $(seq "$1"); do
		host_config "$host" >"$work/sshd$host.config"
		"$sshd_program" -f "$work/sshd$host.config" -E "$work/sshd$host.log" || return 1
	done
	for host in $(seq "$1"); do
		host_limit=100
		until [ -s "$work/sshd$host.pid" ]; do
			host_limit=$((host_limit - 1))
			[ $host_limit -gt 0 ] || return 1
			sleep 0.05
		done
	done
}

hosts_start()
{
	n_hosts=$1
	mkdir "$work/account" "$work/me" "$work/me/.ssh" && mkdir -p /run/sshd 2>/dev/null
	hosts_account
	ssh-keygen -q -t ed25519 -N '' -C host -f "$work/host_key"
	ssh-keygen -q -t ed25519 -N '' -C user -f "$key"
	HOME=$work/me
	export HOME
	unset SSH_AUTH_SOCK
	port=
	for port in $(awk -v seed="$$" 'BEGIN { srand(seed); for (i = 0; i < 20; i++) print 20000 + int(rand() * 12000) }'); do
		hosts_try "$n_hosts" && break
		hosts_stop
		port=
	done
	[ -n "$port" ] || {
		echo "no sshd starts: $(tail -n 1 "$work/sshd1.log")" >&2
		return 1
	}
	for host in $(seq "$n_hosts"); do
		echo "[127.0.0.$host]:$port $(cut -d' ' -f1,2 "$work/host_key.pub")"
	done >"$work/me/.ssh/known_hosts"
	cat >"$ssh_config" <<CONFIG
Host *
Port $port
User $user
IdentityFile $key
IdentitiesOnly yes
UserKnownHostsFile $work/me/.ssh/known_hosts
LogLevel ERROR
CONFIG
	printf '#!/bin/sh\nexec ssh -F %s "$@"\n' "$ssh_config" >"$ssh"
	chmod +x "$ssh"
}
