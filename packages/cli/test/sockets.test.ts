/** The program and its sockets: a test harness at the other end, and clients that misbehave. */
import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { connect, createServer, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const PROGRAM = fileURLToPath(new URL('../../bin/nandu-system-x86_64.mjs', import.meta.url));

const folder = mkdtempSync(join(tmpdir(), 'nandu-sockets-'));
const children: ChildProcess[] = [];
afterAll(() => {
  for (const child of children) child.kill('SIGKILL');
  rmSync(folder, { recursive: true, force: true });
});

function start(...args: string[]): { child: ChildProcess; status: Promise<number | null> } {
  const child = spawn(process.execPath, [PROGRAM, '-display', 'none', ...args], { cwd: folder, stdio: 'ignore' });
  children.push(child);
  return { child, status: new Promise((resolve) => child.on('close', resolve)) };
}

/** One end of a socket, a line at a time. */
class Peer {
  private heard = '';

  constructor(readonly socket: Socket) {
    socket.on('data', (bytes) => {
      this.heard += bytes;
    });
    socket.on('error', () => {});
  }
  async line(): Promise<string> {
    while (!this.heard.includes('\n')) await pause(2);
    const end = this.heard.indexOf('\n');
    const line = this.heard.slice(0, end).trimEnd();
    this.heard = this.heard.slice(end + 1);
    return line;
  }
  async ask(text: string): Promise<string> {
    this.socket.write(`${text}\n`);
    return this.line();
  }
}

const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

/** Waits at a socket for the emulator to connect. */
function listen(path: string): Promise<Peer> {
  return new Promise((resolve) => {
    const server = createServer((socket) => {
      server.close();
      resolve(new Peer(socket));
    }).listen(path);
  });
}

async function client(path: string): Promise<Peer> {
  for (;;) {
    const socket = connect(path);
    const connected = await new Promise((resolve) => {
      socket.once('connect', () => resolve(true));
      socket.once('error', () => resolve(false));
    });
    if (connected) return new Peer(socket);
    await pause(10);
  }
}

it('is a client of both sockets of a qtest harness, and ends at SIGTERM', async () => {
  const path = join(folder, 'qt');
  const [qtest, qmp] = [listen(path), listen(`${path}.qmp`)];
  const monitor = ['-chardev', `socket,path=${path}.qmp,id=char0`, '-mon', 'chardev=char0,mode=control'];
  const { child, status } = start('-qtest', `unix:${path}`, '-qtest-log', '/dev/null', ...monitor, '-nodefaults', '-m', '16M', '-accel', 'qtest');
  const harness = await qtest;
  expect(await harness.ask('endianness')).toBe('OK little');
  expect(await harness.ask('outl 0xcf8 0x80000000')).toBe('OK');
  expect(await harness.ask('inl 0xcfc')).toBe('OK 0x12378086');
  expect(await harness.ask('clock_step 1000')).toBe('OK 1000');
  expect(await (await qmp).line()).toContain('"QMP"');
  child.kill('SIGTERM');
  expect(await status).toBe(0);
}, 20_000);

it('outlives clients that ask much and read nothing', async () => {
  const path = join(folder, 'qmp');
  const { child, status } = start('-M', 'none', '-S', '-qmp', `unix:${path},server=on,wait=off`);
  for (let round = 0; round < 2; round++) {
    const deaf = await client(path);
    deaf.socket.pause();
    deaf.socket.write('{"execute":"qmp_capabilities"}');
    // Each answer is some kilobytes; 20,000 of them would be a hundred MiB.
    deaf.socket.write('{"execute":"query-commands"}'.repeat(20_000));
    await pause(300);
    deaf.socket.destroy();
  }
  const residentMiB = Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${child.pid}/status`, 'utf8'))?.[1]) / 1024;
  expect(residentMiB).toBeLessThan(300);
  const polite = await client(path);
  expect(await polite.line()).toContain('"QMP"');
  expect(await polite.ask('{"execute":"qmp_capabilities"}')).toBe('{"return": {}}');
  polite.socket.write('{"execute":"quit"}');
  expect(await status).toBe(0);
}, 20_000);

it('outlives a client that goes in the middle of an answer', async () => {
  const path = join(folder, 'cut');
  const { status } = start('-M', 'none', '-S', '-qmp', `unix:${path},server=on,wait=off`);
  for (let round = 0; round < 20; round++) {
    const hasty = await client(path);
    hasty.socket.write('{"execute":"qmp_capabilities"}{"execute":"query-commands"}{"execute":"human-monitor-command","arguments":{"command-line":"help"}}');
    hasty.socket.destroy();
  }
  const polite = await client(path);
  expect(await polite.line()).toContain('"QMP"');
  expect(await polite.ask('{"execute":"qmp_capabilities"}')).toBe('{"return": {}}');
  polite.socket.write('{"execute":"quit"}');
  expect(await status).toBe(0);
}, 20_000);
