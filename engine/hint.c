/*
 * Nearest names. The distance is Damerau's with neighbours swapped at most once (optimal string
 * alignment), on bytes: names of the language are ASCII. Needs no memory beside three rows of the
 * table on the stack.
 */
#include "engine/hint.h"

#include <stdbool.h>
#include <string.h>

#define HINT_WORD_MAX 256 /* bytes of a name that is still compared; more than DAG_NAME_MAX */

static unsigned smaller(unsigned a, unsigned b)
{
	return a < b ? a : b;
}

unsigned hint_distance(const char *a, size_t a_len, const char *b, size_t b_len, unsigned max)
{
	unsigned rows[3][HINT_WORD_MAX + 1];
	size_t apart = a_len > b_len ? a_len - b_len : b_len - a_len;

	if (a_len > HINT_WORD_MAX || b_len > HINT_WORD_MAX || apart > max)
		return max + 1;
	for (size_t j = 0; j <= b_len; j++)
		rows[0][j] = (unsigned)j;
	for (size_t i = 1; i <= a_len; i++) {
		unsigned *row = rows[i % 3];
		const unsigned *above = rows[(i + 2) % 3];
		const unsigned *above2 = rows[(i + 1) % 3];
		unsigned least = row[0] = (unsigned)i;

		for (size_t j = 1; j <= b_len; j++) {
			unsigned d = above[j - 1] + (a[i - 1] != b[j - 1]);

			d = smaller(d, smaller(above[j], row[j - 1]) + 1);
			if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1])
				d = smaller(d, above2[j - 2] + 1);
			row[j] = d;
			least = smaller(least, d);
		}
		if (least > max + 1)
			return max + 1; /* a swap reaches back one row, and adds one */
	}
	return smaller(rows[a_len % 3][b_len], max + 1);
}

void hint_begin(struct hint *h, const char *word, size_t len)
{
	memset(h, 0, sizeof(*h));
	h->word = word;
	h->len = len;
	h->max = len <= 4 ? 1 : len <= 8 ? 2 : 3;
	h->distance = h->max + 1;
}

void hint_begin_key(struct hint *h, const char *word, size_t len)
{
	static const char *const names[][2] = {{"after", "depends_on"}, {"args", "arguments"},
		{"bash_command", "command"}, {"cmd", "command"},
		{"concurrency", "max_active_tasks"}, {"condition", "when"}, {"conn", "ssh_conn_id"},
		{"conn_id", "ssh_conn_id"}, {"connection", "ssh_conn_id"},
		{"continue_on_failure", "ignore_failure"}, {"continueOn", "ignore_failure"},
		{"cron", "schedule"}, {"cwd", "working_directory"},
		{"default_arguments", "default_args"}, {"dependencies", "depends_on"},
		{"depends", "depends_on"}, {"dir", "working_directory"}, {"doc_md", "doc"},
		{"email_on_failure", "on_failure"}, {"email_on_retry", "on_retry"},
		{"end", "end_date"}, {"env", "environment"},
		{"environmentVariables", "environment"}, {"exec", "command"},
		{"executor", "operator"}, {"expand", "for_each"}, {"handlerOn", "on_failure"},
		{"host", "remote_host"}, {"id", "dag_id"}, {"if", "when"}, {"input", "params"},
		{"inputs", "params"}, {"jobs", "tasks"}, {"loop", "for_each"},
		{"matrix", "for_each"}, {"max_active_tasks_per_dag", "max_active_tasks"},
		{"max_active_tis_per_dag", "pool"}, {"max_active_tis_per_dagrun", "max_active_tis"},
		{"maxActiveRuns", "max_active_runs"}, {"maxActiveSteps", "max_active_tasks"},
		{"name", "dag_id"}, {"needs", "depends_on"}, {"on_error", "on_failure"},
		{"on_failure_callback", "on_failure"}, {"on_retry_callback", "on_retry"},
		{"on_success_callback", "on_success"}, {"options", "params"},
		{"parameters", "params"}, {"precondition", "when"}, {"preCondition", "when"},
		{"preconditions", "when"}, {"priority", "priority_weight"}, {"retry", "retries"},
		{"retryPolicy", "retries"}, {"run", "script"}, {"schedule_interval", "schedule"},
		{"shell", "interpreter"}, {"ssh_conn", "ssh_conn_id"}, {"start", "start_date"},
		{"steps", "tasks"}, {"task_concurrency", "pool"}, {"taskOrder", "depends_on"},
		{"timeout", "execution_timeout"}, {"timeoutSec", "execution_timeout"},
		{"type", "operator"}, {"tz", "timezone"}, {"upstream", "depends_on"},
		{"with_items", "for_each"}, {"workdir", "working_directory"},
		{"working_dir", "working_directory"}};

	hint_begin(h, word, len);
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		if (strlen(names[i][0]) == len && memcmp(names[i][0], word, len) == 0)
			h->meant = names[i][1];
}

static char folded(char c)
{
	if (c >= 'A' && c <= 'Z')
		return (char)(c - 'A' + 'a');
	return c == '-' ? '_' : c;
}

static bool is_same_folded(const char *a, const char *b, size_t len)
{
	for (size_t i = 0; i < len; i++)
		if (folded(a[i]) != folded(b[i]))
			return false;
	return true;
}

void hint_offer(struct hint *h, const char *name, size_t len)
{
	unsigned d;

	if (len == h->len && is_same_folded(h->word, name, len))
		d = 0;
	else if (h->meant != NULL && strlen(h->meant) == len && memcmp(h->meant, name, len) == 0)
		d = 0;
	else
		d = hint_distance(h->word, h->len, name, len, h->max);
	/* N.B. a letter is no misspelling of any other. */
	if (d < h->distance && d < (len > h->len ? len : h->len)) {
		h->distance = d;
		h->best = name;
		h->best_len = len;
	}
}
