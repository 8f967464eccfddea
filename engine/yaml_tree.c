/*
 * libyaml's events into trees of nodes.
 *
 * Open lists and maps keep their children on one stack; when one closes, its children move to the
 * arena. Sizes are bounded before anything is made: depth by limits->depth, what aliases stand for
 * by limits->alias_nodes, and so no text makes a tree larger than a multiple of its own length.
 *
 * Duplicate keys, bad tags and unknown aliases are reported and the parsing goes on; an error of
 * YAML's own grammar ends it.
 */
#include "engine/yaml_tree.h"

#include <stdlib.h>
#include <string.h>
#include <yaml.h>

#include "engine/arena.h"
#include "engine/err.h"
#include "engine/yaml_error.h"
#include "engine/yaml_parts.h"
#include "engine/yaml_text.h"

#define NODES_AT_ONCE 256 /* nodes are taken from the arena in rows */
#define RECENT_BITS 8 /* 2 to this many short texts are remembered */
#define SHORT_TEXT 32 /* bytes of what is remembered */
#define TAG_LINES_MAX 1000 /* %TAG lines of a file */

/* A list or map that is not closed yet. */
struct open {
	struct yaml_node *node;
	size_t base; /* its first child on the stack */
};

/* A short text that was seen lately. */
struct recent {
	const char *text;
	size_t len;
};

struct builder {
	struct arena *arena;
	struct yaml_text *text;
	const struct yaml_limits *limits;
	struct diags *diags;
	yaml_parser_t parser;
	struct yaml_node *row; /* nodes not given out yet */
	size_t n_row;
	struct yaml_node **stack;
	size_t n_stack, cap_stack;
	struct open *open;
	size_t n_open;
	struct yaml_anchors anchors; /* of this document */
	size_t alias_nodes;
	struct yaml_node **roots;
	struct pos *places;
	size_t n_roots, cap_roots;
	struct recent recent[1 << RECENT_BITS]; /* by their hash */
	struct yaml_quoted quoted; /* the scalar that came last, where it was quoted */
	bool is_broken; /* a limit was reached: the rest is not looked at */
};

static struct yaml_node *node_new(struct builder *b, enum yaml_kind kind, const yaml_mark_t *start)
{
	struct yaml_node *n;

	if (b->n_row == 0) {
		b->row = arena_array(b->arena, NODES_AT_ONCE, sizeof(*b->row));
		if (b->row == NULL)
			return NULL;
		b->n_row = NODES_AT_ONCE;
	}
	b->n_row--;
	n = b->row++;
	n->kind = (uint8_t)kind;
	n->line = (uint32_t)start->line + 1;
	n->column = (uint32_t)start->column + 1;
	n->start = (uint32_t)start->index;
	return n;
}

static int grow(void *list, size_t *cap, size_t size)
{
	void **at = list;
	size_t wanted = *cap == 0 ? 64 : *cap * 2;
	void *p = realloc(*at, wanted * size);

	if (p == NULL)
		return ERR_NOMEM;
	*at = p;
	*cap = wanted;
	return 0;
}

static int push(struct builder *b, struct yaml_node *n)
{
	if (b->n_stack == b->cap_stack && grow(&b->stack, &b->cap_stack, sizeof(*b->stack)) != 0)
		return ERR_NOMEM;
	b->stack[b->n_stack++] = n;
	return 0;
}

/* Whether the next child of the open node is a map's key. */
static bool expects_key(const struct builder *b)
{
	const struct open *o = b->n_open > 0 ? &b->open[b->n_open - 1] : NULL;

	return o != NULL && o->node->kind == YAML_MAP && (b->n_stack - o->base) % 2 == 0;
}

/* Hands a finished node to its parent, or keeps it as the document. */
static int deliver(struct builder *b, struct yaml_node *n)
{
	if (n->kind != YAML_SCALAR && expects_key(b)) {
		diag_error(b->diags, yaml_node_pos(n), "a key must be text, and this one is a %s",
			n->kind == YAML_LIST ? "list" : "map");
	}
	if (b->n_open > 0)
		return push(b, n);
	b->roots[b->n_roots - 1] = n;
	return 0;
}

