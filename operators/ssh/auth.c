/*
 * Authentication: the keys of an agent, then our own, one after the other, then the password, then
 * keyboard-interactive with the password as its answer. A server may want two of these. What was
 * tried is remembered for the message when all have failed.
 *
 * Each step of libssh2 is repeated until it stops asking for that; `at` says which is under way.
 */
#include "operators/ssh/algorithms.h"
#include "operators/ssh/auth_impl.h"
#include "operators/ssh/keyring.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

void auth_free(struct session *s)
{
	if (s->auth == NULL)
		return;
	auth_agent_free(s->auth);
	free(s->auth->offered);
	buf_free(&s->auth->tried);
	free(s->auth);
	s->auth = NULL;
}

bool auth_is_offered(const struct auth *a, const char *method)
{
	const char *p = a->offered;
	size_t len = strlen(method);

	while (p != NULL && (p = strstr(p, method)) != NULL) {
		if ((p == a->offered || p[-1] == ',') && (p[len] == ',' || p[len] == '\0'))
			return true;
		p += len;
	}
	return false;
}

void auth_tried_add(struct auth *a, const char *what)
{
	buf_addf(&a->tried, "%s%s", a->tried.len == 0 ? "" : ", ", what);
}

void auth_more_wanted(struct auth *a, enum auth_method next)
{
	buf_adds(&a->tried, " (taken, but not enough)");
	a->at = METHOD_LIST;
	a->after_list = next;
}

/* Whether libssh2 could make nothing of what came. N.B. of an answer that never came whole it says
 * that a key was not verified, and only its sentence tells. */
static bool is_damage(const struct session *s, int r)
{
	char *text = NULL;

	if (r == LIBSSH2_ERROR_PUBLICKEY_UNVERIFIED) {
		(void)libssh2_session_last_error(s->ssh2, &text, NULL, 0);
		return text != NULL && strncmp(text, "Waiting", strlen("Waiting")) == 0;
	}
	return r == LIBSSH2_ERROR_ALLOC || r == LIBSSH2_ERROR_DECRYPT ||
		r == LIBSSH2_ERROR_INVALID_MAC || r == LIBSSH2_ERROR_PROTO ||
		r == LIBSSH2_ERROR_ZLIB || r == LIBSSH2_ERROR_OUT_OF_BOUNDARY ||
		r == LIBSSH2_ERROR_BUFFER_TOO_SMALL;
}

/* Whether the socket has come to its end. */
static bool is_closed(const struct session *s)
{
	char byte;
	ssize_t n = recv(s->fd, &byte, 1, MSG_PEEK | MSG_DONTWAIT);

	return n == 0 || (n < 0 && errno != EAGAIN && errno != EWOULDBLOCK && errno != EINTR);
}

/* N.B. libssh2 tells a key that was refused and an
 * answer that never came alike; the socket knows better. */
bool auth_is_hang_up(const struct session *s, int r)
{
	if (is_damage(s, r))
		return true;
	if (r == LIBSSH2_ERROR_SOCKET_DISCONNECT || r == LIBSSH2_ERROR_SOCKET_RECV ||
		r == LIBSSH2_ERROR_SOCKET_SEND || r == LIBSSH2_ERROR_SOCKET_TIMEOUT)
		return true;
	return is_closed(s);
}

/* N.B. a server hangs up too after too many keys that it does not know (libssh2 then waits for the
 * answer to the last of them), and where the account may not log in. */
int auth_hung_up(struct session *s, struct err *e)
{
	int r = libssh2_session_last_errno(s->ssh2);
	bool is_damaged =
		r != LIBSSH2_ERROR_PUBLICKEY_UNVERIFIED && is_damage(s, r) && !is_closed(s);
	char doing[512];

	(void)snprintf(doing, sizeof(doing), "%s during authentication%s%.360s%s",
		is_damaged ? "what the server said arrived damaged" : "the server hung up",
		s->auth->tried.len == 0 ? "; is the account locked or expired there?"
					: ", after it had refused ",
		s->auth->tried.len == 0 ? "" : buf_str(&s->auth->tried),
		s->auth->tried.len == 0 ? "" : " (it may allow no more tries: MaxAuthTries)");
	return session_error(s, e, ERR_UNAVAILABLE, doing);
}

