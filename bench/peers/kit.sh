# What the peers of the report share; sourced by each, and run by nobody.
#
# A peer is a file NAME.sh of functions, run as `sh NAME.sh VERB [N]` by bench_report.sh, which
# exports where things are (see hosts.sh). Its verbs, of which it leaves out what it cannot do:
#   install   puts it below $PEERS_DIR where it is not there; fails with the reason on standard error
#   version   a line
#   told      how it is set up and which commands are measured, a paragraph of Markdown
#   size      `mib` on disk
#   start     its service, with all works known to it; prints `ms` from the start to its being ready
#   stop      ends that
#   command   a command that does nothing, from start to end
#   chain N   so many tasks `true`, each after the one before
#   wide N    so many tasks `true` side by side
#   ssh N     so many commands `true` over ssh on one host
#   hosts N   so many commands `true` over ssh, the hosts in turn
#   sleep N   so many commands asleep on one host at once: `idle_kib` before, `kib` meanwhile
#   idle N    so many scheduled DAGs, none due: `cpu_ppm` of a core over some seconds, `kib`
#   drop      a new file is put in place: `ms` until its first task runs
# What is measured is printed as lines `MEASURE VALUE`; a line `tasks N` says that fewer were run.
set -u

kit_now()
{
	date +%s%N
}

# timed COMMAND...: prints its milliseconds, or fails and shows the end of what it printed.
timed()
{
	timed_from=$(kit_now)
	"$@" >"$work/out" 2>&1 </dev/null || {
		tail -n 3 "$work/out" >&2
		return 1
	}
	timed_to=$(kit_now)
	kit_ms "$timed_from" "$timed_to"
}

# kit_ms FROM TO: between two nanoseconds, as a line
kit_ms()
{
	awk "BEGIN { printf \"ms %.2f\\n\", ($2 - $1) / 1e6 }"
}

# until_true SECONDS COMMAND...: asks again and again; fails where it is false for so long.
until_true()
{
	until_limit=$(($(date +%s) + $1))
	shift
	until "$@" >/dev/null 2>&1; do
		[ "$(date +%s)" -lt "$until_limit" ] || return 1
		sleep 0.01
	done
}

# kit_tree PID...: these processes and all below them
kit_tree()
{
	ps -e -o pid=,ppid= | awk -v roots="$*" '
		{ parent[$1] = $2 }
		END {
			n = split(roots, r)
			for (i = 1; i <= n; i++)
				is[r[i]] = 1
			do {
				more = 0
				for (p in parent)
					if (!(p in is) && parent[p] in is)
						is[p] = more = 1
			} while (more)
			for (p in is)
				if (p in parent)
					print p
		}'
}

# kit_kib PID...: the memory of these trees, what processes share counted once (PSS)
kit_kib()
{
	for kit_pid in $(kit_tree "$@"); do
		cat "/proc/$kit_pid/smaps_rollup" 2>/dev/null
	done | awk '$1 == "Pss:" { sum += $2 } END { print sum + 0 }'
}

# kit_ticks PID...: processor time of these trees so far, ended children included
kit_ticks()
{
	for kit_pid in $(kit_tree "$@"); do
		cat "/proc/$kit_pid/stat" 2>/dev/null
	done | awk '{ sub(/.*\) /, ""); sum += $12 + $13 + $14 + $15 } END { print sum + 0 }'
}

# kit_idle PID...: what these trees use while nothing is to be done
kit_idle()
{
	sleep 2
	idle_ticks=$(kit_ticks "$@")
	idle_from=$(kit_now)
	sleep "${IDLE_SECONDS:-20}"
	awk -v ticks="$(($(kit_ticks "$@") - idle_ticks))" -v ns="$(($(kit_now) - idle_from))" \
		-v hz="$(getconf CLK_TCK)" 'BEGIN { printf "cpu_ppm %.0f\n", ticks / hz / (ns / 1e9) * 1e6 }'
	echo "kib $(kit_kib "$@")"
}

# A command that says that it runs, and waits until the gate is opened.
sleepers_prepare()
{
	rm -rf "$work/up" "$work/gate"
	mkdir "$work/up" && mkfifo "$work/gate"
	sleep_command=": >$work/up/\$\$; read x <$work/gate; :"
}

sleepers_are()
{
	[ "$(ls "$work/up" | wc -l)" -ge "$1" ]
}

# kit_sleepers N PID...: waits until so many commands sleep, prints the memory of these trees, and
# lets all go.
kit_sleepers()
{
	sleepers_came=yes
	until_true "${SLEEPERS_SECONDS:-300}" sleepers_are "$1" || {
		echo "only $(ls "$work/up" | wc -l) of $1 came up" >&2
		sleepers_came=
	}
	shift
	# N.B. what a start leaves behind is over a moment later.
	sleep 1
	[ -z "$sleepers_came" ] || echo "kib $(kit_kib "$@")"
	# Who waits gets a line; who is late finds an empty file.
	exec 3<>"$work/gate"
	ls "$work/up" | sed 's/.*/go/' >&3
	: >"$work/gate.open"
	mv "$work/gate.open" "$work/gate"
	for kit_pid in $(ls "$work/up"); do
		until_true 60 test ! -d "/proc/$kit_pid"
	done
	exec 3>&-
	[ -n "$sleepers_came" ]
}

# dropped FROM: prints how long after that the task of `drop_command` ran
drop_prepare()
{
	rm -f "$work/dropped"
	drop_command="date +%s%N >$work/dropped.new; mv $work/dropped.new $work/dropped"
}

dropped()
{
	until_true 400 test -s "$work/dropped" || return 1
	kit_ms "$1" "$(cat "$work/dropped")"
}

# at_most N M: sets n to the smaller, and tells it
at_most()
{
	n=$(($1 > $2 ? $2 : $1))
	echo "tasks $n"
}

# kit_stop FILE: ends the process whose number is in the file, and waits for its end
kit_stop()
{
	[ -s "$1" ] || return 0
	stop_pid=$(cat "$1")
	rm "$1"
	kill "$stop_pid" 2>/dev/null
	until_true 60 test ! -d "/proc/$stop_pid"
}

# kit_main VERB [N]
kit_main()
{
	kit_verb=peer_$1
	shift
	command -v "$kit_verb" >/dev/null || {
		echo "it cannot do that" >&2
		exit 3
	}
	"$kit_verb" "$@"
}

# deb_size PACKAGE...: MiB that they take on disk, without what they need
deb_size()
{
	dpkg-query -W -f '${Installed-Size}\n' "$@" | awk '{ sum += $1 } END { printf "mib %.1f\n", sum / 1024 }'
}

# deb_install PROGRAM PACKAGE: it stays installed, as Debian's packages have no throwaway place
deb_install()
{
	command -v "$1" >/dev/null && return
	[ "$(id -u)" = 0 ] || {
		echo "$1 is not there, and only root can install $2" >&2
		return 1
	}
	apt-get install -qq -y "$2" >"$work/apt" 2>&1 || {
		echo "apt-get install $2: $(tail -n 1 "$work/apt")" >&2
		return 1
	}
}
