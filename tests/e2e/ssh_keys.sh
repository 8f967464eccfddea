#!/bin/sh
# Keys at connect: what is in them is looked at before a server sees any of it; certificates; keys
# sealed in every way.
. "${top_srcdir:-.}/tests/e2e/tap.sh"
. "${top_srcdir:-.}/tests/e2e/sshd.sh"
command -v python3 >/dev/null || {
	echo "1..0 # SKIP no python3 here"
	exit 0
}

ssh-keygen -q -t ed25519 -N '' -C ca -f "$work/ca" || exit 99
sshd_start "TrustedUserCAKeys $work/ca.pub"
cat >"$work/t.yaml" <<'E'
tasks:
  t: {operator: ssh, ssh_conn_id: box, command: "echo it ran"}
E

# try KEY [EXTRA]: runs the task with this key
try()
{
	WINDROW_CONN_BOX="ssh://$sshd_user@127.0.0.1:$port/?key_file=$1${2:+&$2}"
	export WINDROW_CONN_BOX
	rm -rf "$WINDROW_HOME/logs"
	run dags test "$work/t.yaml"
}

# ---- certificates ----
for type in ed25519 ecdsa rsa; do
	ssh-keygen -q -t $type -N '' -C user -f "$work/$type"
	try "$work/$type"
	is "$type: a key that the host does not know is refused" "$status" 1
	ssh-keygen -q -s "$work/ca" -I someone -n "$sshd_user" "$work/$type.pub"
	try "$work/$type"
	is "$type: with a certificate beside it, it is taken" "$status" 0
	like "$type: and that is said" "$(task_log main.t)" \
		"*Authentication (publickey) successful! Key: $work/$type-cert.pub*"
done
cp "$work/rsa-cert.pub" "$work/ed25519-cert.pub"
try "$work/ed25519"
is "the certificate of another key" "$status" 1
like "is told" "$(task_log main.t)" \
	"*$work/ed25519-cert.pub is the certificate of another key than $work/ed25519*"
echo nothing >"$work/ed25519-cert.pub"
try "$work/ed25519"
like "so is one that is none" "$(task_log main.t)" \
	"*$work/ed25519-cert.pub holds no OpenSSH certificate*"

# ---- sealed ----
for cipher in aes256-ctr aes128-cbc aes256-gcm@openssh.com chacha20-poly1305@openssh.com; do
	cp "$sshd_dir/user_key" "$work/sealed"
	ssh-keygen -q -p -N 'pass phrase' -Z $cipher -a 1 -f "$work/sealed" >"$work/said"
	try "$work/sealed" "private_key_passphrase=pass%20phrase"
	is "sealed by $cipher: it opens" "$status" 0
	try "$work/sealed" "private_key_passphrase=guess"
	is "sealed by $cipher: not with another passphrase" "$status" 1
	like "sealed by $cipher: which is told" "$(task_log main.t)" \
		"*the passphrase of $work/sealed is wrong*"
done

# ---- wrong inside ----
python3 - "$sshd_dir/user_key" "$work/ca.pub" >"$work/halves" <<'E'
import base64, struct, sys
text = base64.b64decode("".join(open(sys.argv[1]).read().split("\n")[1:-2]))
other = base64.b64decode(open(sys.argv[2]).read().split()[1])
at = text.index(struct.pack(">I", len(other)) + other[:15])
text = text[:at + 4] + other + text[at + 4 + len(other):]
print("-----BEGIN OPENSSH PRIVATE KEY-----")
print(base64.b64encode(text).decode())
print("-----END OPENSSH PRIVATE KEY-----")
E
chmod 600 "$work/halves"
: >"$sshd_dir/log"
try "$work/halves"
is "halves that belong to two keys" "$status" 1
like "are told" "$(task_log main.t)" \
	"*$work/halves is damaged: its public half is that of another key*"
is "and no server hears of it" "$(grep -c Connection "$sshd_dir/log")" 0
head -c 200 "$sshd_dir/user_key" >"$work/cut"
chmod 600 "$work/cut"
try "$work/cut"
like "a file that is cut off" "$(task_log main.t)" \
	"*$work/cut is cut off: its -----END line is missing*"
