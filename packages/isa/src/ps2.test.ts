/** Keys and the mouse, byte for byte as QEMU 7.2's: recorded from its i8042 with `send-key` and `input-send-event`. */
import { readFileSync } from 'node:fs';
import type { InputEvent, MouseButton } from '@nandu/core';
import { I8042 } from './i8042.js';
import { IsaBench } from './isa-bench.test-support.js';

const TRANSLATED = 0x43;
const PLAIN = 0x03;

function powerOn(mode = PLAIN) {
  const bench = new IsaBench();
  bench.add(I8042);
  bench.runState.set('running');
  const { input } = bench;
  const drain = (): string => {
    const bytes: string[] = [];
    while (bench.in(0x64) & 1) bytes.push(bench.in(0x60).toString(16).padStart(2, '0'));
    return bytes.join(' ');
  };
  bench.out(0x64, 0x60);
  bench.out(0x60, mode);
  const key = (name: string, down: boolean): string => {
    input.send({ kind: 'key', key: name, down });
    return drain();
  };
  const mouse = (...bytes: number[]): string => {
    drain();
    for (const byte of bytes) {
      bench.out(0x64, 0xd4);
      bench.out(0x60, byte);
    }
    return drain();
  };
  const send = (...events: InputEvent[]): string => {
    input.send(...events);
    return drain();
  };
  return { bench, input, drain, key, mouse, send };
}

const golden = readFileSync(new URL('../../test/golden/ps2-keys.txt', import.meta.url), 'utf8')
  .trim()
  .split('\n')
  .slice(1);

it.each([
  { name: 'in set 2', column: 1, mode: PLAIN, set: 2 },
  { name: 'in set 2, translated', column: 2, mode: TRANSLATED, set: 2 },
  { name: 'in set 1', column: 3, mode: PLAIN, set: 1 },
  { name: 'in set 3', column: 4, mode: PLAIN, set: 3 },
])('sends the codes of all keys $name', ({ column, mode, set }) => {
  const { bench, drain, key } = powerOn(mode);
  bench.out(0x60, 0xf0, set);
  drain();
  for (const row of golden) {
    const [name = '', ...cells] = row.split('\t');
    const [down, up] = [key(name, true), key(name, false)];
    expect(`${name}: ${down === '' && up === '' ? '-' : `${down} / ${up}`.trim()}`).toBe(`${name}: ${cells[column - 1]?.trim()}`);
  }
});

it.each([
  ['ctrl', 'pause', 'e0 46 e0 c6', ''],
  ['alt', 'print', 'b8 38 54', 'd4 b8 38'],
  ['alt_r', 'print', 'e0 b8 e0 38 54', 'd4 e0 b8 e0 38'],
  ['shift', 'print', 'e0 37', 'e0 b7'],
  ['ctrl', 'sysrq', 'e0 37', 'e0 b7'],
])('with %s held, %s sends %s and %s', (held, name, down, up) => {
  const { key } = powerOn(TRANSLATED);
  key(held, true);
  expect([key(name, true), key(name, false)]).toEqual([down, up]);
});

it('keeps what fits of what nobody reads, and whole keys only', () => {
  const { input, drain, bench } = powerOn();
  for (let i = 0; i < 12; i++) input.send({ kind: 'key', key: 'delete', down: true });
  expect(drain()).toBe(`${'e0 71 '.repeat(8)}`.trim());
  bench.out(0x60, 0xf5);
  drain();
  input.send({ kind: 'key', key: 'a', down: true });
  expect(drain()).toBe('');
});

it('hears nothing while the machine does not run', () => {
  const { bench, key } = powerOn();
  bench.runState.set('paused');
  expect(key('a', true)).toBe('');
});

it('types keys one after the other and lets go of them', () => {
  const { bench, input, drain } = powerOn(TRANSLATED);
  input.type(['ctrl', 'alt', 'delete'], 100);
  const seen = [drain()];
  for (let i = 0; i < 6; i++) {
    bench.clock.advanceUs(100_000);
    seen.push(drain());
  }
  expect(seen).toEqual(['1d', '38', 'e0 53', 'e0 d3', 'b8', '9d', '']);
});

const move = (axis: 'x' | 'y', by: number): InputEvent => ({ kind: 'move', axis, by });
const button = (name: MouseButton, down: boolean): InputEvent => ({ kind: 'button', button: name, down });
const click = (name: MouseButton): [string, InputEvent[], InputEvent[]] => [name, [button(name, true)], [button(name, false)]];

