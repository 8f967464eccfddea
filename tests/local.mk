# Unit tests: one TAP program a module, named after it.
UNIT_TESTS = \
	tests/unit/test_arena \
	tests/unit/test_argon2 \
	tests/unit/test_args \
	tests/unit/test_bag \
	tests/unit/test_bag_nomem \
	tests/unit/test_buf \
	tests/unit/test_client \
	tests/unit/test_cond \
	tests/unit/test_conductor \
	tests/unit/test_connection \
	tests/unit/test_connections \
	tests/unit/test_control \
	tests/unit/test_cron \
	tests/unit/test_dags_folder \
	tests/unit/test_diag \
	tests/unit/test_dispatch \
	tests/unit/test_execution_spare \
	tests/unit/test_expr \
	tests/unit/test_file_stamp \
	tests/unit/test_filter \
	tests/unit/test_folder_file \
	tests/unit/test_graph \
	tests/unit/test_hex \
	tests/unit/test_hint \
	tests/unit/test_history \
	tests/unit/test_ignore \
	tests/unit/test_instant \
	tests/unit/test_json \
	tests/unit/test_key \
	tests/unit/test_keys \
	tests/unit/test_known_hosts \
	tests/unit/test_layout \
	tests/unit/test_load \
	tests/unit/test_load_files \
	tests/unit/test_load_nomem \
	tests/unit/test_local \
	tests/unit/test_local_end \
	tests/unit/test_lock \
	tests/unit/test_log_cleaner \
	tests/unit/test_log_name \
	tests/unit/test_mask \
	tests/unit/test_outputs_nomem \
	tests/unit/test_parts_nomem \
	tests/unit/test_pages \
	tests/unit/test_planner \
	tests/unit/test_power \
	tests/unit/test_power_runs \
	tests/unit/test_remote \
	tests/unit/test_remote_attach \
	tests/unit/test_remote_reuse \
	tests/unit/test_remote_words \
	tests/unit/test_request \
	tests/unit/test_run \
	tests/unit/test_run_events \
	tests/unit/test_run_nomem \
	tests/unit/test_run_people \
	tests/unit/test_run_plan \
	tests/unit/test_run_rules \
	tests/unit/test_scheduler \
	tests/unit/test_schema \
	tests/unit/test_seal \
	tests/unit/test_secret \
	tests/unit/test_settings \
	tests/unit/test_shquote \
	tests/unit/test_journal \
	tests/unit/test_store \
	tests/unit/test_store_faults \
	tests/unit/test_store_first \
	tests/unit/test_store_output \
	tests/unit/test_strmap \
	tests/unit/test_sweeps \
	tests/unit/test_table \
	tests/unit/test_target \
	tests/unit/test_task_log \
	tests/unit/test_template \
	tests/unit/test_text \
	tests/unit/test_timetable \
	tests/unit/test_transport \
	tests/unit/test_tree \
	tests/unit/test_value \
	tests/unit/test_vault \
	tests/unit/test_vault_crowd \
	tests/unit/test_work_nomem

E2E_TESTS = \
	tests/e2e/cli_completion.sh \
	tests/e2e/cli_config.sh \
	tests/e2e/cli_connections.sh \
	tests/e2e/cli_dags.sh \
	tests/e2e/cli_db.sh \
	tests/e2e/cli_docs.sh \
	tests/e2e/cli_help.sh \
	tests/e2e/cli_import.sh \
	tests/e2e/cli_render.sh \
	tests/e2e/cli_streams.sh \
	tests/e2e/cli_variables.sh \
	tests/e2e/packaging.sh \
	tests/e2e/run_callbacks.sh \
	tests/e2e/run_cancel.sh \
	tests/e2e/run_examples.sh \
	tests/e2e/run_outputs.sh \
	tests/e2e/run_task.sh \
	tests/e2e/run_tree.sh \
	tests/e2e/sched_clock.sh \
	tests/e2e/sched_control.sh \
	tests/e2e/sched_crash.sh \
	tests/e2e/sched_daemon.sh \
	tests/e2e/sched_full.sh \
	tests/e2e/sched_folder.sh \
	tests/e2e/sched_lives.sh \
	tests/e2e/sched_logs.sh \
	tests/e2e/sched_metrics.sh \
	tests/e2e/sched_races.sh \
	tests/e2e/sched_schedule.sh \
	tests/e2e/sched_secrets.sh \
	tests/e2e/ssh_accounts.sh \
	tests/e2e/ssh_callbacks.sh \
	tests/e2e/ssh_connections.sh \
	tests/e2e/ssh_examples.sh \
	tests/e2e/ssh_errors.sh \
	tests/e2e/ssh_faults.sh \
	tests/e2e/ssh_handed.sh \
	tests/e2e/ssh_host_keys.sh \
	tests/e2e/ssh_keypairs.sh \
	tests/e2e/ssh_keys.sh \
	tests/e2e/ssh_kill.sh \
	tests/e2e/ssh_limits.sh \
	tests/e2e/ssh_streams.sh \
	tests/e2e/ssh_servers.sh \
	tests/e2e/ssh_slow.sh \
	tests/e2e/ssh_still.sh \
	tests/e2e/ssh_stored.sh \
	tests/e2e/ssh_task.sh \
	tests/e2e/ssh_ways.sh \
	tests/e2e/tutorial.sh

