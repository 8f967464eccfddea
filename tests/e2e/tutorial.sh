#!/bin/sh
# The tutorial, block for block and line for line: what it says works. Its host is an sshd of the test's own, put in the place of
# web1.example.org; where TUTORIAL_PASSWORD is set there is such a host, and an account deploy on it with that password, and nothing
# of what the page says is changed (tests/stranger.sh).
. "${top_srcdir:-.}/tests/e2e/tap.sh"
page=$top_srcdir/docs/tutorial.md
if [ -z "${TUTORIAL_PASSWORD:-}" ]; then
	. "$top_srcdir/tests/e2e/sshd.sh"
	sshd_start
	unset WINDROW_CONN_BOX
	there="--conn-host 127.0.0.1 --conn-port $port --conn-login $sshd_user --conn-extra '{\"key_file\": \"$sshd_dir/user_key\"}'"
else
	sshd_stop() { :; }
	there='--conn-host web1.example.org --conn-login deploy'
	HOME=$work/me
	export HOME
	mkdir "$HOME"
fi
. "$top_srcdir/tests/e2e/daemon.sh"
trap '[ -z "$daemon" ] || kill -s KILL "$daemon"; sshd_stop; chmod -R u+rwx "$work" 2>/dev/null; rm -rf "$work"' EXIT
# The page's home is ~/.windrow.
unset WINDROW_HOME

# block LANGUAGE N: the N-th block of the page in that language
block()
{
	awk -v want="$2" -v fence="\`\`\`$1" '$0 == fence { n++; inside = 1; next } /^```/ { inside = 0 }
		inside && n == want' "$page"
}

# says N: runs the N-th block of commands, each of which is right as it stands; what they print is in $out
says()
{
	block sh "$1" | sed -e "s,\$PWD/build,$top_builddir,g" \
		-e "s|--conn-host web1.example.org --conn-login deploy|$there|" >"$work/lines"
	: >"$work/out"
	while read -r line; do
		if eval "$line" </dev/null >>"$work/out" 2>"$work/err"; then
			ok "$line" true
		else
			ok "$line" false
			tail -n 20 "$work/err" | sed 's/^/# /'
		fi
	done <"$work/lines"
	out=$(cat "$work/out")
}

# answer PROMPT WORDS: types them on the terminal once it asks
answer()
{
	wait_for grep -q "$1" "$work/screen"
	printf '%s\n' "$2"
}

mkdir "$work/mine"
cd "$work/mine" || exit 99
says 1
is "windrow is found" "$(command -v windrow)" "$top_builddir/windrow"

block yaml 1 >hello.yaml
says 2
like "the first DAG is right" "$out" "1 file, 1 DAG, 1 task: no errors*"
like "and greets" "$out" "*main.greet | hello from *"
ok "which is in the log that the page names" \
	sh -c "cat ~/.windrow/logs/*/*/task_id=main.greet/attempt=1.log | grep -q 'hello from '"

block yaml 2 >disk.yaml
says 3
like "the second one hands its result on" "$out" "*the disk is *% full*"
sed 's/response\.used/respnse.used/' disk.yaml >wrong.yaml
run dags validate wrong.yaml
like "misspelt, it is told where and what would be right" "$err" \
	"wrong.yaml:*:*output.respnse; did you mean output.response?*"

{
	block yaml 3
	block yaml 2
} >disk.yaml
says 4
run dags test disk.yaml --conf '{"limit": 200}'
is "a parameter out of its bounds is refused" "$status" 2
like "with the reason" "$err" "*limit: 200 is more than the maximum, 100*"

block yaml 4 >>disk.yaml
says 5
like "it warns" "$out" "*getting full*"
like "looks at each" "$out" "*looking at db1*"
like "and the second try does it" "$out" "*shaky success try=2*"
says 6
like "the graph can be drawn" "$out" "*Tell*shaky*"
like "as a picture, too" "$(cat disk.svg)" "<svg*"

# ---- the reader's own host ----
if [ -n "${TUTORIAL_PASSWORD:-}" ]; then
	windrow()
	{
		case "$1 $2" in
		'connections setup')
			: >"$work/screen"
			{
				answer '\[y/N\]' y
				answer 'password' "$TUTORIAL_PASSWORD"
			} | script -qefc "$top_builddir/windrow $*" "$work/screen"
			;;
		*) "$top_builddir/windrow" "$@" ;;
		esac
	}
fi
says 7
like "the connection works, step by step" "$out" "*login	ok*run	ok	a command ran as * on *"
block yaml 5 >web1.yaml
says 8
like "the reader's own DAG is right" "$out" "1 file, 1 DAG, 3 tasks: no errors*"
like "and tells of the host" "$out" "*Tell.summary | web1 has a load of *[0-9], its disk is *[0-9]% full*"

# ---- by itself ----
is "the scheduler is started by its name" "$(block sh 9)" "windrow scheduler"
WINDROW_HOME=$HOME/.windrow
daemon_start
block sh 10 | head -n 1 >"$work/lines"
ok "the DAG is handed over" sh -c "$(cat "$work/lines")"
dags=$HOME/.windrow/dags
until_ok "and seen" knows web1
says 10
like "listed" "$out" "web1	*"
says 11
like "it ran" "$out" "*run success dag_id=web1 run_id=first*"
like "its log tells of the host" "$out" "*web1 has a load of *"
like "and so does its history" "$out" "*web1	first	success	*"
daemon_stop
is "the scheduler ends when asked" "$status" 0
tap_done
