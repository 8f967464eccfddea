#!/bin/sh
# What goes to a script on a host and what comes back of it, to the byte.
. "${top_srcdir:-.}/tests/e2e/tap.sh"
. "${top_srcdir:-.}/tests/e2e/sshd.sh"
sshd_start

# printed TASK LEVEL: the lines of output in the task's log: INFO (standard output), WARNING (error)
printed()
{
	task_log "$1" | sed -n "s/^[^{]*{task_log.c:[0-9]*} $2 - //p"
}

# test_dag: runs the DAG on standard input
test_dag()
{
	cat >"$work/t.yaml"
	rm -rf "$WINDROW_HOME/logs"
	run dags test "$work/t.yaml"
}

# ---- what goes there ----

mkdir "$host/it's here" "$work/bin"
ln -s "$(command -v env)" "$work/bin/showenv"
for detach in true false; do
	echo kept >"$host/kept"
	test_dag <<E
default_args: {operator: ssh, ssh_conn_id: box, detach: $detach}
tasks:
  env:
    environment: {A: "it's \"x\" \$HOME \\\\ \`id\`", SCRIPT_RESPONSE_FILE: mine, EMPTY: ""}
    script: |
      printf '%s\n' "\$A" "\$WINDROW_DAG_ID \$WINDROW_TASK_ID \$WINDROW_TRY_NUMBER" "[\$EMPTY]"
      test "\$SCRIPT_RESPONSE_FILE" != mine && test "\$HOME" = "\$PWD" && test -n "\$WINDROW_RUN_ID" &&
        test -n "\$WINDROW_SCRIPT_EXECUTION_ID" && ! read -r line && echo fine
  names:
    environment: {f: "$host/kept", k: x, m: y, s: "$host/kept", z: false, IFS: et, PATH: "$work/bin"}
    command: showenv
  names_sh:
    environment: {f: "$host/kept", k: x, m: y, s: "$host/kept", z: false, IFS: et, PATH: "$work/bin"}
    script: "echo 1 > \$SCRIPT_RESPONSE_FILE\nshowenv"
  args:
    arguments: ["one two", "", "it's", "*", "-n", "\$x"]
    script: "printf '<%s>' \"\$@\""
  shebang: {script: "#!/bin/bash -e\necho \$BASH_VERSION \$-\nfalse\necho not here"}
  interpreter: {interpreter: "awk -f", script: "#!/bin/sh\nBEGIN { print \"awk\", 6 * 7 }"}
  folder: {working_directory: /usr/lib, command: pwd}
  relative: {working_directory: "it's here", command: pwd}
  nowhere: {working_directory: /no/such, command: echo ran, skip_on_exit_code: 126}
  nothing:
    trigger_rule: all_done
    command: echo $<nowhere.output.completed> $<nowhere.output.exitCode | default('none')>
  three: {command: exit 3}
  skips: {skip_on_exit_code: [99], command: exit 99}
  skips_high: {skip_on_exit_code: 137, command: exit 137}
  dies: {command: kill -9 \$\$}
  json: {command: "printf '{\"a\": [1]}' > \$SCRIPT_RESPONSE_FILE"}
  big: {response_limit: 1KiB, command: "head -c 1025 /dev/zero | tr '\\\\0' x > \$SCRIPT_RESPONSE_FILE"}
E
	like "detach: $detach: variables arrive as they are" "$(printed main.env INFO)" "it's \"x\" \$HOME \\\\ \`id\`
t main.env 1
\[\]
fine"
	for task in names names_sh; do
		is "detach: $detach: $task: variables may have the names of our own" \
			"$(printed main.$task INFO | grep -c "^[fs]=$host/kept\$\|^[km]=[xy]\$\|^z=false\$\|^PATH=$work/bin\$")" 6
	done
	is "which touch nothing of the host's" "$(cat "$host/kept")" kept
	is "so do arguments" "$(printed main.args INFO)" "<one two><><it's><*><-n><\$x>"
	like "a shebang is honoured, options too" "$(printed main.shebang INFO)" '[0-9]* *e*'
	like "and interpreter goes before it" "$(printed main.interpreter INFO)" 'awk 42'
	is "working_directory" "$(printed main.folder INFO)" /usr/lib
	is "a relative one counts from home" "$(printed main.relative INFO)" "$host/it's here"
	like "a folder that is not there is told" "$out" "*main.nowhere failed*message=*working_directory cannot be entered*"
	is "and nothing runs in another" "$(printed main.nowhere INFO)" ""
	is "nor has a script run to its end, or a status" "$(printed main.nothing INFO)" "false none"
	like "an exit status" "$out" '*main.three failed*message="the script ended with exit status 3"*'
	like "skip_on_exit_code" "$out" '*main.skips skipped*'
	like "statuses above 128 too" "$out" '*main.skips_high skipped*'
	like "a signal" "$out" '*main.dies failed*message="signal 9 (SIGKILL) ended the script"*'
	is "of which the host's shell says nothing" "$(printed main.dies WARNING)" ""
	like "a response past its limit" "$out" '*main.big failed*the response has 1025 bytes; its response_limit is 1024*'
