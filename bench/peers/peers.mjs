// Starts the servers that matchbus is measured against, on loopback.
import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { createServer, request } from 'node:http';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

import { until } from '../suite/processes.mjs';

const here = dirname(fileURLToPath(import.meta.url));

// `state`: the file of what it broadcasts.
export async function socketIoServer(processes, state) {
  if (!existsSync(join(here, 'node_modules/socket.io'))) {
    execFileSync('npm', ['install', '--no-audit', '--no-fund', '--no-package-lock'], { cwd: here, stdio: ['ignore', 'ignore', 'inherit'] });
  }
  const child = processes.start(process.execPath, [join(here, 'socketio_server.mjs'), state]);
  child.port = await until(() => Number(child.lines) || 0);
  return child;
}

async function freePort() {
  const probe = createServer();
  await new Promise((done) => probe.listen(0, '127.0.0.1', done));
  const { port } = probe.address();
  await new Promise((done) => probe.close(done));
  return port;
}

const configuration = (module, folder, port) => `load_module ${module};
${process.getuid() === 0 ? 'user root;' : ''}
daemon off; worker_processes 1; pid ${folder}/pid; error_log ${folder}/error.log; worker_rlimit_nofile 20000;
events { worker_connections 15000; }
http {
  access_log off; client_body_temp_path ${folder}/body; proxy_temp_path ${folder}/proxy; fastcgi_temp_path ${folder}/fastcgi;
  uwsgi_temp_path ${folder}/uwsgi; scgi_temp_path ${folder}/scgi; client_body_buffer_size 64k;
  server {
    listen 127.0.0.1:${port} backlog=4096;
    location = /sub { nchan_subscriber websocket; nchan_channel_id match; nchan_subscriber_first_message newest; }
    location = /pub { nchan_publisher; nchan_channel_id match; nchan_message_buffer_length 2; }
  }
}
`;

let servers = 0;

// Null if nginx or its nchan module is not installed. Publishes `bytes` ten times a second until it is stopped.
export async function nchan(processes, bytes) {
  const module = ['/usr/lib/nginx/modules/ngx_nchan_module.so', '/usr/share/nginx/modules/ngx_nchan_module.so'].find(existsSync);
  const nginx = ['/usr/sbin/nginx', '/usr/bin/nginx'].find(existsSync);
  if (!module || !nginx) return null;
  const port = await freePort();
  const folder = join(processes.scratch, `nginx-${++servers}`);
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, 'nginx.conf'), configuration(module, folder, port));
  const child = processes.start(nginx, ['-p', folder, '-e', join(folder, 'error.log'), '-c', join(folder, 'nginx.conf')]);
  child.port = port;
  const pidFile = join(folder, 'pid');
  const worker = () => readFileSync(`/proc/${child.pid}/task/${child.pid}/children`, 'utf8').trim().split(' ')[0];
  await until(() => existsSync(pidFile) && readFileSync(pidFile, 'utf8').trim() !== '' && worker());
  child.workerPid = () => Number(worker());
  const message = 'x'.repeat(bytes);
  const publishing = setInterval(() => {
    const post = request({ host: '127.0.0.1', port, path: '/pub', method: 'POST' }, (response) => response.resume());
    post.on('error', () => {});
    post.end(message);
  }, 100);
  child.ended.then(() => clearInterval(publishing));
  return child;
}
