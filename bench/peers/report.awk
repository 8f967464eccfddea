# Makes the report of samples.csv and peers.tsv: the page on standard output, plots into the folder
# `dir`, goals as bench/run.sh wants them into the file `goals`. Used with plot.awk.
#   awk -v dir=DIR -v goals=FILE -f plot.awk -f report.awk peers.tsv samples.csv

BEGIN {
	FS = "\t"
	name_is("windrow", "windrow")
	name_is("windrow_plain", "windrow, detach: false")
	name_is("windrow_test", "windrow dags test")
	name_is("dagu", "Dagu")
	name_is("airflow", "Apache Airflow")
	name_is("bare", "the bare limit")
	name_is("ssh", "ssh")
	name_is("control_master", "ssh, ControlMaster")
	name_is("parallel", "GNU parallel")
	name_is("pdsh", "pdsh")
	name_is("ansible", "Ansible")
	work_is("chain", "ms", "ms a task", 1, "A chain of tasks `true`", "each after the one before")
	work_is("wide", "ms", "ms a task", 1, "Tasks `true` side by side", "16 at once")
	work_is("ssh", "ms", "ms a task", 1, "Tasks `true` over ssh on one host", "as many at once as each does best")
	work_is("hosts", "ms", "ms a task", 1, "Tasks `true` over ssh on 20 hosts", "as many on each")
	work_is("sleep", "own_kib", "KiB a task", 1, "Memory of tasks asleep over ssh", \
		"all at once; what a service has without them is taken off; what processes share is counted once (PSS)")
	work_is("idle", "cpu_ppm", "millionths of a core", 0, "Processor time while nothing is due", "with scheduled DAGs, over some seconds")
	work_is("idle", "kib", "KiB", 0, "Memory while nothing is due", "with these DAGs")
	work_is("drop", "ms", "ms", 0, "From a new file to its run's first task", "a DAG that is to run once, at once")
	work_is("start", "ms", "ms", 0, "Start of the service", "until it takes orders")
	work_is("command", "ms", "ms", 0, "Start of the command", "one that does nothing, to its end")
	work_is("size", "mib", "MiB", 0, "Installed size", "without what the system brings: libraries of Debian's, Python, PostgreSQL")
}

FILENAME != last_file {
	last_file = FILENAME
	FS = FILENAME ~ /\.csv$/ ? "," : "\t"
	$0 = $0
}

FS == "\t" && $1 == "machine" {
	machine = machine $3
	next
}

FS == "\t" && $1 == "failed" {
	n_failures[title_of($2) ": " $3]++
	next
}

FS == "\t" {
	note[$1, $2] = $3
	if (!known[$2]++)
		peer_at[++n_peers] = $2
	next
}

$1 == "work" {
	next
}

{
	add($1, $2, $5, $4, $6)
	if ($5 == "idle_kib")
		idle[$1, $2, $3] = $6
	else if ($1 == "sleep" && $5 == "kib")
		add($1, $2, "own_kib", $4, $6 - idle[$1, $2, $3])
}

END {
	print "# windrow beside its peers\n"
	print "Made by `make bench BENCH=report`, in one run on one machine: " machine ".\n"
	print "Each figure is the median of repeated runs, in which all peers came in turn; the range is that of the runs. The ratio is how many"
	print "times windrow's figure the other is: above 1 windrow is ahead. Raw samples: [report/samples.csv](report/samples.csv).\n"
	tell_goals()
	for (w = 1; w <= n_works; w++)
		tell_work(w)
	tell_peers()
}

function name_is(peer, name)
{
	title[peer] = name
}

function title_of(peer)
{
	return peer in title ? title[peer] : peer
}

function work_is(work, measure, unit, by_task, name, how)
{
	n_works++
	work_id[n_works] = work
	work_measure[n_works] = measure
	work_unit[n_works] = unit
	work_by_task[n_works] = by_task
	work_name[n_works] = name
	work_how[n_works] = how
}

function add(work, peer, measure, tasks, value,   key)
{
	key = work SUBSEP peer SUBSEP measure
	values[key, ++n_values[key]] = value
	n_tasks[key] = tasks
}

function sort_values(key,   i, j, v)
{
	for (i = 2; i <= n_values[key]; i++) {
		v = values[key, i]
		for (j = i - 1; j > 0 && values[key, j] + 0 > v + 0; j--)
			values[key, j + 1] = values[key, j]
		values[key, j + 1] = v
	}
}

# The median, or "" where it was not measured; a task's share where by_task.
function median(work, peer, measure, by_task,   key, n)
{
	key = work SUBSEP peer SUBSEP measure
	n = n_values[key]
	if (n == 0)
		return ""
	sort_values(key)
	return (values[key, int((n + 1) / 2)] + values[key, int(n / 2) + 1]) / 2 / (by_task ? n_tasks[key] : 1)
}