check_PROGRAMS += $(UNIT_TESTS)
TESTS += $(UNIT_TESTS) $(E2E_TESTS) tests/layering.sh
EXTRA_DIST += $(E2E_TESTS) tests/deb.sh tests/e2e/airflow tests/e2e/daemon.sh tests/e2e/hook.py tests/e2e/sshd.sh tests/e2e/tap.sh tests/layering.sh tests/ci.sh tests/stranger.sh

TAP_SOURCES = tests/unit/tap.c tests/unit/tap.h

tests_unit_test_arena_SOURCES = tests/unit/test_arena.c $(TAP_SOURCES)
tests_unit_test_arena_LDADD = $(ENGINE_LIBS)
tests_unit_test_argon2_SOURCES = tests/unit/test_argon2.c $(TAP_SOURCES)
tests_unit_test_argon2_LDADD = $(OPERATORS_LIBS)
tests_unit_test_args_SOURCES = tests/unit/test_args.c $(TAP_SOURCES)
tests_unit_test_args_LDADD = libcli.a $(ENGINE_LIBS)
tests_unit_test_buf_SOURCES = tests/unit/test_buf.c $(TAP_SOURCES)
tests_unit_test_buf_LDADD = $(ENGINE_LIBS)
tests_unit_test_cron_SOURCES = tests/unit/test_cron.c $(TAP_SOURCES)
tests_unit_test_cron_LDADD = $(STORE_LIBS)
tests_unit_test_hex_SOURCES = tests/unit/test_hex.c $(TAP_SOURCES)
tests_unit_test_hex_LDADD = $(ENGINE_LIBS)
tests_unit_test_hint_SOURCES = tests/unit/test_hint.c $(TAP_SOURCES)
tests_unit_test_hint_LDADD = $(ENGINE_LIBS)
tests_unit_test_instant_SOURCES = tests/unit/test_instant.c $(TAP_SOURCES)
tests_unit_test_instant_LDADD = $(ENGINE_LIBS)
tests_unit_test_dags_folder_SOURCES = tests/unit/test_dags_folder.c $(NOBODY_KIT) $(TAP_SOURCES)
tests_unit_test_dags_folder_LDADD = libstore.a $(ENGINE_LIBS)
tests_unit_test_ignore_SOURCES = tests/unit/test_ignore.c $(TAP_SOURCES)
tests_unit_test_ignore_LDADD = libstore.a $(ENGINE_LIBS)
tests_unit_test_scheduler_SOURCES = tests/unit/test_scheduler.c tests/unit/dag_kit.c \
	tests/unit/dag_kit.h $(TAP_SOURCES)
tests_unit_test_scheduler_LDADD = $(SCHEDULER_LIBS)
tests_unit_test_control_SOURCES = tests/unit/test_control.c $(TAP_SOURCES)
tests_unit_test_control_LDADD = $(SCHEDULER_LIBS)
tests_unit_test_request_SOURCES = tests/unit/test_request.c $(TAP_SOURCES)
tests_unit_test_request_LDADD = $(SCHEDULER_LIBS)
tests_unit_test_lock_SOURCES = tests/unit/test_lock.c $(TAP_SOURCES)
tests_unit_test_lock_LDADD = $(SCHEDULER_LIBS)
tests_unit_test_pages_SOURCES = tests/unit/test_pages.c $(TAP_SOURCES)
tests_unit_test_pages_LDADD = libstore.a $(ENGINE_LIBS)
tests_unit_test_settings_SOURCES = tests/unit/test_settings.c $(TAP_SOURCES)
tests_unit_test_settings_LDADD = libstore.a $(ENGINE_LIBS)
tests_unit_test_shquote_SOURCES = tests/unit/test_shquote.c $(TAP_SOURCES)
tests_unit_test_shquote_LDADD = $(ENGINE_LIBS)
tests_unit_test_table_SOURCES = tests/unit/test_table.c $(TAP_SOURCES)
tests_unit_test_table_LDADD = libcli.a $(ENGINE_LIBS)
tests_unit_test_target_SOURCES = tests/unit/test_target.c $(TAP_SOURCES)
tests_unit_test_target_LDADD = $(OPERATORS_LIBS)
tests_unit_test_target_LDFLAGS = $(AM_LDFLAGS) -Wl,--wrap=free,--wrap=realloc
tests_unit_test_text_SOURCES = tests/unit/test_text.c $(TAP_SOURCES)
tests_unit_test_text_LDADD = libcli.a $(ENGINE_LIBS)
tests_unit_test_timetable_SOURCES = tests/unit/test_timetable.c $(TAP_SOURCES)
tests_unit_test_timetable_LDADD = $(ENGINE_LIBS)
tests_unit_test_transport_SOURCES = tests/unit/test_transport.c $(TAP_SOURCES)
tests_unit_test_transport_LDADD = $(OPERATORS_LIBS)
tests_unit_test_transport_LDFLAGS = $(AM_LDFLAGS) -Wl,--wrap=malloc
tests_unit_test_client_SOURCES = tests/unit/test_client.c $(TAP_SOURCES)
tests_unit_test_client_LDADD = $(CLI_LIBS)
tests_unit_test_client_LDFLAGS = $(AM_LDFLAGS) -Wl,--wrap=poll
tests_unit_test_tree_SOURCES = tests/unit/test_tree.c tests/unit/dag_kit.c tests/unit/dag_kit.h \
	$(TAP_SOURCES)