describe.each([
  { type: 0, rates: [] },
  { type: 3, rates: [200, 100, 80] },
  { type: 4, rates: [200, 100, 80, 200, 200, 80] },
])('a mouse of type $type', ({ type, rates }) => {
  function enabled() {
    const at = powerOn();
    at.mouse(0xff, ...rates.flatMap((rate) => [0xf3, rate]));
    expect(at.mouse(0xf2)).toBe(`fa 0${type}`);
    at.mouse(0xf4);
    return at;
  }
  /** Packets of three bytes as they are with a wheel that stands still. */
  const packets = (text: string): string => (type === 0 ? text : text.replace(/(.. .. ..)( |$)/g, '$1 00$2'));

  it('reports movement, large ones in pieces', () => {
    const { send } = enabled();
    expect(send(move('x', 5), move('y', 3))).toBe(packets('28 05 fd'));
    expect(send(move('x', -5))).toBe(packets('18 fb 00'));
    expect(send(move('y', -200))).toBe(packets('08 00 7f 08 00 49'));
    expect(send(move('x', 300))).toBe(packets('08 7f 00 08 7f 00 08 2e 00'));
  });

  it('sends what it had no room for with the next event', () => {
    const { send } = enabled();
    const room = type === 0 ? 5 : 4;
    expect(send(move('x', 1000))).toBe(packets(Array(room).fill('08 7f 00').join(' ')));
    const left = 1000 - room * 127;
    const rest = [...Array(Math.floor(left / 127)).fill('7f'), (left % 127).toString(16).padStart(2, '0')];
    expect(send(button('left', true))).toBe(packets(rest.map((x) => `09 ${x} 00`).join(' ')));
  });

  it.each([
    [...click('left'), ['09 00 00', '08 00 00'], ['09 00 00 00', '08 00 00 00'], ['09 00 00 00', '08 00 00 00']],
    [...click('middle'), ['0c 00 00', '08 00 00'], ['0c 00 00 00', '08 00 00 00'], ['0c 00 00 00', '08 00 00 00']],
    [...click('right'), ['0a 00 00', '08 00 00'], ['0a 00 00 00', '08 00 00 00'], ['0a 00 00 00', '08 00 00 00']],
    [...click('side'), ['08 00 00', '08 00 00'], ['08 00 00 00', '08 00 00 00'], ['08 00 00 10', '08 00 00 00']],
    [...click('extra'), ['08 00 00', '08 00 00'], ['08 00 00 00', '08 00 00 00'], ['08 00 00 20', '08 00 00 00']],
    [...click('wheel-up'), ['08 00 00', '08 00 00'], ['08 00 00 ff', '08 00 00 00'], ['08 00 00 0f', '08 00 00 00']],
    [...click('wheel-down'), ['08 00 00', '08 00 00'], ['08 00 00 01', '08 00 00 00'], ['08 00 00 01', '08 00 00 00']],
    [...click('wheel-left'), ['08 00 00', '08 00 00'], ['08 00 00 00', '08 00 00 00'], ['08 00 00 41', '08 00 00 00']],
    [...click('wheel-right'), ['08 00 00', '08 00 00'], ['08 00 00 00', '08 00 00 00'], ['08 00 00 7f', '08 00 00 00']],
  ])('reports the button %s', (_name, down, up, ...expected) => {
    const { send } = enabled();
    expect([send(...down), send(...up)]).toEqual(expected[{ 0: 0, 3: 1, 4: 2 }[type] as number]);
  });

  it('waits to be asked in remote mode', () => {
    const { send, mouse } = enabled();
    mouse(0xf0);
    expect(send(move('x', 5), button('wheel-down', true))).toBe('');
    expect(mouse(0xeb)).toBe(['fa 08 05 00', 'fa 08 05 00 01'][type === 0 ? 0 : 1]);
    expect(mouse(0xeb)).toBe(`fa ${packets('08 00 00')}`);
  });
});

it('keeps what a user does from a mouse that is off', () => {
  const { send, mouse } = powerOn();
  mouse(0xff);
  expect(send(move('x', 5))).toBe('');
  mouse(0xf4);
  expect(send(button('left', false))).toBe('08 00 00');
});
