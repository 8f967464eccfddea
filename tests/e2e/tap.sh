# TAP for shell tests: source it, then `ok`, `is`, `like`, `skip`, and `tap_done` at the end.
# $windrow is the program; $work a folder of the test's own, which goes away with it, and home too.

: "${top_builddir:=$(pwd)}"
: "${top_srcdir:=$(cd "$(dirname "$0")/../.." && pwd)}"
windrow=$top_builddir/windrow
work=$(mktemp -d "${TMPDIR:-/tmp}/windrow-test.XXXXXX") && work=$(cd "$work" && pwd -P) || exit 99
trap 'chmod -R u+rwx "$work" 2>/dev/null; rm -rf "$work"' EXIT
trap 'exit 1' HUP INT TERM
WINDROW_HOME=$work/home
export WINDROW_HOME
# The environment of whoever runs the test is no part of it: settings, connections and secrets of their own windrow, the language of
# tools, a login shell that is not of sh's kin, a proxy, a service manager.
unset NO_COLOR COLUMNS CDPATH POSIXLY_CORRECT LANGUAGE CREDENTIALS_DIRECTORY NOTIFY_SOCKET WATCHDOG_USEC JOURNAL_STREAM
unset http_proxy https_proxy all_proxy HTTP_PROXY HTTPS_PROXY ALL_PROXY
for tap_name in $(env | sed -n 's/^\(WINDROW_\(_\|CONN_\|VAR_\|MASTER_KEY\)[A-Za-z0-9_]*\)=.*/\1/p'); do
	unset "$tap_name"
done
LC_ALL=C.UTF-8
SHELL=/bin/sh
export LC_ALL SHELL
tap_count=0
tap_failed=0

# ok NAME COMMAND...: the command succeeds
ok()
{
	tap_name=$1
	shift
	tap_count=$((tap_count + 1))
	if "$@"; then
		echo "ok $tap_count - $tap_name"
	else
		echo "not ok $tap_count - $tap_name"
		tap_failed=1
	fi
}

# is NAME GOT WANTED
is()
{
	ok "$1" [ "$2" = "$3" ] && [ "$2" = "$3" ] && return
	printf '%s\n' "got:    $2" "wanted: $3" | sed 's/^/# /'
}

# like NAME GOT PATTERN: a pattern of case
like()
{
	# shellcheck disable=SC2254
	case $2 in
	$3) ok "$1" true ;;
	*)
		ok "$1" false
		printf '%s\n' "got:  $2" "like: $3" | sed 's/^/# /'
		;;
	esac
}

# run ARGUMENTS...: runs windrow; $out, $err and $status are what came
run()
{
	"$windrow" "$@" >"$work/out" 2>"$work/err" </dev/null
	status=$?
	out=$(cat "$work/out")
	# N.B. what a slow disk alone makes it say is no part of what a test asks for.
	err=$(sed '/^waiting for the scheduler[:,] /d' "$work/err")
}

# wait_for COMMAND...: waits until it succeeds; false where it has not for two minutes
wait_for()
{
	tap_polls=2400
	until "$@" >/dev/null 2>&1; do
		tap_polls=$((tap_polls - 1))
		[ $tap_polls -gt 0 ] || return 1
		sleep 0.05
	done
}

# skip N WHY
skip()
{
	tap_left=$1
	while [ "$tap_left" -gt 0 ]; do
		tap_count=$((tap_count + 1))
		tap_left=$((tap_left - 1))
		echo "ok $tap_count # SKIP $2"
	done
}

tap_done()
{
	echo "1..$tap_count"
	exit $tap_failed
}