tests_unit_test_tree_LDADD = $(CLI_LIBS)
tests_unit_test_expr_SOURCES = tests/unit/test_expr.c tests/unit/expr_world.c tests/unit/expr_world.h $(TAP_SOURCES)
tests_unit_test_expr_LDADD = $(ENGINE_LIBS)
tests_unit_test_json_SOURCES = tests/unit/test_json.c $(TAP_SOURCES)
tests_unit_test_json_LDADD = $(ENGINE_LIBS)
tests_unit_test_value_SOURCES = tests/unit/test_value.c $(TAP_SOURCES)
tests_unit_test_value_LDADD = $(ENGINE_LIBS)

# A disk that fails, and whose power is cut.
FAULTY_VFS = tests/vfs/faulty.c tests/vfs/faulty.h tests/vfs/faulty_disk.c tests/vfs/faulty_disk.h

NOBODY_KIT = tests/unit/nobody_kit.c tests/unit/nobody_kit.h

# Memory that runs out.
NOMEM_KIT = tests/unit/nomem_kit.c tests/unit/nomem_kit.h
NOMEM_JOB = tests/unit/nomem_job.c tests/unit/nomem_job.h $(NOMEM_KIT)
NOMEM_WRAP = -Wl,--wrap=malloc,--wrap=calloc,--wrap=realloc,--wrap=reallocarray \
	-Wl,--wrap=aligned_alloc,--wrap=strdup,--wrap=strndup,--wrap=vasprintf \
	-Wl,--wrap=arena_alloc,--wrap=arena_array,--wrap=arena_memdup,--wrap=arena_strdup \
	-Wl,--wrap=arena_printf

# A host whose executions outlive those who look at them.
MACHINE_KIT = tests/unit/machine_kit.c tests/unit/machine_kit.h tests/unit/op_kit.h

# The store's tests share a kit.
STORE_KIT = tests/unit/store_kit.c tests/unit/store_kit.h $(TAP_SOURCES)
tests_unit_test_task_log_SOURCES = tests/unit/test_task_log.c $(STORE_KIT)
tests_unit_test_task_log_LDADD = $(SCHEDULER_LIBS)
tests_unit_test_conductor_SOURCES = tests/unit/test_conductor.c tests/unit/conductor_kit.c \
	tests/unit/conductor_kit.h tests/unit/dag_kit.c tests/unit/dag_kit.h tests/unit/op_kit.h $(STORE_KIT)
tests_unit_test_conductor_LDADD = $(SCHEDULER_LIBS)
tests_unit_test_connection_SOURCES = tests/unit/test_connection.c $(STORE_KIT)
tests_unit_test_connection_LDADD = $(STORE_LIBS)
tests_unit_test_connections_SOURCES = tests/unit/test_connections.c $(STORE_KIT)
tests_unit_test_connections_LDADD = $(STORE_LIBS)
tests_unit_test_folder_file_SOURCES = tests/unit/test_folder_file.c $(STORE_KIT)
tests_unit_test_folder_file_LDADD = $(SCHEDULER_LIBS)
tests_unit_test_seal_SOURCES = tests/unit/test_seal.c $(TAP_SOURCES)
tests_unit_test_seal_LDADD = $(STORE_LIBS)
tests_unit_test_secret_SOURCES = tests/unit/test_secret.c $(TAP_SOURCES)
tests_unit_test_secret_LDADD = $(STORE_LIBS)
tests_unit_test_history_SOURCES = tests/unit/test_history.c $(STORE_KIT)
tests_unit_test_history_LDADD = $(STORE_LIBS)
tests_unit_test_journal_SOURCES = tests/unit/test_journal.c $(STORE_KIT)
tests_unit_test_journal_LDADD = $(STORE_LIBS)
tests_unit_test_store_SOURCES = tests/unit/test_store.c $(NOBODY_KIT) $(STORE_KIT)
tests_unit_test_store_LDADD = $(STORE_LIBS)
tests_unit_test_store_output_SOURCES = tests/unit/test_store_output.c $(STORE_KIT)
tests_unit_test_store_output_LDADD = $(STORE_LIBS)
tests_unit_test_store_faults_SOURCES = tests/unit/test_store_faults.c $(NOMEM_KIT) $(STORE_KIT)
tests_unit_test_store_faults_LDADD = $(STORE_LIBS)
tests_unit_test_store_faults_LDFLAGS = $(AM_LDFLAGS) $(NOMEM_WRAP) -Wl,--wrap=mmap
tests_unit_test_store_first_SOURCES = tests/unit/test_store_first.c $(STORE_KIT)
tests_unit_test_store_first_LDADD = $(STORE_LIBS)
tests_unit_test_store_first_LDFLAGS = $(AM_LDFLAGS) -Wl,--wrap=access
tests_unit_test_power_SOURCES = tests/unit/test_power.c $(FAULTY_VFS) $(STORE_KIT)
tests_unit_test_power_LDADD = $(STORE_LIBS)
tests_unit_test_power_runs_SOURCES = tests/unit/test_power_runs.c tests/unit/dag_kit.c \
	tests/unit/dag_kit.h $(MACHINE_KIT) $(FAULTY_VFS) $(STORE_KIT)
