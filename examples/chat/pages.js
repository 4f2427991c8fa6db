// Serves the page: three files, read once at the start.
import { readFileSync } from "node:fs";

const TYPES = { html: "text/html; charset=utf-8", css: "text/css; charset=utf-8", js: "text/javascript; charset=utf-8", svg: "image/svg+xml" };
const HEADERS = {
  "cache-control": "no-cache",
  "content-security-policy": "default-src 'self'; connect-src 'self' ws: wss:; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
  "referrer-policy": "no-referrer",
  "x-content-type-options": "nosniff",
};

/** A request listener for the page, its style and its script. */
export function createPages(socketPath) {
  const files = new Map([
    ["/", page("index.html", socketPath)],
    ["/chat.css", page("chat.css")],
    ["/chat.js", page("chat.js")],
    ["/icon.svg", page("icon.svg")],
  ]);
  return (request, response) => {
    const path = request.url.split("?", 1)[0];
    const file = files.get(path);
    if (!file) return response.writeHead(404, { "content-type": "text/plain" }).end("not found\n");
    if (request.method !== "GET" && request.method !== "HEAD") {
      return response.writeHead(405, { allow: "GET, HEAD" }).end();
    }
    response.writeHead(200, { ...HEADERS, "content-type": file.type });
    return response.end(request.method === "HEAD" ? undefined : file.body);
  };
}

function page(name, socketPath) {
  const text = readFileSync(new URL(`public/${name}`, import.meta.url), "utf8");
  const body = socketPath === undefined ? text : text.replaceAll("/socket.io", escapeAttribute(socketPath));
  return { type: TYPES[name.split(".").pop()], body };
}

function escapeAttribute(text) {
  return text.replace(/[&<>"']/g, (character) => `&#${character.charCodeAt(0)};`);
}
