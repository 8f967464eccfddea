/* Commands as text: the last step before they are sent, when most is known of the login shell. */
#include "operators/ssh/command.h"

void ssh_command_init(struct ssh_command *c)
{
	c->program = NULL;
	c->tells_ahead = c->takes_next = false;
	buf_init(&c->arguments, 0);
}

void ssh_command_free(struct ssh_command *c)
{
	buf_free(&c->arguments);
}

static void words_add(struct buf *out, const struct ssh_command *c, const char *ahead)
{
	if (c->tells_ahead) {
		buf_adds(out, ahead);
		buf_addc(out, ' ');
	}
	buf_adds(out, buf_str(&c->arguments));
}

void ssh_command_text(struct buf *out, const struct ssh_command *c, const char *ahead, bool is_sh)
{
	if (c->program != NULL)
		buf_adds(out, is_sh ? "set -- " : "exec /bin/sh -c '");
	if (c->program != NULL && !is_sh) {
		buf_adds(out, c->program);
		buf_adds(out, "' windrow ");
	}
	words_add(out, c, ahead);
	if (c->program != NULL && is_sh) {
		buf_adds(out, "; ");
		buf_adds(out, c->program);
	}
}

void ssh_command_next(struct buf *out, const struct ssh_command *c, const char *ahead)
{
	buf_adds(out, "q\n");
	words_add(out, c, ahead);
	buf_addc(out, '\n');
}
