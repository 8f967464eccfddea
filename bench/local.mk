# Measurements: built by `make bench` alone. Each prints its figures as ratios beside a peer.
EXTRA_PROGRAMS += $(BENCHES)
EXTRA_DIST += bench/run.sh