tests_unit_test_power_runs_LDADD = $(SCHEDULER_LIBS)
tests_unit_test_vault_SOURCES = tests/unit/test_vault.c $(STORE_KIT)
tests_unit_test_vault_LDADD = $(STORE_LIBS)
tests_unit_test_vault_LDFLAGS = $(AM_LDFLAGS) -Wl,--wrap=seal_random
tests_unit_test_vault_crowd_SOURCES = tests/unit/test_vault_crowd.c $(STORE_KIT)
tests_unit_test_vault_crowd_LDADD = $(STORE_LIBS)

BAG_KIT = tests/unit/bag_kit.c tests/unit/bag_kit.h $(STORE_KIT)
tests_unit_test_bag_SOURCES = tests/unit/test_bag.c $(NOBODY_KIT) $(BAG_KIT)
tests_unit_test_bag_LDADD = $(SCHEDULER_LIBS)
tests_unit_test_bag_nomem_SOURCES = tests/unit/test_bag_nomem.c $(NOMEM_KIT) $(BAG_KIT)
tests_unit_test_bag_nomem_LDADD = $(SCHEDULER_LIBS)
tests_unit_test_bag_nomem_LDFLAGS = $(AM_LDFLAGS) $(NOMEM_WRAP)
tests_unit_test_outputs_nomem_SOURCES = tests/unit/test_outputs_nomem.c tests/unit/dag_kit.c \
	tests/unit/dag_kit.h $(NOMEM_KIT) $(TAP_SOURCES)
tests_unit_test_outputs_nomem_LDADD = $(SCHEDULER_LIBS)
tests_unit_test_outputs_nomem_LDFLAGS = $(AM_LDFLAGS) $(NOMEM_WRAP)
tests_unit_test_parts_nomem_SOURCES = tests/unit/test_parts_nomem.c tests/unit/expr_world.c \
	tests/unit/expr_world.h $(NOMEM_JOB) $(TAP_SOURCES)
tests_unit_test_parts_nomem_LDADD = $(SCHEDULER_LIBS)
tests_unit_test_parts_nomem_LDFLAGS = $(AM_LDFLAGS) $(NOMEM_WRAP)
tests_unit_test_work_nomem_SOURCES = tests/unit/test_work_nomem.c tests/unit/dag_kit.c \
	tests/unit/dag_kit.h $(NOMEM_JOB) $(TAP_SOURCES)
tests_unit_test_work_nomem_LDADD = $(CLI_LIBS)
tests_unit_test_work_nomem_LDFLAGS = $(AM_LDFLAGS) $(NOMEM_WRAP)
tests_unit_test_planner_SOURCES = tests/unit/test_planner.c tests/unit/planner_kit.c \
	tests/unit/planner_kit.h tests/unit/dag_kit.c tests/unit/dag_kit.h $(TAP_SOURCES)
tests_unit_test_planner_LDADD = $(SCHEDULER_LIBS)

# The run state machine's tests share a kit.
RUN_KIT = tests/unit/run_kit.c tests/unit/run_kit.h $(TAP_SOURCES)
tests_unit_test_dispatch_SOURCES = tests/unit/test_dispatch.c $(TAP_SOURCES)
tests_unit_test_dispatch_LDADD = $(ENGINE_LIBS)
tests_unit_test_layout_SOURCES = tests/unit/test_layout.c $(TAP_SOURCES)
tests_unit_test_layout_LDADD = $(CLI_LIBS)
tests_unit_test_execution_spare_SOURCES = tests/unit/test_execution_spare.c $(TAP_SOURCES)
tests_unit_test_execution_spare_LDADD = $(OPERATORS_LIBS)
tests_unit_test_local_SOURCES = tests/unit/test_local.c tests/unit/local_rig.c \
	tests/unit/local_rig.h $(TAP_SOURCES)
tests_unit_test_local_LDADD = $(OPERATORS_LIBS)
tests_unit_test_local_end_SOURCES = tests/unit/test_local_end.c tests/unit/local_rig.c \
	tests/unit/local_rig.h $(TAP_SOURCES)
