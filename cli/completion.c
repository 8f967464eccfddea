/*
 * `windrow completion`: scripts for shells, made from the table of commands, so that what completes
 * is what exists. Words that may be files complete as files, ids as what a `list` prints.
 */
#include <stdio.h>
#include <string.h>

#include "cli/args.h"
#include "cli/commands.h"
#include "cli/report.h"
#include "engine/err.h"

static const char *const shells[] = {"bash", "zsh", "fish", NULL};

static bool takes(const struct command *c, const char *what)
{
	return c->words != NULL && strstr(c->words, what) != NULL;
}

/* The group whose `list` prints what the command's words may be, in its first column; or NULL. */
static const char *ids_group(const struct command *c)
{
	if (strcmp(c->group, "connections") == 0)
		return takes(c, "ID") && strcmp(c->verb, "add") != 0 ? "connections" : NULL;
	if (strcmp(c->group, "variables") == 0)
		return takes(c, "KEY") ? "variables" : NULL;
	if (strcmp(c->group, "keypairs") == 0)
		return takes(c, "NAME") && strcmp(c->verb, "generate") != 0 &&
				strcmp(c->verb, "import") != 0
			? "keypairs"
			: NULL;
	if (strcmp(c->group, "pools") == 0)
		return takes(c, "NAME") ? "pools" : NULL;
	return takes(c, "ID") ? "dags" : NULL;
}

static void print_flag_names(const struct command *c)
{
	for (size_t i = 0; i < c->n_flags; i++)
		(void)printf("--%s ", c->flags[i].name);
	(void)fputs("--help", stdout);
}

/* What may stand behind the first words of one command, as branches of a case over the command and
 * the word before. */
static void print_sh_command(const struct command *c, const char *name)
{
	const char *ids = ids_group(c);

	for (size_t i = 0; i < c->n_flags; i++) {
		const struct flag *f = &c->flags[i];

		if (f->value == NULL)
			continue;
		(void)printf("\t\t\"%s --%s\"", name, f->name);
		if (f->letter != 0)
			(void)printf(" | \"%s -%c\"", name, f->letter);
		(void)fputs(") words=\"", stdout);
		for (size_t k = 0; f->choices != NULL && f->choices[k] != NULL; k++)
			(void)printf("%s%s", k > 0 ? " " : "", f->choices[k]);
		(void)fputs("\" ;;\n", stdout);
	}
	(void)printf("\t\t\"%s \"*) words=\"", name);
	print_flag_names(c);
	(void)printf("\"%s%s%s ;;\n", takes(c, "FILE") ? " files=yes" : "",
		ids == NULL ? "" : " ids=", ids == NULL ? "" : ids);
}

static void print_sh_group(const struct command_group *g)
{
	const struct command *single = command_group_single(g);

	(void)printf("\t%s)\n", g->name);
	if (single != NULL) {
		(void)printf("\t\tcase \"%s $prev\" in\n", g->name);
		print_sh_command(single, g->name);
		(void)fputs("\t\tesac ;;\n", stdout);
		return;
	}
	(void)fputs("\t\tcase \"$verb $prev\" in\n\t\t\" \"*) words=\"", stdout);
	for (size_t i = 0; i < commands_count; i++)
		if (strcmp(commands[i]->group, g->name) == 0)
			(void)printf("%s ", commands[i]->verb);
	(void)fputs("--help\" ;;\n", stdout);
	for (size_t i = 0; i < commands_count; i++)
		if (strcmp(commands[i]->group, g->name) == 0)
			print_sh_command(commands[i], commands[i]->verb);
	(void)fputs("\t\tesac ;;\n", stdout);
}

/* The function that bash calls, and zsh by way of bashcompinit. */
static void print_sh(void)
{
	(void)fputs(
		"_windrow()\n{\n"
		"\tlocal cur=\"${COMP_WORDS[COMP_CWORD]}\" prev=\"${COMP_WORDS[COMP_CWORD-1]}\"\n"
		"\tlocal group=\"${COMP_WORDS[1]}\" verb=\"\" words=\"\" files=\"\" ids=\"\" word\n"
		"\t[ \"$COMP_CWORD\" -gt 2 ] && verb=\"${COMP_WORDS[2]}\"\n"
		"\t[ \"$COMP_CWORD\" -lt 2 ] && group=\"\"\n"
		"\t[ \"$prev\" = = ] && prev=\"${COMP_WORDS[COMP_CWORD-2]}\"\n"
		"\t[ \"$cur\" = = ] && cur=\"\"\n"
		"\tcase \"$group\" in\n\t\"\") words=\"",
		stdout);
	for (size_t i = 0; i < command_groups_count; i++)
		(void)printf("%s ", command_groups[i].name);
	(void)fputs("--help --version\" ;;\n", stdout);
	for (size_t i = 0; i < command_groups_count; i++)
		print_sh_group(&command_groups[i]);
	(void)fputs("\tesac\n"
		    "\t[ -n \"$ids\" ] && words=\"$words $(windrow $ids list -o plain 2>/dev/null "
		    "| cut -f1)\"\n"
		    "\tCOMPREPLY=()\n"
		    "\tfor word in $words; do\n"
		    "\t\tcase \"$word\" in \"$cur\"*) COMPREPLY+=(\"$word\") ;; esac\n"
		    "\tdone\n"
		    "\t[ -n \"$files\" ] && COMPREPLY+=($(compgen -f -- \"$cur\"))\n"
		    "\treturn 0\n}\n"
		    "complete -o filenames -F _windrow windrow\n",
		stdout);
}

