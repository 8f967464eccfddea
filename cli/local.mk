# What a person types.
bin_PROGRAMS += windrow
windrow_SOURCES = cli/main.c
windrow_LDADD = $(CLI_LIBS)

noinst_LIBRARIES += libcli.a
libcli_a_SOURCES = \
	cli/args.c \
	cli/args.h \
	cli/command.h \
	cli/commands.c \
	cli/commands.h \
	cli/completion.c \
	cli/config.c \
	cli/connection_variant.c \
	cli/connection_variant.h \
	cli/connection_view.c \
	cli/connection_view.h \
	cli/connections.c \
	cli/connections_edit.c \
	cli/connections_file.c \
	cli/connections_host_key.c \
	cli/connections_setup.c \
	cli/connections_test.c \
	cli/cron.c \
	cli/dag_draw.h \
	cli/dag_files.c \
	cli/dag_files.h \
	cli/dag_formats.c \
	cli/dag_svg.c \
	cli/dag_text.c \
	cli/dag_view.c \
	cli/dag_view.h \
	cli/dags.c \
	cli/dags_details.c \
	cli/dags_show.c \
	cli/dags_test.c \
	cli/db.c \
	cli/exchange_file.c \
	cli/exchange_file.h \
	cli/help.c \
	cli/help.h \
	cli/host_key.c \
	cli/host_key.h \
	cli/info.c \
	cli/keypair_keep.c \
	cli/keypair_keep.h \
	cli/keypairs.c \
	cli/layout.c \
	cli/layout.h \
	cli/lookup.c \
	cli/lookup.h \
	cli/output.c \
	cli/output.h \
	cli/report.c \
	cli/report.h \
	cli/run_conf.c \
	cli/run_conf.h \
	cli/run_host.c \
	cli/run_host.h \
	cli/run_plain.c \
	cli/run_plain.h \
	cli/run_view.c \
	cli/run_view.h \
	cli/schema.c \
	cli/secret_input.c \
	cli/secret_input.h \
	cli/secrets.c \
	cli/settings.c \
	cli/settings.h \
	cli/stores.c \
	cli/stores.h \
	cli/table.c \
	cli/table.h \
	cli/tasks.c \
	cli/tasks_render.c \
	cli/tasks_test.c \
	cli/term.c \
	cli/term.h \
	cli/terminal.c \
	cli/terminal.h \
	cli/text.c \
	cli/text.h \
	cli/tree.c \
	cli/tree.h \
	cli/variables.c \
	cli/variables_file.c \
	cli/version.c
