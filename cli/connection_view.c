/* Hiding the secrets of a connection. The names are those that Airflow hides by. */
#include "cli/connection_view.h"

#include <string.h>

#include "engine/arena.h"
#include "engine/err.h"

static const char *const sensitive[] = {"access_key", "access_token", "api_key", "apikey",
	"authorization", "keyfile_dict", "passphrase", "passwd", "password", "private_key",
	"secret", "service_account", "token"};

bool connection_view_is_secret(const char *key)
{
	for (size_t i = 0; i < sizeof(sensitive) / sizeof(sensitive[0]); i++)
		if (strcasestr(key, sensitive[i]) != NULL)
			return true;
	return false;
}

static int hide(struct arena *a, const struct value *v, struct value *out)
{
	struct value_pair *pairs;
	struct value *items;
	int r = 0;

	*out = *v;
	if (v->type == VALUE_LIST && v->len > 0) {
		items = arena_array(a, v->len, sizeof(*items));
		if (items == NULL)
			return ERR_NOMEM;
		for (size_t i = 0; i < v->len && r == 0; i++)
			r = hide(a, &v->u.items[i], &items[i]);
		out->u.items = items;
	} else if (v->type == VALUE_MAP && v->len > 0) {
		pairs = arena_array(a, v->len, sizeof(*pairs));
		if (pairs == NULL)
			return ERR_NOMEM;
		for (size_t i = 0; i < v->len && r == 0; i++) {
			pairs[i] = v->u.pairs[i];
			if (connection_view_is_secret(pairs[i].key) &&
				pairs[i].value.type != VALUE_NULL)
				pairs[i].value =
					value_string(CONNECTION_HIDDEN, strlen(CONNECTION_HIDDEN));
			else
				r = hide(a, &v->u.pairs[i].value, &pairs[i].value);
		}
		out->u.pairs = pairs;
	}
	return r;
}

int connection_view_extra(struct arena *a, const struct connection *c, struct value *out)
{
	return hide(a, &c->extra, out);
}

const char *connection_view_password(const struct connection *c)
{
	return c->password == NULL ? NULL : CONNECTION_HIDDEN;
}