/* Text in single quotes, as fish reads them. */
static void print_fish_text(const char *s)
{
	(void)putchar('\'');
	for (; *s != '\0'; s++) {
		if (*s == '\'' || *s == '\\')
			(void)putchar('\\');
		(void)putchar(*s);
	}
	(void)putchar('\'');
}

/* Begins a line that counts behind the first words of a command. */
static void begin_fish(const struct command *c)
{
	(void)printf("complete -c windrow -n '__fish_seen_subcommand_from %s", c->group);
	if (c->verb != NULL)
		(void)printf("; and __fish_seen_subcommand_from %s", c->verb);
	(void)putchar('\'');
}

static void print_fish_command(const struct command *c)
{
	for (size_t i = 0; i < c->n_flags; i++) {
		const struct flag *f = &c->flags[i];

		begin_fish(c);
		(void)printf(" -l %s", f->name);
		if (f->letter != 0)
			(void)printf(" -s %c", f->letter);
		if (f->value != NULL)
			(void)fputs(" -x", stdout);
		if (f->choices != NULL) {
			(void)fputs(" -a '", stdout);
			for (size_t k = 0; f->choices[k] != NULL; k++)
				(void)printf("%s%s", k > 0 ? " " : "", f->choices[k]);
			(void)putchar('\'');
		}
		(void)fputs(" -d ", stdout);
		print_fish_text(f->help);
		(void)putchar('\n');
	}
	if (takes(c, "FILE")) {
		begin_fish(c);
		(void)fputs(" -F\n", stdout);
	}
	if (ids_group(c) != NULL) {
		begin_fish(c);
		(void)printf(
			" -a '(windrow %s list -o plain 2>/dev/null | cut -f1)'\n", ids_group(c));
	}
}

static void print_fish_group(const struct command_group *g)
{
	(void)printf("complete -c windrow -n __fish_use_subcommand -a %s -d ", g->name);
	print_fish_text(g->summary);
	(void)putchar('\n');
	for (size_t i = 0; i < commands_count; i++) {
		const struct command *c = commands[i];

		if (strcmp(c->group, g->name) != 0)
			continue;
		if (c->verb != NULL) {
			(void)printf("complete -c windrow -n '__fish_seen_subcommand_from %s; and "
				     "test (count (commandline -opc)) -eq 2' -a %s -d ",
				g->name, c->verb);
			print_fish_text(c->summary);
			(void)putchar('\n');
		}
		print_fish_command(c);
	}
}

static int completion_exec(const struct args *args)
{
	const char *shell = args_word(args, 0);
	struct err e;

	if (args_check_choice("SHELL", shell, shells, &e) != 0) {
		report_error("completion: %s", e.text);
		return EXIT_USAGE;
	}
	if (strcmp(shell, "fish") == 0) {
		(void)fputs("complete -c windrow -f\n", stdout);
		(void)fputs("complete -c windrow -l help -s h -d 'help'\n", stdout);
		for (size_t i = 0; i < command_groups_count; i++)
			print_fish_group(&command_groups[i]);
		return EXIT_DONE;
	}
	if (strcmp(shell, "zsh") == 0)
		(void)fputs(
			"#compdef windrow\nautoload -U +X bashcompinit && bashcompinit\n", stdout);
	print_sh();
	return EXIT_DONE;
}

const struct command command_completion = {
	.group = "completion",
	.words = "bash|zsh|fish",
	.summary = "a script that completes windrow's commands in your shell",
	.details = "bash: in ~/.bashrc, source <(windrow completion bash)\n"
		   "zsh: in ~/.zshrc behind compinit, source <(windrow completion zsh)\n"
		   "fish: windrow completion fish > ~/.config/fish/completions/windrow.fish",
	.example = "windrow completion bash",
	.exec = completion_exec,
};
