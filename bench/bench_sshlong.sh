#!/bin/sh
# What holds when tasks over ssh are many, late or loud: the memory of SLEEPERS (2,000) tasks that wait
# at once; the latency of a task on an open connection; SIZE (1,024) MiB of output through
# one task, and the memory meanwhile. QUICK: 200 tasks, and 128 MiB.
. "$top_srcdir/bench/ssh_kit.sh"
chain=200 sleepers=2000 size=1024
[ -z "${QUICK:-}" ] || chain=50 sleepers=200 size=128
sleepers=${SLEEPERS:-$sleepers} size=${SIZE:-$size}
kit_start
kit_shell /bin/sh

# memory_kib PID WHICH: VmRSS, or VmHWM, of a process
memory_kib()
{
	awk -v which="$2:" '$1 == which { print $2 }' "/proc/$1/status" 2>/dev/null
}

# ---- many at once ----

# Each tells that it runs, and waits until all may go.
mkfifo "$work/gate"

# sleep_all COUNT: the memory in KiB while so many sleep
sleep_all()
{
	rm -rf "$work/up"
	mkdir "$work/up"
	dag sleepers "$detach" "$1" ": >$work/up/\$\$; read x <$work/gate; :"
	"$windrow" dags test "$work/sleepers.yaml" >"$work/out" 2>&1 &
	sleepers_pid=$!
	while [ "$(ls "$work/up" | wc -l)" -lt "$1" ] && kill -0 "$sleepers_pid" 2>/dev/null; do
		sleep 0.2
	done
	# N.B. what a start leaves behind is over a moment later.
	sleep 1
	memory_kib "$sleepers_pid" VmRSS
	exec 3<>"$work/gate"
	yes 2>/dev/null | head -n "$1" >&3
	wait "$sleepers_pid" || tail -n 1 "$work/out" >&2
	exec 3>&-
}

for detach in false true; do
	WINDROW_HOME=$work/home-$detach
	export WINDROW_HOME
	one=$(sleep_all 1)
	all=$(sleep_all "$sleepers")
	echo "$sleepers tasks asleep at once, detach: $detach, MaxSessions $sessions: $all KiB; one: $one KiB"
	goal "ssh, KiB a sleeping task, detach: $detach" \
		"$(awk "BEGIN { print ($all - $one) / ($sleepers - 1) }")" 32 at-most
	goal "ssh, MiB of memory under all that, detach: $detach" "$(awk "BEGIN { print $one / 1024 }")" 16 at-most
done

# ---- one after the other ----

bare_chain()
{
	bare 1 1 "$1" true
}

# chained NAME DETACH COUNT: tasks in a row
chained()
{
	dag "$1" "$2" "$3" true
	awk '/^  t/ { name = $1; sub(":", "", name)
		if (last != "") sub("}", ", depends_on: [" last "]}")
		last = name } { print }' "$work/$1.yaml" >"$work/chained"
	mv "$work/chained" "$work/$1.yaml"
}

chained plain-1 false 1
chained plain-n false "$chain"
chained durable-1 true 1
chained durable-n true "$chain"
for round in 1 2 3; do
	took bare-1 bare_chain 1
	took bare-n bare_chain "$chain"
	for kind in plain durable; do
		took "$kind-1" "$windrow" dags test "$work/$kind-1.yaml"
		took "$kind-n" "$windrow" dags test "$work/$kind-n.yaml"
	done
done

# each KIND: milliseconds of one more task
each()
{
	awk "BEGIN { print ($(median "$1-n") - $(median "$1-1")) / ($chain - 1) }"
}

echo "tasks in a row on one connection: bare $(each bare) ms, detach: false $(each plain) ms, durable $(each durable) ms"
for kind in plain durable; do
	goal "ssh, ms of a $kind task in a row, over the bare channel's" \
		"$(awk "BEGIN { print $(each "$kind") - $(each bare) }")" 4 at-most
done

# ---- much of it ----

# Lines as long as logs have them, for each becomes a line of the log.
seq -f '2026-11-21 07:35:58,381 worker-%g handled a request of the client in 12 ms: status 200' 99999999 |
	head -c "$((size << 20))" >"$work/much"
cat_peer()
{
	"$work/ssh" box cat "$work/much" >"$work/copy"
}

# streams DETACH: as one task, all of it into the log; its peak of memory in stream.kib
streams()
{
	"$windrow" dags test "$work/stream-$1.yaml" >"$work/out" 2>&1 &
	stream_pid=$!
	while :; do
		stream_kib=$(memory_kib "$stream_pid" VmHWM)
		[ -n "$stream_kib" ] || break
		echo "$stream_kib" >>"$work/stream-$1.kib"
		sleep 0.1
	done
	wait "$stream_pid"
}

for detach in false true; do
	dag "stream-$detach" "$detach" 1 "cat $work/much" "log_limit: $((2 * (size << 20)))"
done
for round in 1 2 3; do
	took cat cat_peer
	rm -f "$work/copy"
	for detach in false true; do
		took "stream-$detach" streams "$detach"
		rm -rf "$WINDROW_HOME/logs"
	done
done
for detach in false true; do
	peak=$(sort -n "$work/stream-$detach.kib" | tail -n 1)
	echo "$size MiB of output, detach: $detach: $(median "stream-$detach") ms, ssh host cat $(median cat) ms; peak $peak KiB"
	goal "ssh, throughput beside ssh host cat, detach: $detach" \
		"$(awk "BEGIN { print $(median cat) / $(median "stream-$detach") }")" 0.7 at-least
	goal "ssh, MiB of memory at the most meanwhile, detach: $detach" \
		"$(awk "BEGIN { print $peak / 1024 }")" 24 at-most
done