# ---- disabled_algorithms ----
# algorithms JSON: runs the task with these disabled
algorithms()
{
	WINDROW_CONN_BOX="{\"conn_type\": \"ssh\", \"host\": \"127.0.0.1\", \"port\": $port, \"login\": \"$sshd_user\",
		\"extra\": {\"key_file\": \"${key:-$sshd_dir/user_key}\", \"disabled_algorithms\": $1}}"
	export WINDROW_CONN_BOX
	rm -rf "$WINDROW_HOME/logs"
	run dags test "$work/t.yaml"
}
# N.B. libssh2 1.11 forgets to free 96 bytes of each handshake that ends up with AES-GCM.
algorithms '{"ciphers": ["chacha20-poly1305@openssh.com", "aes256-gcm@openssh.com", "aes128-gcm@openssh.com", "none such"], "macs": ["hmac-sha1"], "compression": ["zlib"]}'
is "what is disabled is left out, and the rest is enough" "$status" 0
algorithms '{"keys": ["ssh-ed25519"]}'
is "without the only type of host key that is known nothing runs" "$status" 1
algorithms '{"pubkeys": ["ssh-ed25519"]}'
like "a key of a disabled type is not offered" "$(task_log main.t)" "*disabled_algorithms has its type*"
ssh-keygen -q -t rsa -N '' -f "$work/rsa2"
cat "$work/rsa2.pub" >>"$sshd_dir/authorized_keys"
key=$work/rsa2
algorithms '{"pubkeys": ["rsa-sha2-512"]}'
is "RSA signs in the other way then" "$status" 0
algorithms '{"cipers": []}'
like "a kind that is none is told" "$(task_log main.t)" "*has no \"cipers\"*did you mean ciphers?*"
key=
algorithms '{}, "ciphers": ["aes128-ctr", "aes256-ctr"], "private_key": "", "jump": "", "cmd_timeout": ""'
is "ciphers are a list as Airflow has it; what is empty says nothing" "$status" 0
algorithms '{}, "ciphers": "aes128-ctr,aes256-ctr"'
is "or names with commas between" "$status" 0
algorithms '{}, "ciphers": ["no such"]'
like "of which there must be one" "$(task_log main.t)" "*libssh2 has none of these ciphers: no such*"
algorithms '{"kex": "all"}'
like "so is a list that is none" "$(task_log main.t)" '*"kex" wants a list of names*'

# ---- an agent ----
# N.B. the path of a socket has at most 107 bytes, and that of $work may be longer.
cd "$work" || exit 99
mkfifo "$work/up"
python3 - silent "$work/up" <<'E' &
import socket, sys
s = socket.socket(socket.AF_UNIX)
s.bind(sys.argv[1])
s.listen(5)
open(sys.argv[2], "w").close()
held = []
while True:
    held.append(s.accept())
E
silent_pid=$!
trap 'kill "$silent_pid" 2>/dev/null; sshd_stop; chmod -R u+rwx "$work" 2>/dev/null; rm -rf "$work"' EXIT
cat "$work/up"
WINDROW_CONN_OTHER="ssh://$sshd_user@127.0.0.1:$port/?key_file=$sshd_dir/user_key"
SSH_AUTH_SOCK=silent
export WINDROW_CONN_BOX WINDROW_CONN_OTHER SSH_AUTH_SOCK
cat >"$work/two.yaml" <<'E'
tasks:
  waits: {operator: ssh, ssh_conn_id: box, command: "echo it ran"}
  runs: {operator: ssh, ssh_conn_id: other, command: "echo it ran"}
E
# N.B. a machine with much else to do may take longer than that to come so far.
for patience in 1 4 16; do
	WINDROW_CONN_BOX="ssh://$sshd_user@127.0.0.1:$port/?agent=true&conn_timeout=$patience"
	rm -rf "$WINDROW_HOME/logs"
	run dags test "$work/two.yaml"
	case $out in *"main.runs success"*"main.waits failed"*"ssh-agent has not answered"*) break ;; esac
done
like "an agent that says nothing holds up nobody else" "$out" "*main.runs success*main.waits failed*"
like "and is told" "$(task_log main.waits)" "*timed out*the ssh-agent has not answered*"
kill "$silent_pid"
wait "$silent_pid" 2>/dev/null
eval "$(ssh-agent -s -a agent)" >/dev/null
silent_pid=$SSH_AGENT_PID
WINDROW_CONN_BOX="ssh://$sshd_user@127.0.0.1:$port/?agent=true"
ssh-add -q "$work/ecdsa" 2>/dev/null
rm -rf "$WINDROW_HOME/logs"
run dags test "$work/t.yaml"
is "an agent's certificate is taken" "$status" 0
ssh-add -q -D 2>/dev/null
SSH_ASKPASS=false ssh-add -q -c "$sshd_dir/user_key" 2>/dev/null
rm -rf "$WINDROW_HOME/logs"
run dags test "$work/t.yaml"
like "an agent that will not sign is told" "$(task_log main.t)" "*(the agent would not sign)*"
ssh-add -q -D 2>/dev/null
for i in 1 2 3 4 5 6 7; do
	ssh-keygen -q -t ed25519 -N '' -C "key$i" -f "$work/key$i"
	ssh-add -q "$work/key$i" 2>/dev/null
done
rm -rf "$WINDROW_HOME/logs"
run dags test "$work/t.yaml"
like "more keys than the server allows tries" "$(task_log main.t)" \
	"*the server hung up during authentication, after it had refused ssh-agent's key key1,*MaxAuthTries*"
tap_done
