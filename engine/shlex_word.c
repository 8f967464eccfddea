/*
 * What a word means for the command around it: reserved words, assignments, the commands whose
 * arguments are more than text; and in which of these places a hole may stand.
 *
 * N.B. only as much grammar is known here as decides what the bytes further on mean (a `case` makes
 * a ) mean something else), and where a shell takes a word for more than a word.
 */
#include "engine/shlex.h"

/* How many bytes in front can be a name's. */
static size_t name_length(const char *p, size_t len)
{
	size_t n = 0;

	if (len == 0 || (p[0] >= '0' && p[0] <= '9'))
		return 0;
	while (n < len &&
		((p[n] >= 'a' && p[n] <= 'z') || (p[n] >= 'A' && p[n] <= 'Z') ||
			(p[n] >= '0' && p[n] <= '9') || p[n] == '_'))
		n++;
	return n;
}

bool sh_name_is(const char *p, size_t len)
{
	return len != 0 && name_length(p, len) == len;
}

enum reserved {
	RW_NONE,
	RW_AGAIN, /* what follows is the beginning of a command once more */
	RW_CASE,
	RW_ESAC,
	RW_FOR,
	RW_FUNCTION,
	RW_CONDITION,
	RW_TIME,
	RW_STRANGE
};

static enum reserved reserved_find(struct sh_span w)
{
	static const struct {
		struct sh_span word;
		enum reserved kind;
	} words[] = {
		{SH_SPAN("if"), RW_AGAIN},
		{SH_SPAN("then"), RW_AGAIN},
		{SH_SPAN("else"), RW_AGAIN},
		{SH_SPAN("elif"), RW_AGAIN},
		{SH_SPAN("fi"), RW_AGAIN},
		{SH_SPAN("while"), RW_AGAIN},
		{SH_SPAN("until"), RW_AGAIN},
		{SH_SPAN("do"), RW_AGAIN},
		{SH_SPAN("done"), RW_AGAIN},
		{SH_SPAN("{"), RW_AGAIN},
		{SH_SPAN("}"), RW_AGAIN},
		{SH_SPAN("!"), RW_AGAIN},
		{SH_SPAN("case"), RW_CASE},
		{SH_SPAN("esac"), RW_ESAC},
		{SH_SPAN("for"), RW_FOR},
		{SH_SPAN("select"), RW_FOR},
		{SH_SPAN("function"), RW_FUNCTION},
		{SH_SPAN("[["), RW_CONDITION},
		{SH_SPAN("time"), RW_TIME},
		{SH_SPAN("coproc"), RW_STRANGE},
		{SH_SPAN("foreach"), RW_STRANGE},
		{SH_SPAN("repeat"), RW_STRANGE},
		{SH_SPAN("namespace"), RW_STRANGE},
	};

	if (w.len == 0 || w.len > 9)
		return RW_NONE;
	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
		if (sh_span_equal(words[i].word, w))
			return words[i].kind;
	}
	return RW_NONE;
}

static enum sh_command command_find(struct sh_span w)
{
	static const struct {
		struct sh_span word;
		enum sh_command command;
	} words[] = {
		{SH_SPAN("let"), CMD_LET},
		{SH_SPAN("declare"), CMD_DECLARE},
		{SH_SPAN("typeset"), CMD_DECLARE},
		{SH_SPAN("local"), CMD_DECLARE},
		{SH_SPAN("readonly"), CMD_DECLARE},
		{SH_SPAN("export"), CMD_DECLARE},
		{SH_SPAN("integer"), CMD_DECLARE},
		{SH_SPAN("float"), CMD_DECLARE},
		{SH_SPAN("nameref"), CMD_DECLARE},
		{SH_SPAN("["), CMD_TEST},
		{SH_SPAN("test"), CMD_TEST},
		{SH_SPAN("unset"), CMD_UNSET},
		{SH_SPAN("read"), CMD_READ},
	};

	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
		if (sh_span_equal(words[i].word, w))
			return words[i].command;
	}
	return CMD_OTHER;
}

