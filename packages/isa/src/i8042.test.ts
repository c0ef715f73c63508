import { I8042 } from './i8042.js';
import { IsaBench } from './isa-bench.test-support.js';
import { Port92 } from './port92.js';

function powerOn() {
  const bench = new IsaBench();
  const controller = bench.add(I8042);
  const command = (code: number, ...data: number[]): void => {
    bench.out(0x64, code);
    bench.out(0x60, ...data);
  };
  /** Everything in the output buffer, one byte after the other. */
  const drain = (): number[] => {
    const bytes: number[] = [];
    while (bench.in(0x64) & 1) bytes.push(bench.in(0x60));
    return bytes;
  };
  return { bench, controller, command, drain };
}

it.each([
  { name: 'self test', code: 0xaa, data: [], answer: [0x55] },
  { name: 'keyboard interface test', code: 0xab, data: [], answer: [0x00] },
  { name: 'mouse interface test', code: 0xa9, data: [], answer: [0x00] },
  { name: 'loop of the mouse port', code: 0xd3, data: [0x5a], answer: [0x5a] },
  { name: 'identity of the mouse', code: 0xd4, data: [0xf2], answer: [0xfa, 0x00] },
  { name: 'reset of the mouse', code: 0xd4, data: [0xff], answer: [0xfa, 0xaa, 0x00] },
])('answers the $name', ({ code, data, answer }) => {
  const { command, drain } = powerOn();
  command(code, ...data);
  expect(drain()).toEqual(answer);
});

it('passes bytes on to the keyboard, and interrupts with its answers', () => {
  const { bench, drain } = powerOn();
  bench.out(0x60, 0xf2);
  expect(bench.levels[1]).toBe(true);
  expect(drain()).toEqual([0xfa, 0xab, 0x83]);
  expect(bench.levels[1]).toBe(false);
  expect(bench.edges[1]).toBe(3);
});

it('recognizes a mouse with a wheel by three sample rates', () => {
  const { command, drain } = powerOn();
  for (const rate of [200, 100, 80]) {
    command(0xd4, 0xf3);
    command(0xd4, rate);
  }
  drain();
  command(0xd4, 0xf2);
  expect(drain()).toEqual([0xfa, 0x03]);
});

it.each([
  { name: 'command 0xfe', act: ({ bench }: ReturnType<typeof powerOn>) => bench.out(0x64, 0xfe) },
  { name: 'the output port', act: ({ command }: ReturnType<typeof powerOn>) => command(0xd1, 0x02) },
  {
    name: 'port 0x92',
    act({ bench }: ReturnType<typeof powerOn>) {
      bench.add(Port92);
      bench.out(0x92, 0x01);
    },
  },
])('resets the machine by $name', ({ act }) => {
  const at = powerOn();
  act(at);
  expect(at.bench.requests).toEqual([{ kind: 'reset', cause: 'guest-reset' }]);
});
