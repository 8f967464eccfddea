#!/bin/sh
# What goes wrong on the way to a host, and what a person is told of it.
. "${top_srcdir:-.}/tests/e2e/tap.sh"
. "${top_srcdir:-.}/tests/e2e/sshd.sh"
sshd_start

cat >"$work/t.yaml" <<'E'
tasks:
  t: {operator: ssh, ssh_conn_id: box, command: "echo it ran > ran"}
E
known=$me/.ssh/known_hosts
box=$WINDROW_CONN_BOX

# try: runs the task; $message is why it failed, and $status what came
try()
{
	rm -rf "$WINDROW_HOME/logs" "$host/ran"
	run dags test "$work/t.yaml"
	message=$(printf '%s\n' "$out" | sed -n 's/.*main.t failed .*message="\(.*\)"$/\1/p' | sed 's/\\"/"/g')
}

# refused NAME PATTERN: the task fails with such a message, and nothing ran
refused()
{
	try
	like "$1" "$message" "$2"
	ok "$1: nothing runs" [ ! -e "$host/ran" ]
}

# extra KEY=VALUE: the connection with this added
extra()
{
	WINDROW_CONN_BOX="$box&$(printf '%s' "$1" | sed 's/+/%2B/g')"
	export WINDROW_CONN_BOX
}

print_of()
{
	ssh-keygen -lf "$1" | cut -d' ' -f2
}

shown=$(print_of "$sshd_dir/host_key.pub")

# ---- host keys ----

cp "$known" "$work/known"
: >"$known"
refused "an unknown host" "the host key of 127.0.0.1:$port ($shown) is not known;*make it known: windrow connections *"
command=$(printf '%s\n' "$message" | sed 's/.*: windrow connections/"$windrow" connections/')
eval "$command" >/dev/null 2>&1
try
is "the command that the message gives makes it known" "$status" 0
extra "host_key_policy=accept-new"
: >"$known"
try
is "accept-new trusts it at first" "$status" 0
like "and says so" "$(task_log main.t)" "*WARNING*$shown was not known*"
is "and records it" "$(cat "$known")" "$(cat "$work/known")"

ssh-keygen -q -t ed25519 -N '' -f "$work/other"
printf '[127.0.0.1]:%s %s\n' "$port" "$(cut -d' ' -f1,2 "$work/other.pub")" >"$known"
refused "a changed key" "*CHANGED: $known, line 1, knows $(print_of "$work/other.pub"), but the host shows $shown*ssh-keygen *-R*"
extra "no_host_key_check=true"
try
is "no_host_key_check lets it pass" "$status" 0
like "with a warning" "$(task_log main.t)" '*WARNING - the host key*is NOT checked*'
extra "host_key=$shown"
try
is "host_key on the connection goes before the file" "$status" 0
extra "host_key=$(print_of "$work/other.pub")"
cp "$work/known" "$known"
refused "another host_key on the connection" "*is $shown, which is not the host_key of connection box*"
sed 's/^/@revoked /' "$work/known" >"$known"
WINDROW_CONN_BOX=$box
refused "a revoked key" "the host key of 127.0.0.1:$port ($shown) is revoked by $known, line 1*"
cp "$work/known" "$known"

# ---- our own keys ----

WINDROW_CONN_BOX="ssh://$sshd_user@127.0.0.1:$port/?key_file=$work/other"
refused "a key that the server does not know" "*authentication as $sshd_user failed: tried $work/other; the server offers publickey; \`windrow connections setup box\` puts its key there"
like "the log tells how far it came" "$(task_log main.t)" "*Host key $shown is known*Connected (version 2.0, client OpenSSH_*authentication as*"
chmod 644 "$work/other"
refused "a key that others can read" "*$work/other can be read by others (mode 644); run chmod 600*"
WINDROW_CONN_BOX="ssh://$sshd_user@127.0.0.1:$port/?key_file=$work/none"
refused "a key that is not there" "*$work/none cannot be read: No such file*"
mkfifo "$work/pipe"
WINDROW_CONN_BOX="ssh://$sshd_user@127.0.0.1:$port/?key_file=$work/pipe"
refused "a key that is a pipe" "*$work/pipe is not a file*"
WINDROW_CONN_BOX="ssh://$sshd_user@127.0.0.1:$port/?key_file=$work/other.pub"
refused "a public key in the wrong place" "*$work/other.pub holds a public key; the private one is wanted*"
ssh-keygen -q -t ecdsa -N 'open sesame' -f "$work/sealed"
cat "$work/sealed.pub" >>"$sshd_dir/authorized_keys"
WINDROW_CONN_BOX="ssh://$sshd_user@127.0.0.1:$port/?key_file=$work/sealed"
refused "a sealed key without its passphrase" "*$work/sealed is sealed by a passphrase; say it as private_key_passphrase*"
sealed=$WINDROW_CONN_BOX
WINDROW_CONN_BOX="$sealed&private_key_passphrase=open%20barley"
refused "with another passphrase" "*the passphrase of $work/sealed is wrong*"
WINDROW_CONN_BOX="$sealed&private_key_passphrase=open%20sesame"
try
is "with its passphrase it opens" "$status" 0
WINDROW_CONN_BOX="ssh://$sshd_user@127.0.0.1:$port/?look_for_keys=false"
refused "no key at all" "*failed: the server offers publickey*, and connection box has nothing for these; give it a key_file or a keypair"
WINDROW_CONN_BOX="ssh://$sshd_user:secret@127.0.0.1:$port/"
refused "a password where none is taken" "*has nothing for these; give it a key_file or a keypair"
WINDROW_CONN_BOX=$box
mv "$known" "$work/known.aside"
mkdir "$known"
refused "known hosts that cannot be read" "the host keys for connection box: $known is not a file"
rmdir "$known"
mv "$work/known.aside" "$known"

