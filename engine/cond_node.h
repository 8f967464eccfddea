/* The tree of a condition. Private to engine/cond.c, which makes it, and cond_eval.c, which asks
 * it. */
#ifndef ENGINE_COND_NODE_H
#define ENGINE_COND_NODE_H

#include "engine/cond.h"

enum cond_kind {
	COND_OR, /* of all children */
	COND_AND, /* of all children */
	COND_NOT, /* of one */
	COND_COMPARE, /* of two, by op */
	COND_EXPR, /* its value */
	COND_LITERAL, /* its value */
	COND_TEXT, /* a string, made of what its expressions give */
};

/* X(enum suffix, spelling) */
#define COND_OP_LIST(X)                                                                            \
	X(EQ, "==")                                                                                \
	X(NE, "!=")                                                                                \
	X(LE, "<=")                                                                                \
	X(LT, "<")                                                                                 \
	X(GE, ">=")                                                                                \
	X(GT, ">")                                                                                 \
	X(IN, "in")                                                                                \
	X(NOT_IN, "not in")

enum cond_op {
#define COND_OP_ENUM(id, name) COND_OP_##id,
	COND_OP_LIST(COND_OP_ENUM)
#undef COND_OP_ENUM
		COND_OP_COUNT
};

struct cond_node {
	enum cond_kind kind;
	enum cond_op op;
	struct cond_node *first, *next; /* its first child; its next brother */
	const struct expr *expr;
	struct value literal;
	const struct template *made;
	const char *text; /* as written, for messages */
	size_t len;
};

struct cond {
	const char *source;
	size_t source_len;
	struct cond_node *root;
	const struct expr *exprs;
	size_t n_exprs;
};

#endif