/* Answers every question that does not echo with the password, as ssh clients do for PAM. */
static void on_questions(const char *name, int name_len, const char *instruction,
	int instruction_len, int n, const LIBSSH2_USERAUTH_KBDINT_PROMPT *prompts,
	LIBSSH2_USERAUTH_KBDINT_RESPONSE *answers, void **abstract)
{
	struct session *s = *abstract;
	const char *password = s->endpoint->target->password;

	(void)name, (void)name_len, (void)instruction, (void)instruction_len;
	for (int i = 0; i < n; i++) {
		if (prompts[i].echo)
			continue;
		answers[i].text = (char *)auth_bytes_give(s->ssh2, password, strlen(password));
		answers[i].length = answers[i].text == NULL ? 0 : (unsigned)strlen(password);
	}
}

static int methods_list(struct session *s, struct err *e)
{
	const char *login = s->endpoint->target->login;
	struct auth *a = s->auth;
	char *list = libssh2_userauth_list(s->ssh2, login, (unsigned)strlen(login));

	if (list != NULL) {
		free(a->offered);
		a->offered = strdup(list);
		a->at = a->after_list;
		return a->offered == NULL ? err_set(e, ERR_NOMEM, "out of memory") : ERR_AGAIN;
	}
	if (libssh2_session_last_errno(s->ssh2) == LIBSSH2_ERROR_EAGAIN)
		return ERR_AGAIN;
	if (libssh2_userauth_authenticated(s->ssh2)) {
		session_note(s, SSH_STAGE_AUTH, false, "Authentication (none) successful!");
		return 0;
	}
	return session_error(s, e, ERR_UNAVAILABLE, "the server would not say how to authenticate");
}

void *auth_bytes_give(LIBSSH2_SESSION *ssh2, const void *bytes, size_t len)
{
	void *copy = session_alloc(len + 1, libssh2_session_abstract(ssh2));

	if (copy != NULL)
		memcpy(copy, bytes, len);
	return copy;
}

/* N.B. the text is the session's id, then the request: its kind, user, service, "publickey", that a
 * signature follows, and the algorithm. */
struct key_bytes auth_algorithm_of(const unsigned char *data, size_t len)
{
	struct key_reader r = {data, len, false};

	(void)key_take_string(&r);
	if (r.len > 0)
		r.at++, r.len--;
	for (int i = 0; i < 3; i++)
		(void)key_take_string(&r);
	if (r.len > 0)
		r.at++, r.len--;
	return key_take_string(&r);
}

/* Signs what libssh2 asks to be signed. */
static int on_sign(LIBSSH2_SESSION *ssh2, unsigned char **sig, size_t *sig_len,
	const unsigned char *data, size_t len, void **abstract)
{
	const struct keyring_item *item = *abstract;
	struct key_bytes algorithm = auth_algorithm_of(data, len);
	struct buf made;
	struct err e;
	int status;

	buf_init(&made, 0);
	status = ssh_key_sign(
		item->key, (const char *)algorithm.at, algorithm.len, data, len, &made, &e);
	*sig = status == 0 ? auth_bytes_give(ssh2, made.data, made.len) : NULL;
	*sig_len = made.len;
	buf_free(&made);
	return *sig != NULL ? 0 : -1;
}

static bool is_disabled(const struct ssh_target *t, const struct buf *blob)
{
	struct key_reader r = {(const unsigned char *)blob->data, blob->len, false};
	struct key_bytes type = key_take_string(&r);

	return algorithms_is_key_disabled(t, type.at, type.len);
}

/* One key, or certificate. */
static int key_try(struct session *s, struct err *e)
{
	const struct ssh_target *t = s->endpoint->target;
	const struct keyring *ring = s->endpoint->keyring;
	struct auth *a = s->auth;
	struct keyring_item *item;
	void *abstract;
	int r;

	if (a->key == ring->n || !auth_is_offered(a, "publickey")) {
		a->at = METHOD_PASSWORD;
		return 0;
	}
	item = &ring->items[a->key];
	if (item->key == NULL) {
		buf_addf(&a->tried, "%s%s (%s)", a->tried.len == 0 ? "" : ", ", item->what,
			item->problem.text);
		a->key++;
		return 0;
	}
	if (is_disabled(t, &item->blob)) {
		auth_tried_add(a, item->what);
		buf_adds(&a->tried, " (disabled_algorithms has its type)");
		a->key++;
		return 0;
	}
	abstract = item;
	r = libssh2_userauth_publickey(s->ssh2, t->login, (const unsigned char *)item->blob.data,
		item->blob.len, on_sign, &abstract);
	if (r == LIBSSH2_ERROR_EAGAIN)
		return ERR_AGAIN;
	if (r == 0) {
		session_note(s, SSH_STAGE_AUTH, false,
			"Authentication (publickey) successful! Key: %s", item->what);
		a->at = METHOD_NONE_LEFT;
		return 0;
	}
	if (auth_is_hang_up(s, r))
		return auth_hung_up(s, e);
	auth_tried_add(a, item->what);
	a->key++;
	/* N.B. this comes of what the key has signed, for which a server asks where it knows the
	 * key. */
	if (r == LIBSSH2_ERROR_PUBLICKEY_UNVERIFIED)
		auth_more_wanted(a, METHOD_KEY);
	else if (r != LIBSSH2_ERROR_AUTHENTICATION_FAILED)
		buf_adds(&a->tried, " (libssh2 cannot use it)");
	return 0;
}

