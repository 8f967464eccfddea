/*
 * What of a task may be said on a command line, and which scripts are one command.
 */
#include "operators/ssh/remote.h"

#include <string.h>

#include "engine/buf.h"
#include "tests/unit/tap.h"

static void test_facts(void)
{
	static const char *const are_not[] = {"a b", "it's", "$x", "a;b", "~", "a*", "{a}", "a\nb"};
	char too_long[REMOTE_FACT_MAX + 2];
	struct buf facts;

	buf_init(&facts, 0);
	OK(remote_fact_add(&facts, "A", "etl.load-1", 10) &&
			remote_fact_add(&facts, "B", "x:+,", 4),
		"plain texts are facts");
	for (size_t i = 0; i < sizeof(are_not) / sizeof(are_not[0]); i++)
		OK(!remote_fact_add(&facts, "C", are_not[i], strlen(are_not[i])), "%s is none",
			are_not[i]);
	memset(too_long, 'x', sizeof(too_long));
	OK(!remote_fact_add(&facts, "D", too_long, REMOTE_FACT_MAX + 1), "nor is a long one");
	IS_STR(buf_str(&facts), " A=etl.load-1 B=x:+,", "each is a word");
	buf_free(&facts);
}

static void test_one_command(void)
{
	static const char *const are[] = {"true", "  df -h /\n", "/opt/x.sh --all a=b", "1 2"},
				 *const are_not[] = {"", "\n", "a; b", "a\nb", "exit 3", "cd /",
					 "A=b c", "echo $x", "echo 'a'", "a | b", "tell x",
					 "take 5", "if a", "echo *", "! a", "~/x", "echo a > b",
					 "a\\ b", "exec a"};

	for (size_t i = 0; i < sizeof(are) / sizeof(are[0]); i++)
		OK(remote_is_one_command(are[i], strlen(are[i])), "one command: %s", are[i]);
	for (size_t i = 0; i < sizeof(are_not) / sizeof(are_not[0]); i++)
		OK(!remote_is_one_command(are_not[i], strlen(are_not[i])), "wants a shell: %zu", i);
	OK(!remote_is_one_command("a\0b", 3), "wants a shell: NUL");
}

int main(void)
{
	test_facts();
	test_one_command();
	return tap_done();
}