tests_unit_test_local_end_LDADD = $(OPERATORS_LIBS)
tests_unit_test_run_SOURCES = tests/unit/test_run.c $(RUN_KIT)
tests_unit_test_run_LDADD = $(ENGINE_LIBS)
tests_unit_test_run_people_SOURCES = tests/unit/test_run_people.c $(RUN_KIT)
tests_unit_test_run_people_LDADD = $(ENGINE_LIBS)
tests_unit_test_run_events_SOURCES = tests/unit/test_run_events.c $(RUN_KIT)
tests_unit_test_run_events_LDADD = $(ENGINE_LIBS)
tests_unit_test_run_nomem_SOURCES = tests/unit/test_run_nomem.c $(NOMEM_KIT) $(RUN_KIT)
tests_unit_test_run_nomem_LDADD = $(ENGINE_LIBS)
tests_unit_test_run_nomem_LDFLAGS = $(AM_LDFLAGS) $(NOMEM_WRAP)
tests_unit_test_run_plan_SOURCES = tests/unit/test_run_plan.c $(RUN_KIT)
tests_unit_test_run_plan_LDADD = $(ENGINE_LIBS)
tests_unit_test_run_rules_SOURCES = tests/unit/test_run_rules.c $(RUN_KIT)
tests_unit_test_run_rules_LDADD = $(ENGINE_LIBS)
tests_unit_test_diag_SOURCES = tests/unit/test_diag.c $(TAP_SOURCES)
tests_unit_test_diag_LDADD = $(ENGINE_LIBS)
tests_unit_test_graph_SOURCES = tests/unit/test_graph.c $(TAP_SOURCES)
tests_unit_test_graph_LDADD = $(ENGINE_LIBS)
tests_unit_test_strmap_SOURCES = tests/unit/test_strmap.c $(TAP_SOURCES)
tests_unit_test_strmap_LDADD = $(ENGINE_LIBS)
tests_unit_test_sweeps_SOURCES = tests/unit/test_sweeps.c $(TAP_SOURCES)
tests_unit_test_sweeps_LDADD = $(OPERATORS_LIBS)
tests_unit_test_cond_SOURCES = tests/unit/test_cond.c tests/unit/expr_world.c tests/unit/expr_world.h $(TAP_SOURCES)
tests_unit_test_cond_LDADD = $(ENGINE_LIBS)
tests_unit_test_file_stamp_SOURCES = tests/unit/test_file_stamp.c $(STORE_KIT)
tests_unit_test_file_stamp_LDADD = $(STORE_LIBS)
tests_unit_test_filter_SOURCES = tests/unit/test_filter.c tests/unit/expr_world.c tests/unit/expr_world.h $(TAP_SOURCES)
tests_unit_test_filter_LDADD = $(ENGINE_LIBS)
tests_unit_test_template_SOURCES = tests/unit/test_template.c tests/unit/expr_world.c tests/unit/expr_world.h $(TAP_SOURCES)
tests_unit_test_template_LDADD = $(ENGINE_LIBS)
tests_unit_test_load_files_SOURCES = tests/unit/test_load_files.c $(TAP_SOURCES)
tests_unit_test_load_files_LDADD = liboperators.a $(STORE_LIBS)
tests_unit_test_load_nomem_SOURCES = tests/unit/test_load_nomem.c $(NOMEM_JOB) $(TAP_SOURCES)
tests_unit_test_load_nomem_LDADD = liboperators.a $(STORE_LIBS)
tests_unit_test_load_nomem_LDFLAGS = $(AM_LDFLAGS) $(NOMEM_WRAP)
EXTRA_DIST += tests/dags tests/keys
tests_unit_test_known_hosts_SOURCES = tests/unit/test_known_hosts.c $(TAP_SOURCES)
tests_unit_test_known_hosts_LDADD = $(OPERATORS_LIBS)
tests_unit_test_remote_SOURCES = tests/unit/test_remote.c $(TAP_SOURCES)
tests_unit_test_remote_LDADD = $(OPERATORS_LIBS)
tests_unit_test_remote_attach_SOURCES = tests/unit/test_remote_attach.c $(TAP_SOURCES)
tests_unit_test_remote_attach_LDADD = $(OPERATORS_LIBS)
tests_unit_test_remote_reuse_SOURCES = tests/unit/test_remote_reuse.c $(TAP_SOURCES)
tests_unit_test_remote_reuse_LDADD = $(OPERATORS_LIBS)
tests_unit_test_remote_words_SOURCES = tests/unit/test_remote_words.c $(TAP_SOURCES)
tests_unit_test_remote_words_LDADD = $(OPERATORS_LIBS)
tests_unit_test_log_cleaner_SOURCES = tests/unit/test_log_cleaner.c $(TAP_SOURCES)
tests_unit_test_log_cleaner_LDADD = $(SCHEDULER_LIBS)
tests_unit_test_log_name_SOURCES = tests/unit/test_log_name.c $(TAP_SOURCES)
tests_unit_test_log_name_LDADD = $(SCHEDULER_LIBS)
tests_unit_test_mask_SOURCES = tests/unit/test_mask.c $(TAP_SOURCES)
tests_unit_test_mask_LDADD = $(ENGINE_LIBS)
tests_unit_test_load_SOURCES = tests/unit/test_load.c $(TAP_SOURCES)
tests_unit_test_load_LDADD = liboperators.a $(ENGINE_LIBS)
tests_unit_test_schema_SOURCES = tests/unit/test_schema.c $(TAP_SOURCES)
tests_unit_test_schema_LDADD = liboperators.a $(ENGINE_LIBS)
tests_unit_test_key_SOURCES = tests/unit/test_key.c $(TAP_SOURCES)
tests_unit_test_key_LDADD = $(OPERATORS_LIBS)
tests_unit_test_keys_SOURCES = tests/unit/test_keys.c $(TAP_SOURCES)
tests_unit_test_keys_LDADD = liboperators.a $(ENGINE_LIBS)

