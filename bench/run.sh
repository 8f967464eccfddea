#!/bin/sh
# Runs every measurement of bench/ in turn: bench/run.sh SOURCE-FOLDER BUILD-FOLDER
# A measurement is a program bench_NAME or a script bench_NAME.sh; it prints ratios beside its peer.
set -eu
top_srcdir=$1 top_builddir=$2
export top_srcdir top_builddir
for bench in "$top_builddir"/bench/bench_* "$top_srcdir"/bench/bench_*.sh; do
	case $bench in
	*.sh) [ -f "$bench" ] && echo "== ${bench##*/}" && sh "$bench" ;;
	*.*) continue ;;
	*) [ -x "$bench" ] && echo "== ${bench##*/}" && "$bench" ;;
	esac
done
