/*
 * How what was asked for comes out: -o table|json|yaml|plain, the same for every listing.
 *
 * table: columns for eyes, cut to the terminal's width; the default on a terminal.
 * json:  a list of objects; field names and types are stable.
 * yaml:  the same as YAML.
 * plain: for scripts: one line a row, fields between tabs, no header; the default elsewhere.
 */
#ifndef CLI_OUTPUT_H
#define CLI_OUTPUT_H

#include <stdio.h>

#include "cli/args.h"
#include "engine/value.h"

struct buf;

enum output_format { OUTPUT_TABLE, OUTPUT_JSON, OUTPUT_YAML, OUTPUT_PLAIN };

extern const char *const output_formats[]; /* their names, NULL behind them */

/* The flag, for a command's table. */
#define OUTPUT_FLAG                                                                                \
	{                                                                                          \
		"output", 'o', FLAG_ENUM, "FORMAT",                                                \
			"table, json, yaml or plain (table on a terminal, else plain)",            \
			.choices = output_formats                                                  \
	}

/* What -o says, or the default for standard output. */
enum output_format output_format_of(const struct args *args);

/* Writes v to f as JSON with a newline behind it, or as a YAML document. 0 or ERR_NOMEM; what went
 * wrong with f itself shows when main() closes standard output. */
int output_json(FILE *f, const struct value *v);
int output_yaml(FILE *f, const struct value *v);

/* Adds v as a YAML document. Failure sticks in b. */
void output_yaml_add(struct buf *b, const struct value *v);

#endif
