# The preStop hook of a pod with an injected runtime: pre-stop.sh SECONDS
# Has the connections closed one by one, SECONDS from now: until then routers and clients learn that the pod goes. Returns when
# they are closed. So they are moved whatever becomes of SIGTERM afterwards: npm passes it to its shell alone, and Debian's shell to nobody.
# Run by the busybox beside it, as an image may have no shell. The token goes by standard input, never as an argument.
busybox="${0%/*}/bin/busybox"

# The runtime takes the end of the input for the end of its client: the input stays open for a second.
ask() {
  { printf "$@"; "$busybox" sleep 1; } | "$busybox" timeout 5 "$busybox" nc 127.0.0.1 "$SOCKETIO_RUNTIME_PORT"
}

drain() {
  token=$("$busybox" cat "$SOCKETIO_RUNTIME_TOKEN_FILE")
  body="{\"seconds\":$SOCKETIO_DRAIN_SECONDS,\"after\":$1,\"terminating\":true}"
  ask 'POST /drain HTTP/1.0\r\nauthorization: Bearer %s\r\ncontent-length: %s\r\n\r\n%s' "$token" "${#body}" "$body"
}

# 409: it drains already
for attempt in 1 2 3; do
  drain "$1" | "$busybox" grep -q '^HTTP/1.1 \(202\|409\) ' && break
done
"$busybox" sleep "$1"
# What arrives after the drain has ended is closed upon SIGTERM.
end=$(($("$busybox" date +%s) + SOCKETIO_DRAIN_SECONDS + 3))
while ask 'GET /status HTTP/1.0\r\n\r\n' | "$busybox" grep -q '"connections":[1-9]'; do
  [ "$("$busybox" date +%s)" -lt "$end" ] || break
done
# What the runtime stores of the last session reaches the broker.
"$busybox" sleep 1
