/* Adversarial values: everything that means something to some shell, in random order. */
#include "tests/shquote/generate.h"

size_t random_below(uint64_t *state, size_t n)
{
	uint64_t z = (*state += 0x9e3779b97f4a7c15U);

	z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9U;
	z = (z ^ (z >> 27)) * 0x94d049bb133111ebU;
	return (size_t)((z ^ (z >> 31)) % n);
}

#define CODE ">canary"

static const char *const fragments[] = {
	"'",
	"\"",
	"`",
	"\\",
	"$",
	"\n",
	"\t",
	" ",
	"  ",
	"\n\n",
	"\n\t",
	"\\\n",
	"\r\n",
	"\r",
	"$(" CODE ")",
	"`" CODE "`",
	"$((" CODE "))",
	"${u:-$(" CODE ")}",
	";" CODE ";",
	"\n" CODE "\n",
	"|" CODE "|",
	"&" CODE "&",
	"';" CODE ";'",
	"\";" CODE ";\"",
	"\\';" CODE ";\\'",
	"\\\";" CODE ";\\\"",
	"'\"'\"'",
	"'\\''",
	"}" CODE "{",
	"};" CODE ";{",
	")" CODE "(",
	");" CODE ";(",
	"')" CODE "('",
	"\")" CODE "(\"",
	"}\";" CODE ";\"${u:-",
	"`;" CODE ";`",
	"\\`" CODE "\\`",
	"\\\\`" CODE "\\\\`",
	"\nEOF\n" CODE "\n",
	"EOF\n",
	"\nEOF",
	"EOF",
	"\nEOF)" CODE "\n",
	"\n\tEOF\n",
	"\nE F\n",
	"\nWINDROW_EOF\nEOF\n",
	"WINDROW_EOF_",
	"E\\\nOF",
	"\n)\n" CODE "\n",
	";;\nesac\n" CODE "\n",
	";; *) " CODE ";;",
	"~",
	"~root",
	"=",
	"=ls",
	"*",
	"?",
	"[a-z]",
	"{a,b}",
	"{a,b}",
	"{,x}",
	"{",
	",",
	"}",
	"{1..3}",
	"!",
	"!!",
	"#",
	" # ",
	"-n",
	"--",
	"-e",
	"-",
	"\\n",
	"\\t",
	"\\0",
	"\\x41",
	"\\c",
	"%s",
	"%d%n",
	"$v",
	"${w}",
	"$1",
	"$*",
	"\"$@\"",
	"$'\\n'",
	"$\"x\"",
	"$[1]",
	"$((1))",
	"a[$(" CODE ")]",
	"<" CODE,
	"2>&1",
	"<(" CODE ")",
	"=(" CODE ")",
	"(" CODE ")",
	"case",
	"esac",
	"if",
	"in",
	"]]",
	"[[",
	"))",
	"((",
	"@(a|b)",
	"x=1",
	":h",
	"[1]",
	"\xff\xfe",
	"\x80\x81\x82\x83\x84\x85\x86\x87\x88",
	"\xc3\xa9",
	"\xe2\x82\xac",
	"\xf0\x9f\x98\x80",
	"\xe2\x82",
	"\x01",
	"\x01\x01",
	"\x7f",
	"\x1b[31m",
	"\x02\x03\x04",
	"\\\\",
	"\\$",
	"abc",
	"0",
	"9x_",
	"_",
};

void value_generate(struct buf *v, uint64_t *state, bool can_be_long)
{
	uint64_t kind = random_below(state, 20), n = 1 + random_below(state, 6);

	if (kind == 0)
		return;
	if (kind == 1) {
		for (n = 1 + random_below(state, 30); n > 0; n--)
			buf_addc(v, (char)(1 + random_below(state, 255)));
		return;
	}
	if (kind == 2 && random_below(state, 10) == 0)
		n = can_be_long ? 2000 : 200;
	for (; n > 0; n--)
		buf_adds(v,
			fragments[random_below(state, sizeof(fragments) / sizeof(fragments[0]))]);
}
