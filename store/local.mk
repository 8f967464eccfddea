# What lasts.
noinst_LIBRARIES += libstore.a
libstore_a_SOURCES = \
	store/clock.c \
	store/clock.h \
	store/connection.c \
	store/connection.h \
	store/connection_extra.c \
	store/connection_file.c \
	store/connection_file.h \
	store/connection_impl.h \
	store/connection_uri.c \
	store/connections.c \
	store/connections.h \
	store/dags_folder.c \
	store/dags_folder.h \
	store/db.c \
	store/db.h \
	store/db_error.c \
	store/db_file.c \
	store/db_impl.h \
	store/db_place.c \
	store/file_stamp.c \
	store/file_stamp.h \
	store/file_writer.c \
	store/file_writer.h \
	store/ignore.c \
	store/ignore.h \
	store/journal.c \
	store/journal.h \
	store/journal_add.c \
	store/journal_entry.c \
	store/journal_entry.h \
	store/master_key.c \
	store/master_key.h \
	store/migrations.c \
	store/migrations.h \
	store/new_file.c \
	store/new_file.h \
	store/pages.c \
	store/pages.h \
	store/seal.c \
	store/seal.h \
	store/secret.c \
	store/secret.h \
	store/settings.c \
	store/settings.h \
	store/settings_file.c \
	store/settings_impl.h \
	store/settings_load.c \
	store/store.c \
	store/store.h \
	store/store_impl.h \
	store/store_callback.c \
	store/store_callback.h \
	store/store_clean.c \
	store/store_connection.c \
	store/store_dag.c \
	store/store_keypair.c \
	store/store_list.c \
	store/store_list.h \
	store/store_output.c \
	store/store_rotate.c \
	store/store_run.c \
	store/store_run.h \
	store/store_variable.c \
	store/store_work.c \
	store/stored.c \
	store/stored.h \
	store/system_error.c \
	store/system_error.h \
	store/vault.c \
	store/vault.h \
	store/yaml_value.c \
	store/yaml_value.h \
	store/zoneinfo.c \
	store/zoneinfo.h

# The migrations, as C, in the build folder.
MIGRATIONS = store/migrations/001_connections_keypairs_variables.sql \
	store/migrations/002_runs.sql \
	store/migrations/003_callbacks.sql \
	store/migrations/004_runs_side_by_side.sql \
	store/migrations/005_runs_of_a_dag.sql \
	store/migrations/006_sealed_outputs.sql \
	store/migrations/007_sealed_items.sql
EXTRA_DIST += $(MIGRATIONS) store/migrations.awk
CLEANFILES += store/migrations.inc

store/migrations.inc: $(MIGRATIONS) store/migrations.awk
	$(AM_V_GEN)$(MKDIR_P) store && (cd $(srcdir) && $(AWK) -f store/migrations.awk $(MIGRATIONS)) >$@.tmp && \
		mv $@.tmp $@

store/migrations.$(OBJEXT): store/migrations.inc
