/*
 * Crontabs as crontab(5) of Debian's cron has them. Each line with a command becomes a DAG of one
 * task; what the settings above it say goes along.
 */
#include <string.h>

#include "cli/import.h"
#include "cli/import_part.h"
#include "cli/output.h"
#include "engine/arena.h"
#include "engine/buf.h"
#include "engine/diag.h"
#include "engine/err.h"
#include "engine/strmap.h"
#include "engine/timetable.h"
#include "engine/utf8.h"
#include "engine/zone.h"

struct crontab {
	const struct import_crontab_options *o;
	struct arena *arena;
	struct diags *notes;
	struct buf *out;
	struct import_names names;
	struct import_aliases users; /* that were told of */
	struct import_map environment;
	struct strmap *places; /* in it, by names */
	const char *shell, *timezone, *home;
	const char *comment; /* right above the line; NULL: none */
	struct pos pos; /* of the line that is read */
	size_t n;
	bool is_short; /* memory was */
};

/* A part as a text in the arena. NULL, and noted, where memory is short. */
static const char *keep(struct crontab *c, struct part p)
{
	const char *text = arena_memdup(c->arena, p.text, p.len);

	c->is_short = c->is_short || text == NULL;
	return text;
}

static bool is_text(struct part p)
{
	return utf8_valid(p.text, p.len) == p.len && memchr(p.text, '\0', p.len) == NULL;
}

/* ---- settings ---- */

static bool is_name_char(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
		c == '_';
}

/* Where the `=` of a setting stands; 0: the line is none. Its name may stand in quotes. */
static size_t setting_at(struct part line)
{
	char quote = line.len > 0 && (*line.text == '"' || *line.text == '\'') ? *line.text : 0;
	size_t i = quote != 0, from = i;

	while (i < line.len && is_name_char(line.text[i]))
		i++;
	if (i == from || (line.text[from] >= '0' && line.text[from] <= '9') ||
		(quote != 0 && (i == line.len || line.text[i++] != quote)))
		return 0;
	while (i < line.len && (line.text[i] == ' ' || line.text[i] == '\t'))
		i++;
	return i < line.len && line.text[i] == '=' ? i : 0;
}

/* Settings hold for the lines below; one that comes again takes the place of the first. Returns its
 * text; NULL: no memory. */
static const char *environment_set(struct crontab *c, struct part name, struct part value)
{
	struct import_map *m = &c->environment;
	struct buf b;
	uint32_t at = strmap_find(c->places, name.text, name.len);
	const char *text, *key = keep(c, name);

	buf_init(&b, IMPORT_TEXT_MAX);
	import_text_add(&b, value.text, value.len);
	text = import_text_keep(c->arena, &b);
	if (text != NULL && at != STRMAP_NONE)
		m->list[at].value = value_string(text, strlen(text));
	else if (key == NULL || strmap_add(c->places, key, name.len, (uint32_t)m->n) != 0)
		m->is_short = true;
	else
		import_map_text(m, key, text);
	return text;
}

/* An interpreter is words between blanks, in which no expression stands. */
static void shell_set(struct crontab *c, struct part value)
{
	bool is_word = value.len > 0 && memmem(value.text, value.len, "$<", 2) == NULL &&
		memmem(value.text, value.len, "${", 2) == NULL;

	for (size_t i = 0; i < value.len && is_word; i++)
		is_word = value.text[i] != ' ' && value.text[i] != '\t';
	c->shell = is_word ? keep(c, value) : NULL;
	if (!is_word)
		diag_warning(c->notes, c->pos,
			"SHELL was left out: \"%.*s\" is no path that `interpreter` takes; /bin/sh "
			"runs what follows",
			(int)value.len, value.text);
}

static void setting_read(struct crontab *c, struct part line, size_t at)
{
	struct part name = part_unquote(part_trim((struct part){line.text, at}));
	struct part value =
		part_unquote(part_trim((struct part){line.text + at + 1, line.len - at - 1}));

	if (part_is(name, "MAILTO") || part_is(name, "MAILFROM")) {
		if (value.len > 0)
			diag_warning(c->notes, c->pos,
				"%.*s was left out: windrow sends no mail; give the DAG an "
				"`on_failure`",
				(int)name.len, name.text);
	} else if (part_is(name, "RANDOM_DELAY")) {
		diag_warning(c->notes, c->pos,
			"RANDOM_DELAY was left out: what follows starts on the minute");
	} else if (!is_text(value)) {
		diag_error(c->notes, c->pos, "%.*s was left out: it holds bytes that are no UTF-8",
			(int)name.len, name.text);
	} else if (part_is(name, "SHELL")) {
		shell_set(c, value);
	} else if (part_is(name, "CRON_TZ")) {
		c->timezone = value.len == 0 ? c->o->timezone : keep(c, value);
	} else {
		const char *text = environment_set(c, name, value);

		if (part_is(name, "HOME"))
			c->home = text;
	}
}

