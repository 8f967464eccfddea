/* What the files of the bag share. Private to scheduler/bag*.c. */
#ifndef SCHEDULER_BAG_IMPL_H
#define SCHEDULER_BAG_IMPL_H

#include "scheduler/bag.h"
#include "scheduler/folder_look.h"

#define BAG_POLL_MS 5000 /* how often a folder is looked at that cannot be watched whole */
#define BAG_EDITIONS_KEPT 32 /* editions that are kept though no run may want them */
#define BAG_TASKS_KEPT 5000 /* tasks of editions that are kept and no run holds */

struct arena;
struct strmap;

struct bag_entry {
	struct bag_dag dag; /* first: what is given out */
	char hash[DAG_HASH_SIZE]; /* of the version's source */
	char *file; /* dag.file */
	struct folder_file *claim; /* the file that has it, while claims are worked out */
	struct dag_facts *facts; /* what the claim says of it */
	struct timetable *timetable; /* dag.timetable */
	const char *news; /* what is to be noted of it once that is stored, or NULL */
	bool must_store, must_tell;
};

/* Import errors of a file that the store has. */
struct stored_faults {
	char *file;
	struct dag_faults faults;
};

struct kept_edition {
	struct edition *edition;
	struct bag_entry *entry;
	uint64_t used_at;
};

struct bag {
	struct bag_options o;
	char *folder;
	struct dag_reader *reader;
	struct folder_watch *watch; /* NULL: there is none */
	struct folder_look *look;
	uv_timer_t timer;
	uint64_t changed_at; /* when the folder was first heard to have changed; 0: it was not */
	uint64_t n_looks; /* that have begun */
	uint64_t look_began, look_ended; /* ms of the loop's clock */
	bool is_unwatched; /* some folder of the last look is not watched */
	bool has_blind_spots; /* of the last look: what may change unheard */
	uint64_t again_ms; /* behind the last look another is due, whatever happens; 0: none */
	char folder_fault[1200]; /* why the folder cannot be read; "": it can */
	bool must_settle, has_failed, is_ready, is_closing, is_timer_closed;
	struct strmap *ids;
	struct bag_entry **entries;
	size_t n_entries, cap_entries;
	size_t n_faults; /* import errors of all files, since the first look */
	struct stored_faults
		*stored; /* the store's import errors, until a look has come to its end */
	size_t n_stored;
	struct telling *tellings; /* that wait for their batches to be on disk */
	struct kept_edition kept[BAG_EDITIONS_KEPT];
	uint64_t n_uses;
	struct bag_observer *observers;
	void (*on_closed)(void *ctx);
	void *closed_ctx;
};

/* bag.c */

/* Tells the observers. */
void bag_note(struct bag *b, enum op_level level, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));
void bag_tell(struct bag *b, struct bag_entry *entry);

/* The folder was looked at for the first time. */
void bag_be_ready(struct bag *b);

/* A look is over: tells so, if all that was found has been told. */
void bag_looked(struct bag *b);

/* The entry of an id, which is made where there is none. NULL: no memory. */
struct bag_entry *bag_entry_get(struct bag *b, const char *dag_id);

/* Puts its row into the journal's batch; where that fails, again with the next look. */
void bag_entry_store(struct bag *b, struct bag_entry *entry);

/* Ends closing where nothing can call back any more. */
void bag_close_finish(struct bag *b);

/* bag_looks.c */

/* Makes what looks. ERR_NOMEM. */
int bag_look_create(struct bag *b);

/* Looks at the folder; soon, the other. ctx is the bag. */
void bag_look(struct bag *b);
void bag_look_due(void *ctx);

/* bag_claims.c */

/* Holds the table of files against the DAGs: who has which, what is new, broken, gone; and hands
 * that in to be stored and told. */
void bag_claims_settle(struct bag *b);

/* Something could not be done: has it all worked out again. */
void bag_claims_again(struct bag *b);

/* Has batches that are still to be stored tell nobody. */
void bag_claims_close(struct bag *b);

/* bag_faults.c */

/* Reads the import errors that the store has, using the arena, and frees what is left of them. */
int bag_faults_open(struct bag *b, struct arena *a, struct err *e);
void bag_faults_close(struct bag *b);

/* Takes over what was stored, at the first look. */
void bag_faults_take(struct bag *b);

/* Stores the import errors of a file, where they are others than those that are stored. The faults
 * are taken. */
void bag_faults_store(struct bag *b, struct folder_file *f, struct dag_faults *faults);

/* Stores why the folder itself cannot be read, as its import error; "": it can again. ERR_NOMEM,
 * noted. */
int bag_faults_folder(struct bag *b, const char *sentence);

/* A file is gone: its import errors with it. */
void bag_faults_forget(struct bag *b, const struct folder_file *f);

/* bag_editions.c */

void bag_editions_free(struct bag *b);

/* Lets go of what is kept too much of. */
void bag_editions_trim(struct bag *b);

/* Lets go of those of an entry. */
void bag_editions_drop(struct bag *b, const struct bag_entry *entry);

#endif
