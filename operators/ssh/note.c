/* A note in a row is a byte for its stage, one for its level, and its text with the NUL. */
#include "operators/ssh/note.h"

#include <string.h>

void ssh_note_add(struct buf *list, const struct ssh_note *n)
{
	buf_addc(list, (char)n->stage);
	buf_addc(list, (char)n->is_warning);
	buf_add(list, n->text, strlen(n->text) + 1);
}

bool ssh_note_next(const struct buf *list, size_t *at, struct ssh_note *out)
{
	const char *note;

	if (buf_status(list) != 0 || *at >= list->len)
		return false;
	note = list->data + *at;
	*out = (struct ssh_note){(enum ssh_stage)note[0], note[1] != 0, note + 2};
	*at += 2 + strlen(out->text) + 1;
	return true;
}

const char *ssh_stage_text(enum ssh_stage s)
{
	static const char *const text[SSH_STAGE_COUNT] = {
#define SSH_STAGE_TEXT(id, words) [SSH_STAGE_##id] = words,
		SSH_STAGE_LIST(SSH_STAGE_TEXT)
#undef SSH_STAGE_TEXT
	};

	return text[s];
}
