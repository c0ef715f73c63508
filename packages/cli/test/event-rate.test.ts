/**
 * Events that a guest may cause as often as it likes reach a monitor once a second, the first at once and the last in the end. QEMU
 * did the same with one change every 100 ms: after 1, 10, 20 and 25 of them.
 */
import { jest } from '@jest/globals';
import { BaseChardev } from '@nandu/chardev';
import { Monitors } from '@nandu/monitor';
import { QtestServer } from '@nandu/qtest';
import { tryCommandLine, words } from './command-line.js';
import { Wire } from './qtest-wire.js';
import { nextTurn, VirtioOverQtest } from './virtio-over-qtest.js';

const SLOT = 4;
const VERSION_1 = 1n << 32n;
const CHANGES = 25;
const MiB = 2 ** 20;
const FIRST_BLOCK = 0x1_0000_0000;

/** A QMP client that notes when events came. */
class Client extends BaseChardev {
  readonly filename = 'client';
  readonly heard: { readonly seconds: number; readonly event: string; readonly data: unknown }[] = [];

  constructor(private readonly now: () => number) {
    super('client');
    this.setConnected(true);
  }
  async negotiate(): Promise<void> {
    await nextTurn();
    this.received(new TextEncoder().encode('{"execute": "qmp_capabilities"}\n'));
    await nextTurn();
  }
  write(bytes: Uint8Array): void {
    for (const line of new TextDecoder().decode(bytes).trim().split('\r\n')) {
      const { event, data } = JSON.parse(line) as { event?: string; data?: unknown };
      if (event !== undefined) this.heard.push({ seconds: this.now() / 1000, event, data });
    }
  }
}

type Driver = (device: VirtioOverQtest, wire: Wire) => (change: number) => unknown;

/** Has `CHANGES` changes, 100 ms apart, and tells what the client heard. */
async function change(line: string, driver: Driver) {
  let heard: Client['heard'] = [];
  await tryCommandLine(words(`-S -nodefaults -display none ${line}`), async ({ machine }) => {
    const wire = new Wire();
    new QtestServer(machine, wire);
    const step = driver(new VirtioOverQtest(wire, SLOT), wire);
    jest.useFakeTimers({ doNotFake: ['setImmediate', 'performance', 'nextTick', 'queueMicrotask'] });
    const start = Date.now();
    const client = new Client(() => Date.now() - start);
    new Monitors(machine).addQmp(client, false);
    await client.negotiate();
    for (let done = 0; done < CHANGES; done++) {
      await step(done);
      jest.advanceTimersByTime(100);
    }
    jest.advanceTimersByTime(5000);
    jest.useRealTimers();
    heard = client.heard;
  });
  return heard;
}

const times = [0, 1, 2, 3];

it('of a memory device that plugs block after block', async () => {
  const heard = await change(
    `-m 1G,maxmem=5G -object memory-backend-ram,id=mem0,size=1G -device virtio-mem-pci,id=vm0,memdev=mem0,requested-size=256M,addr=${SLOT}`,
    (device) => {
      device.enable();
      device.negotiate(VERSION_1 | 2n);
      device.start(1);
      return (done) => {
        const plug = new DataView(new ArrayBuffer(24));
        plug.setBigUint64(8, BigInt(FIRST_BLOCK + done * 2 * MiB), true);
        plug.setUint16(16, 1, true);
        return device.send(0, [new Uint8Array(plug.buffer), 10]);
      };
    },
  );
  const event = 'MEMORY_DEVICE_SIZE_CHANGE';
  const data = (size: number) => ({ id: 'vm0', size, 'qom-path': '/machine/peripheral/vm0' });
  expect(heard).toEqual([2097152, 20971520, 41943040, 52428800].map((size, i) => ({ seconds: times[i], event, data: data(size) })));
});

it('of a balloon whose driver tells its size over and over', async () => {
  const heard = await change(`-m 256M -device virtio-balloon-pci,id=b0,addr=${SLOT}`, (device) => {
    device.enable();
    device.negotiate(VERSION_1);
    device.start(2);
    return (done) => device.setDeviceConfig(4, 'l', 256 * (done + 1));
  });
  const actual = (changes: number) => ({ actual: (256 - changes) * MiB });
  expect(heard).toEqual([1, 10, 20, 25].map((changes, i) => ({ seconds: times[i], event: 'BALLOON_CHANGE', data: actual(changes) })));
});

it('of a clock that is set over and over', async () => {
  const heard = await change('-m 64M -rtc base=2020-01-01T00:00:00,clock=vm', (_, wire) => (done) => {
    wire.request('outb 0x70 0x02');
    wire.request(`outb 0x71 ${Math.floor((done + 1) / 10) * 16 + ((done + 1) % 10)}`);
  });
  expect(heard.map(({ seconds, event }) => ({ seconds, event }))).toEqual(times.map((seconds) => ({ seconds, event: 'RTC_CHANGE' })));
  expect(heard.map(({ data }) => Math.round((data as { offset: number }).offset / 60))).toEqual([1, 10, 20, 25]);
});
