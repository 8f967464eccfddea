/*
 * A YAML text as trees of nodes, one a document, each node with its place. What libyaml's events
 * say, with anchors, aliases and merge keys resolved and duplicate keys refused.
 */
#ifndef ENGINE_YAML_TREE_H
#define ENGINE_YAML_TREE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "engine/diag.h"

struct arena;
struct err;
struct value;

enum yaml_kind { YAML_SCALAR, YAML_LIST, YAML_MAP };

enum yaml_style { YAML_PLAIN, YAML_SINGLE, YAML_DOUBLE, YAML_LITERAL, YAML_FOLDED };

/* What an explicit tag (!!str and its like) says a scalar is. */
enum yaml_tag {
	YAML_TAG_NONE,
	YAML_TAG_STR,
	YAML_TAG_INT,
	YAML_TAG_FLOAT,
	YAML_TAG_BOOL,
	YAML_TAG_NULL
};

struct yaml_pair;

/* N.B. an alias gives the node that it stands for: several parents may share one. */
struct yaml_node {
	uint8_t kind, style, tag;
	uint32_t line, column; /* from 1 */
	uint32_t start; /* where it begins in the text, in characters */
	uint32_t n; /* bytes of text, items or pairs */
	union {
		const char *text; /* a scalar's; NUL behind it */
		struct yaml_node **items;
		struct yaml_pair *pairs;
	};
};

struct yaml_pair {
	struct yaml_node *key, *value; /* keys are scalars */
};

struct yaml_limits {
	size_t depth, documents, alias_nodes;
	bool hides_values; /* no message shows more of the text than keys: it holds secrets */
};

struct yaml_text; /* the text, and what finds places in it */

/* Takes a text, which must outlive what it makes. Its byte order mark is skipped; one of UTF-16 is
 * refused. ERR_INVALID, ERR_NOMEM. */
int yaml_text_create(struct arena *a, const char *text, size_t len, struct yaml_text **out,
	struct pos *pos, struct err *e);

/* Finds what no YAML may hold: bytes that are no UTF-8, control characters. ERR_INVALID, and *pos
 * and e say where and what; 0 where there is none. */
int yaml_text_check(const struct yaml_text *t, struct pos *pos, struct err *e);

/* Parses all documents into the arena. An empty one is NULL in *roots, its place in *places. What
 * is wrong is reported to diags; ERR_INVALID where anything was. ERR_NOMEM. */
int yaml_tree_parse(struct arena *a, struct yaml_text *t, const struct yaml_limits *limits,
	struct diags *diags, struct yaml_node ***roots, struct pos **places, size_t *n);

/* The character that begins `index` characters from the text's beginning; 0 at its end. */
uint32_t yaml_text_char(struct yaml_text *t, size_t index);

struct pos yaml_node_pos(const struct yaml_node *n);

/* The place of byte `at` of a scalar's value, in the file. */
struct pos yaml_value_pos(struct yaml_text *t, const struct yaml_node *n, size_t at);

/* What a plain or tagged scalar means by YAML 1.1, as PyYAML reads it; base 60 and dates are text,
 * and so is what JSON cannot write (.inf, .nan). Numbers come in JSON's spelling. Any other scalar
 * is a string. ERR_INVALID: the tag asks for what the text is not; ERR_NOMEM. */
int yaml_scalar_value(struct arena *a, const struct yaml_node *n, struct value *out, struct err *e);

/* The quick questions about a scalar. */
bool yaml_is_null(const struct yaml_node *n);
bool yaml_is_bool(const struct yaml_node *n, bool *truth);
bool yaml_is_int(const struct yaml_node *n, int64_t *number);

/* What a person would call the node: `the list`, `the text "abc"`, `the number 5`, `nothing`.
 * Writes into out, which has `size` bytes, and returns it. */
const char *yaml_node_describe(const struct yaml_node *n, char *out, size_t size);

#endif