/* ---- commands ---- */

/* What a person would call the job: its first program, behind variables and a `cd`. */
static const char *job_name(struct crontab *c, struct part command)
{
	struct part word, rest = command;
	size_t from = 0;

	for (word = part_word_take(&rest); word.len > 0; word = part_word_take(&rest)) {
		if (part_is(word, "cd")) {
			do
				word = part_word_take(&rest);
			while (word.len > 0 && !part_is(word, "&&") &&
				word.text[word.len - 1] != ';');
		} else if (memchr(word.text, '=', word.len) == NULL) {
			break;
		}
	}
	for (size_t i = 0; i < word.len; i++)
		if (word.text[i] == '/')
			from = i + 1;
	word.text += from;
	word.len -= from;
	for (size_t i = word.len; i > 1; i--)
		if (word.text[i - 1] == '.') {
			word.len = i - 1;
			break;
		}
	return import_name(&c->names, word.text, word.len);
}

/* A percent sign that has no backslash before it ends the command; what stands behind is its
 * standard input, where each further one is a newline. Adds the text up to there with the
 * backslashes taken away; returns where it stopped. */
static size_t percent_add(struct buf *out, struct part p, bool is_input)
{
	size_t i;

	for (i = 0; i < p.len; i++) {
		if (p.text[i] == '\\' && i + 1 < p.len && p.text[i + 1] == '%')
			i++;
		else if (p.text[i] == '%' && !is_input)
			return i;
		else if (p.text[i] == '%') {
			buf_addc(out, '\n');
			continue;
		}
		buf_addc(out, p.text[i]);
	}
	return i;
}

/* The command as a task's `command`, or as a `script` where it is given something to read. */
static void command_add(struct crontab *c, struct import_map *task, struct part command)
{
	struct buf plain, input, made;
	const char *mark = "END_OF_INPUT";
	size_t end;

	buf_init(&plain, IMPORT_TEXT_MAX);
	buf_init(&input, IMPORT_TEXT_MAX);
	buf_init(&made, IMPORT_TEXT_MAX);
	end = percent_add(&plain, command, false);
	if (end < command.len)
		(void)percent_add(
			&input, (struct part){command.text + end + 1, command.len - end - 1}, true);
	while (mark != NULL && strstr(buf_str(&input), mark) != NULL)
		mark = arena_printf(c->arena, "%s_", mark);
	if (mark == NULL || buf_status(&plain) != 0 || buf_status(&input) != 0) {
		task->is_short = true;
	} else if (end < command.len) {
		buf_addf(&made, "{ ");
		import_text_add(&made, plain.data, plain.len);
		buf_addf(&made, "\n} <<'%s'\n", mark);
		import_text_add(&made, buf_str(&input), input.len);
		buf_addf(&made, "%s%s\n",
			input.len == 0 || input.data[input.len - 1] == '\n' ? "" : "\n", mark);
		import_map_text(task, "script", import_text_keep(c->arena, &made));
	} else {
		import_text_add(&made, buf_str(&plain), plain.len);
		import_map_text(task, c->shell == NULL ? "command" : "script",
			import_text_keep(c->arena, &made));
	}
	buf_free(&plain);
	buf_free(&input);
	buf_free(&made);
}

static struct value task_of(struct crontab *c, struct part command)
{
	struct import_map task = {.arena = c->arena};

	import_map_text(&task, "operator", c->o->conn_id == NULL ? "local" : "ssh");
	if (c->o->conn_id != NULL)
		import_map_text(&task, "ssh_conn_id", c->o->conn_id);
	if (c->home != NULL && *c->home != '\0')
		import_map_text(&task, "working_directory", c->home);
	if (c->shell != NULL)
		import_map_text(&task, "interpreter", c->shell);
	if (c->environment.n > 0 || c->environment.is_short)
		import_map_add(&task, "environment", import_map_value(&c->environment));
	command_add(c, &task, command);
	return import_map_value(&task);
}