# Fuzzers: tests/fuzz/fuzz_NAME.c with its corpus in tests/fuzz/corpus/NAME, and tests/fuzz/NAME.dict
# where words help. `make check` replays the corpora; `make fuzz` builds the same programs with
# libFuzzer. To add one: its name in FUZZ_TARGETS, and its _SOURCES and _LDADD below.
FUZZ_TARGETS = \
	tests/fuzz/fuzz_agent \
	tests/fuzz/fuzz_args \
	tests/fuzz/fuzz_cond \
	tests/fuzz/fuzz_conf \
	tests/fuzz/fuzz_connection \
	tests/fuzz/fuzz_control \
	tests/fuzz/fuzz_cron \
	tests/fuzz/fuzz_execution \
	tests/fuzz/fuzz_expr \
	tests/fuzz/fuzz_extra \
	tests/fuzz/fuzz_ignore \
	tests/fuzz/fuzz_import \
	tests/fuzz/fuzz_json \
	tests/fuzz/fuzz_key \
	tests/fuzz/fuzz_known_hosts \
	tests/fuzz/fuzz_load \
	tests/fuzz/fuzz_mask \
	tests/fuzz/fuzz_outputs \
	tests/fuzz/fuzz_remote \
	tests/fuzz/fuzz_request \
	tests/fuzz/fuzz_seal \
	tests/fuzz/fuzz_settings \
	tests/fuzz/fuzz_shquote \
	tests/fuzz/fuzz_talk \
	tests/fuzz/fuzz_task_log \
	tests/fuzz/fuzz_template \
	tests/fuzz/fuzz_text \
	tests/fuzz/fuzz_time \
	tests/fuzz/fuzz_variable \
	tests/fuzz/fuzz_wire \
	tests/fuzz/fuzz_zone

if FUZZERS
FUZZ_MAIN =
else
FUZZ_MAIN = libreplay.a
check_LIBRARIES += libreplay.a
check_PROGRAMS += $(FUZZ_TARGETS)
TESTS += $(FUZZ_TARGETS)
endif
EXTRA_PROGRAMS += $(FUZZ_TARGETS)
libreplay_a_SOURCES = tests/fuzz/replay.c
EXTRA_DIST += tests/fuzz/coverage.sh tests/fuzz/parsers tests/fuzz/run.sh $(srcdir)/tests/fuzz/corpus
EXTRA_DIST += tests/fuzz/cond.dict tests/fuzz/expr.dict tests/fuzz/json.dict tests/fuzz/load.dict tests/fuzz/template.dict

