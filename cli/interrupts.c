/* The signals that end a command. What the end is, each command knows. */
#include "cli/interrupts.h"

#include <assert.h>
#include <signal.h>
#include <stdbool.h>

#define NS_PER_MS 1000000u

static const int caught[] = {SIGINT, SIGTERM, SIGHUP, SIGQUIT};
static_assert(sizeof(caught) / sizeof(caught[0]) == INTERRUPTS_COUNT, "each has its handle");

static void on_signal(uv_signal_t *handle, int number)
{
	struct interrupts *i = handle->data;
	unsigned n = insist_count(&i->insist, number, uv_hrtime() / NS_PER_MS);

	if (n > 0)
		i->on_interrupt(i->ctx, n);
}

/* Whether somebody wants the command to outlive its terminal: nohup. N.B. INT and QUIT are ignored
 * by whatever a script starts with `&`, which says nothing. */
static bool is_unwanted(int number)
{
	struct sigaction now;

	return number == SIGHUP && sigaction(number, NULL, &now) == 0 && now.sa_handler == SIG_IGN;
}

void interrupts_open(struct interrupts *i, uv_loop_t *loop, interrupts_fn *on_interrupt, void *ctx)
{
	i->insist = (struct insist){0};
	i->on_interrupt = on_interrupt;
	i->ctx = ctx;
	for (int k = 0; k < INTERRUPTS_COUNT; k++) {
		(void)uv_signal_init(loop, &i->handles[k]);
		i->handles[k].data = i;
		if (!is_unwanted(caught[k]))
			(void)uv_signal_start(&i->handles[k], on_signal, caught[k]);
		uv_unref((uv_handle_t *)&i->handles[k]);
	}
}

void interrupts_close(struct interrupts *i)
{
	for (int k = 0; k < INTERRUPTS_COUNT; k++)
		if (!uv_is_closing((uv_handle_t *)&i->handles[k]))
			uv_close((uv_handle_t *)&i->handles[k], NULL);
}