static int anchor_add(struct builder *b, const yaml_char_t *name, struct yaml_node *n)
{
	return name == NULL ? 0 : yaml_anchor_add(&b->anchors, b->arena, (const char *)name, n);
}

static bool is_open(const struct builder *b, const struct yaml_node *n)
{
	for (size_t i = 0; i < b->n_open; i++)
		if (b->open[i].node == n)
			return true;
	return false;
}

static struct pos mark_pos(const yaml_mark_t *m)
{
	return (struct pos){(uint32_t)m->line + 1, (uint32_t)m->column + 1};
}

/* Stops at a limit: the tree so far is not used. */
static void stop(struct builder *b)
{
	b->is_broken = true;
}

static void refuse_depth(struct builder *b, struct pos pos)
{
	diag_error(
		b->diags, pos, "lists and maps nest deeper than %zu levels here", b->limits->depth);
	stop(b);
}

/* Counts the nodes that an alias stands for, at `depth` levels. False and told at a limit. N.B. the
 * walk costs what it counts, and so all walks together cost no more than the limit. */
static bool count_alias(struct builder *b, struct pos pos, const struct yaml_node *n, size_t depth)
{
	bool is_fine = true;

	if (depth > b->limits->depth) {
		refuse_depth(b, pos);
		return false;
	}
	if (++b->alias_nodes > b->limits->alias_nodes) {
		diag_error(b->diags, pos, "the file's aliases stand for more than %zu nodes",
			b->limits->alias_nodes);
		stop(b);
		return false;
	}
	for (uint32_t i = 0; is_fine && n->kind == YAML_LIST && i < n->n; i++)
		is_fine = count_alias(b, pos, n->items[i], depth + 1);
	for (uint32_t i = 0; is_fine && n->kind == YAML_MAP && i < n->n; i++)
		is_fine = count_alias(b, pos, n->pairs[i].key, depth + 1) &&
			count_alias(b, pos, n->pairs[i].value, depth + 1);
	return is_fine;
}

/* Tells what is wrong with an alias. N.B. a secret that begins with * looks like one. */
static void refuse_alias(struct builder *b, struct pos pos, const char *name, bool is_known)
{
	if (b->limits->hides_values)
		diag_error(b->diags, pos, "%s; a text that begins with * stands in quotes",
			is_known ? "the alias stands inside of what it stands for"
				 : "there is no anchor before this alias");
	else if (is_known)
		diag_error(
			b->diags, pos, "the alias *%s stands inside of what it stands for", name);
	else
		diag_error(b->diags, pos, "there is no anchor &%s before this alias", name);
}

static int on_alias(struct builder *b, const yaml_event_t *ev)
{
	const char *name = (const char *)ev->data.alias.anchor;
	struct pos pos = mark_pos(&ev->start_mark);
	struct yaml_node *n = yaml_anchor_find(&b->anchors, name);

	if (n == NULL || is_open(b, n)) {
		refuse_alias(b, pos, name, n != NULL);
		n = NULL;
	} else if (!count_alias(b, pos, n, b->n_open + 1)) {
		return 0;
	}
	if (n == NULL) {
		n = node_new(b, YAML_SCALAR, &ev->start_mark);
		if (n == NULL)
			return ERR_NOMEM;
		n->text = "";
		n->tag = YAML_TAG_STR;
	}
	return deliver(b, n);
}