/* A password, plain or as the answer to questions. */
static int password_try(struct session *s, struct err *e)
{
	const struct ssh_target *t = s->endpoint->target;
	struct auth *a = s->auth;
	bool is_plain = a->at == METHOD_PASSWORD;
	const char *name = is_plain ? "password" : "keyboard-interactive";
	int r;

	if (t->password == NULL || !auth_is_offered(a, name) || a->has_said[is_plain]) {
		a->at++;
		return 0;
	}
	if (is_plain)
		r = libssh2_userauth_password_ex(s->ssh2, t->login, (unsigned)strlen(t->login),
			t->password, (unsigned)strlen(t->password), NULL);
	else
		r = libssh2_userauth_keyboard_interactive_ex(
			s->ssh2, t->login, (unsigned)strlen(t->login), on_questions);
	if (r == LIBSSH2_ERROR_EAGAIN)
		return ERR_AGAIN;
	if (r == 0) {
		session_note(s, SSH_STAGE_AUTH, false, "Authentication (%s) successful!", name);
		a->at = METHOD_NONE_LEFT;
		return 0;
	}
	if (auth_is_hang_up(s, r))
		return auth_hung_up(s, e);
	auth_tried_add(a, name);
	a->has_said[is_plain] = true;
	a->at++;
	/* A host may take keys behind a password alone. */
	if (!auth_is_offered(a, "publickey")) {
		a->at = METHOD_LIST;
		a->after_list = METHOD_AGENT;
	}
	return 0;
}

/* What a connection has to have for what the server offers. */
static const char *advice_for(const struct auth *a)
{
	bool takes_password =
		auth_is_offered(a, "password") || auth_is_offered(a, "keyboard-interactive");

	if (auth_is_offered(a, "publickey"))
		return takes_password ? "; give it a key_file, a keypair or a password"
				      : "; give it a key_file or a keypair";
	return takes_password ? "; give it a password" : ", nor has windrow";
}

static int all_failed(struct session *s, struct err *e)
{
	const struct ssh_target *t = s->endpoint->target;
	struct auth *a = s->auth;
	bool said_password = a->has_said[false] || a->has_said[true];
	bool wants_key = !said_password && auth_is_offered(a, "publickey");

	if (a->offered[0] == '\0')
		return err_set(e, ERR_DENIED,
			"authentication as %s failed: the server offers no way that there is",
			t->login);
	if (a->tried.len == 0)
		return err_set(e, ERR_DENIED,
			"authentication as %s failed: the server offers %s, and connection %s has "
			"nothing for these%s",
			t->login, a->offered, t->conn_id, advice_for(a));
	return err_set(e, ERR_DENIED,
		"authentication as %s failed: tried %s; the server offers %s; %s%s%s", t->login,
		buf_str(&a->tried), a->offered, wants_key ? "`windrow connections setup " : "",
		wants_key		? t->conn_id
			: said_password ? "is the password right?"
					: "give it a password",
		wants_key ? "` puts its key there" : "");
}

int auth_step(struct session *s, struct err *e)
{
	int r = 0;

	if (s->auth == NULL) {
		s->auth = calloc(1, sizeof(*s->auth));
		if (s->auth == NULL)
			return err_set(e, ERR_NOMEM, "out of memory");
		buf_init(&s->auth->tried, 4096);
		s->auth->after_list = METHOD_AGENT;
	}
	while (r == 0 && !libssh2_userauth_authenticated(s->ssh2)) {
		switch (s->auth->at) {
		case METHOD_LIST:
			r = methods_list(s, e);
			if (s->auth->at != METHOD_LIST && r == ERR_AGAIN)
				r = 0;
			break;
		case METHOD_AGENT:
			r = auth_agent_try(s, e);
			break;
		case METHOD_KEY:
			r = key_try(s, e);
			break;
		case METHOD_PASSWORD:
		case METHOD_INTERACTIVE:
			r = password_try(s, e);
			break;
		case METHOD_NONE_LEFT:
			r = all_failed(s, e);
			break;
		}
	}
	return r;
}