tests_fuzz_fuzz_remote_SOURCES = tests/fuzz/fuzz_remote.c
tests_fuzz_fuzz_remote_LDADD = $(FUZZ_MAIN) $(OPERATORS_LIBS)
EXTRA_DIST += tests/fuzz/remote.dict
tests_fuzz_fuzz_agent_SOURCES = tests/fuzz/fuzz_agent.c
tests_fuzz_fuzz_agent_LDADD = $(FUZZ_MAIN) $(OPERATORS_LIBS)
EXTRA_DIST += tests/fuzz/agent.dict
tests_fuzz_fuzz_mask_SOURCES = tests/fuzz/fuzz_mask.c
tests_fuzz_fuzz_mask_LDADD = $(FUZZ_MAIN) $(ENGINE_LIBS)
EXTRA_DIST += tests/fuzz/mask.dict
tests_fuzz_fuzz_ignore_SOURCES = tests/fuzz/fuzz_ignore.c
tests_fuzz_fuzz_ignore_LDADD = $(FUZZ_MAIN) $(STORE_LIBS)
EXTRA_DIST += tests/fuzz/ignore.dict
tests_fuzz_fuzz_settings_SOURCES = tests/fuzz/fuzz_settings.c
tests_fuzz_fuzz_settings_LDADD = $(FUZZ_MAIN) $(STORE_LIBS)
EXTRA_DIST += tests/fuzz/settings.dict
tests_fuzz_fuzz_execution_SOURCES = tests/fuzz/fuzz_execution.c
tests_fuzz_fuzz_execution_LDADD = $(FUZZ_MAIN) $(OPERATORS_LIBS)
EXTRA_DIST += tests/fuzz/execution.dict
tests_fuzz_fuzz_wire_SOURCES = tests/fuzz/fuzz_wire.c
tests_fuzz_fuzz_wire_LDADD = $(FUZZ_MAIN) $(OPERATORS_LIBS)
tests_fuzz_fuzz_task_log_SOURCES = tests/fuzz/fuzz_task_log.c
tests_fuzz_fuzz_task_log_LDADD = $(FUZZ_MAIN) $(SCHEDULER_LIBS)
EXTRA_DIST += tests/fuzz/task_log.dict
tests_fuzz_fuzz_extra_SOURCES = tests/fuzz/fuzz_extra.c
tests_fuzz_fuzz_extra_LDADD = $(FUZZ_MAIN) $(OPERATORS_LIBS)
tests_fuzz_fuzz_extra_LDFLAGS = $(AM_LDFLAGS) -Wl,--wrap=libssh2_session_method_pref
EXTRA_DIST += tests/fuzz/extra.dict
tests_fuzz_fuzz_variable_SOURCES = tests/fuzz/fuzz_variable.c
tests_fuzz_fuzz_variable_LDADD = $(FUZZ_MAIN) $(CLI_LIBS)
EXTRA_DIST += tests/fuzz/variable.dict
tests_fuzz_fuzz_outputs_SOURCES = tests/fuzz/fuzz_outputs.c tests/unit/dag_kit.c tests/unit/dag_kit.h
tests_fuzz_fuzz_outputs_LDADD = $(FUZZ_MAIN) $(SCHEDULER_LIBS)
EXTRA_DIST += tests/fuzz/outputs.dict
tests_fuzz_fuzz_conf_SOURCES = tests/fuzz/fuzz_conf.c tests/unit/dag_kit.c tests/unit/dag_kit.h
tests_fuzz_fuzz_conf_LDADD = $(FUZZ_MAIN) $(SCHEDULER_LIBS)
EXTRA_DIST += tests/fuzz/conf.dict
tests_fuzz_fuzz_args_SOURCES = tests/fuzz/fuzz_args.c
tests_fuzz_fuzz_args_LDADD = $(FUZZ_MAIN) $(CLI_LIBS)
EXTRA_DIST += tests/fuzz/args.dict
tests_fuzz_fuzz_control_SOURCES = tests/fuzz/fuzz_control.c
tests_fuzz_fuzz_control_LDADD = $(FUZZ_MAIN) $(SCHEDULER_LIBS)
EXTRA_DIST += tests/fuzz/control.dict
tests_fuzz_fuzz_seal_SOURCES = tests/fuzz/fuzz_seal.c
tests_fuzz_fuzz_seal_LDADD = $(FUZZ_MAIN) $(STORE_LIBS)
tests_fuzz_fuzz_text_SOURCES = tests/fuzz/fuzz_text.c
tests_fuzz_fuzz_text_LDADD = $(FUZZ_MAIN) $(CLI_LIBS)
tests_fuzz_fuzz_talk_SOURCES = tests/fuzz/fuzz_talk.c
tests_fuzz_fuzz_talk_LDADD = $(FUZZ_MAIN) $(OPERATORS_LIBS)
EXTRA_DIST += tests/fuzz/talk.dict
tests_fuzz_fuzz_connection_SOURCES = tests/fuzz/fuzz_connection.c
tests_fuzz_fuzz_connection_LDADD = $(FUZZ_MAIN) $(STORE_LIBS)
EXTRA_DIST += tests/fuzz/connection.dict
tests_fuzz_fuzz_cron_SOURCES = tests/fuzz/fuzz_cron.c
tests_fuzz_fuzz_cron_LDADD = $(FUZZ_MAIN) $(ENGINE_LIBS)
tests_fuzz_fuzz_time_SOURCES = tests/fuzz/fuzz_time.c
tests_fuzz_fuzz_time_LDADD = $(FUZZ_MAIN) $(ENGINE_LIBS)
tests_fuzz_fuzz_zone_SOURCES = tests/fuzz/fuzz_zone.c
tests_fuzz_fuzz_zone_LDADD = $(FUZZ_MAIN) $(ENGINE_LIBS)
tests_fuzz_fuzz_cond_SOURCES = tests/fuzz/fuzz_cond.c tests/unit/expr_world.c tests/unit/expr_world.h
tests_fuzz_fuzz_cond_LDADD = $(FUZZ_MAIN) $(ENGINE_LIBS)
tests_fuzz_fuzz_expr_SOURCES = tests/fuzz/fuzz_expr.c tests/unit/expr_world.c tests/unit/expr_world.h
tests_fuzz_fuzz_expr_LDADD = $(FUZZ_MAIN) $(ENGINE_LIBS)
tests_fuzz_fuzz_import_SOURCES = tests/fuzz/fuzz_import.c
tests_fuzz_fuzz_import_LDADD = $(FUZZ_MAIN) $(CLI_LIBS)
tests_fuzz_fuzz_json_SOURCES = tests/fuzz/fuzz_json.c
tests_fuzz_fuzz_json_LDADD = $(FUZZ_MAIN) $(ENGINE_LIBS)
tests_fuzz_fuzz_key_SOURCES = tests/fuzz/fuzz_key.c
tests_fuzz_fuzz_key_LDADD = $(FUZZ_MAIN) $(OPERATORS_LIBS)
tests_fuzz_fuzz_known_hosts_SOURCES = tests/fuzz/fuzz_known_hosts.c
tests_fuzz_fuzz_known_hosts_LDADD = $(FUZZ_MAIN) $(OPERATORS_LIBS)
tests_fuzz_fuzz_request_SOURCES = tests/fuzz/fuzz_request.c
tests_fuzz_fuzz_request_LDADD = $(FUZZ_MAIN) $(SCHEDULER_LIBS)
EXTRA_DIST += tests/fuzz/request.dict
tests_fuzz_fuzz_shquote_SOURCES = tests/fuzz/fuzz_shquote.c
tests_fuzz_fuzz_shquote_LDADD = $(FUZZ_MAIN) $(ENGINE_LIBS)
tests_fuzz_fuzz_load_SOURCES = tests/fuzz/fuzz_load.c
tests_fuzz_fuzz_load_LDADD = $(FUZZ_MAIN) liboperators.a $(ENGINE_LIBS)
tests_fuzz_fuzz_template_SOURCES = tests/fuzz/fuzz_template.c tests/unit/expr_world.c tests/unit/expr_world.h
tests_fuzz_fuzz_template_LDADD = $(FUZZ_MAIN) $(ENGINE_LIBS)

