const PATH = "/.well-known/socketio-servers";
const WAIT_SECONDS = 25;

/** The servers listed at a URL; the last list stays when there is no answer, or an empty one. */
class Servers {
  list = [];
  /** Asks for the list and, unless `enough` is to have one, for its changes until `rest`. */
  async seek({ reconnectionDelay, reconnectionDelayMax }, enough) {
    if (this.seeking) return;
    const { signal } = (this.seeking = new AbortController());
    this.tag = undefined;
    for (let pause = (reconnectionDelay || 1000) / 4; !signal.aborted; pause = Math.min(2 * pause, reconnectionDelayMax || 5000)) {
      await this.ask(signal).catch(() => (this.tag = undefined));
      if (enough && this.list.length > 0) this.rest();
      await new Promise((resolve) => {
        const timer = setTimeout(resolve, signal.aborted ? 0 : pause * (0.5 + Math.random()));
        signal.onabort = () => resolve(clearTimeout(timer));
      });
    }
  }
  async ask(rest) {
    // The first question has no header: a page of another origin may ask it without a preflight.
    const [query, headers] = this.tag ? [`?wait=${WAIT_SECONDS}`, { "If-None-Match": this.tag }] : ["", {}];
    const signal = AbortSignal.any([rest, AbortSignal.timeout((this.tag ? WAIT_SECONDS + 5 : 5) * 1000)]);
    const answer = await fetch(this.url + query, { signal, headers, cache: "no-store" });
    if (answer.status === 304) return;
    const servers = (await answer.json()).servers.filter(({ url, weight }) => url && weight > 0);
    if (servers.length > 0) this.list = servers;
    this.tag = answer.headers.get("etag");
  }
  rest = () => (this.seeking = this.seeking?.abort());
  /** One at random by weight; the one before was lost, and is picked again only if there is no other. */
  pick() {
    const others = this.list.filter(({ url }) => url !== this.picked);
    const list = others.length > 0 ? others : this.list;
    let point = Math.random() * list.reduce((sum, { weight }) => sum + weight, 0);
    return (this.picked = (list.find(({ weight }) => (point -= weight) < 0) || list[0]).url);
  }
}

/** README.md says how; `io` is socket.io-client's, `options` are its own, and `namespace`, and `signal` to end everything. */
export async function connect(io, base, { namespace = "", signal, ...options } = {}) {
  const servers = Object.assign(new Servers(), { url: base.replace(/\/+$/, "") + PATH });
  let socket;
  signal?.throwIfAborted();
  signal?.addEventListener("abort", () => (servers.rest(), socket?.disconnect()));
  await servers.seek(options, true);
  signal?.throwIfAborted();
  socket = io(servers.pick() + namespace, { ...options, forceNew: true });
  const { io: manager, disconnect } = socket;
  const seek = () => (manager.reconnection() && !manager.skipReconnect ? servers.seek(options) : servers.rest());
  manager.on("close", seek).on("open", servers.rest).on("reconnect_failed", servers.rest);
  manager.on("reconnect_attempt", () => seek((manager.uri = servers.pick())));
  // The managers of 2 to 4.0 do not tell that they were closed while they reconnect.
  socket.disconnect = socket.close = () => (servers.rest(), disconnect.call(socket));
  return socket;
}
