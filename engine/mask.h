/*
 * The masker: takes the secrets in use out of bytes on their way to a log, a terminal or a message.
 *
 * It knows each secret as it is and in the spellings in which programs echo it: base64 (at each of
 * the three alignments, both alphabets, in lines too), percent-encoded, JSON-escaped, quoted for a
 * shell, and with any backslashes in it that quotes within quotes make. A secret that arrives in
 * pieces, over any number of chunks, is still found.
 */
#ifndef ENGINE_MASK_H
#define ENGINE_MASK_H

#include <stdbool.h>
#include <stddef.h>

#define MASK_TEXT "***"
#define MASK_SECRET_MIN 4 /* a shorter one would blot out ordinary text */
#define MASK_SECRET_MAX ((size_t)65536) /* bytes of one secret */
#define MASK_SKIPPED_MAX 64 /* backslashes or line ends in a row within a spelling */
#define MASK_SPELLINGS_MAX 100000 /* spellings of one masker */

struct arena;
struct buf;
struct mask;
struct value;

/* Makes a masker that knows nothing. NULL where memory is short. */
struct mask *mask_create(void);

/* Wipes and frees it. NULL is fine; no stream may be in use any more. */
void mask_destroy(struct mask *m);

/* Teaches it a secret (copied). One of several lines is also known by each longer line of it, as a
 * private key is. Shorter than MASK_SECRET_MIN, or known already: nothing is done. Streams may be
 * in use; they know it from their next bytes on. ERR_NOMEM, ERR_LIMIT. */
int mask_add(struct mask *m, const char *secret, size_t len);

/* Whether it knows no secret, and lets everything through. */
bool mask_is_empty(const struct mask *m);

/* One stream of bytes through a masker: what cannot be told yet is held back. */
struct mask_stream;

/* Makes a stream over m, which must outlive it. NULL where memory is short. */
struct mask_stream *mask_stream_create(const struct mask *m);
void mask_stream_destroy(struct mask_stream *s);

/* Masks the next bytes and adds to out all that is certain. Failure sticks in out. */
void mask_stream_feed(struct mask_stream *s, const void *bytes, size_t len, struct buf *out);

/* The stream has ended, or a reader is waiting: adds what was held back. */
void mask_stream_flush(struct mask_stream *s, struct buf *out);

/* Bytes are left out of the stream here: what was held back may be the beginning of a secret whose
 * end is among them, and becomes MASK_TEXT. */
void mask_stream_cut(struct mask_stream *s, struct buf *out);

/* Masks one whole text. Failure sticks in out. */
void mask_text(const struct mask *m, const void *bytes, size_t len, struct buf *out);

/* Masks a sentence, of which an error says with ERR_CUT that it was cut: what may be the beginning
 * of a secret there is masked, too. Failure sticks in out. */
void mask_sentence(const struct mask *m, const char *text, size_t len, struct buf *out);

/* A copy of v in the arena, each text and number in it masked; keys of maps stay as they are. out
 * may be v. ERR_NOMEM, ERR_LIMIT. */
int mask_value(const struct mask *m, struct arena *a, const struct value *v, struct value *out);

#endif
