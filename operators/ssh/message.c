/* Messages between the caller's thread and the lanes: a queue each way, and one wake-up for all
 * that waits in it. */
#include <stdlib.h>
#include <string.h>

#include "operators/ssh/transport_internal.h"

struct message *message_create(enum message_type type, size_t len)
{
	struct message *m = malloc(sizeof(*m) + len);

	if (m == NULL)
		return NULL;
	memset(m, 0, sizeof(*m));
	m->type = type;
	m->len = len;
	return m;
}

void message_send(struct message_queue *q, struct message *m)
{
	bool was_full;

	m->next = NULL;
	uv_mutex_lock(&q->lock);
	*q->last = m;
	q->last = &m->next;
	was_full = q->is_full;
	q->is_full = true;
	uv_mutex_unlock(&q->lock);
	if (!was_full)
		(void)uv_async_send(&q->wake);
}

struct message *message_take_all(struct message_queue *q)
{
	struct message *first;

	uv_mutex_lock(&q->lock);
	first = q->first;
	q->first = NULL;
	q->last = &q->first;
	q->is_full = false;
	uv_mutex_unlock(&q->lock);
	return first;
}

int message_queue_init(struct message_queue *q, uv_loop_t *loop, uv_async_cb on_wake, void *data)
{
	q->first = NULL;
	q->last = &q->first;
	q->is_full = false;
	if (uv_mutex_init(&q->lock) != 0)
		return ERR_NOMEM;
	if (uv_async_init(loop, &q->wake, on_wake) != 0) {
		uv_mutex_destroy(&q->lock);
		return ERR_NOMEM;
	}
	q->wake.data = data;
	return 0;
}
