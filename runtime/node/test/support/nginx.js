"use strict";

const { spawn } = require("child_process");
const { once } = require("events");
const fs = require("fs");
const os = require("os");
const path = require("path");
const { freePort } = require("./port.js");
const { until } = require("./until.js");

const configuration = (port, targets) => `
daemon off; worker_processes 1; pid nginx.pid; error_log stderr error;
events { worker_connections 512; }
http {
  access_log off;
  client_body_temp_path body; proxy_temp_path proxy; fastcgi_temp_path fastcgi; uwsgi_temp_path uwsgi; scgi_temp_path scgi;
  map $http_upgrade $connection_upgrade { default upgrade; "" ""; }
  upstream app { ${targets.map((target) => `server 127.0.0.1:${target} max_fails=0;`).join(" ")} keepalive 4; }
  server {
    listen 127.0.0.1:${port};
    location / {
      proxy_pass http://app;
      proxy_next_upstream off;
      proxy_http_version 1.1;
      proxy_set_header Upgrade $http_upgrade;
      proxy_set_header Connection $connection_upgrade;
    }
  }
}`;

/**
 * nginx on a loopback port. It spreads requests over its targets by turns, sticks nobody to any, and keeps four connections
 * that all clients share.
 */
class Nginx {
  static async start(...targets) {
    const nginx = new Nginx();
    nginx.folder = fs.mkdtempSync(path.join(os.tmpdir(), "socketio-runtime-nginx-"));
    const port = await freePort();
    nginx.url = `http://127.0.0.1:${port}`;
    fs.writeFileSync(path.join(nginx.folder, "nginx.conf"), configuration(port, targets));
    nginx.process = spawn("nginx", ["-p", nginx.folder, "-c", "nginx.conf", "-e", "stderr"], { stdio: "ignore" });
    await until("nginx", () => fetch(nginx.url).then(({ ok }) => ok));
    return nginx;
  }

  async stop() {
    this.process.kill("SIGTERM");
    await once(this.process, "exit");
    fs.rmSync(this.folder, { recursive: true });
  }
}

function available() {
  return process.env.PATH.split(":").some((folder) => fs.existsSync(path.join(folder, "nginx")));
}

module.exports = { Nginx, available };
