/** Clients that mean no good, or are broken: the monitor answers, keeps its head and its memory. */
import { definePlugin, qmpCommand } from '@nandu/core';
import { FakeChardev, machineNone } from './harness.js';

const KEEP = '{"execute":"query-name"}';

/** A QMP client past its negotiation. */
async function qmp(): Promise<{ chardev: FakeChardev; emit: (count: number) => void; finish: () => void }> {
  let finish = (): void => {};
  const slow = qmpCommand({
    name: 'x-slow',
    arguments: {},
    run: () =>
      new Promise((resolve) => {
        finish = () => resolve({ slow: true });
      }),
  });
  const { machine, monitors } = machineNone([definePlugin({ name: 'slow', commands: [slow] })]);
  const chardev = new FakeChardev();
  monitors.addQmp(chardev);
  await chardev.take();
  chardev.type('{"execute":"qmp_capabilities"}');
  await chardev.take();
  const emit = (count: number): void => {
    for (let index = 0; index < count; index++) machine.emit('POWERDOWN');
  };
  return { chardev, emit, finish: () => finish() };
}

it.each([
  ['lists in lists', '['.repeat(200_000), 'JSON nesting depth limit exceeded'],
  ['objects in objects', '{"a":'.repeat(200_000), 'JSON nesting depth limit exceeded'],
  ['what ends without a beginning', '}]'.repeat(50), 'JSON parse error, expecting value'],
  ['a list of 1024 lists', `${'['.repeat(1024)}${']'.repeat(1024)}`, 'QMP input must be a JSON object'],
  ['bytes that are no UTF-8', '{"execute":"\xff\xfe\xc0\x80"}', 'JSON parse error'],
  ['a name of a megabyte', `{"execute":"${'a'.repeat(1 << 20)}"}`, 'has not been found'],
  ['a number of a megabyte', `{"execute":"stop","id":${'9'.repeat(1 << 20)}}`, ''],
  ['names that objects have', '{"execute":"__proto__","arguments":{"__proto__":{"a":1}},"id":{"__proto__":1}}', 'The command __proto__ has not been found'],
  ['a name that objects inherit', '{"execute":"constructor"}', 'The command constructor has not been found'],
])('answers %s and goes on', async (_, input, expected) => {
  const { chardev } = await qmp();
  chardev.type(input);
  const reply = await chardev.take();
  expect(reply).toContain(expected);
  expect(reply).not.toContain('internal error');
  // Whatever is begun ends with a stray byte.
  chardev.type('\x01');
  await chardev.take();
  chardev.type(KEEP);
  expect(await chardev.take()).toBe('{"return": {}}\r\n');
});

it('takes input byte by byte, in the middle of a character', async () => {
  const { chardev } = await qmp();
  for (const byte of '{"execute":"x\xc3\xa4"}') chardev.type(byte);
  expect(await chardev.take()).toContain('The command x\\u00E4 has not been found');
});

it('does not tell a client what the one before asked for', async () => {
  const { chardev, finish } = await qmp();
  chardev.type('{"execute":"x-slow","id":1}{"execute":"query-name","id":2}');
  expect(await chardev.take()).toBe('');
  chardev.reconnect();
  finish();
  const heard = await chardev.take();
  expect(heard).toContain('"QMP"');
  expect(heard).not.toContain('slow');
  expect(heard).not.toContain('"id"');
  chardev.type('{"execute":"qmp_capabilities","id":3}');
  expect(await chardev.take()).toBe('{"return": {}, "id": 3}\r\n');
});

it('forgets half a request when the client goes', async () => {
  const { chardev } = await qmp();
  chardev.type('{"execute":"qu');
  chardev.reconnect();
  await chardev.take();
  chardev.type('{"execute":"qmp_capabilities"}');
  expect(await chardev.take()).toBe('{"return": {}}\r\n');
});

it('sends thousands of events', async () => {
  const { chardev, emit } = await qmp();
  emit(5000);
  expect((await chardev.take()).split('\r\n')).toHaveLength(5001);
});

it('takes any bytes at the prompt of HMP', async () => {
  const { monitors } = machineNone();
  const chardev = new FakeChardev();
  monitors.addHmp(chardev);
  await chardev.take();
  chardev.type('\x1b[999999999999999999999D\x1b[A\x1b[B\x1bOP\x1b\x1b[\xff\x00\x7f');
  chardev.type('\xff'.repeat(500));
  await chardev.take();
  chardev.type('\rinfo name\r');
  expect(await chardev.take()).toContain('(qemu) ');
});

it('points at the help where the id of device_add is none, and says no more', async () => {
  const { chardev } = await qmp();
  chardev.type('{"execute":"human-monitor-command","arguments":{"command-line":"device_add virtio-mem-pci,id=9,memdev=mem0"}}');
  expect(JSON.parse(await chardev.take())).toEqual({ return: 'Try "help device_add" for more information\r\n' });
});
