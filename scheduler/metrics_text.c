/* The metrics as text: the exposition format, version 0.0.4. */
#include "scheduler/metrics_text.h"

#include "config.h"

#include <dirent.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <time.h>
#include <unistd.h>

#include "engine/buf.h"
#include "engine/instant.h"
#include "operators/registry.h"
#include "scheduler/bag.h"
#include "scheduler/conductor.h"
#include "store/journal.h"

/* The upper ends of the buckets. */
static const struct {
	uint64_t ns;
	const char *le; /* in seconds */
} bounds[METRICS_BUCKETS] = {{100000, "0.0001"}, {250000, "0.00025"}, {500000, "0.0005"},
	{1000000, "0.001"}, {2500000, "0.0025"}, {5000000, "0.005"}, {10000000, "0.01"},
	{25000000, "0.025"}, {50000000, "0.05"}, {100000000, "0.1"}, {500000000, "0.5"},
	{2500000000, "2.5"}};

void metrics_observe(struct histogram *h, uint64_t ns)
{
	size_t i = 0;

	while (i < METRICS_BUCKETS && ns > bounds[i].ns)
		i++;
	h->buckets[i]++;
	h->sum_ns += ns;
}

static void head(struct buf *b, const char *name, const char *type, const char *help)
{
	buf_addf(b, "# HELP %s %s\n# TYPE %s %s\n", name, help, name, type);
}

/* TEXT as the value of a label, without the quotes about it. */
static void add_label(struct buf *b, const char *text)
{
	for (; *text != '\0'; text++) {
		if (*text == '\n')
			buf_adds(b, "\\n");
		else if (*text == '"' || *text == '\\')
			buf_addf(b, "\\%c", *text);
		else
			buf_addc(b, *text);
	}
}

/* A metric of one value. */
static void one(struct buf *b, const char *name, const char *type, const char *help, double value)
{
	head(b, name, type, help);
	buf_addf(b, "%s %.15g\n", name, value);
}

static void histogram(struct buf *b, const char *name, const char *help, const struct histogram *h)
{
	uint64_t n = 0;

	head(b, name, "histogram", help);
	for (size_t i = 0; i < METRICS_BUCKETS; i++) {
		n += h->buckets[i];
		buf_addf(b, "%s_bucket{le=\"%s\"} %llu\n", name, bounds[i].le,
			(unsigned long long)n);
	}
	n += h->buckets[METRICS_BUCKETS];
	buf_addf(b, "%s_bucket{le=\"+Inf\"} %llu\n%s_sum %.9f\n%s_count %llu\n", name,
		(unsigned long long)n, name, (double)h->sum_ns / 1e9, name, (unsigned long long)n);
}

/* ---- runs and tasks ---- */

static void tasks(const struct metrics_counts *c, struct buf *b)
{
	head(b, "windrow_task_instances_total", "counter",
		"Tasks and their instances that came into a state, since the scheduler's start.");
	for (int i = 0; i < TASK_STATE_COUNT; i++)
		if (i != TASK_NONE)
			buf_addf(b, "windrow_task_instances_total{state=\"%s\"} %llu\n",
				task_state_name((enum task_state)i),
				(unsigned long long)c->tasks[i]);
	head(b, "windrow_runs_total", "counter",
		"Runs that came into a state, since the scheduler's start.");
	for (int i = 0; i < RUN_STATE_COUNT; i++)
		buf_addf(b, "windrow_runs_total{state=\"%s\"} %llu\n",
			run_state_name((enum run_state)i), (unsigned long long)c->runs[i]);
	head(b, "windrow_callbacks_total", "counter",
		"Callbacks that are over, since the scheduler's start.");
	buf_addf(b,
		"windrow_callbacks_total{outcome=\"success\"} %llu\n"
		"windrow_callbacks_total{outcome=\"failed\"} %llu\n",
		(unsigned long long)c->callbacks[0], (unsigned long long)c->callbacks[1]);
}

static void runs(const struct conductor *c, struct buf *b)
{
	size_t n[RUN_STATE_COUNT] = {0};

	for (struct runner *r = conductor_run_first(c); r != NULL; r = conductor_run_next(r))
		n[runner_state(r)]++;
	one(b, "windrow_runs_active", "gauge", "Runs that are under way.", (double)n[RUN_RUNNING]);
	one(b, "windrow_runs_queued", "gauge", "Runs that wait to begin.", (double)n[RUN_QUEUED]);
}

static void pool(struct buf *b, const char *name, const char *state, uint64_t n)
{
	buf_adds(b, "windrow_pool_slots{pool=\"");
	add_label(b, name);
	buf_addf(b, "\",state=\"%s\"} %llu\n", state, (unsigned long long)n);
}

static void pools(const struct conductor *c, struct buf *b)
{
	const char *name;
	uint32_t slots;
	uint64_t held;
	size_t waiting;

	head(b, "windrow_pool_slots", "gauge",
		"Slots of a pool: all, those held, tasks that wait.");
	for (uint32_t i = 0; (name = conductor_pool_name(c, i)) != NULL; i++) {
		if (conductor_pool_get(c, name, &slots, &held, &waiting) != 0)
			continue;
		pool(b, name, "total", slots);
		pool(b, name, "used", held);
		pool(b, name, "waiting", waiting);
	}
}

