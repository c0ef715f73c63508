/** Two machines in one process, each with a small kernel of its own, share nothing: both kernel formats, with and without tier 1. */
import { BaseChardev, ChardevRegistry } from '@nandu/chardev';
import { MiB, RunLoop } from '@nandu/core';
import { createMachine } from '../src/create-machine.js';
import { Lifecycle } from '../src/lifecycle.js';
import { bareGuest, type Format, STATUS } from './bare-guest.js';

/** What both machines print, in order, with the name of who did. */
interface Character {
  readonly from: string;
  readonly text: string;
}

class Listener extends BaseChardev {
  readonly filename = 'listener';
  constructor(
    private readonly name: string,
    private readonly heard: Character[],
  ) {
    super('serial0');
    this.setConnected(true);
  }
  override write(bytes: Uint8Array): void {
    for (const byte of bytes) this.heard.push({ from: this.name, text: String.fromCharCode(byte) });
  }
}

/** Runs a machine whose kernel prints `append`; its exit status. */
function run(name: string, { format, tier, append, heard }: { format: Format; tier: string; append: string; heard: Character[] }): Promise<number> {
  const chardevs = new ChardevRegistry();
  chardevs.add(new Listener(name, heard));
  const machine = createMachine(
    {
      board: 'pc-i440fx-7.2-machine',
      memory: { sizeBytes: 64 * MiB, maxBytes: 64 * MiB, slots: 0 },
      boot: { kernel: bareGuest(format), kernelName: name, append },
      acceleratorProperties: { tier },
      serial: ['serial0'],
    },
    [],
    chardevs,
  );
  machine.build();
  machine.addDevice({ driver: 'isa-debug-exit', properties: {}, text: false });
  machine.finish();
  return new Promise((resolve, reject) => {
    new Lifecycle(machine, new RunLoop(machine), resolve, reject);
    machine.runState.set('running');
  });
}

const TEXTS = { one: 'abcdefghijklmnopqrstuvwxyz', two: '0123456789-0123456789-0123' } as const;
/** Multiboot command lines begin with the kernel's name. */
const PRINTED: Readonly<Record<Format, (name: string, append: string) => string>> = {
  multiboot: (name, append) => `${name} ${append}`,
  pvh: (_name, append) => append,
};

describe.each(['both', 'interpreter'])('tier=%s', (tier) => {
  it.each<[Format, Format]>([
    ['multiboot', 'multiboot'],
    ['pvh', 'pvh'],
    ['multiboot', 'pvh'],
  ])('a %s kernel and a %s kernel run side by side', async (first, second) => {
    const heard: Character[] = [];
    const statuses = await Promise.all([
      run('one', { format: first, tier, append: TEXTS.one, heard }),
      run('two', { format: second, tier, append: TEXTS.two, heard }),
    ]);
    expect(statuses).toEqual([STATUS.done, STATUS.done]);
    const textOf = (name: string): string => heard.flatMap(({ from, text }) => (from === name ? [text] : [])).join('');
    expect(textOf('one')).toBe(PRINTED[first]('one', TEXTS.one));
    expect(textOf('two')).toBe(PRINTED[second]('two', TEXTS.two));
    // At the same time: both had begun before either was done.
    const senders = heard.map(({ from }) => from);
    expect(Math.max(senders.indexOf('one'), senders.indexOf('two'))).toBeLessThan(Math.min(senders.lastIndexOf('one'), senders.lastIndexOf('two')));
  });
});
