import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { connect, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Chardev } from '@nandu/core';
import { nodeChardevs } from './node/index.js';
import { parseChardev } from './parse.js';
import { ChardevRegistry } from './registry.js';
import type { RingbufChardev } from './ringbuf.js';

const folder = mkdtempSync(join(tmpdir(), 'nandu-chardev-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);

async function create(registry: ChardevRegistry, text: string): Promise<Chardev> {
  const chardev = registry.create(parseChardev(text).spec);
  await (chardev as { ready?: Promise<void> }).ready;
  return chardev;
}

async function client(path: string): Promise<{ socket: Socket; heard: () => string }> {
  let heard = '';
  const socket = connect(path);
  socket.on('data', (data) => {
    heard += data;
  });
  await new Promise((resolve) => socket.on('connect', resolve));
  return { socket, heard: () => heard };
}

async function until(condition: () => boolean): Promise<void> {
  while (!condition()) await new Promise((resolve) => setTimeout(resolve, 2));
}

it('keeps the last bytes in a ring', async () => {
  const ring = (await create(new ChardevRegistry(), 'ringbuf,id=r,size=4')) as RingbufChardev;
  ring.write(bytes('abcdef'));
  expect(new TextDecoder().decode(ring.read(3))).toBe('cde');
  expect(new TextDecoder().decode(ring.read(9))).toBe('f');
  await expect(create(new ChardevRegistry(), 'ringbuf,id=r,size=3')).rejects.toThrow('size of ringbuf chardev must be power of two');
});

it('talks to one client of a socket at a time; the next takes over when it goes', async () => {
  const path = join(folder, 'a.sock');
  const registry = new ChardevRegistry(nodeChardevs);
  const server = await create(registry, `socket,id=s,path=${path},server=on,wait=off`);
  const log: string[] = [];
  const port = server.attach({ canReceive: () => 3, receive: (data) => log.push(new TextDecoder().decode(data)), event: (event) => log.push(event) });
  expect(server.filename).toBe(`disconnected:unix:${path},server=on`);

  const first = await client(path);
  first.socket.write('hello');
  await until(() => log.length === 3);
  const second = await client(path);
  second.socket.write('you');
  port.write(bytes('one'));
  await until(() => first.heard() === 'one');
  expect(server.filename).toBe(`unix:${path},server=on`);
  first.socket.destroy();
  await until(() => log.length === 6);
  port.write(bytes('two'));
  await until(() => second.heard() === 'two');
  expect(log).toEqual(['opened', 'hel', 'lo', 'closed', 'opened', 'you']);
  second.socket.destroy();
  await registry.closeAll();
});

it('does not take a path that somebody uses, be it a socket or a file', async () => {
  const path = join(folder, 'b.sock');
  const registry = new ChardevRegistry(nodeChardevs);
  await create(registry, `socket,id=s,path=${path},server=on,wait=off`);
  await expect(create(registry, `socket,id=t,path=${path},server=on,wait=off`)).rejects.toThrow('Address already in use');
  const file = join(folder, 'plain');
  writeFileSync(file, 'precious');
  await expect(create(registry, `socket,id=u,path=${file},server=on,wait=off`)).rejects.toThrow('Address already in use');
  expect(readFileSync(file, 'utf8')).toBe('precious');
  await expect(create(registry, `socket,id=v,path=${folder}/none/c.sock,server=on,wait=off`)).rejects.toThrow('none/c.sock: No such file or directory');
  await registry.closeAll();
});

it('tries again where nobody listens yet', async () => {
  const path = join(folder, 'c.sock');
  const registry = new ChardevRegistry(nodeChardevs);
  await expect(create(registry, `socket,id=x,path=${path}`)).rejects.toThrow(`Failed to connect to '${path}': No such file or directory`);
  const late = await create(registry, `socket,id=y,path=${path},reconnect=1`);
  expect(late.connected).toBe(false);
  await create(registry, `socket,id=z,path=${path},server=on,wait=off`);
  await until(() => late.connected);
  await registry.closeAll();
}, 10_000);

it('writes a file, and refuses ids twice and the removal of what is in use', async () => {
  const path = join(folder, 'out');
  const registry = new ChardevRegistry(nodeChardevs);
  const file = await create(registry, `file,id=f,path=${path}`);
  const port = file.attach({ canReceive: () => 0, receive: () => {} });
  for (const letter of 'serial') port.write(bytes(letter));
  expect(() => registry.create(parseChardev('null,id=f').spec)).toThrow("Chardev with id 'f' already exists");
  expect(() => registry.remove('f')).toThrow("Chardev 'f' is busy");
  port.detach();
  registry.remove('f');
  expect(readFileSync(path, 'utf8')).toBe('serial');
  expect(() => registry.remove('f')).toThrow("Chardev 'f' not found");
});

it('does not listen to a client that does not read, and keeps only so much for it', async () => {
  const path = join(folder, 'slow.sock');
  const registry = new ChardevRegistry(nodeChardevs);
  const server = await create(registry, `socket,id=s,path=${path},server=on,wait=off`);
  let taken = 0;
  const port = server.attach({
    canReceive: () => 1,
    receive: () => {
      taken++;
    },
  });
  const slow = connect(path);
  slow.pause();
  await until(() => server.connected);
  // The host's own buffer takes some; then a MiB is what may wait.
  for (let index = 0; index < 64; index++) port.write(new Uint8Array(64 * 1024));
  slow.write(new Uint8Array(1000));
  await new Promise((resolve) => setTimeout(resolve, 50));
  expect(taken).toBe(0);
  const { writableLength } = server['socket' as keyof Chardev] as unknown as Socket;
  expect(writableLength).toBeGreaterThan(1 << 20);
  for (let index = 0; index < 2000; index++) port.write(new Uint8Array(64 * 1024));
  expect((server['socket' as keyof Chardev] as unknown as Socket).writableLength).toBeLessThan(65 << 20);
  slow.resume();
  await until(() => taken === 1000);
  slow.destroy();
  await registry.closeAll();
});

it('forgets a client that went before its turn', async () => {
  const path = join(folder, 'turn.sock');
  const registry = new ChardevRegistry(nodeChardevs);
  const server = await create(registry, `socket,id=s,path=${path},server=on,wait=off`);
  const port = server.attach({ canReceive: () => 100, receive: () => {} });
  const first = await client(path);
  const second = await client(path);
  const third = await client(path);
  second.socket.destroy();
  first.socket.destroy();
  const asked = setInterval(() => port.write(bytes('x')), 5);
  await until(() => third.heard().length > 0);
  clearInterval(asked);
  third.socket.destroy();
  await registry.closeAll();
});

it('turns clients away when too many wait', async () => {
  const path = join(folder, 'many.sock');
  const registry = new ChardevRegistry(nodeChardevs);
  await create(registry, `socket,id=s,path=${path},server=on,wait=off`);
  let closed = 0;
  const sockets = Array.from({ length: 100 }, () => connect(path));
  for (const socket of sockets) {
    socket.on('error', () => {});
    socket.on('close', () => {
      closed++;
    });
    socket.resume();
  }
  await until(() => closed === 36);
  for (const socket of sockets) socket.destroy();
  await registry.closeAll();
});