/* Commands that run the command which follows them. */
static bool is_transparent(struct sh_span w)
{
	return sh_span_is(w, "command") || sh_span_is(w, "builtin") || sh_span_is(w, "exec") ||
		sh_span_is(w, "noglob") || sh_span_is(w, "nocorrect") || sh_span_is(w, "-");
}

/* NAME=, NAME+= or NAME[...]= in front. */
static bool is_assignment(const struct sh_lexer *lx, const struct sh_frame *f)
{
	const char *w = lx->text + f->word_start;
	size_t len = lx->pos - f->word_start, n = name_length(w, len);

	if (n == 0 || n == len)
		return false;
	return w[n] == '=' || w[n] == '[' || (w[n] == '+' && n + 1 < len && w[n + 1] == '=');
}

/* The operators between which [[ ]], and in some shells [ ], compute. */
static bool is_computing(struct sh_span w)
{
	static const char *const ops[] = {"-eq", "-ne", "-lt", "-le", "-gt", "-ge"};

	for (size_t i = 0; i < sizeof(ops) / sizeof(ops[0]); i++) {
		if (sh_span_is(w, ops[i]))
			return true;
	}
	return false;
}

static int refuse_computed(struct sh_lexer *lx, size_t hole)
{
	return sh_refuse(lx, hole,
		"in [[ ]] or test beside -eq, -ne, -lt, -le, -gt, -ge, -v or -R, where the shell "
		"computes with it or takes it for a variable's name; in sh and bash, [ ] compares "
		"numbers without computing");
}

/* An operand or operator of [[ ]] or [ ]. */
static int condition_word(struct sh_lexer *lx, struct sh_frame *f, struct sh_span w)
{
	bool computes = f->place == P_CONDITION || lx->dialect == SH_KSH;

	f->next_is_computed = false;
	if (computes && is_computing(w)) {
		if (f->prev_hole != SH_NONE)
			return refuse_computed(lx, f->prev_hole);
		f->next_is_computed = true;
	} else if (sh_span_is(w, "-v") || sh_span_is(w, "-R")) {
		f->next_is_computed = true;
	} else if (f->place == P_CONDITION && sh_span_is(w, "=~")) {
		f->is_regex = true;
	} else if (f->place == P_CONDITION && sh_span_is(w, "]]") && !f->is_group) {
		f->place = P_AFTER;
	}
	f->prev_hole = f->word_hole;
	return 0;
}

static int argument_word(struct sh_lexer *lx, struct sh_frame *f, struct sh_span w)
{
	f->n_words++;
	f->prev_start = f->word_start;
	f->prev_len = w.len;
	if (f->command == CMD_TEST)
		return condition_word(lx, f, w);
	if (f->command == CMD_DECLARE && w.len > 1 && (w.p[0] == '-' || w.p[0] == '+')) {
		for (size_t i = 1; i < w.len; i++)
			f->next_is_computed |= strchr("aAinEFCTm", w.p[i]) != NULL;
	}
	if (lx->dialect == SH_ZSH && (sh_span_is(w, "{") || sh_span_is(w, "}")))
		sh_doubt(lx, "a { or } in the midst of a command");
	return 0;
}

static void command_word(struct sh_lexer *lx, struct sh_frame *f, struct sh_span w)
{
	if (is_assignment(lx, f) || is_transparent(w)) {
		f->place = P_PREFIX;
		return;
	}
	f->place = P_ARGS;
	f->n_words = 1;
	f->first_hole = f->word_hole;
	f->command = (uint8_t)command_find(w);
	if (sh_span_is(w, "integer") || sh_span_is(w, "float") || sh_span_is(w, "nameref"))
		f->next_is_computed = true;
}

static int case_open(struct sh_lexer *lx, struct sh_frame *f)
{
	int r = sh_push(lx, F_CASE, f->word_start);

	if (r != 0)
		return r;
	sh_top(lx)->place = P_CASE_WORD;
	if (lx->dialect == SH_KSH &&
		sh_top(lx)->is_case_around) /* ksh93 cannot find the $( )'s end */
		sh_doubt(lx, "a `case` in a substitution in a `case`");
	return 0;
}

