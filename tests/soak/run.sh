#!/bin/sh
# What takes longer than a person waits, one after the other; fails where one does.
#   tests/soak/run.sh SOURCE-FOLDER BUILD-FOLDER PROGRAM...
# Power is cut SOAK_CUTS (2,000) times, elsewhere in each soak. The programs are simulators that go on
# until they find something: each has SOAK_SECONDS (3,600).
set -u
top_srcdir=$1 top_builddir=$2
export top_srcdir top_builddir
shift 2
failed=
for name in tasks output; do
	echo "== $name"
	sh "$top_srcdir/tests/soak/$name.sh" || failed="$failed $name"
done
for name in power power_runs; do
	seed=$(date +%s)
	echo "== $name, WINDROW_SEED=$seed"
	WINDROW_SEED=$seed WINDROW_CUTS=${SOAK_CUTS:-2000} "$top_builddir/tests/unit/test_$name" >"$name.log" ||
		failed="$failed $name"
	grep -v '^ok ' "$name.log"
	rm -f "$name.log"
done
for program; do
	echo "== $program"
	timeout "${SOAK_SECONDS:-3600}" "$top_builddir/$program" soak
	case $? in
	0 | 124) ;; # its time is over
	*) failed="$failed $program" ;;
	esac
done
echo "== tsan"
sh "$top_srcdir/tests/soak/tsan.sh" "$top_srcdir" || failed="$failed tsan"
[ -z "$failed" ] || echo "These failed:$failed."
[ -z "$failed" ]
