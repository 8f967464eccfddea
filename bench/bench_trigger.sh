#!/bin/sh
# How long it takes from typing `windrow dags trigger` to the first task's first command, durable: by a
# scheduler that runs, with 100 DAGs. Beside it a shell that is started for the same command, and the
# same command through a store that has to be on disk twice before it may begin (sqlite3, two
# transactions), where sqlite3 is there. Interleaved; median and 99th percentile of ROUNDS (200).
set -eu
windrow=$top_builddir/windrow
rounds=${ROUNDS:-200}
work=$(mktemp -d "${TMPDIR:-/tmp}/windrow-bench.XXXXXX")
WINDROW_HOME=$work/home
export WINDROW_HOME
daemon=
trap '[ -z "$daemon" ] || kill "$daemon"; wait; rm -rf "$work"' EXIT

mkdir -p "$WINDROW_HOME/dags"
i=0
while [ $i -lt 100 ]; do
	echo "tasks: {a: {operator: local, command: 'date +%s%N >>$work/trigger.at'}}" \
		>"$WINDROW_HOME/dags/d$i.yaml"
	i=$((i + 1))
done
: >"$work/trigger.at"
"$windrow" scheduler 2>"$work/log" &
daemon=$!
until "$windrow" jobs check -o json 2>/dev/null | grep -q '"dags": 100'; do
	sleep 0.1
done

# took NAME FROM: how long ago that was when the last line of NAME.at was written, in microseconds
took()
{
	echo $((($(tail -n 1 "$work/$1.at") - $2) / 1000)) >>"$work/$1.us"
}

if command -v sqlite3 >/dev/null; then
	sqlite3 "$work/bare.db" 'PRAGMA journal_mode = WAL; CREATE TABLE t (n)' >/dev/null
	has_sqlite=yes
else
	has_sqlite=
fi
round=0
while [ $round -lt "$rounds" ]; do
	round=$((round + 1))
	from=$(date +%s%N)
	"$windrow" dags trigger "d$((round % 100))" -r "r$round" >/dev/null
	until [ "$(wc -l <"$work/trigger.at")" -ge $round ]; do
		:
	done
	took trigger "$from"
	from=$(date +%s%N)
	/bin/sh -c "date +%s%N >>$work/bare.at"
	took bare "$from"
	[ -n "$has_sqlite" ] || continue
	from=$(date +%s%N)
	sqlite3 "$work/bare.db" 'PRAGMA synchronous = FULL; INSERT INTO t VALUES (1); INSERT INTO t VALUES (2)' \
		'.shell date +%s%N >>'"$work/store.at"
	took store "$from"
done

# at PERCENT NAME: that percentile, in microseconds
at()
{
	sort -n "$work/$2.us" | sed -n "$(((rounds * $1 + 99) / 100))p"
}

row()
{
	awk -v name="$1" -v m="$(at 50 "$2")" -v p="$(at 99 "$2")" -v bare="$(at 50 bare)" \
		'BEGIN { printf "%-44s %8.1f ms %8.1f ms %8.1f\n", name, m / 1000, p / 1000, m / bare }'
}

printf '%-44s %11s %11s %8s\n' "from the command to the task's first" median "99th" ratio
row "dags trigger, a scheduler with 100 DAGs" trigger
row "/bin/sh -c" bare
[ -z "$has_sqlite" ] || row "sqlite3, two transactions, sh -c" store
awk -v m="$(at 50 trigger)" 'BEGIN {
	printf "goal: from dags trigger to the first task started, in ms %.1f at most 20 %s\n", m / 1000,
		m <= 20000 ? "met" : "MISSED" }'