done

# ---- what comes back ----

# Each line of a stream has its number; the log has all of them, in order, and nothing else.
for detach in true false; do
	test_dag <<E
default_args: {operator: ssh, ssh_conn_id: box, detach: $detach}
tasks:
  long:
    script: |
      i=0
      while [ \$i -lt 20000 ]; do
        echo "out \$i" && echo "err \$i" >&2
        i=\$((i + 1))
      done
      printf 'no newline'
  huge: {command: "seq 300000"}
  ends: {command: "exit \$(printf %s \$<long.output.logs> | tail -c 10 | grep -c '^no newline')"}
E
	is "detach: $detach: a run with much output ends" "$(printf '%s\n' "$out" | grep -c 'main.long success\|main.huge success')" 2
	printed main.long INFO >"$work/got"
	{ seq 0 19999 | sed 's/^/out /' && echo no newline; } >"$work/wanted"
	ok "its standard output is whole" cmp "$work/got" "$work/wanted"
	printed main.long WARNING >"$work/got"
	seq 0 19999 | sed 's/^/err /' >"$work/wanted"
	ok "and its standard error, apart" cmp "$work/got" "$work/wanted"
	printed main.huge INFO >"$work/got"
	seq 300000 >"$work/wanted"
	ok "2 MB of another beside it too" cmp "$work/got" "$work/wanted"
done

test_dag <<'E'
tasks:
  limited: {operator: ssh, ssh_conn_id: box, log_limit: 1KiB, command: seq 100000}
E
is "a log that is cut" "$status" 0
like "the cut is told, and where the rest is" "$(task_log main.limited)" \
	"*bytes of output are left out here, past the log_limit; all of it is on the host, in $host/.windrow/*/stdout*"
is "the end follows it" "$(printed main.limited INFO | tail -n 1)" 100000
is "what is kept of it is no more" "$(printed main.limited INFO | wc -c)" 1024

test_dag <<'E'
default_args: {operator: ssh, ssh_conn_id: box, log_limit: 1KiB}
tasks:
  over: {command: "seq 300; seq 100 >&2"}
  under: {command: "seq 200; seq 100 >&2"}
  error: {command: "seq 1000 >&2"}
E
like "a little past the limit says how much is left out" "$(task_log main.over)" \
	"*WARNING - 360 bytes of output are left out here*"
ok "and where what is left out of one is" sh -c 'printf "%s\n" "$1" | grep -q "all of it is on the host, in [^ ]*/stderr\$"' sh "$(task_log main.error)"
is "of each stream there is the end" "$(printed main.over INFO | tail -n 1) $(printed main.over WARNING | tail -n 1)" "300 100"
is "within it nothing is" "$(
	printed main.under INFO
	printed main.under WARNING
)" "$(seq 200 && seq 100)"

# A secret that the limit cuts in two.
echo swordfish | "$windrow" variables set token --secret
test_dag <<'E'
tasks:
  cut:
    operator: ssh
    ssh_conn_id: box
    log_limit: 100
    script: |
      seq 11 16
      for i in 1 2 3 4 5 6 7 8 9; do echo $<var.token>; done
      seq 21 25
E
is "nothing of a secret is shown where it is cut" "$(printed main.cut INFO | tr '\n' ' ')" \
	"11 12 13 14 15 16 *** *** *** *** *** *** *** 21 22 23 24 25 "

# N.B. an ordinary user's sshd can give terminals only where it need not change their owner.
if ssh -F none -q -tt -i "$sshd_dir/user_key" -o "UserKnownHostsFile=$me/.ssh/known_hosts" -p "$port" \
	"$sshd_user@127.0.0.1" true </dev/null >/dev/null 2>&1; then
	test_dag <<'E'
default_args: {operator: ssh, ssh_conn_id: box}
tasks:
  tty: {get_pty: true, command: "test -t 0 && test -t 1 && tty && stty -a | grep -q 'rows' && printf '[1]' > $SCRIPT_RESPONSE_FILE"}
  after: {command: "echo $<tty.output.response[0]>"}
E
	like "get_pty gives a terminal" "$(printed main.tty INFO)" '/dev/*'
	is "with a response" "$(printed main.after INFO)" 1
else
	skip 2 "this sshd has no terminal to give"
fi
tap_done