# ---- connections ----

WINDROW_CONN_BOX="$box&keyfile=x"
refused "an unknown key of extra" '*unknown key "keyfile" in extra; did you mean "key_file"?'
WINDROW_CONN_BOX="postgres://h"
refused "a connection to something else" "connection box is of type postgres, not ssh"
unset WINDROW_CONN_BOX
refused "a connection that is nowhere" '*no connection "box"*'

# ---- secrets ----

sed 's/echo it ran > ran/echo hunter22 and aHVudGVyMjI=/' "$work/t.yaml" >"$work/s.yaml"
WINDROW_CONN_BOX=$(printf '%s' "$box" | sed 's/@/:hunter22@/')
export WINDROW_CONN_BOX
rm -rf "$WINDROW_HOME/logs"
run dags test "$work/s.yaml"
is "a task that prints the password" "$status" 0
like "finds it masked in the log, in base64 too" "$(task_log main.t)" '*INFO - \*\*\* and \*\*\**'
like "and where its command is told" "$(task_log main.t)" '*Running command: echo \*\*\* and*'

# ---- hosts that are not as they should be ----

sshd_stop
sshd_start "MACs umac-64@openssh.com"
refused "a host with other algorithms" "127.0.0.1:$port: the SSH handshake failed*no key exchange, host key, cipher or MAC in common*"
WINDROW_CONN_BOX="$WINDROW_CONN_BOX&ciphers=none-such"
refused "ciphers that nobody has" "connection box: libssh2 has none of these ciphers: none-such"
sshd_stop
sshd_start "MaxSessions 0"
refused "a host that opens no sessions" "127.0.0.1:$port: the server refuses to open a session*"
sshd_stop
sshd_start "ForceCommand echo go away; exit 4"
refused "a forced command" "*the host did not run /bin/sh, but ended with status 4; it said: go away"
run connections test box
like "a test of it says as much" "$status:$err" \
	"1:windrow: connection box: run: the host did not run /bin/sh, but ended with status 4; it said: go away"
sshd_stop
mkdir "$work/elsewhere"
sshd_start "SetEnv HOME=/no/such TMPDIR=$work/elsewhere"
sed 's/ran > ran/> $SCRIPT_RESPONSE_FILE/' "$work/t.yaml" >"$work/s.yaml"
run dags test "$work/s.yaml"
is "a home that is not there" "$status" 0
ok "the execution lies in TMPDIR" [ -s "$work/elsewhere/.windrow-$sshd_user"/*/response ]
box=$WINDROW_CONN_BOX

mkfifo "$work/end"
: >"$work/ports"
"$top_builddir/tests/proxy/faults" "$port" silent:0 silent:0 >"$work/ports" <"$work/end" &
proxy_pid=$!
exec 7>"$work/end"
while [ "$(wc -l <"$work/ports")" -lt 2 ] && kill -0 "$proxy_pid"; do
	:
done
{
	read -r fault proxy
	read -r fault jump
} <"$work/ports"
WINDROW_CONN_BOX="$(printf '%s' "$box" | sed "s/:$port/:$proxy/")&conn_timeout=1"
refused "a host that accepts and says nothing" \
	"127.0.0.1:$proxy: timed out after 1s while waiting for the SSH handshake; something accepts connections there*"
WINDROW_CONN_NEAR="$(printf '%s' "$box" | sed "s/:$port/:$jump/")&conn_timeout=1"
export WINDROW_CONN_NEAR
WINDROW_CONN_BOX="$box&jump=near"
refused "a jump host that does so" \
	"jump: 127.0.0.1:$jump: timed out after 1s while waiting for the SSH handshake; something accepts connections there*"
exec 7>&-
wait "$proxy_pid"

# ---- no server ----

sshd_stop
WINDROW_CONN_BOX="ssh://nobody@127.0.0.1:1/?key_file=$sshd_dir/user_key"
refused "a port where nobody listens" "*cannot connect to 127.0.0.1:1: *refused; is the host up, and is that the port of its sshd?"
WINDROW_CONN_BOX="ssh://nobody@[::1]:1/?key_file=$sshd_dir/user_key"
refused "an IPv6 address" "cannot connect to [[]::1]:1: *"
WINDROW_CONN_BOX="ssh://nobody@no.such.host.invalid/?key_file=$sshd_dir/user_key"
refused "a name that does not exist" "*host name no.such.host.invalid of connection box cannot be resolved: *; is it spelled as DNS or /etc/hosts have it?"
tap_done
