/* Commands as text: the last step before they are sent, when most is known of the login shell. */
#include "operators/ssh/command.h"

void ssh_command_init(struct ssh_command *c)
{
	c->program = NULL;
	buf_init(&c->arguments, 0);
}

void ssh_command_free(struct ssh_command *c)
{
	buf_free(&c->arguments);
}

void ssh_command_text(struct buf *out, const struct ssh_command *c, bool is_sh)
{
	const char *arguments = buf_str(&c->arguments);
	const char *pieces[] = {"exec /bin/sh -c '", c->program, "' windrow ", arguments};

	if (c->program == NULL) {
		buf_adds(out, arguments);
		return;
	}
	if (is_sh) {
		pieces[0] = "set -- ";
		pieces[1] = arguments;
		pieces[2] = "; ";
		pieces[3] = c->program;
	}
	for (size_t i = 0; i < sizeof(pieces) / sizeof(pieces[0]); i++)
		buf_adds(out, pieces[i]);
}