static void case_close(struct sh_lexer *lx)
{
	if (sh_top(lx)->kind != F_CASE) {
		sh_doubt(lx, "an `esac` without its `case`");
		return;
	}
	sh_pop(lx);
	sh_top(lx)->place = P_COMMAND;
}

static int first_word(struct sh_lexer *lx, struct sh_frame *f, struct sh_span w)
{
	switch (reserved_find(w)) {
	case RW_NONE:
		if (f->is_timed && w.len > 0 && w.p[0] == '-') /* time -p */
			return 0;
		f->is_timed = false;
		command_word(lx, f, w);
		return 0;
	case RW_CASE:
		return case_open(lx, f);
	case RW_ESAC:
		case_close(lx);
		return 0;
	case RW_FOR:
		f->place = P_FOR_NAME;
		return 0;
	case RW_FUNCTION:
		if (lx->dialect == SH_POSIX)
			sh_doubt(lx, "`function`, which a plain sh does not have,");
		f->place = P_FUNCTION;
		return 0;
	case RW_CONDITION:
		f->place = P_CONDITION;
		f->prev_hole = SH_NONE;
		return 0;
	case RW_TIME:
		f->is_timed = true;
		return 0;
	case RW_STRANGE:
		if (lx->dialect != SH_POSIX)
			sh_doubt(lx, "`coproc`, `foreach`, `repeat` or `namespace`");
		command_word(lx, f, w);
		return 0;
	case RW_AGAIN:
		return 0;
	}
	return 0;
}

int sh_word_end(struct sh_lexer *lx)
{
	struct sh_frame *f = sh_top(lx);
	struct sh_span w = {lx->text + f->word_start, 0};

	if (!f->in_word)
		return 0;
	f->in_word = false;
	if (f->word_is_plain)
		w.len = lx->pos - f->word_start;
	if (f->is_redirect) {
		f->is_redirect = false;
		if (f->place == P_COMMAND)
			f->place = P_PREFIX;
		return 0;
	}
	if (f->word_is_split && f->place != P_ARGS && !is_assignment(lx, f))
		sh_doubt(lx, "a word with a backslash and a newline in it");
	switch (f->place) {
	case P_COMMAND:
		return first_word(lx, f, w);
	case P_PREFIX:
		command_word(lx, f, w);
		return 0;
	case P_ARGS:
		return argument_word(lx, f, w);
	case P_CONDITION:
		return condition_word(lx, f, w);
	case P_FOR_NAME:
		f->place = P_FOR_IN;
		return 0;
	case P_FOR_IN:
		f->place = reserved_find(w) == RW_AGAIN ? P_COMMAND : P_ARGS;
		if (f->place != P_COMMAND && !sh_span_is(w, "in"))
			sh_doubt(lx, "a loop that has neither `in` nor `do`");
		f->command = CMD_OTHER;
		f->n_words = 2;
		return 0;
	case P_FUNCTION:
		f->place = P_COMMAND;
		return 0;
	case P_CASE_WORD:
		f->place = P_CASE_IN;
		return 0;
	case P_CASE_IN:
		if (!sh_span_is(w, "in"))
			sh_doubt(lx, "a `case` without `in`");
		f->place = P_PATTERN;
		return 0;
	case P_PATTERN:
		if (sh_span_is(w, "esac") && !f->pattern_is_open && !f->pattern_has_word)
			case_close(lx);
		f->pattern_has_word = true;
		return 0;
	case P_AFTER: /* N.B. `then`, `do` and { need no ; in front here */
		f->place = reserved_find(w) == RW_AGAIN ? P_COMMAND : P_ARGS;
		if (f->place != P_COMMAND)
			sh_doubt(lx, "a word behind ]] or ))");
		return 0;
	default:
		return 0;
	}
}