static void dag_write(struct crontab *c, const char *schedule, struct part command)
{
	struct import_map dag = {.arena = c->arena}, tasks = {.arena = c->arena};
	const char *name = job_name(c, command);
	struct value v;

	if (name == NULL) {
		c->is_short = true;
		return;
	}
	import_map_text(&dag, "dag_id", name);
	if (c->comment != NULL)
		import_map_text(&dag, "description", c->comment);
	import_map_text(&dag, "schedule", schedule);
	if (c->timezone != NULL && strcmp(c->timezone, "UTC") != 0)
		import_map_text(&dag, "timezone", c->timezone);
	import_map_add(&tasks, name, task_of(c, command));
	import_map_add(&dag, "tasks", import_map_value(&tasks));
	if (c->n++ > 0)
		buf_adds(c->out, "---\n");
	v = import_map_value(&dag);
	if (dag.is_short)
		c->is_short = true;
	else
		output_yaml_add(c->out, &v);
}

/* ---- lines ---- */

/* Takes the times off a line: a word with @, or five words. NULL: it has too few. */
static const char *schedule_take(struct crontab *c, struct part *line)
{
	struct part rest = *line, word = part_word_take(&rest), first = word;

	for (int i = 1; i < 5 && *first.text != '@'; i++) {
		word = part_word_take(&rest);
		if (word.len == 0)
			return NULL;
	}
	*line = rest;
	first.len = (size_t)(word.text + word.len - first.text);
	return keep(c, first);
}

static int schedule_check(struct crontab *c, const char *schedule, struct err *e)
{
	struct timetable_bounds bounds = {
		.zone = zone_utc(), .start = INSTANT_NONE, .end = INSTANT_NONE};
	struct timetable *t;
	size_t bad;
	int r = timetable_create(c->arena, &schedule, 1, &bounds, &t, &bad, e);

	c->is_short = c->is_short || r == ERR_NOMEM;
	return r;
}

/* Whether a day must match both fields there: cron wants that where one begins with *, though that
 * is not all of it (star, slash, 2), and here either is enough. */
static bool wants_both_days(const char *schedule)
{
	struct part line = {schedule, strlen(schedule)}, field[5];

	for (int i = 0; i < 5; i++)
		field[i] = part_word_take(&line);
	return field[4].len > 0 && !part_is(field[2], "*") && !part_is(field[4], "*") &&
		(*field[2].text == '*' || *field[4].text == '*');
}

static bool schedule_is_right(struct crontab *c, const char *schedule)
{
	struct err e;

	if (strcmp(schedule, "@reboot") == 0)
		diag_error(c->notes, c->pos,
			"left out: there is no @reboot; a unit of the init system is the place for "
			"it");
	else if (schedule_check(c, schedule, &e) != 0)
		diag_error(c->notes, c->pos, "left out: \"%s\": %s", schedule, e.text);
	else if (wants_both_days(schedule))
		diag_error(c->notes, c->pos,
			"left out: \"%s\": cron runs it where both the day of the month and that "
			"of "
			"the week match, since one begins with *; here either would be enough",
			schedule);
	else
		return true;
	return false;
}

static bool command_is_text(struct crontab *c, struct part command)
{
	bool is_right = is_text(command);

	if (!is_right)
		diag_error(c->notes, c->pos, "left out: it holds bytes that are no UTF-8");
	else if (*command.text == '%')
		diag_error(c->notes, c->pos, "left out: there is no command before the %%");
	return is_right && *command.text != '%';
}

/* Words that nobody's command begins with, but a line of another kind. */
static bool command_is_one(struct crontab *c, struct part command)
{
	struct part rest = command, word = part_word_take(&rest);
	bool is_time = true;

	for (size_t i = 0; i < word.len; i++)
		is_time = is_time && strchr("0123456789*/,-?", word.text[i]) != NULL;
	is_time = is_time && *word.text != '/';
	if (is_time)
		diag_error(c->notes, c->pos,
			"left out: no command begins with \"%.*s\"; cron has five times, and no "
			"seconds or years",
			(int)word.len, word.text);
	else if (!c->o->has_user && part_is(word, "root"))
		diag_error(c->notes, c->pos,
			"left out: no command is called root; where the file names users, as "
			"/etc/crontab does, say --system");
	else
		return true;
	return false;
}

/* Tells of a test before what is run, without anything for where it fails: cron does not look at
 * how a command ends. */
