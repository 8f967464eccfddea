/*
 * Callbacks: an operator's action, which starts from default_args as a task does, or a question to
 * a web server. A callback of a task may read the task's own output, and waits for nothing.
 */
#include <string.h>

#include "engine/load_impl.h"

bool load_is_action_key(size_t key)
{
	return key == TASK_KEY_OPERATOR || key == TASK_KEY_ENVIRONMENT ||
		key == TASK_KEY_EXECUTION_TIMEOUT || key == TASK_KEY_DOC;
}

static const struct yaml_node *member(const struct yaml_node *map, const char *key)
{
	for (uint32_t i = 0; i < map->n; i++)
		if (strcmp(map->pairs[i].key->text, key) == 0)
			return map->pairs[i].value;
	return NULL;
}

static int find_operator(struct loader *l, const char *key, const struct yaml_node *n)
{
	const struct yaml_node *name = member(n, "operator");

	if (name == NULL && l->opts->n_ops > 0)
		name = l->defaults[0].node[TASK_KEY_OPERATOR];
	if (name != NULL)
		return load_operator(l, name);
	load_error(l, yaml_node_pos(n),
		"%s: want an operator or a url here, such as `operator: local`", key);
	return -1;
}

static void load_action(
	struct loader *l, const char *key, const struct yaml_node *n, struct callback *cb)
{
	const struct yaml_node *layers[4] = {
		l->env_layers[0], l->env_layers[1], l->env_layers[2], NULL};
	struct values own = {0};
	int op = find_operator(l, key, n);

	if (op < 0 || !load_map(l, n, &l->op_index[op], "a callback", own.node))
		return;
	for (size_t i = 0; i < TASK_KEY_COUNT; i++)
		if (own.node[i] != NULL && !load_is_action_key(i))
			load_error(l, yaml_node_pos(own.node[i]), "a callback has no key \"%s\"",
				task_keys[i].name);
	cb->task.op = l->opts->ops[op];
	if (own.node[TASK_KEY_EXECUTION_TIMEOUT] != NULL)
		(void)load_duration(l, &task_keys[TASK_KEY_EXECUTION_TIMEOUT],
			own.node[TASK_KEY_EXECUTION_TIMEOUT], &cb->task.execution_timeout_ms);
	cb->task.settings = load_settings(l, (size_t)op, &own, cb->pos);
	layers[3] = own.node[TASK_KEY_ENVIRONMENT];
	if (layers[3] == NULL || load_environment_check(l, "environment", layers[3]))
		load_environment(l, "environment", layers, 4, &cb->task.environment,
			&cb->task.n_environment);
}

static bool is_header(const char *name, size_t len)
{
	for (size_t i = 0; i < len; i++)
		if (name[i] <= ' ' || name[i] >= 0x7f ||
			strchr("\"(),/:;<=>?@[\\]{}", name[i]) != NULL)
			return false;
	return len > 0;
}

static bool check_headers(struct loader *l, const struct yaml_node *n)
{
	bool is_good = true;

	if (n->kind != YAML_MAP) {
		load_wrong(l, "headers", n, "a map of names to texts");
		return false;
	}
	for (uint32_t i = 0; i < n->n; i++) {
		const struct yaml_node *name = n->pairs[i].key;

		if (is_header(name->text, name->n))
			continue;
		load_error(l, yaml_node_pos(name), "headers: \"%.300s\" is no name of a header",
			name->text);
		is_good = false;
	}
	return is_good;
}

/* N.B. what begins with an expression is looked at when it is rendered. */
static bool is_web_address(struct loader *l, const struct yaml_node *n)
{
	size_t at;

	return strncmp(n->text, "http://", 7) == 0 || strncmp(n->text, "https://", 8) == 0 ||
		(load_expr_find(l, n, &at) && at == 0);
}

static void load_url(struct loader *l, const struct yaml_node *n, struct callback *cb)
{
	struct yaml_node *value[URL_KEY_COUNT];
	const struct yaml_node *headers[1];
	int method = 1;

	cb->kind = CALLBACK_URL;
	cb->url.timeout_ms = 10000;
	if (!load_map(l, n, &l->url_index, "a callback with a url", value))
		return;
	if (load_template(l, "url", value[URL_KEY_URL], TEMPLATE_PLAIN, SH_POSIX, &cb->url.url) &&
		!is_web_address(l, value[URL_KEY_URL]))
		load_wrong(l, "url", value[URL_KEY_URL],
			"an address that begins with http:// or https://");
	if (value[URL_KEY_METHOD] != NULL)
		(void)load_choice(l, &url_keys[URL_KEY_METHOD], value[URL_KEY_METHOD], &method);
	cb->url.method = url_keys[URL_KEY_METHOD].choices[method];
	if (value[URL_KEY_BODY] != NULL)
		(void)load_template(
			l, "body", value[URL_KEY_BODY], TEMPLATE_PLAIN, SH_POSIX, &cb->url.body);
	if (value[URL_KEY_TIMEOUT] != NULL)
		(void)load_duration(
			l, &url_keys[URL_KEY_TIMEOUT], value[URL_KEY_TIMEOUT], &cb->url.timeout_ms);
	headers[0] = value[URL_KEY_HEADERS];
	if (headers[0] != NULL && check_headers(l, headers[0]))
		load_environment(l, "headers", headers, 1, &cb->url.headers, &cb->url.n_headers);
}

static bool is_map(struct loader *l, const char *key, const struct yaml_node *n)
{
	if (n->kind != YAML_MAP)
		load_wrong(l, key, n, "a map with an operator's keys or a url, or a list of such");
	return n->kind == YAML_MAP;
}

static bool is_few(struct loader *l, const char *key, const struct yaml_node *n)
{
	bool is_good = n->kind != YAML_LIST || n->n <= CALLBACKS_MAX;

	if (!is_good)
		load_error(l, yaml_node_pos(n), "%s: want %d actions at most, found %u", key,
			CALLBACKS_MAX, n->n);
	return is_good;
}

void load_callbacks_check(struct loader *l, const char *key, const struct yaml_node *n)
{
	if (n->kind != YAML_LIST)
		(void)is_map(l, key, n);
	else if (is_few(l, key, n))
		for (uint32_t i = 0; i < n->n; i++)
			(void)is_map(l, key, n->items[i]);
}

static struct callback *load_one(struct loader *l, const char *key, const struct yaml_node *n)
{
	struct callback *cb;

	if (!is_map(l, key, n))
		return NULL;
	cb = arena_alloc(l->arena, sizeof(*cb));
	if (cb == NULL) {
		load_nomem(l);
		return NULL;
	}
	cb->pos = yaml_node_pos(n);
	if (member(n, "url") != NULL)
		load_url(l, n, cb);
	else
		load_action(l, key, n, cb);
	return cb;
}

void load_callbacks(
	struct loader *l, const char *key, const struct yaml_node *n, struct callback **out)
{
	bool is_list = n->kind == YAML_LIST;
	uint32_t count = is_list ? n->n : 1;

	if (!is_few(l, key, n))
		return;
	l->is_callback = true;
	for (uint32_t i = 0; i < count; i++) {
		*out = load_one(l, key, is_list ? n->items[i] : n);
		if (*out != NULL)
			out = &(*out)->next;
	}
	l->is_callback = false;
}
