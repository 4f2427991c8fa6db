// The page. Everything a server or another visitor says is put in by textContent, never as HTML.
/* global io */
const $ = (id) => document.getElementById(id);
const log = $("log");
const heard = new Map();
let home = null;
let connectedAt = null;
let lastAuthor = null;

const socket = io({ path: document.body.dataset.path });

// --- connection -------------------------------------------------------------------------------------------------

socket.on("connect", () => {
  connectedAt = Date.now();
  showState("connected", "Connected");
  watchTransport(socket.io.engine);
});

socket.on("welcome", ({ pod, node }) => {
  if (home === null) note(`Connected to ${pod}`);
  else if (home !== pod) note(`Moved from ${home} to ${pod}`);
  else note(`Back on ${pod}`);
  home = pod;
  document.body.dataset.pod = pod;
  $("pod").textContent = pod;
  $("node").textContent = node ?? "unknown node";
  $("pod").parentElement.parentElement.style.setProperty("--hue", hueOf(pod));
  $("pod-mark").replaceChildren(glyph(pod));
  measure();
});

socket.on("disconnect", (reason) => {
  connectedAt = null;
  showTransport("none");
  showState("disconnected", "Reconnecting");
  note(`Connection lost (${reason})`);
  // Socket.IO does not come back by itself when the server ended the session on purpose.
  if (reason === "io server disconnect") socket.connect();
});

socket.on("connect_error", () => showState("connecting", "Connecting"));

function showState(state, text) {
  document.body.dataset.state = state;
  $("state").textContent = text;
  $("send").disabled = state !== "connected";
}

function watchTransport(engine) {
  showTransport(engine.transport.name);
  engine.on("upgrade", (transport) => {
    showTransport(transport.name, true);
    note(`Upgraded to ${transport.name}`);
    measure();
  });
}

function showTransport(name, upgraded = false) {
  $("transport").dataset.transport = name;
  $("transport").toggleAttribute("data-upgraded", upgraded);
}

function measure() {
  const start = performance.now();
  socket.timeout(5000).emit("whoami", (error) => {
    if (!error) $("latency").textContent = `${Math.max(1, Math.round(performance.now() - start))} ms`;
  });
}

setInterval(() => {
  const seconds = connectedAt && Math.floor((Date.now() - connectedAt) / 1000);
  $("uptime").textContent = connectedAt === null ? "–" : seconds < 60 ? `${seconds} s` : `${Math.floor(seconds / 60)} min`;
}, 1000);

// --- messages ---------------------------------------------------------------------------------------------------

socket.on("message", ({ text, from, pod, id }) => {
  const author = `${id} ${from} ${pod}`;
  const item = element("li", "message");
  item.classList.toggle("mine", id === socket.id);
  item.classList.toggle("follows", author === lastAuthor);
  item.dataset.pod = pod;
  item.style.setProperty("--hue", hueOf(pod));
  const meta = element("div", "meta");
  meta.append(element("b", "author", from), chip(pod));
  item.append(meta, element("div", "bubble", text));
  append(item);
  lastAuthor = author;
  count(pod);
});

$("composer").addEventListener("submit", (event) => {
  event.preventDefault();
  const text = $("text").value.trim();
  const from = $("name").value.trim();
  if (!text || !from || !socket.connected) return;
  $("text").value = "";
  const start = performance.now();
  socket.timeout(5000).emit("message", { text, from }, (error, answer) => {
    if (error || answer.error) note(`Not delivered: ${answer?.error ?? "no answer in 5 s"}`);
    else $("latency").textContent = `${Math.max(1, Math.round(performance.now() - start))} ms`;
  });
});

function note(text) {
  lastAuthor = null;
  append(element("li", "note", text));
}

function append(item) {
  const atEnd = log.scrollHeight - log.scrollTop - log.clientHeight < 80;
  log.append(item);
  while (log.childElementCount > 300) log.firstElementChild.remove();
  if (atEnd) log.scrollTop = log.scrollHeight;
}

function count(pod) {
  heard.set(pod, (heard.get(pod) ?? 0) + 1);
  const most = Math.max(...heard.values());
  const rows = [...heard].sort(([a], [b]) => (a < b ? -1 : 1)).map(([name, messages]) => {
    const row = element("li");
    row.style.setProperty("--hue", hueOf(name));
    row.style.setProperty("--share", `${(100 * messages) / most}%`);
    row.append(mark(name), element("b", "", name), element("em", "", String(messages)), element("meter-bar"));
    return row;
  });
  $("pods").replaceChildren(...rows);
}

// --- pods -------------------------------------------------------------------------------------------------------

function chip(pod) {
  const node = element("span", "chip");
  node.append(mark(pod), pod);
  return node;
}

function mark(pod) {
  const node = element("span", "mark");
  node.append(glyph(pod));
  return node;
}

/** FNV-1a with a final mix: names that differ in one letter get far-apart colours. */
function hash(text) {
  let value = 0x811c9dc5;
  for (const character of text) value = Math.imul(value ^ character.codePointAt(0), 0x01000193);
  value = Math.imul(value ^ (value >>> 16), 0x85ebca6b);
  value = Math.imul(value ^ (value >>> 13), 0xc2b2ae35);
  return (value ^ (value >>> 16)) >>> 0;
}

function hueOf(pod) {
  return hash(pod) % 360;
}

/** A symmetric 5 x 5 pattern, so that pods can be told apart without colours too. */
function glyph(pod) {
  const svg = svgElement("svg", { viewBox: "0 0 5 5", "aria-hidden": "true" });
  let bits = 0;
  for (let salt = 0; !isBalanced(bits); salt += 1) bits = hash(`${pod} ${salt}`) & 0x7fff;
  for (let cell = 0; cell < 15; cell += 1, bits >>>= 1) {
    if (!(bits & 1)) continue;
    const column = cell % 3;
    const row = Math.floor(cell / 3);
    for (const x of new Set([column, 4 - column])) svg.append(svgElement("rect", { x, y: row, width: 1.02, height: 1.02 }));
  }
  return svg;
}

/** Neither nearly empty nor nearly full: 7 to 10 of the 15 cells. */
function isBalanced(bits) {
  const cells = bits.toString(2).replaceAll("0", "").length;
  return cells >= 7 && cells <= 10;
}

function element(tag, className = "", text = "") {
  const node = document.createElement(tag);
  if (className) node.className = className;
  if (text) node.textContent = text;
  return node;
}

function svgElement(tag, attributes) {
  const node = document.createElementNS("http://www.w3.org/2000/svg", tag);
  for (const [name, value] of Object.entries(attributes)) node.setAttribute(name, value);
  return node;
}

// --- name -------------------------------------------------------------------------------------------------------

$("name").value = localStorage.getItem("name") || `Guest ${10 + Math.floor(Math.random() * 90)}`;
$("name").addEventListener("change", () => localStorage.setItem("name", $("name").value.trim()));
