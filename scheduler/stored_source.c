/* Variables and connections for expressions. Of a connection only what is no secret can be had. */
#include "scheduler/stored_source.h"

#include <string.h>

#include "engine/arena.h"
#include "engine/buf.h"
#include "engine/err.h"
#include "engine/expr.h"
#include "engine/mask.h"
#include "store/secret.h"
#include "store/stored.h"

/* Makes a secret known to the mask, without which it is not given out. */
static int learn(struct mask *m, const char *name, const char *secret, size_t len, struct err *e)
{
	int r = m == NULL ? 0 : mask_add(m, secret, len);

	if (r == ERR_LIMIT && len > MASK_SECRET_MAX)
		return err_set(e, ERR_UNSUPPORTED,
			"variable %s cannot be masked, and so is not given out: a secret has at "
			"most %zu KiB",
			name, MASK_SECRET_MAX >> 10);
	return r == 0 ? 0
		      : err_set(e, r, "variable %s cannot be masked, and so is not given out: %s",
				name, err_text(r));
}

/* Whether the mask knows a text, but for what stands around base64. */
static bool is_known(const struct mask *m, const char *text, size_t len)
{
	struct buf shown;
	bool is;

	buf_init(&shown, 0);
	mask_text(m, text, len, &shown);
	is = buf_status(&shown) == 0 && shown.len <= strlen(MASK_TEXT) + 4 &&
		strstr(buf_str(&shown), MASK_TEXT) != NULL;
	buf_free(&shown);
	return is;
}

/* Whether the store has a secret of this name, or cannot tell. */
static bool is_secret_there(struct stored_source *s, struct arena *a, const char *name)
{
	struct store_variable there;
	struct err ignored;
	int r = stored_variable(s->stored, a, name, &there, &ignored);

	return r == 0 ? there.is_secret : r != ERR_NOTFOUND;
}

/* The variable: of the environment, which wins, or of the store, where it is a secret or not. */
static int find(struct stored_source *s, const char *name, size_t len, struct arena *a,
	struct store_variable *out, struct err *e)
{
	struct value said;
	int r = s->env.var(s->env.ctx, name, len, a, &said, e);

	if (r != 0 && r != ERR_NOTFOUND)
		return r;
	if ((name = arena_memdup(a, name, len)) == NULL)
		return err_set(e, ERR_NOMEM, "%s", err_text(ERR_NOMEM));
	if (r == 0)
		*out = (struct store_variable){.name = name,
			.value = said.u.text,
			.is_secret = is_secret_there(s, a, name)};
	else
		r = stored_variable(s->stored, a, name, out, e);
	if (r == ERR_NOTFOUND)
		(void)err_set(e, r,
			"there is no variable %s; `windrow variables set %s` makes one, and so "
			"does WINDROW_VAR_<NAME> (in capitals) in the environment",
			name, name);
	return r;
}

static int var(void *ctx, const char *name, size_t len, struct arena *scratch, struct value *out,
	struct err *e)
{
	struct stored_source *s = ctx;
	struct store_variable v;
	int r = find(s, name, len, scratch, &v, e);

	if (r == 0 && v.is_secret && s->hides_secrets)
		v.value = expr_hidden;
	else if (r == 0 && v.is_secret)
		r = learn(s->mask, v.name, v.value, strlen(v.value), e);
	if (r == 0)
		*out = value_string(v.value, strlen(v.value));
	return r;
}

static int filtered(
	void *ctx, const char *name, size_t name_len, const char *text, size_t len, struct err *e)
{
	struct stored_source *s = ctx;
	struct arena *a;
	struct store_variable v;
	int r;

	if (s->mask == NULL || s->hides_secrets)
		return 0;
	a = secret_arena_create(0);
	r = a == NULL ? err_set(e, ERR_NOMEM, "%s", err_text(ERR_NOMEM))
		      : find(s, name, name_len, a, &v, e);
	/* N.B. the base64 of one may be longer than a secret that the mask takes. */
	if (r == 0 && v.is_secret && !is_known(s->mask, text, len))
		r = learn(s->mask, v.name, text, len, e);
	arena_destroy(a);
	return r == ERR_NOTFOUND ? 0 : r;
}

static int text_out(struct arena *scratch, const char *text, struct value *out)
{
	const char *copy = text == NULL ? NULL : arena_strdup(scratch, text);

	if (text == NULL)
		*out = value_null();
	else if (copy != NULL)
		*out = value_string(copy, strlen(copy));
	return text != NULL && copy == NULL ? ERR_NOMEM : 0;
}

static int attribute_of(const struct connection *c, const char *attribute, struct arena *scratch,
	struct value *out, struct err *e)
{
	int r = 0;

	*out = value_null();
	if (strcmp(attribute, "host") == 0)
		r = text_out(scratch, c->host, out);
	else if (strcmp(attribute, "login") == 0)
		r = text_out(scratch, c->login, out);
	else if (strcmp(attribute, "port") == 0)
		r = c->port == 0 ? 0 : value_int_make(scratch, c->port, out);
	else
		return err_set(e, ERR_BUG, "a connection has no %s to be had", attribute);
	return r == 0 ? 0 : err_set(e, r, "%s", err_text(r));
}

/* N.B. the connection is read into memory of its own: its secrets must not stay in the run's. */
static int conn(void *ctx, const char *id, size_t len, const char *attribute, struct arena *scratch,
	struct value *out, struct err *e)
{
	const struct stored_source *s = ctx;
	struct arena *a = secret_arena_create(0);
	const char *copy = a == NULL ? NULL : arena_memdup(a, id, len);
	struct connection c;
	int r;

	if (copy == NULL)
		r = err_set(e, ERR_NOMEM, "%s", err_text(ERR_NOMEM));
	else
		r = s->connections->find(s->connections->ctx, a, copy, &c, e);
	if (r == 0)
		r = attribute_of(&c, attribute, scratch, out, e);
	arena_destroy(a);
	return r;
}

struct render_source stored_source(struct stored_source *s)
{
	return (struct render_source){
		.ctx = s, .mask = s->mask, .var = var, .conn = conn, .filtered = filtered};
}