/* The tags of YAML's own that are understood. */
static int tag_find(const char *tag, enum yaml_kind kind)
{
	static const struct {
		const char *name;
		enum yaml_kind kind;
		enum yaml_tag tag;
	} known[] = {
		{YAML_STR_TAG, YAML_SCALAR, YAML_TAG_STR},
		{YAML_INT_TAG, YAML_SCALAR, YAML_TAG_INT},
		{YAML_FLOAT_TAG, YAML_SCALAR, YAML_TAG_FLOAT},
		{YAML_BOOL_TAG, YAML_SCALAR, YAML_TAG_BOOL},
		{YAML_NULL_TAG, YAML_SCALAR, YAML_TAG_NULL},
		{YAML_SEQ_TAG, YAML_LIST, YAML_TAG_NONE},
		{YAML_MAP_TAG, YAML_MAP, YAML_TAG_NONE},
	};

	if (strcmp(tag, "!") == 0)
		return kind == YAML_SCALAR ? YAML_TAG_STR : YAML_TAG_NONE;
	for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++)
		if (known[i].kind == kind && strcmp(known[i].name, tag) == 0)
			return (int)known[i].tag;
	return -1;
}

static void read_tag(struct builder *b, struct yaml_node *n, const yaml_char_t *tag)
{
	static const char standard[] = "tag:yaml.org,2002:";
	const char *name = (const char *)tag;
	bool is_standard;
	int found;

	if (tag == NULL)
		return;
	found = tag_find(name, (enum yaml_kind)n->kind);
	if (found >= 0) {
		n->tag = (uint8_t)found;
		return;
	}
	if (b->limits->hides_values) {
		diag_error(b->diags, yaml_node_pos(n),
			"this tag is not known here; a text that begins with ! stands in quotes");
		return;
	}
	is_standard = strncmp(name, standard, strlen(standard)) == 0;
	diag_error(b->diags, yaml_node_pos(n),
		"the tag %s%s is not known here; !!str, !!int, !!float, !!bool, !!null, !!seq and "
		"!!map are",
		is_standard ? "!!" : "", is_standard ? name + strlen(standard) : name);
}

/* A copy of a scalar's text. Keys, and many values, come again and again: of a short text that was
 * seen lately there is one copy. */
static const char *keep_text(struct builder *b, const char *text, size_t len)
{
	uint64_t head = 0, tail = 0, hash;
	struct recent *r;

	if (len > SHORT_TEXT)
		return arena_memdup(b->arena, text, len);
	if (len > 8)
		memcpy(&tail, text + len - 8, 8);
	memcpy(&head, text, len < 8 ? len : 8);
	hash = (head ^ tail * 31 ^ len) * UINT64_C(0x9e3779b97f4a7c15);
	r = &b->recent[hash >> (64 - RECENT_BITS)];
	if (r->text == NULL || r->len != len || memcmp(r->text, text, len) != 0)
		*r = (struct recent){arena_memdup(b->arena, text, len), len};
	return r->text;
}

static int on_scalar(struct builder *b, const yaml_event_t *ev)
{
	static const uint8_t styles[] = {
		[YAML_ANY_SCALAR_STYLE] = YAML_PLAIN,
		[YAML_PLAIN_SCALAR_STYLE] = YAML_PLAIN,
		[YAML_SINGLE_QUOTED_SCALAR_STYLE] = YAML_SINGLE,
		[YAML_DOUBLE_QUOTED_SCALAR_STYLE] = YAML_DOUBLE,
		[YAML_LITERAL_SCALAR_STYLE] = YAML_LITERAL,
		[YAML_FOLDED_SCALAR_STYLE] = YAML_FOLDED,
	};
	struct yaml_node *n = node_new(b, YAML_SCALAR, &ev->start_mark);
	int rc;

	if (n == NULL)
		return ERR_NOMEM;
	n->style = styles[ev->data.scalar.style];
	b->quoted.is_quoted = n->style == YAML_SINGLE || n->style == YAML_DOUBLE;
	b->quoted.start = mark_pos(&ev->start_mark);
	b->quoted.end = mark_pos(&ev->end_mark);
	n->n = (uint32_t)ev->data.scalar.length;
	n->text = keep_text(b, (const char *)ev->data.scalar.value, n->n);
	if (n->text == NULL)
		return ERR_NOMEM;
	read_tag(b, n, ev->data.scalar.tag);
	if ((rc = anchor_add(b, ev->data.scalar.anchor, n)) != 0)
		return rc;
	return deliver(b, n);
}

