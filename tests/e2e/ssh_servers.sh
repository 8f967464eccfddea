#!/bin/sh
# Servers that say too much, or the wrong thing; and keys that a program cannot use.
. "${top_srcdir:-.}/tests/e2e/tap.sh"
. "${top_srcdir:-.}/tests/e2e/sshd.sh"
command -v python3 >/dev/null || {
	echo "1..0 # SKIP no python3 here"
	exit 0
}

cat >"$work/t.yaml" <<'E'
tasks:
  t: {operator: ssh, ssh_conn_id: box, command: "echo it ran"}
  runs: {operator: ssh, ssh_conn_id: other, command: "echo it ran"}
E

# ---- a banner before the login ----
seq 1000000 | head -c 30000 >"$work/banner"
sshd_start "Banner $work/banner"
WINDROW_CONN_OTHER=$WINDROW_CONN_BOX
export WINDROW_CONN_OTHER
run dags test "$work/t.yaml"
is "a long banner is borne" "$status" 0
sshd_stop
seq 10000000 | head -c 1048576 >"$work/banner"
sshd_start "Banner $work/banner"
WINDROW_CONN_OTHER=$WINDROW_CONN_BOX
WINDROW_CONN_BOX="$WINDROW_CONN_BOX&conn_timeout=5"
run dags test "$work/t.yaml"
case $status in
0) ok "a banner of a megabyte is borne" true ;;
*) like "a banner of a megabyte is told" "$(task_log main.t)" "*127.0.0.1:$port: *" ;;
esac
sshd_stop

# ---- what is no server of SSH ----
# server NAME PYTHON: a server on loopback that does this with each connection `c`; sets server_port
server()
{
	mkfifo "$work/up-$1"
	python3 - "$work/up-$1" <<E &
import socket, sys, threading
s = socket.socket()
s.bind(("127.0.0.1", 0))
s.listen(5)
up = open(sys.argv[1], "w")
up.write(str(s.getsockname()[1]))
up.close()
def serve(c):
    try:
        $2
    except OSError:
        pass
while True:
    c, a = s.accept()
    threading.Thread(target=serve, args=(c,), daemon=True).start()
E
	server_pid=$!
	server_port=$(cat "$work/up-$1")
}
server_pid=
trap '[ -z "$server_pid" ] || kill "$server_pid" 2>/dev/null; sshd_stop; rm -rf "$work"' EXIT
sshd_start
WINDROW_CONN_OTHER=$WINDROW_CONN_BOX
export WINDROW_CONN_OTHER

# meets NAME PYTHON PATTERN: a task there fails so, and another elsewhere does not wait for it
meets()
{
	server "$1" "$2"
	WINDROW_CONN_BOX="ssh://x@127.0.0.1:$server_port/?key_file=$sshd_dir/user_key&conn_timeout=1"
	export WINDROW_CONN_BOX
	rm -rf "$WINDROW_HOME/logs"
	run dags test "$work/t.yaml"
	like "$1: nobody else waits for it" "$out" "*main.runs success*"
	like "$1: it fails" "$out" "*main.t failed*"
	like "$1: it is told" "$(task_log main.t)" "$3"
	kill "$server_pid"
	wait "$server_pid" 2>/dev/null
	server_pid=
}
meets silent 'c.recv(1)
        threading.Event().wait()' "*timed out after 1s*the host hangs, or that is no SSH server*"
meets lines 'while True: c.send(b"x" * 100 + b"\r\n")' "*127.0.0.1:*"
meets oneline 'while True: c.send(b"x" * 65536)' "*127.0.0.1:*"
meets http 'c.send(b"HTTP/1.1 400 Bad Request\r\n\r\n"); c.close()' "*127.0.0.1:*handshake*"
meets old 'c.send(b"SSH-1.5-old\r\n"); c.recv(100); c.close()' "*127.0.0.1:*handshake*"
meets garbage 'c.send(b"SSH-2.0-x\r\n" + bytes(range(256)) * 300); c.recv(100); threading.Event().wait()' "*127.0.0.1:*"

# ---- a key that lives on a security key ----
python3 - >"$work/sk" <<'E'
import base64, struct
def s(b): return struct.pack(">I", len(b)) + b
kind = b"sk-ssh-ed25519@openssh.com"
public = s(kind) + s(b"p" * 32) + s(b"ssh:")
private = b"\0\0\0\1\0\0\0\1" + s(kind) + s(b"p" * 32) + s(b"ssh:") + b"\1" + s(b"h" * 64) + s(b"") + s(b"me")
private += bytes(range(1, 9))[: -len(private) % 8]
key = b"openssh-key-v1\0" + s(b"none") + s(b"none") + s(b"") + b"\0\0\0\1" + s(public) + s(private)
print("-----BEGIN OPENSSH PRIVATE KEY-----\n" + base64.b64encode(key).decode() + "\n-----END OPENSSH PRIVATE KEY-----")
E
chmod 600 "$work/sk"
WINDROW_CONN_BOX="ssh://x@127.0.0.1:$port/?key_file=$work/sk"
run dags test "$work/t.yaml"
like "a key on a security key is told" "$(task_log main.t)" "*lives on a security key (sk-ssh-ed25519@openssh.com)*"
tap_done
