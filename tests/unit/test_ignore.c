/* .windrowignore: the patterns mean what they mean in .gitignore. */
#include "store/ignore.h"

#include <string.h>

#include "tests/unit/tap.h"

static void is_ignored(const char *patterns, const char *path, int want)
{
	size_t len = strlen(path);
	char plain[200];
	bool is_folder = path[len - 1] == '/';

	(void)strcpy(plain, path);
	if (is_folder)
		plain[len - 1] = '\0';
	IS_INT(ignore_match(patterns, strlen(patterns), plain, is_folder), want,
		"%s against \"%s\"", path, patterns);
}

int main(void)
{
	is_ignored("", "a.yaml", -1);
	is_ignored("# a.yaml\n\n", "a.yaml", -1);
	is_ignored("a.yaml", "a.yaml", 1);
	is_ignored("a.yaml\r\n", "deep/down/a.yaml", 1);
	is_ignored("/a.yaml", "deep/a.yaml", -1);
	is_ignored("/a.yaml", "a.yaml", 1);
	is_ignored("deep/a.yaml", "deep/a.yaml", 1);
	is_ignored("deep/a.yaml", "very/deep/a.yaml", -1);
	is_ignored("*.yaml\n!keep.yaml\n", "keep.yaml", 0);
	is_ignored("*.yaml\n!keep.yaml\n", "drop.yaml", 1);
	is_ignored("!keep.yaml\n*.yaml", "keep.yaml", 1);
	is_ignored("old/", "old/", 1);
	is_ignored("old/", "old", -1);
	is_ignored("a/*/c.yaml", "a/b/c.yaml", 1);
	is_ignored("a/*/c.yaml", "a/b/b/c.yaml", -1);
	is_ignored("a/**/c.yaml", "a/b/b/c.yaml", 1);
	is_ignored("a/**/c.yaml", "a/c.yaml", 1);
	is_ignored("a/**/c.yaml", "a/bc.yaml", -1);
	is_ignored("**/tmp", "x/y/tmp/", 1);
	is_ignored("**/tmp", "tmp/", 1);
	is_ignored("tmp/**", "tmp/x/y.yaml", 1);
	is_ignored("a**/c", "ab/c", 1);
	is_ignored("a**/c", "a/b/c", -1);
	is_ignored("**a**/c", "xay/c", 1);
	is_ignored("/**a", "x/a", -1);
	is_ignored("a/***/c", "a/b/b/c", 1);
	is_ignored("?.yaml", "a.yaml", 1);
	is_ignored("?.yaml", "ab.yaml", -1);
	is_ignored("[a-c].yaml", "b.yaml", 1);
	is_ignored("[!a-c].yaml", "b.yaml", -1);
	is_ignored("[!a-c].yaml", "x.yaml", 1);
	is_ignored("[]].yaml", "].yaml", 1);
	is_ignored("[a.yaml", "[a.yaml", 1);
	is_ignored("*[[a", "x[[a", 1);
	is_ignored("[a]*[b", "a[a][b", 1);
	is_ignored("[z-a].yaml", "z.yaml", 1);
	is_ignored("[[:digit:]x].yaml", "7.yaml", 1);
	is_ignored("[[:digit:]x].yaml", "x.yaml", 1);
	is_ignored("[[:digit:]x].yaml", "y.yaml", -1);
	is_ignored("[![:upper:]].yaml", "A.yaml", -1);
	is_ignored("[![:upper:]].yaml", "a.yaml", 1);
	is_ignored("[[:digit:].yaml", "7.yaml", -1);
	is_ignored("[[:digit", "[[:digit", 1);
	is_ignored("*.yaml\n!#a.yaml", "#a.yaml", 0);
	is_ignored("\xEF\xBB\xBF"
		   "a.yaml",
		"a.yaml", 1);
	is_ignored("\\!a.yaml", "!a.yaml", 1);
	is_ignored("\\#a.yaml", "#a.yaml", 1);
	is_ignored("a\\*.yaml", "ab.yaml", -1);
	is_ignored("a.yaml   ", "a.yaml", 1);
	is_ignored("a*a*a*a*a*a*a*a*a*a*b", "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa", -1);
	return tap_done();
}