static int on_open(struct builder *b, const yaml_event_t *ev, enum yaml_kind kind,
	const yaml_char_t *anchor, const yaml_char_t *tag)
{
	struct yaml_node *n;

	if (b->n_open == b->limits->depth) {
		refuse_depth(b, mark_pos(&ev->start_mark));
		return 0;
	}
	n = node_new(b, kind, &ev->start_mark);
	if (n == NULL)
		return ERR_NOMEM;
	read_tag(b, n, tag);
	b->open[b->n_open++] = (struct open){.node = n, .base = b->n_stack};
	return anchor_add(b, anchor, n);
}

static int list_fill(
	struct builder *b, struct yaml_node *list, struct yaml_node *const *children, size_t n)
{
	list->n = (uint32_t)n;
	list->items = arena_array(b->arena, n, sizeof(*list->items));
	if (list->items == NULL)
		return ERR_NOMEM;
	if (n > 0)
		memcpy(list->items, children, n * sizeof(*list->items));
	return 0;
}

static int on_close(struct builder *b)
{
	struct open *o = &b->open[b->n_open - 1];
	size_t n = b->n_stack - o->base;
	struct yaml_node **children = n == 0 ? NULL : b->stack + o->base;
	int rc = o->node->kind == YAML_LIST
		? list_fill(b, o->node, children, n)
		: yaml_map_fill(b->arena, b->diags, o->node, children, n);

	if (rc != 0)
		return rc;
	b->n_stack = o->base;
	b->n_open--;
	return deliver(b, o->node);
}

static int on_document(struct builder *b, const yaml_event_t *ev)
{
	if (b->n_roots == b->limits->documents) {
		diag_error(b->diags, mark_pos(&ev->start_mark),
			"a file may hold %zu documents at most", b->limits->documents);
		stop(b);
		return 0;
	}
	if (b->n_roots == b->cap_roots) {
		size_t cap = b->cap_roots;

		if (grow(&b->roots, &cap, sizeof(*b->roots)) != 0 ||
			grow(&b->places, &b->cap_roots, sizeof(*b->places)) != 0)
			return ERR_NOMEM;
	}
	yaml_anchors_free(&b->anchors);
	b->places[b->n_roots] = mark_pos(&ev->start_mark);
	b->roots[b->n_roots++] = NULL;
	return 0;
}

static int on_event(struct builder *b, const yaml_event_t *ev)
{
	switch (ev->type) {
	case YAML_DOCUMENT_START_EVENT:
		return on_document(b, ev);
	case YAML_ALIAS_EVENT:
		return on_alias(b, ev);
	case YAML_SCALAR_EVENT:
		return on_scalar(b, ev);
	case YAML_SEQUENCE_START_EVENT:
		return on_open(b, ev, YAML_LIST, ev->data.sequence_start.anchor,
			ev->data.sequence_start.tag);
	case YAML_MAPPING_START_EVENT:
		return on_open(
			b, ev, YAML_MAP, ev->data.mapping_start.anchor, ev->data.mapping_start.tag);
	case YAML_SEQUENCE_END_EVENT:
	case YAML_MAPPING_END_EVENT:
		return on_close(b);
	case YAML_NO_EVENT:
	case YAML_STREAM_START_EVENT:
	case YAML_STREAM_END_EVENT:
	case YAML_DOCUMENT_END_EVENT:
		break;
	}
	return 0;
}

