/** chardev-change: another backend for a front end that goes on. QEMU 7.2's words. */
import { type AnyCommand, type ChardevFrontend, Chardevs, type Machine } from '@nandu/core';
import { chardevCommands } from './commands.js';
import { nodeChardevs } from './node/index.js';
import { parseChardev } from './parse.js';
import { ChardevRegistry } from './registry.js';
import { RingbufChardev } from './ringbuf.js';

const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);

function powerOn() {
  const registry = new ChardevRegistry(nodeChardevs);
  const machine = { container: { resolve: (token: unknown) => (token === Chardevs ? registry : undefined) } } as unknown as Machine;
  const command = (kind: AnyCommand['kind'], name: string): AnyCommand => chardevCommands.find((one) => one.kind === kind && one.name === name)!;
  return {
    registry,
    add: (text: string) => registry.create(parseChardev(text).spec),
    change: async (id: string, backend: object) => command('qmp', 'chardev-change').run({ id, backend } as never, { machine }),
    changeByText: async (id: string, args: string) => command('hmp', 'chardev-change').run({ id, args } as never, { machine }),
    addByQmp: async (id: string, backend: object) => command('qmp', 'chardev-add').run({ id, backend } as never, { machine }),
  };
}

/** A front end and what it hears. */
function frontend(changeable: boolean): ChardevFrontend & { heard: string[] } {
  const heard: string[] = [];
  return {
    ...{ heard, changeable, canReceive: () => 100 },
    receive: (data) => heard.push(new TextDecoder().decode(data)),
    event: (event) => heard.push(event),
  };
}

it('lets a front end go on with another backend', async () => {
  const { registry, add, change, changeByText } = powerOn();
  const old = add('ringbuf,id=r0') as RingbufChardev;
  const serial = frontend(true);
  const port = old.attach(serial);
  port.write(bytes('one'));
  expect(await change('r0', { type: 'ringbuf', data: { size: 64 } })).toEqual({});
  const fresh = registry.get('r0') as RingbufChardev;
  port.write(bytes('two'));
  expect([old, fresh].map((ring) => new TextDecoder().decode(ring.read(99)))).toEqual(['one', 'two']);
  expect([old.frontendOpen, fresh.frontendOpen]).toEqual([false, true]);
  fresh.sendBreak();
  old.sendBreak();
  expect(serial.heard).toEqual(['opened', 'break']);

  expect(await changeByText('r0', 'null')).toBeUndefined();
  expect(registry.all().map(({ id, filename }) => `${id} ${filename}`)).toEqual(['r0 null']);
  port.detach();
  expect(registry.get('r0')?.frontendOpen).toBe(false);
});

it('tells a front end that nobody is at the other end of the new one', async () => {
  const { add, change } = powerOn();
  const serial = frontend(true);
  add('null,id=r0').attach(serial);
  await Promise.resolve();
  await change('r0', { type: 'socket', data: { addr: { type: 'inet', data: { host: 'localhost', port: '0' } }, server: true, wait: false } });
  expect(serial.heard).toEqual(['opened', 'closed']);
  await change('r0', { type: 'null', data: {} });
  expect(serial.heard).toEqual(['opened', 'closed', 'opened']);
});

it('exchanges a backend that nobody uses', async () => {
  const { registry, add, change } = powerOn();
  add('null,id=n0');
  await change('n0', { type: 'ringbuf', data: {} });
  expect(registry.get('n0')).toBeInstanceOf(RingbufChardev);
});

it('refuses, and leaves everything as it is', async () => {
  const { registry, add, change, changeByText, addByQmp } = powerOn();
  add('ringbuf,id=r0').attach(frontend(true));
  add('ringbuf,id=mon').attach(frontend(false));
  add('ringbuf,id=m0,mux=on');
  const nothing = { type: 'null', data: {} };
  await expect(change('x', nothing)).rejects.toThrow("Chardev 'x' does not exist");
  await expect(change('m0', nothing)).rejects.toThrow('Mux device hotswap not supported yet');
  for (const id of ['mon', 'm0-base']) await expect(change(id, nothing)).rejects.toThrow('Chardev user does not support chardev hotswap');
  await expect(change('r0', { type: 'nosuch', data: {} })).rejects.toThrow("Parameter 'type' does not accept value 'nosuch'");
  await expect(change('r0', { type: 'null' })).rejects.toThrow("Parameter 'backend.data' is missing");
  await expect(change('r0', { type: 'null', data: null })).rejects.toThrow("Invalid parameter type for 'backend.data', expected: object");
  await expect(change('r0', { type: 'ringbuf', data: { size: 127 } })).rejects.toThrow('size of ringbuf chardev must be power of two');
  const missing = { type: 'file', data: { out: '/nonexist/x' } };
  await expect(change('r0', missing)).rejects.toThrow(/^Could not open '\/nonexist\/x': No such file or directory$/);
  await expect(changeByText('r0', 'null,id=y')).rejects.toThrow("Unexpected 'id' parameter");
  await expect(changeByText('r0', 'nosuch')).rejects.toThrow("'nosuch' is not a valid char driver name");
  expect(registry.all().map(({ id, filename }) => `${id} ${filename}`)).toEqual(['r0 ringbuf', 'mon ringbuf', 'm0-base ringbuf', 'm0 mux']);

  await expect(addByQmp('f', missing)).rejects.toThrow(/^Failed to add chardev 'f': Could not open '\/nonexist\/x': No such file or directory$/);
  await expect(addByQmp('r0', nothing)).rejects.toThrow(/^Chardev with id 'r0' already exists$/);
});