function ratio_text(ours, theirs)
{
	if (ours == "" || theirs == "")
		return "–"
	return ours > 0 ? figure(theirs / ours) : theirs > 0 ? "∞" : "1"
}

function tell_work(w,   work, measure, by_task, n, i, j, p, v, key, ours, order, value)
{
	work = work_id[w]
	measure = work_measure[w]
	by_task = work_by_task[w]
	for (i = 1; i <= n_peers; i++) {
		p = peer_at[i]
		v = median(work, p, measure, by_task)
		if (v == "")
			continue
		for (j = n++; j > 0 && value[order[j]] > v; j--)
			order[j + 1] = order[j]
		order[j + 1] = p
		value[p] = v
	}
	if (n == 0)
		return
	ours = value["windrow"]
	printf "## %s\n\n%s. In %s.\n\n", work_name[w], toupper(substr(work_how[w], 1, 1)) substr(work_how[w], 2), work_unit[w]
	printf "![%s](report/%s-%s.svg)\n\n", work_unit[w], work, measure
	print "| | " (by_task ? "tasks | in all | " : "") work_unit[w] " | range | runs | ratio |"
	print "| --- | " (by_task ? "---: | ---: | " : "") "---: | ---: | ---: | ---: |"
	for (i = 1; i <= n; i++) {
		p = order[i]
		key = work SUBSEP p SUBSEP measure
		printf "| %s | ", title_of(p)
		if (by_task)
			printf "%s | %s %s | ", n_tasks[key], figure(value[p] * n_tasks[key]), measure == "own_kib" ? "KiB" : measure
		printf "%s | %s – %s | %d | %s |\n", figure(value[p]), figure(values[key, 1] / (by_task ? n_tasks[key] : 1)), \
			figure(values[key, n_values[key]] / (by_task ? n_tasks[key] : 1)), n_values[key], ratio_text(ours, value[p])
		plot_name[i] = title_of(p)
		plot_value[i] = value[p]
		plot_own[i] = p ~ /^windrow/
	}
	print ""
	plot(dir "/" work "-" measure ".svg", work_name[w], work_unit[w], n)
}

# goal WHAT IS SIDE BOUND: a row of the table, and a line for bench/run.sh
function goal(what, is, side, bound,   state)
{
	state = is == "" ? "not measured" : side == "at least" ? (is >= bound ? "met" : "MISSED") : is <= bound ? "met" : "MISSED"
	printf "| %s | %s | %s %s | %s |\n", what, is == "" ? "–" : figure(is), side, bound, state
	if (is != "")
		printf "goal: %-60s %6.2f  %s %-5.4g %s\n", what, is, side, bound, state >goals
}

function over(work, peer, measure, by_task, ours,   a, b)
{
	a = median(work, peer, measure, by_task)
	b = median(work, ours, measure, by_task)
	return a == "" || b == "" || b <= 0 ? "" : a / b
}

function tell_goals()
{
	print "## Goals\n\n| what | measured | goal | |\n| --- | ---: | ---: | --- |"
	goal("a chain, times as fast as Airflow", over("chain", "airflow", "ms", 1, "windrow"), "at least", 200)
	goal("a chain, times as fast as Dagu", over("chain", "dagu", "ms", 1, "windrow"), "at least", 5)
	goal("over ssh on one host, times as fast as Airflow", over("ssh", "airflow", "ms", 1, "windrow"), "at least", 100)
	goal("the same with detach: false, as Airflow's are", over("ssh", "airflow", "ms", 1, "windrow_plain"), "at least", 100)
	goal("over ssh on one host, times as fast as Dagu", over("ssh", "dagu", "ms", 1, "windrow"), "at least", 10)
	goal("over ssh on one host, durable: of the limit's speed", over("ssh", "bare", "ms", 1, "windrow"), "at least", 0.8)
	goal("the same with detach: false: of the limit's speed", over("ssh", "bare", "ms", 1, "windrow_plain"), "at least", 0.8)
	goal("the same by dags test: of the limit's speed", over("ssh", "bare", "ms", 1, "windrow_test"), "at least", 0.8)
	goal("a task asleep, times less memory than Airflow", over("sleep", "airflow", "own_kib", 1, "windrow"), "at least", 1000)
	goal("start of the service, ms", median("start", "windrow", "ms", 0), "at most", 50)
	print ""
}

function tell_peers(   i, p)
{
	print "## Who was measured, and how each is set up\n"
	for (i = 1; i <= n_peers; i++) {
		p = peer_at[i]
		if (("missing", p) in note)
			printf "**%s** is missing: %s\n\n", title_of(p), note["missing", p]
		else
			printf "**%s** (%s). %s\n\n", title_of(p), note["version", p], note["told", p]
	}
	for (p in n_failures)
		printf "What failed, %d times: %s\n\n", n_failures[p], p
}