static int parse_events(struct builder *b)
{
	yaml_event_t ev;
	bool is_end = false;
	int rc = 0;

	while (!is_end && rc == 0 && !b->is_broken) {
		if (!yaml_parser_parse(&b->parser, &ev)) {
			if (b->parser.error == YAML_MEMORY_ERROR)
				return ERR_NOMEM;
			yaml_error_report(&b->parser, b->text, &b->quoted, b->diags);
			return ERR_INVALID;
		}
		is_end = ev.type == YAML_STREAM_END_EVENT;
		rc = on_event(b, &ev);
		yaml_event_delete(&ev);
	}
	return rc;
}

/* Documents that hold nothing at all: libyaml gives an empty plain scalar for them. */
static void drop_empty(struct builder *b)
{
	for (size_t i = 0; i < b->n_roots; i++) {
		const struct yaml_node *n = b->roots[i];

		if (n != NULL && n->kind == YAML_SCALAR && n->style == YAML_PLAIN && n->n == 0)
			b->roots[i] = NULL;
	}
}

static int hand_over(struct builder *b, struct yaml_node ***roots, struct pos **places, size_t *n)
{
	struct yaml_node **list = arena_array(b->arena, b->n_roots, sizeof(*list));
	struct pos *at = arena_array(b->arena, b->n_roots, sizeof(*at));

	if (list == NULL || at == NULL)
		return ERR_NOMEM;
	drop_empty(b);
	if (b->n_roots > 0) {
		memcpy(list, b->roots, b->n_roots * sizeof(*list));
		memcpy(at, b->places, b->n_roots * sizeof(*at));
	}
	*roots = list;
	*places = at;
	*n = b->n_roots;
	return 0;
}

/* Whether a line may begin behind a byte. N.B. beside LF and CR libyaml takes U+0085, U+2028 and
 * U+2029 for its end, whose last bytes other characters have as well. */
static bool may_end_line(char c)
{
	return c != '\0' && strchr("\n\r\x85\xa8\xa9", c) != NULL;
}

/* False, and told, where a file has so many %TAG lines that libyaml, which compares each with each,
 * would not come to its end. */
static bool check_tag_lines(const struct yaml_text *t, struct diags *diags)
{
	static const char mark[] = "%TAG";
	const char *end = t->bytes + t->len, *p = t->bytes;
	struct pos pos = {1, 1};
	size_t n = 0;

	while (n <= TAG_LINES_MAX && (p = memchr(p, *mark, (size_t)(end - p))) != NULL) {
		n += p > t->bytes && may_end_line(p[-1]) && (size_t)(end - p) >= strlen(mark) &&
			memcmp(p, mark, strlen(mark)) == 0;
		p++;
	}
	if (n <= TAG_LINES_MAX)
		return true;
	for (const char *at = t->bytes; at < p; at++)
		pos.line += *at == '\n' || (*at == '\r' && at[1] != '\n');
	diag_error(diags, pos, "a file may have %d %%TAG lines at most", TAG_LINES_MAX);
	return false;
}

int yaml_tree_parse(struct arena *a, struct yaml_text *t, const struct yaml_limits *limits,
	struct diags *diags, struct yaml_node ***roots, struct pos **places, size_t *n)
{
	struct builder b = {.arena = a, .text = t, .limits = limits, .diags = diags};
	int rc;

	if (!check_tag_lines(t, diags))
		return ERR_INVALID;
	if (!yaml_parser_initialize(&b.parser))
		return ERR_NOMEM;
	yaml_parser_set_encoding(&b.parser, YAML_UTF8_ENCODING);
	yaml_parser_set_input_string(&b.parser, (const unsigned char *)t->bytes, t->len);
	b.open = calloc(limits->depth + 1, sizeof(*b.open));
	rc = b.open == NULL ? ERR_NOMEM : parse_events(&b);
	if (rc == 0 && b.is_broken)
		rc = ERR_INVALID;
	if (rc == 0)
		rc = hand_over(&b, roots, places, n);
	yaml_parser_delete(&b.parser);
	free(b.stack);
	free(b.open);
	yaml_anchors_free(&b.anchors);
	free(b.roots);
	free(b.places);
	return rc;
}
