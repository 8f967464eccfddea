#!/bin/sh
# Runs the measurements of bench/, and ends with one report of all goals.
#   bench/run.sh SOURCE-FOLDER BUILD-FOLDER [NAME...]
# A measurement is a program bench_NAME or a script bench_NAME.sh. What it prints is shown as it
# comes; its lines `goal: WHAT RATIO at least|at most GOAL met|MISSED` make the report. Fails where
# a goal is missed.
set -eu
top_srcdir=$1 top_builddir=$2
export top_srcdir top_builddir
shift 2
[ $# -gt 0 ] || set -- machine load render dagtest growth store start daemon ssh sshlong folder trigger follow
work=$(mktemp -d "${TMPDIR:-/tmp}/windrow-report.XXXXXX")
trap 'rm -rf "$work"' EXIT

for name in "$@"; do
	echo "== $name"
	if [ -f "$top_srcdir/bench/bench_$name.sh" ]; then
		sh "$top_srcdir/bench/bench_$name.sh"
	else
		"$top_builddir/bench/bench_$name"
	fi >"$work/output" || echo "goal: bench_$name ran to its end - - - MISSED" >>"$work/output"
	grep -v '^goal: ' "$work/output" || :
	sed -n "s|^goal: \(.*\)\$|\1  make bench BENCH=$name|p" "$work/output" >>"$work/goals"
done
echo
echo "== goals: what, ratio, goal, and the command that measures it"
cat "$work/goals"
! grep -q ' MISSED ' "$work/goals"
