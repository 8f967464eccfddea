/* Keys, beside what ssh-keygen and openssl make and read. */
#include "operators/ssh/key.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "engine/buf.h"
#include "engine/err.h"
#include "tests/unit/tap.h"

static char folder[] = "/tmp/windrow-test.XXXXXX";

static bool shell(const char *fmt, ...) __attribute__((format(printf, 1, 2)));

/* Runs a command in the folder. Whether it succeeded. */
static bool shell(const char *fmt, ...)
{
	char command[2048];
	va_list ap;
	int n = snprintf(command, sizeof(command), "cd %s && exec >/dev/null 2>&1 && ", folder);

	va_start(ap, fmt);
	(void)vsnprintf(command + n, sizeof(command) - (size_t)n, fmt, ap);
	va_end(ap);
	return system(command) == 0;
}

/* A file of the folder, as a text to be freed. */
static char *file_read(const char *name)
{
	char path[256], *text = calloc(1, SSH_KEY_TEXT_MAX);
	FILE *f;

	(void)snprintf(path, sizeof(path), "%s/%s", folder, name);
	f = fopen(path, "r");
	if (f != NULL) {
		(void)fread(text, 1, SSH_KEY_TEXT_MAX - 1, f);
		(void)fclose(f);
	}
	return text;
}

static void file_write(const char *name, const char *text)
{
	char path[256];
	FILE *f;

	(void)snprintf(path, sizeof(path), "%s/%s", folder, name);
	f = fopen(path, "w");
	if (f == NULL)
		return;
	(void)fputs(text, f);
	(void)fclose(f);
	(void)chmod(path, 0600);
}

/* What is made here, ssh-keygen reads; what it tells of it, we tell too. */
static void test_generate(enum ssh_key_type type, unsigned bits, const char *name)
{
	struct buf text, line, summary;
	struct ssh_key *k;
	struct err e;
	char *told;

	buf_init(&text, 0);
	buf_init(&line, 0);
	buf_init(&summary, 0);
	if (!OK(ssh_key_generate(type, bits, &k, &e) == 0, "%s: one is made", name))
		return;
	IS_INT(ssh_key_write(k, "a comment", NULL, &text, &e), 0, "%s: it is written", name);
	file_write("new", buf_str(&text));
	ssh_key_public_line(k, "a comment", &line);
	OK(shell("ssh-keygen -y -P '' -f new >new.pub"), "%s: ssh-keygen reads it", name);
	told = file_read("new.pub");
	IS_STR(buf_str(&line), told, "%s: and finds the same public half", name);
	free(told);
	ssh_key_summary(k, "a comment", &summary);
	buf_addc(&summary, '\n');
	OK(shell("ssh-keygen -l -f new.pub >told"), "%s: and tells of it", name);
	told = file_read("told");
	IS_STR(buf_str(&summary), told, "%s: as we do", name);
	free(told);
	ssh_key_destroy(k);
	buf_free(&text);
	buf_free(&line);
	buf_free(&summary);
}

/* Whether the file `key` is read, and its public half that of `key.pub`. */
static void test_read(const char *what, const char *passphrase)
{
	char *text = file_read("key"), *public = file_read("key.pub");
	struct ssh_key *k = NULL;
	struct buf line;
	struct err e = {.text = ""};

	buf_init(&line, 0);
	IS_INT(ssh_key_read("key", text, strlen(text), passphrase, &k, &e), 0, "%s: it is read",
		what);
	if (e.text[0] != '\0')
		tap_note("%s", e.text);
	if (k != NULL)
		ssh_key_public_line(k, "me", &line);
	IS_STR(buf_str(&line), public, "%s: its public half is right", what);
	ssh_key_destroy(k);
	buf_free(&line);
	free(text);
	free(public);
}