/* Why a hole must not stand in this command at this place, or NULL. */
static const char *place_refusal(const struct sh_lexer *lx, const struct sh_frame *f)
{
	const char *w = lx->text + f->word_start;
	struct sh_span prev = {lx->text + f->prev_start, f->prev_len};

	if (f->is_redirect)
		return NULL;
	switch (f->place) {
	case P_FOR_NAME:
		return "as the name of a loop's variable";
	case P_FUNCTION:
		return "as the name of a function";
	case P_FOR_IN:
	case P_CASE_IN:
		return "where `in` or `do` is due";
	case P_AFTER:
		return "behind ]] or ))";
	case P_CONDITION:
		return f->is_regex ? "on the right of =~, where it would be a pattern" : NULL;
	case P_ARGS:
		break;
	default:
		return NULL;
	}
	switch (f->command) {
	case CMD_LET:
		return "in the arguments of `let`, which computes with them";
	case CMD_UNSET:
		return "in the arguments of `unset`, which can run code in a name";
	case CMD_DECLARE:
		if (memchr(w, '=', lx->pos - f->word_start) == NULL)
			return "in a variable's name (declare, export, local, ...), which can run "
			       "code";
		if (f->next_is_computed)
			return "in the value of an array, a number or a reference (declare -a, -A, "
			       "-i, -n), which can run code; assign to a plain variable first";
		return NULL;
	case CMD_READ:
		if (prev.len == 2 && prev.p[0] == '-' && strchr("dtnNpui", prev.p[1]) != NULL)
			return NULL;
		return "in a variable's name behind `read`, which can run code";
	default:
		return NULL;
	}
}

/* Whether the word begins with a ~ (or, in zsh, a =) that belongs to what the hole is part of. */
static const char *prefix_refusal(const struct sh_lexer *lx, const struct sh_frame *f)
{
	const char *w = lx->text + f->word_start;
	size_t n = lx->pos - f->word_start, i = n;

	while (i > 0 && memchr("/'\"\\$`)]}", w[i - 1], 9) == NULL && w[i - 1] != '~')
		i--;
	if (i > 0 && w[i - 1] == '~' && (i == 1 || w[i - 2] == '=' || w[i - 2] == ':'))
		return "in a word right behind a ~, which some shells take for a user's name; put "
		       "a / between them, or quote the ~";
	if (lx->dialect != SH_ZSH)
		return NULL;
	i = name_length(w, n);
	if ((n > 0 && w[0] == '=') || (i > 0 && i + 1 < n && w[i] == '=' && w[i + 1] == '='))
		return "in a word that begins with =, which zsh takes for a command's name; quote "
		       "the =";
	return NULL;
}

int sh_word_check(struct sh_lexer *lx, struct sh_frame *f)
{
	const char *why = place_refusal(lx, f);

	if (why != NULL)
		return sh_refuse(lx, lx->n_taken, why);
	if (f->next_is_computed && !f->is_redirect && f->command != CMD_DECLARE)
		return refuse_computed(lx, lx->n_taken);
	if (f->word_hole != SH_NONE)
		return 0;
	f->word_hole = lx->n_taken;
	/* N.B. ksh93 takes even a quoted ]] for the end, unless something in it is expanded. */
	if (f->place == P_CONDITION && lx->dialect == SH_KSH)
		return sh_op_add(lx,
			(struct sh_op){.pos = (uint32_t)f->word_start,
				.kind = SH_OP_INSERT,
				.index = SH_INSERT_PWD});
	return 0;
}

int sh_word_hole(struct sh_lexer *lx)
{
	const struct sh_frame *f = sh_top(lx);
	enum sh_enc enc = SH_ENC_BARE;
	const char *why;

	if (lx->doubt == NULL && f->word_hole == SH_NONE) {
		why = prefix_refusal(lx, f);
		if (why != NULL)
			return sh_refuse(lx, lx->n_taken, why);
	}
	if (f->is_in_here)
		enc = SH_ENC_BARE_DOUBLE;
	else if (lx->dialect == SH_ZSH)
		enc = SH_ENC_BARE_APART;
	return sh_hole_take(lx, enc);
}
