/*
 * Finds out which shell will read a script: from the task's interpreter, or from the shebang line.
 *
 * Only names are looked at; nothing is run, and no file is opened. An unknown name is no shell.
 */
#include "engine/shquote.h"

#include <string.h>

#include "engine/shlex.h"

struct words {
	const char *p, *end;
};

/* The next blank-separated word; false at the end. */
static bool word_next(struct words *w, struct sh_span *out)
{
	while (w->p < w->end && (*w->p == ' ' || *w->p == '\t' || *w->p == '\r'))
		w->p++;
	if (w->p == w->end)
		return false;
	out->p = w->p;
	while (w->p < w->end && *w->p != ' ' && *w->p != '\t' && *w->p != '\r')
		w->p++;
	out->len = (size_t)(w->p - out->p);
	return true;
}

static struct sh_span basename_of(struct sh_span s)
{
	for (size_t i = s.len; i > 0; i--) {
		if (s.p[i - 1] == '/')
			return (struct sh_span){s.p + i, s.len - i};
	}
	return s;
}

/* Steps over what may stand between `env` and the program: options and assignments. */
static bool env_skip(struct words *w, struct sh_span *s)
{
	while (word_next(w, s)) {
		if (sh_span_is(*s, "-u") || sh_span_is(*s, "-C") || sh_span_is(*s, "--unset") ||
			sh_span_is(*s, "--chdir")) {
			if (!word_next(w, s))
				return false;
		} else if (s->len > 2 && memcmp(s->p, "-S", 2) == 0) {
			*s = (struct sh_span){s->p + 2, s->len - 2};
			return true;
		} else if (s->len > 15 && memcmp(s->p, "--split-string=", 15) == 0) {
			*s = (struct sh_span){s->p + 15, s->len - 15};
			return true;
		} else if (s->p[0] != '-' && memchr(s->p, '=', s->len) == NULL) {
			return true;
		}
	}
	return false;
}

/* Takes a version off the end: bash-5.2, zsh-5.9. */
static struct sh_span version_strip(struct sh_span s)
{
	for (size_t i = 1; i + 1 < s.len; i++) {
		if (s.p[i] == '-' && s.p[i + 1] >= '0' && s.p[i + 1] <= '9')
			return (struct sh_span){s.p, i};
	}
	return s;
}

static bool name_find(struct sh_span s, enum sh_dialect *out)
{
	static const struct {
		const char *name;
		enum sh_dialect dialect;
	} known[] = {
		{"sh", SH_POSIX},
		{"dash", SH_POSIX},
		{"ash", SH_POSIX},
		{"bash", SH_BASH},
		{"rbash", SH_BASH},
		{"ksh", SH_KSH},
		{"ksh88", SH_KSH},
		{"ksh93", SH_KSH},
		{"ksh93u+m", SH_KSH},
		{"ksh2020", SH_KSH},
		{"rksh", SH_KSH},
		{"mksh", SH_KSH},
		{"lksh", SH_KSH},
		{"pdksh", SH_KSH},
		{"oksh", SH_KSH},
		{"zsh", SH_ZSH},
		{"rzsh", SH_ZSH},
	};

	s = version_strip(s);
	for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++) {
		if (sh_span_is(s, known[i].name)) {
			*out = known[i].dialect;
			return true;
		}
	}
	return false;
}

/* Reads the words as far as the shell's name; false where it is no shell that we know. */
static bool shell_find(struct words *w, enum sh_dialect *out)
{
	struct sh_span s;

	if (!word_next(w, &s))
		return false;
	s = basename_of(s);
	if (sh_span_is(s, "env")) {
		if (!env_skip(w, &s))
			return false;
		s = basename_of(s);
	}
	if (sh_span_is(s, "busybox") && word_next(w, &s)) {
		if (!sh_span_is(s, "sh") && !sh_span_is(s, "ash"))
			return false;
		*out = SH_POSIX;
		return true;
	}
	return name_find(s, out);
}

/* What runs the script, as words; false where nobody says so. */
static bool words_begin(const char *script, size_t len, const char *interpreter, struct words *out)
{
	const char *nl;

	if (interpreter != NULL && interpreter[0] != '\0') {
		*out = (struct words){interpreter, interpreter + strlen(interpreter)};
		return true;
	}
	if (len < 2 || memcmp(script, "#!", 2) != 0)
		return false;
	nl = memchr(script, '\n', len);
	*out = (struct words){script + 2, nl == NULL ? script + len : nl};
	return true;
}

bool sh_dialect_find(const char *script, size_t len, const char *interpreter, enum sh_dialect *out)
{
	struct words w;

	if (words_begin(script, len, interpreter, &w))
		return shell_find(&w, out);
	*out = SH_POSIX;
	return true;
}

/* Whether the word is an option's name, and no letters; bash takes its own behind one dash, too. */
static bool is_long(struct sh_span s, enum sh_dialect dialect)
{
	static const char *const names[] = {
		"-norc", "-posix", "-rcfile", "-restricted", "-verbose"};

	if (s.p[1] == '-')
		return true;
	for (size_t i = 0; dialect == SH_BASH && i < sizeof(names) / sizeof(names[0]); i++)
		if (sh_span_is(s, names[i]))
			return true;
	return false;
}

/* The first of two letters among the options that follow the shell's name; NUL: neither is there.
 */
static char option_find(struct words *w, enum sh_dialect dialect, const char letters[2])
{
	/* In ksh and zsh the rest of the word is the name that -o takes. */
	bool may_join = dialect == SH_KSH || dialect == SH_ZSH;
	struct sh_span s;

	while (word_next(w, &s) && s.len > 1 && s.p[0] == '-' && !sh_span_is(s, "--")) {
		bool is_name = is_long(s, dialect);

		for (size_t i = 1; i < s.len && !is_name; i++) {
			if (s.p[i] == letters[0] || s.p[i] == letters[1])
				return s.p[i];
			is_name = may_join && s.p[i] == 'o' && i + 1 < s.len;
		}
		if (!is_name && (s.p[s.len - 1] == 'o' || s.p[s.len - 1] == 'O'))
			(void)word_next(w, &s);
	}
	return '\0';
}

char sh_option_elsewhere(const char *script, size_t len, const char *interpreter)
{
	enum sh_dialect dialect;
	struct words w;

	return words_begin(script, len, interpreter, &w) && shell_find(&w, &dialect)
		? option_find(&w, dialect, "cs")
		: '\0';
}

char sh_option_history(const char *script, size_t len, const char *interpreter)
{
	enum sh_dialect dialect;
	struct words w;

	return words_begin(script, len, interpreter, &w) && shell_find(&w, &dialect) &&
			(dialect == SH_BASH || dialect == SH_POSIX)
		? option_find(&w, dialect, "iH")
		: '\0';
}