static void test_formats(const char *type)
{
	if (!OK(shell("rm -f key key.pub; ssh-keygen -q -t %s -N '' -C me -f key", type),
		    "ssh-keygen makes %s", type))
		return;
	test_read(type, NULL);
	test_read(type, "a passphrase that is not needed");
	(void)shell("cp key kept; sed -i 's/$/\\r/' key; sed -i '1i \\ \\ ' key");
	test_read("with another system's line ends, and blanks in front", NULL);
	(void)shell("cp kept key");
	OK(shell("ssh-keygen -q -p -N 'a b c d' -f key"), "sealed");
	test_read("sealed by OpenSSH", "a b c d");
	OK(shell("ssh-keygen -q -p -P 'a b c d' -N 'a b c d e' -a 3 -Z aes128-cbc -f key"),
		"sealed otherwise");
	test_read("with another cipher", "a b c d e");
	(void)shell("cp kept key");
	if (strcmp(type, "ed25519") == 0)
		return;
	OK(shell("ssh-keygen -q -p -N '' -m PEM -f key"), "as PEM");
	test_read("PEM", NULL);
	OK(shell("ssh-keygen -q -p -N 'a b c d' -m PEM -f key"), "as PEM, sealed");
	test_read("sealed PEM", "a b c d");
	OK(shell("cp kept key && ssh-keygen -q -p -N '' -m PKCS8 -f key"), "as PKCS#8");
	test_read("PKCS#8", NULL);
	OK(shell("ssh-keygen -q -p -N 'a b c d' -m PKCS8 -f key"), "as PKCS#8, sealed");
	test_read("sealed PKCS#8", "a b c d");
}

/* A file of tests/keys, which hold what puttygen made, and its public half. */
static void test_putty(const char *name, const char *public, const char *passphrase)
{
	const char *top = getenv("top_srcdir");

	if (!OK(shell("cp %s/tests/keys/%s.ppk key; cut -d ' ' -f 1,2 %s/tests/keys/%s.pub | "
		      "sed 's/$/ me/' >key.pub; chmod u+w key",
			top == NULL ? "." : top, name, top == NULL ? "." : top, public),
		    "%s", name))
		return;
	test_read(name, passphrase);
}

static void test_all_putty(void)
{
	static const char *const types[] = {"ed25519", "ecdsab256", "rsab2048"};
	char name[96], public[64];

	for (size_t i = 0; i < sizeof(types) / sizeof(types[0]); i++)
		for (int version = 2; version <= 3; version++) {
			(void)snprintf(public, sizeof(public), "%s-%d", types[i], version);
			test_putty(public, public, NULL);
			(void)snprintf(name, sizeof(name), "%s-sealed", public);
			test_putty(name, public, "pass phrase");
		}
	/* An older PuTTY left out the zero that the private half ends with. */
	test_putty("ed25519-2-short", "ed25519-2-short", NULL);
	test_putty("ed25519-3-sealed-d", "ed25519-3", "pass phrase");
	test_putty("ecdsab256-3-sealed-i", "ecdsab256-3", "pass phrase");
	(void)shell("sed -i 's/^Comment: .*/Comment: another/' key");
}

/* What is refused, and in which words. */
static void refused(
	const char *what, const char *text, const char *passphrase, int code, const char *words)
{
	struct ssh_key *k = NULL;
	struct err e = {.text = ""};

	IS_INT(ssh_key_read("FILE", text, strlen(text), passphrase, &k, &e), code, "%s", what);
	if (!OK(strstr(e.text, words) != NULL, "and is told"))
		tap_note("%s", e.text);
	ssh_key_destroy(k);
}

/* A certificate in front of a key does not hide it. */
static void test_certificate(void)
{
	char *text;

	if (!shell("openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -subj "
		   "/CN=x -keyout only -out cert")) {
		tap_skip(4, "no openssl here");
		return;
	}
	(void)shell(
		"cat cert only >key; chmod 600 only; ssh-keygen -y -f only | cut -d ' ' -f 1,2 | "
		"sed 's/$/ me/' >key.pub");
	test_read("behind a certificate", NULL);
	text = file_read("cert");
	refused("a certificate alone", text, NULL, ERR_INVALID, "holds an X.509 certificate");
	free(text);
}

/* "right" opens it. What other passphrases leave of it is no padding, but for some. */
static const char unlucky[] = "-----BEGIN ENCRYPTED PRIVATE KEY-----\n"
			      "MIGaMFYGCSqGSIb3DQEFDTBJMCgGCSqGSIb3DQEFDDAbBAgaaDkJsDGB8QIBATAM\n"
			      "BggqhkiG9w0CCQUAMB0GCWCGSAFlAwQBKgQQA2rA99aQmqtDb03KaszfigRATlEe\n"
			      "arg3XnK2yyN8rFktW2T/RLg0Ndlcifj4tuErGEwe92vIIj6aDWtQ6ObDcNrijIoh\n"
			      "8JWnU46RzNvWsoI2eg==\n"
			      "-----END ENCRYPTED PRIVATE KEY-----\n";