/* windrow_ssh_connections, and the like of every other operator that makes some. */
static void connections(struct op_instance *const *instances, struct buf *b)
{
	char name[64];

	for (size_t i = 0; i < operators_count; i++) {
		if (operators[i]->connections == NULL)
			continue;
		(void)snprintf(
			name, sizeof(name), "windrow_%s_connections", operators[i]->spec->name);
		one(b, name, "gauge", "Connections to other machines, those being made included.",
			operators[i]->connections(instances[i]));
	}
}

/* ---- DAGs ---- */

static void dags(const struct bag *bag, struct buf *b)
{
	size_t at = 0, active = 0, paused = 0, broken = 0;
	struct bag_dag *d;

	while ((d = bag_next(bag, &at)) != NULL) {
		if (d->is_retired || d->version == 0)
			continue;
		if (d->is_paused)
			paused++;
		else
			active++;
		broken += d->is_broken;
	}
	head(b, "windrow_dags", "gauge", "DAGs that the dags folder has.");
	buf_addf(b, "windrow_dags{state=\"active\"} %zu\nwindrow_dags{state=\"paused\"} %zu\n",
		active, paused);
	one(b, "windrow_import_errors", "gauge", "Errors in files of the dags folder.",
		(double)bag_faults_count(bag));
	one(b, "windrow_dags_broken", "gauge", "DAGs whose file does not load any more.",
		(double)broken);
}

/* ---- the store ---- */

static void journal(const struct metrics_sources *s, struct buf *b)
{
	int64_t last = journal_last_at(s->journal);

	histogram(b, "windrow_scheduler_loop_seconds",
		"How long turns of the scheduler's loop took.", &s->counts->loop);
	histogram(b, "windrow_journal_commit_seconds", "How long transactions took to be on disk.",
		&s->counts->commit);
	one(b, "windrow_journal_batches_waiting", "gauge", "Batches that are not on disk yet.",
		(double)journal_waiting(s->journal));
	one(b, "windrow_journal_stalled", "gauge", "1 while nothing can be stored.",
		journal_stall(s->journal) != NULL ? 1 : 0);
	if (last != INSTANT_NONE)
		one(b, "windrow_journal_last_commit_timestamp_seconds", "gauge",
			"When something was last stored.", (double)last / 1000);
}

/* ---- the process: the names that every client library has ---- */

static size_t count_fds(void)
{
	DIR *d = opendir("/proc/self/fd");
	size_t n = 0;

	while (d != NULL && readdir(d) != NULL)
		n++;
	if (d != NULL)
		(void)closedir(d);
	return n > 3 ? n - 3 : 0; /* ".", "..", and the folder's own */
}

/* When this process began, in seconds since the epoch; 0: not known. */
static double start_time(void)
{
	FILE *f = fopen("/proc/self/stat", "re");
	unsigned long long ticks = 0;
	struct timespec now, up;
	char line[1024], *end;

	if (f == NULL)
		return 0;
	end = fgets(line, sizeof(line), f) == NULL ? NULL : strrchr(line, ')');
	(void)fclose(f);
	if (end == NULL ||
		sscanf(end + 1,
			" %*c %*d %*d %*d %*d %*d %*u %*u %*u %*u %*u %*u %*u %*d %*d %*d %*d %*d "
			"%*d %llu",
			&ticks) != 1)
		return 0;
	(void)clock_gettime(CLOCK_REALTIME, &now);
	(void)clock_gettime(CLOCK_BOOTTIME, &up);
	return (double)now.tv_sec - (double)up.tv_sec +
		(double)ticks / (double)sysconf(_SC_CLK_TCK);
}

static double seconds_of(const struct timeval *t)
{
	return (double)t->tv_sec + (double)t->tv_usec / 1e6;
}

static void process(struct buf *b)
{
	FILE *f = fopen("/proc/self/statm", "re");
	unsigned long virtual_pages = 0, resident_pages = 0;
	double page = (double)sysconf(_SC_PAGESIZE);
	struct rusage used;
	struct rlimit files;

	if (f != NULL && fscanf(f, "%lu %lu", &virtual_pages, &resident_pages) == 2) {
		one(b, "process_virtual_memory_bytes", "gauge", "Virtual memory.",
			(double)virtual_pages * page);
		one(b, "process_resident_memory_bytes", "gauge", "Resident memory.",
			(double)resident_pages * page);
	}
	if (f != NULL)
		(void)fclose(f);
	if (getrusage(RUSAGE_SELF, &used) == 0)
		one(b, "process_cpu_seconds_total", "counter", "Processor time.",
			seconds_of(&used.ru_utime) + seconds_of(&used.ru_stime));
	one(b, "process_open_fds", "gauge", "Open file descriptors.", (double)count_fds());
	if (getrlimit(RLIMIT_NOFILE, &files) == 0)
		one(b, "process_max_fds", "gauge", "File descriptors that may be open.",
			(double)files.rlim_cur);
	one(b, "process_start_time_seconds", "gauge", "When the process began.", start_time());
}

void metrics_text(const struct metrics_sources *s, struct buf *out)
{
	head(out, "windrow_build_info", "gauge", "1, with the version.");
	buf_addf(out, "windrow_build_info{version=\"%s\"} 1\n", PACKAGE_VERSION);
	tasks(s->counts, out);
	runs(s->conductor, out);
	pools(s->conductor, out);
	connections(s->instances, out);
	dags(s->bag, out);
	journal(s, out);
	process(out);
}
