/* What a plan is made of, private to engine/shquote.c, which makes it, and engine/shrender.c. */
#ifndef ENGINE_SHPLAN_H
#define ENGINE_SHPLAN_H

#include "engine/shlex.h"

/* The script's text and what to do at which place in it. Operations are sorted by place and do not
 * overlap; text[len] is NUL. Never changed once it is made. */
struct sh_plan {
	const char *text;
	size_t len;
	struct sh_op *ops;
	size_t n_ops;
	struct sh_heredoc *heredocs;
	size_t n_heredocs;
	size_t n_holes;
	enum sh_dialect dialect;
};

#endif