static void test_refusals(void)
{
	char *text;

	refused("nothing", "", NULL, ERR_INVALID, "FILE is empty");
	refused("blanks", " \n\t", NULL, ERR_INVALID, "FILE is empty");
	refused("something else", "hello", NULL, ERR_INVALID, "holds no private key");
	text = file_read("key"); /* PuTTY's, its comment changed */
	refused("a changed PuTTY key", text, "pass phrase", ERR_DENIED, "or the file was changed");
	refused("a sealed one", text, NULL, ERR_DENIED, "which is missing");
	text[strlen(text) / 2] = '\0';
	refused("half of one", text, NULL, ERR_INVALID, "is a damaged PuTTY key");
	free(text);
	refused("PuTTY's of another version", "PuTTY-User-Key-File-1: ssh-rsa\n", NULL,
		ERR_UNSUPPORTED, "of a version that is not known here");
	(void)shell("rm -f key key.pub; ssh-keygen -q -t ecdsa -N '' -C me -f key");
	text = file_read("key.pub");
	refused("a public key", text, NULL, ERR_INVALID, "holds a public key");
	free(text);
	text = file_read("key");
	text[strlen(text) / 2] = '\0';
	refused("half a file", text, NULL, ERR_INVALID, "is cut off");
	free(text);
	text = file_read("key");
	memset(strstr(text, "b3Blbn") + 200, 'A', 12);
	refused("a changed file", text, NULL, ERR_INVALID, "is damaged");
	free(text);
	(void)shell("ssh-keygen -q -p -N secret -m PKCS8 -f key");
	text = file_read("key");
	refused("a sealed one without its passphrase", text, NULL, ERR_DENIED,
		"is sealed by a passphrase, which is missing");
	refused("with a wrong one", text, "guess", ERR_DENIED, "the passphrase of FILE is wrong");
	free(text);
	refused("with a wrong one that leaves a good padding", unlucky, "guess240", ERR_DENIED,
		"the passphrase of FILE is wrong");
	(void)shell("rm -f key; ssh-keygen -q -t ed25519 -N secret -C me -f key");
	text = file_read("key");
	refused("OpenSSH's seal", text, NULL, ERR_DENIED, "which is missing");
	refused("with a wrong one", text, "guess", ERR_DENIED, "the passphrase of FILE is wrong");
	free(text);
	if (shell("openssl genpkey -algorithm X25519 -out key")) {
		text = file_read("key");
		refused("a type that is not SSH's", text, NULL, ERR_UNSUPPORTED,
			"a key of type X25519");
		free(text);
	} else {
		tap_skip(2, "no openssl here");
	}
}

static void test_wishes(void)
{
	struct ssh_key *k;
	struct err e;

	IS_INT(ssh_key_generate(SSH_KEY_RSA, 2048, &k, &e), ERR_INVALID, "a short RSA key");
	IS_STR(e.text, "a new RSA key has 3072 to 16384 bits, not 2048", "is refused in words");
	IS_INT(ssh_key_generate(SSH_KEY_ECDSA, 512, &k, &e), ERR_INVALID, "an odd curve");
	IS_INT(ssh_key_generate(SSH_KEY_ED25519, 512, &k, &e), ERR_INVALID, "a longer Ed25519");
}

int main(void)
{
	if (mkdtemp(folder) == NULL)
		return 99;
	/* N.B. it does nothing for a user without a name. */
	if (!shell("ssh-keygen -q -t ed25519 -N '' -f key")) {
		tap_skip(1, "no ssh-keygen works here");
		(void)rmdir(folder);
		return tap_done();
	}
	test_generate(SSH_KEY_ED25519, 0, "Ed25519");
	test_generate(SSH_KEY_ECDSA, 0, "ECDSA");
	test_generate(SSH_KEY_ECDSA, 384, "ECDSA 384");
	test_generate(SSH_KEY_ECDSA, 521, "ECDSA 521");
	test_generate(SSH_KEY_RSA, 0, "RSA");
	test_formats("ed25519");
	test_formats("ecdsa -b 256");
	test_formats("ecdsa -b 521");
	test_formats("rsa -b 2048");
	test_certificate();
	test_all_putty();
	test_refusals();
	test_wishes();
	(void)shell("rm -rf %s", folder);
	return tap_done();
}