static void test_tell(struct crontab *c, struct part command)
{
	struct part rest = command, word = part_word_take(&rest);

	if ((part_is(word, "[") || part_is(word, "[[") || part_is(word, "test") ||
		    part_is(word, "command")) &&
		memmem(rest.text, rest.len, "&&", 2) != NULL &&
		memmem(rest.text, rest.len, "||", 2) == NULL)
		diag_warning(c->notes, c->pos,
			"where its test does not hold, this run fails, and cron told of nothing: "
			"write `if ...; then ...; fi`");
}

/* Tells, once, that what ran as a user runs as another now. */
static void user_tell(struct crontab *c, struct part user)
{
	const char *name = keep(c, user);
	bool is_new = false;

	if (name == NULL || import_alias(&c->users, name, name, &is_new) == NULL)
		c->is_short = true;
	else if (is_new && (c->o->user == NULL || strcmp(name, c->o->user) != 0))
		diag_warning(c->notes, c->pos,
			"this ran as %s; it will run as the login of its connection, or as "
			"windrow's own user",
			name);
}

static void job_read(struct crontab *c, struct part line)
{
	const char *schedule = schedule_take(c, &line);
	struct part user = c->o->has_user ? part_word_take(&line) : (struct part){"", 0};
	struct part command = part_trim(line);

	if (schedule == NULL || command.len == 0) {
		diag_error(c->notes, c->pos,
			"left out: this is neither a setting nor five times and a command%s",
			c->o->has_user ? ", with a user between them" : "");
		return;
	}
	if (memchr(user.text, '/', user.len) != NULL) {
		diag_error(c->notes, c->pos,
			"left out: %.*s is no user; a crontab that names none wants no --system",
			(int)user.len, user.text);
		return;
	}
	if (!schedule_is_right(c, schedule) || !command_is_text(c, command) ||
		!command_is_one(c, command))
		return;
	if (user.len > 0)
		user_tell(c, user);
	test_tell(c, command);
	dag_write(c, schedule, command);
}

/* A comment tells of the job below it, unless it is a line that was switched off or the names of
 * the columns. */
static const char *comment_read(struct crontab *c, struct part text)
{
	static const char *const minutes[] = {"m", "mm", "mn", "min", "minute"};
	struct part rest = text, first = part_word_take(&rest), second = part_word_take(&rest);
	const char *schedule;
	struct err e;

	for (size_t i = 0; i < sizeof(minutes) / sizeof(minutes[0]); i++)
		if (part_is(first, minutes[i]) && second.len > 0 && *second.text == 'h')
			return NULL;
	if (first.len == 0 || !is_text(text))
		return NULL;
	rest = text;
	schedule = schedule_take(c, &rest);
	if (schedule != NULL && schedule_check(c, schedule, &e) == 0)
		return NULL;
	return keep(c, text);
}

static void line_read(struct crontab *c, struct part line)
{
	size_t at;

	line = part_trim(line);
	if (line.len > 0 && *line.text == '#') {
		c->comment = comment_read(c, part_trim((struct part){line.text + 1, line.len - 1}));
		return;
	}
	at = setting_at(line);
	if (at > 0) {
		setting_read(c, line, at);
	} else if (line.len > 0) {
		if (*line.text == '-') /* do not log its start */
			line = (struct part){line.text + 1, line.len - 1};
		job_read(c, line);
	}
	c->comment = NULL;
}

int import_crontab(const struct import_crontab_options *o, const char *text, size_t len,
	struct diags *notes, struct buf *out, size_t *n, struct err *e)
{
	struct arena *a = arena_create(IMPORT_TEXT_MAX);
	struct crontab c = {.o = o,
		.arena = a,
		.notes = notes,
		.out = out,
		.names = {.arena = a},
		.users = {.names = {.arena = a}},
		.environment = {.arena = a},
		.places = strmap_create(0),
		.timezone = o->timezone,
		.home = o->home,
		.pos = {1, 1}};
	const char *end = text + len, *eol;
	int r;

	c.is_short = a == NULL || c.places == NULL;
	for (; text < end && !c.is_short; text = eol + 1, c.pos.line++) {
		eol = memchr(text, '\n', (size_t)(end - text));
		if (eol == NULL)
			eol = end;
		line_read(&c, (struct part){text, (size_t)(eol - text)});
	}
	*n = c.n;
	import_names_free(&c.names);
	import_aliases_free(&c.users);
	strmap_destroy(c.places);
	r = import_end(a, c.is_short ? ERR_NOMEM : buf_status(out), e);
	arena_destroy(a);
	return r;
}
