/* What all operators say in the same words. */
#include "operators/operator.h"

const char *op_kill_text(enum op_kill why)
{
	static const char *const texts[OP_KILL_COUNT] = {
#define ROW(id, text) [OP_KILL_##id] = text,
		OP_KILL_LIST(ROW)
#undef ROW
	};
	return texts[why];
}
