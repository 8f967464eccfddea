#!/bin/sh
# Each example in dags/ that needs no other machine runs as it is.
. "${top_srcdir:-.}/tests/e2e/tap.sh"

HOME=$work/user # some keep files there
export HOME
mkdir "$HOME"
for file in "$top_srcdir"/dags/*.yaml; do
	if grep -q 'operator: ssh' "$file"; then
		continue
	fi
	run dags test "$file"
	is "$(basename "$file") succeeds" "$status" 0
	is "and says nothing on standard error" "$err" ""
done
tap_done
