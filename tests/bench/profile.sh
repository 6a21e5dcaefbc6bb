#!/bin/bash
# profile.sh S1|S2|S3 perf|callgrind [ALERTS]: where heraldd's time goes, as text
#
# Wants HERALDD, PLUGIN_DIR and BENCH_BIN as `make bench` sets them (see
# local.am), an -O2 -g build, and perf or valgrind.  perf counts time on this
# machine, callgrind instructions (without the processor's SHA instructions:
# read its libcrypto as a twentieth).
set -eu
scenario=$1 tool=$2 alerts=${3:-5000}
here=$(cd "$(dirname "$0")" && pwd)
dir=$(mktemp -d)
port=$((20000 + RANDOM % 10000))
pids=
trap 'kill $pids 2>/dev/null || true; wait; rm -rf "$dir"' EXIT

"$BENCH_BIN/sink" $((port + 1)) & pids="$pids $!"
"$BENCH_BIN/intel" $((port + 2)) 5 & pids="$pids $!"
sed -e "s#@PORT@#$port#g; s#@STATE@#$dir#g; s#@PLUGIN_DIR@#$PLUGIN_DIR#g" \
	-e "s#@SINK_URL@#http://127.0.0.1:$((port + 1))#g" \
	-e "s#@INTEL_URL@#http://127.0.0.1:$((port + 2))#g" \
	-e "s#within: 5s#within: 60s#" \
	"$here/peers/heraldd/herald-${scenario/S3/S2}.yaml.in" >"$dir/herald.yaml"
wrap=
[ "$tool" = callgrind ] && wrap="valgrind -q --tool=callgrind --instr-atstart=no --callgrind-out-file=$dir/out"
$wrap "$HERALDD" -c "$dir/herald.yaml" 2>"$dir/log" & daemon=$!
pids="$pids $daemon"

send()
{
	"$BENCH_BIN/loadgen" -c 16 -n "$1" -s "$2" -m "$mode" \
		"http://127.0.0.1:$port/v1/splunk/webhook/bench-token" >/dev/null
}

arrived()
{
	while [ "$(curl -s "127.0.0.1:$((port + 1))/stats" |
		sed 's/.*"unique":\([0-9]*\).*/\1/')" -lt "$1" ]; do
		sleep .2
	done
}

mode=uniq
[ "$scenario" = S3 ] && mode=repeat
until curl -s -o "$dir/none" "127.0.0.1:$port/"; do sleep .1; done
send 200 0
arrived 200
if [ "$tool" = callgrind ]; then
	callgrind_control -i on "$daemon" >"$dir/control"
else
	perf record -q -F 1999 -o "$dir/out" -p "$daemon" & perf=$!
	sleep .5
fi
send "$alerts" 200
arrived $((alerts + 200))
if [ "$tool" = callgrind ]; then
	callgrind_control -i off "$daemon" >"$dir/control"
else
	kill -INT "$perf"
	wait "$perf" || true
fi
for task in "/proc/$daemon/task"/*; do
	awk '{ print $2, "user", $14, "system", $15, "(1/100 s)" }' "$task/stat"
done
kill "$daemon"
wait "$daemon" || true

echo "$scenario, $alerts alerts, $(date +%F)"
if [ "$tool" = callgrind ]; then
	callgrind_annotate --inclusive=yes --threshold=100 "$dir/out" |
		awk -v n="$alerts" '/^ *[0-9,]+ \(/ {
			count = $1; gsub(",", "", count)
			sub(/^ *[0-9,]+ \( *[0-9.]+%\) +/, "")
			sub(/ \[.*/, ""); sub(/.*\//, "")
			if (/0x/ || seen[$0]++) next
			printf "%10.0f %s\n", count / n, $0
		}' | head -120
else
	echo "by object"
	perf report -i "$dir/out" --no-children --sort dso -g none 2>"$dir/none" |
		awk '/^ +[0-9]/' | head -12
	echo "by function"
	perf report -i "$dir/out" --no-children --sort comm,symbol -g none \
		2>"$dir/none" | awk '/^ +[0-9]/ { print $1, $2, $3, $4 }' | head -60
fi
