# Measurements: built by `make bench` alone; BENCH="load render" chooses. Each prints its figures as
# ratios beside a peer.
EXTRA_PROGRAMS += $(BENCHES)
EXTRA_DIST += bench/run.sh bench/bench_dagtest.sh bench/bench_daemon.sh bench/bench_follow.sh bench/bench_start.sh \
	bench/bench_trigger.sh

# windrow beside its peers: BENCH=report, a file a peer.
EXTRA_DIST += bench/bench_report.sh bench/report bench/report.md \
	bench/peers/airflow.sh \
	bench/peers/airflow_dags.sh \
	bench/peers/ansible.sh \
	bench/peers/bare.sh \
	bench/peers/control_master.sh \
	bench/peers/dagu.sh \
	bench/peers/hosts.sh \
	bench/peers/kit.sh \
	bench/peers/parallel.sh \
	bench/peers/pdsh.sh \
	bench/peers/plot.awk \
	bench/peers/report.awk \
	bench/peers/ssh.sh \
	bench/peers/windrow.sh \
	bench/peers/windrow_dags.sh \
	bench/peers/windrow_plain.sh \
	bench/peers/windrow_service.sh \
	bench/peers/windrow_test.sh

BENCHES += bench/bench_machine
bench_bench_machine_SOURCES = bench/bench.c bench/bench.h bench/bench_machine.c bench/shapes.c \
	bench/shapes.h
bench_bench_machine_LDADD = $(ENGINE_LIBS)

BENCHES += bench/bench_render
bench_bench_render_SOURCES = bench/bench.c bench/bench.h bench/bench_render.c
bench_bench_render_LDADD = $(ENGINE_LIBS)

BENCHES += bench/bench_load
bench_bench_load_SOURCES = bench/bench.c bench/bench.h bench/bench_load.c bench/texts.c bench/texts.h
bench_bench_load_LDADD = liboperators.a libstore.a $(ENGINE_LIBS)

EXTRA_DIST += bench/bench_ssh.sh bench/bench_sshlong.sh bench/ssh_kit.sh
BENCHES += bench/bare_ssh
bench_bare_ssh_SOURCES = bench/bare_ssh.c
bench_bare_ssh_LDADD = $(SSH2_LIBS) $(CRYPTO_LIBS)

BENCHES += bench/bench_folder
bench_bench_folder_SOURCES = bench/bench.c bench/bench.h bench/bench_folder.c
bench_bench_folder_LDADD = $(SCHEDULER_LIBS)

BENCHES += bench/bench_store
bench_bench_store_SOURCES = bench/bench.c bench/bench.h bench/bench_store.c bench/rows.c bench/rows.h
bench_bench_store_LDADD = $(STORE_LIBS)

BENCHES += bench/bench_growth
bench_bench_growth_SOURCES = bench/bench.c bench/bench.h bench/bench_growth.c bench/swift.c \
	bench/swift.h bench/texts.c bench/texts.h tests/unit/dag_kit.c tests/unit/dag_kit.h
bench_bench_growth_LDADD = $(SCHEDULER_LIBS)

BENCHES += bench/bench_past
bench_bench_past_SOURCES = bench/bench.c bench/bench.h bench/bench_past.c bench/rows.c bench/rows.h
bench_bench_past_LDADD = $(STORE_LIBS)
