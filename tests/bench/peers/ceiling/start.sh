# limits/ceiling.c: the hot path with the same libraries and nothing around it.
exec "$BENCH_BIN/ceiling-jansson" "$PORT" "$SCENARIO" "$INTEL_URL" "$SINK_URL" "$STATE" group
