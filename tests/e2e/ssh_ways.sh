#!/bin/sh
# Other ways to a host: an agent's keys, a command, a jump through another host, and two of them.
. "${top_srcdir:-.}/tests/e2e/tap.sh"
. "${top_srcdir:-.}/tests/e2e/sshd.sh"
sshd_start
box=$WINDROW_CONN_BOX

cat >"$work/t.yaml" <<'E'
default_args: {operator: ssh}
tasks:
  one: {ssh_conn_id: far, command: "seq 20000"}
  two: {ssh_conn_id: far, command: "cat > got; test ! -s got && echo fine"}
  three: {ssh_conn_id: far, command: "head -c 100000 /dev/zero | tr '\\0' x > $SCRIPT_RESPONSE_FILE"}
E

# leads NAME: the tasks run on the connection far, and all comes back
leads()
{
	rm -rf "$WINDROW_HOME/logs"
	run dags test "$work/t.yaml"
	is "$1" "$status" 0
	[ "$status" = 0 ] || printf '%s\n' "$out" | grep failed | sed 's/^/# /'
	is "$1: all of the output comes" "$(task_log main.one | grep -c 'task_log.c:[0-9]*} INFO - [0-9]')" 20000
}

# fails NAME PATTERN: they do not, and the message is like that
fails()
{
	rm -rf "$WINDROW_HOME/logs"
	run dags test "$work/t.yaml"
	like "$1" "$out" "$2"
}

export WINDROW_CONN_FAR

# ---- jump ----

WINDROW_CONN_FAR="$box&jump=near"
WINDROW_CONN_NEAR="$box&compress=true"
WINDROW_CONN_FIRST=$box
export WINDROW_CONN_NEAR WINDROW_CONN_FIRST
leads "a jump through another connection"
like "the log tells both" "$(task_log main.one)" "*Using connection far*jump: Using connection near*jump: Authentication*Running command*"
WINDROW_CONN_NEAR="$box&no_host_key_check=true"
leads "a jump host whose key is not checked"
like "the log warns of it" "$(task_log main.one)" "* WARNING - jump: the host key (SHA256:*) is NOT checked*"
WINDROW_CONN_NEAR="$box&jump=first"
leads "two jumps"
WINDROW_CONN_FIRST="$box&jump=near"
fails "a circle is refused" '*failed*jump: connection *more than 8 jumps; they may go round in a circle*'
WINDROW_CONN_NEAR="ssh://$sshd_user@127.0.0.1:1/?key_file=$sshd_dir/user_key"
fails "a jump host that cannot be reached is told" '*failed*message="jump: cannot connect to 127.0.0.1:1: *refused*'
WINDROW_CONN_NEAR=$box
WINDROW_CONN_FAR="ssh://$sshd_user@127.0.0.1:1/?key_file=$sshd_dir/user_key&jump=near"
fails "a host that the jump host cannot reach too" "*failed*jump: 127.0.0.1:$port: cannot, or will not, reach 127.0.0.1:1: *"

# ---- host_proxy_cmd ----

cat >"$work/way" <<E
env | sed -n 's/^\\(WINDROW_[^=]*\\)=.*/\\1/p' >"$work/given"
exec ssh -q -F none -i "$sshd_dir/user_key" -o "UserKnownHostsFile=$me/.ssh/known_hosts" -p $port \\
	-W "\$1:\$2" $sshd_user@127.0.0.1
E
WINDROW_CONN_FAR="$box&host_proxy_cmd=sh%20$work/way%20%25h%20%25p"
leads "a host_proxy_cmd"
is "it is given none of windrow's connections and keys" "$(sort "$work/given")" WINDROW_HOME
printf 'echo no way there >&2\nexit 3\n' >"$work/noway"
WINDROW_CONN_FAR="$box&host_proxy_cmd=sh%20$work/noway&conn_timeout=1000"
fails "one that ends at once is told" \
	'*failed*127.0.0.1:*host_proxy_cmd ended with exit status 3 before there was a connection; it said: no way there*'
WINDROW_CONN_FAR="$box&host_proxy_cmd=nc%20%25x"
fails "an unknown % too" '*failed*host_proxy_cmd knows %h, %p, %r and %%*'

# ---- an agent ----

WINDROW_CONN_FAR="ssh://$sshd_user@127.0.0.1:$port/?agent=true"
fails "an agent that is not there" '*failed*agent is set, but $SSH_AUTH_SOCK is not*'
# N.B. the path of a socket has at most 107 bytes, and that of $work may be longer.
cd "$work" || exit 99
eval "$(ssh-agent -s -a agent)" >/dev/null
export SSH_AUTH_SOCK
trap 'kill "$SSH_AGENT_PID" 2>/dev/null; sshd_stop; rm -rf "$work"' EXIT
fails "an agent without keys" "*failed*tried ssh-agent (it has no keys); the server offers publickey*"
ssh-keygen -q -t ed25519 -N '' -C other -f "$work/other"
ssh-keygen -q -t rsa -N '' -C mine -f "$work/mine"
cat "$work/mine.pub" >>"$sshd_dir/authorized_keys"
ssh-add -q "$work/other" "$work/mine" 2>/dev/null
leads "the second of an agent's keys"
like "the log names it" "$(task_log main.one)" "*Authentication (publickey) successful! Key: ssh-agent's key mine*"
sshd_stop
sshd_start "AuthenticationMethods publickey,publickey"
WINDROW_CONN_FAR="ssh://$sshd_user@127.0.0.1:$port/?agent=true"
fails "a host that wants two keys" "*failed*tried ssh-agent's key other, ssh-agent's key mine (taken, but not enough); the server*"
cat "$work/other.pub" >>"$sshd_dir/authorized_keys"
leads "both of an agent's keys"
tap_done