# The simulator of the run state machine: some thousands of seeds in `make check`, all in `make soak`.
check_PROGRAMS += tests/sim/sim
TESTS += tests/sim/sim
SOAK_COMMANDS += tests/sim/sim
tests_sim_sim_SOURCES = \
	tests/sim/sim.c \
	tests/sim/sim.h \
	tests/sim/sim_hosts.c \
	tests/sim/sim_judge.c \
	tests/sim/sim_model.c \
	tests/sim/sim_plan.c \
	tests/sim/sim_scheduler.c
tests_sim_sim_LDADD = $(ENGINE_LIBS)

# The real conductor, in a world where the daemon dies at any moment.
check_PROGRAMS += tests/sim/sim_conductor
TESTS += tests/sim/sim_conductor
SOAK_COMMANDS += tests/sim/sim_conductor
tests_sim_sim_conductor_SOURCES = \
	tests/sim/fake_journal.c \
	tests/sim/fake_journal.h \
	tests/sim/fake_loop.c \
	tests/sim/fake_loop.h \
	tests/sim/sim_conductor.c \
	tests/sim/sim_conductor.h \
	tests/sim/sim_conductor_host.c \
	tests/sim/sim_memory.c \
	tests/sim/sim_memory.h \
	tests/unit/dag_kit.c \
	tests/unit/dag_kit.h \
	$(MACHINE_KIT) $(NOMEM_KIT)
tests_sim_sim_conductor_LDADD = $(SCHEDULER_LIBS)
tests_sim_sim_conductor_LDFLAGS = $(AM_LDFLAGS) $(NOMEM_WRAP) -Wl,--wrap=clock_gettime,--wrap=__clock_gettime64
TESTS += tests/sim/same_seed.sh
EXTRA_DIST += tests/sim/same_seed.sh

# How many instructions the hot paths take, beside what they took; `make counts-update` renews that.
check_PROGRAMS += tests/counts/counts
TESTS += tests/counts.sh
EXTRA_DIST += tests/counts.sh tests/counts/baseline
tests_counts_counts_SOURCES = \
	bench/rows.c \
	bench/rows.h \
	bench/shapes.c \
	bench/shapes.h \
	bench/swift.c \
	bench/swift.h \
	bench/texts.c \
	bench/texts.h \
	tests/counts/counts.c \
	tests/counts/counts_conductor.c \
	tests/counts/counts_load.c \
	tests/counts/counts_machine.c \
	tests/counts/counts_store.c \
	tests/counts/counts_text.c \
	tests/counts/path.h \
	tests/unit/dag_kit.c \
	tests/unit/dag_kit.h \
	tests/unit/expr_world.c \
	tests/unit/expr_world.h \
	tests/unit/store_kit.c \
	tests/unit/store_kit.h \
	$(TAP_SOURCES)
tests_counts_counts_LDADD = $(SCHEDULER_LIBS)

# What takes hours: make soak.
EXTRA_DIST += tests/soak/output.sh tests/soak/run.sh tests/soak/tasks.sh tests/soak/tsan.sh

# Clocks that can be moved, to be loaded before the C library.
check_DATA += tests/clock/moved.so
EXTRA_DIST += tests/clock/moved.c
CLEANFILES += tests/clock/moved.so
tests/clock/moved.so: tests/clock/moved.c
	$(AM_V_GEN)$(MKDIR_P) $(@D) && $(CC) -std=gnu11 $(AM_CPPFLAGS) $(CPPFLAGS) $(CFLAGS) $(LDFLAGS) \
		-shared -fPIC -o $@ $(srcdir)/tests/clock/moved.c -ldl -lpthread

# A bad network, for the tests over ssh.
check_PROGRAMS += tests/proxy/faults
tests_proxy_faults_SOURCES = tests/proxy/faults.c
tests_proxy_faults_LDADD = $(UV_LIBS)

# The shell quoter against the real shells.
check_PROGRAMS += tests/shquote/prop_shquote
TESTS += tests/shquote/prop_shquote
SOAK_COMMANDS += tests/shquote/prop_shquote
tests_shquote_prop_shquote_SOURCES = \
	tests/shquote/generate.c \
	tests/shquote/generate.h \
	tests/shquote/generate_impl.h \
	tests/shquote/generate_word.c \
	tests/shquote/prop_shquote.c \
	tests/shquote/values.c \
	$(TAP_SOURCES)
tests_shquote_prop_shquote_LDADD = $(ENGINE_LIBS)
EXTRA_DIST += tests/fuzz/shquote.dict
