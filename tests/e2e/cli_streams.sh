#!/bin/sh
# Standard output that cannot be written is no success.
. "${top_srcdir:-.}/tests/e2e/tap.sh"

"$windrow" --help >&- 2>"$work/err"
is "a closed standard output fails" "$?" 1
is "and is told" "$(cat "$work/err")" \
	"windrow: cannot write to standard output: Bad file descriptor"
if [ -w /dev/full ]; then
	"$windrow" version >/dev/full 2>"$work/err"
	is "a full disk fails" "$?" 1
	is "and is told" "$(cat "$work/err")" \
		"windrow: cannot write to standard output: No space left on device"
else
	skip 2 "no /dev/full here"
fi
mkfifo "$work/pipe"
: <"$work/pipe" &
exec 3>"$work/pipe"
wait
"$windrow" --help >&3 2>"$work/err"
is "a reader that went away fails" "$?" 1
is "but nobody needs to be told" "$(cat "$work/err")" ""
exec 3>&-
"$windrow" nonsense 2>&-
is "without standard error the exit status still speaks" "$?" 2
"$windrow" version </dev/null >/dev/null 2>&1 <&-
is "a closed standard input does not matter" "$?" 0
tap_done
