/** Replays a recorded conversation with virtio-mem, line by line: each line that our device can produce is produced anew. */
import { MiB } from '@nandu/core';
import { VirtioDriver, type VirtqueueDriver } from '@nandu/testkit';
import { testMachine } from '@nandu/virtio/testing';
import { virtioMemPlugin } from '../src/index.js';

const SLOT = 4;
const RINGS = 0x10_0000;
const KINDS = ['PLUG', 'UNPLUG', 'UNPLUG_ALL', 'STATE'];
const ANSWERS = ['ACK', 'NACK', 'BUSY', 'ERROR'];
const STATES = ['PLUGGED', 'UNPLUGGED', 'MIXED'];
const hex = (value: number): string => `0x${value.toString(16)}`;

function encode(type: number, address: bigint, blockCount: number, length = 24): Uint8Array {
  const view = new DataView(new ArrayBuffer(Math.max(24, length)));
  view.setUint16(0, type, true);
  view.setBigUint64(8, address, true);
  view.setUint16(16, blockCount, true);
  return new Uint8Array(view.buffer).subarray(0, length);
}

export class MemTranscript {
  private readonly setup;
  private driver: VirtioDriver;
  private queue: VirtqueueDriver | undefined;
  readonly lines: string[] = [];

  constructor(unpluggedInaccessible: 'on' | 'off') {
    this.setup = testMachine({
      plugins: [virtioMemPlugin],
      memory: { sizeBytes: 1024 * MiB, maxBytes: 5 * 1024 * MiB },
      backends: { mem0: 1024 * MiB },
      devices: [
        {
          driver: 'virtio-mem-pci',
          id: 'vm0',
          properties: { memdev: 'mem0', 'requested-size': 256 * MiB, addr: '4', 'unplugged-inaccessible': unpluggedInaccessible },
        },
      ],
    });
    this.driver = this.newDriver();
  }
  get messages(): readonly string[] {
    return this.setup.messages;
  }
  get events() {
    return this.setup.events;
  }

  /** Produces our version of the recorded line, or undefined where there is nothing to compare. */
  play(line: string): string | undefined {
    for (const [pattern, produce] of this.rows) {
      const match = pattern.exec(line);
      if (match) return produce(match);
    }
    return undefined;
  }

  private newDriver(): VirtioDriver {
    return new VirtioDriver(this.setup.memory, this.setup.io, SLOT);
  }

  /** A line's pattern, and how to do what it tells of. */
  private readonly rows: readonly (readonly [RegExp, (match: RegExpExecArray) => string | undefined])[] = [
    [
      /^(PLUG|UNPLUG|UNPLUG_ALL|STATE|type (\d+)) addr (0x[0-9a-f]+) nb_blocks (\d+) ->/,
      ([, kind = '', code, address = '', count]) =>
        `${kind} addr ${address} nb_blocks ${count} -> ${this.request([encode(code === undefined ? KINDS.indexOf(kind) : Number(code), BigInt(address), Number(count))], 10)}`,
    ],
    [
      /^raw request of (\d+) bytes, response buffer of (\d+) bytes ->/,
      ([, length, room]) =>
        `raw request of ${length} bytes, response buffer of ${room} bytes -> ${this.request([encode(length === '32' ? 0x3 : 3, 0x1_0000_0000n, 1, Number(length))], Number(room)).replace(/ state \w+/, '')}`,
    ],
    [/^config: /, () => this.config()],
    [/^device features .*accepted (0x[0-9a-f]+)/, ([, features = '']) => this.negotiate(BigInt(features))],
    [/^queue (\d): /, ([, index]) => this.queueLine(Number(index))],
    [/^status after DRIVER_OK/, () => this.start()],
    [/^device status/, () => `device status ${hex(this.driver.status)}`],
    [/^C: (.*qom-set.*)$/, ([, json = '']) => this.set(JSON.parse(json).arguments.value)],
    [/^C: .*system_reset/, () => this.systemReset()],
    [/^ISR \d then/, () => `ISR ${this.driver.readIsr()} then ${this.driver.readIsr()}`],
    [/^ISR \d$/, () => `ISR ${this.driver.readIsr()}`],
    [/^the same value again: ISR/, () => `the same value again: ISR ${this.driver.readIsr()}`],
    [/^fresh /, () => `fresh ${this.peek()}`],
    [/^written (\d+)/, ([, digits = '']) => `written ${this.poke(digits)}`],
    [/^unplugged, read/, () => `unplugged, read ${this.peek()}`],
    [/^unplugged, written, read (\d+)/, ([, digits = '']) => `unplugged, written, read ${this.poke(digits)}`],
    [/^plugged again/, () => `plugged again ${this.peek()}`],
    [/^BAR(\d) reads back/, ([, index]) => `BAR${index} reads back ${this.barSize(Number(index))} after all ones`],
    [/^pci id/, () => this.identity()],
    [/^capability at (..):/, ([, at = '']) => this.capability(Number.parseInt(at, 16))],
    [/^interrupt pin/, () => `interrupt pin ${this.driver.pci.read(0x3d, 1)}`],
  ];

  private request(readable: Uint8Array[], room: number): string {
    const { usedLength, buffers } = (this.queue as VirtqueueDriver).send(readable, [room]);
    if (usedLength === undefined) return `no answer; device status ${hex(this.driver.status)}`;
    const view = new DataView((buffers[0] as Uint8Array).buffer);
    const answer = ANSWERS[view.getUint16(0, true)];
    const type = (readable[0] as Uint8Array)[0];
    const state = type === 3 && answer === 'ACK' ? ` state ${STATES[view.getUint16(8, true)]}` : '';
    return `${answer}${state} (used length ${usedLength}); plugged ${hex(this.driver.config(40, 8))}`;
  }

  private config(): string {
    const at = (offset: number): string => hex(this.driver.config(offset, 8));
    return `config: block ${at(0)} node ${this.driver.config(8, 2)} addr ${at(16)} region ${at(24)} usable ${at(32)} plugged ${at(40)} requested ${at(48)}, generation ${this.driver.generation}`;
  }

  private negotiate(features: bigint): string {
    const { driver } = this;
    const status = driver.negotiate(features);
    const wide = (value: bigint): string => `0x${value.toString(16).padStart(16, '0')}`;
    return `device features ${wide(driver.deviceFeatures())}, accepted ${wide(driver.acceptedFeatures())}, status after FEATURES_OK ${status}, num_queues ${driver.common(18, 2)}, config_generation ${driver.generation}, msix_config ${hex(driver.common(16, 2))}`;
  }

  private queueLine(index: number): string {
    this.driver.setCommon(22, index, 2);
    const size = this.driver.common(24, 2);
    const line = `queue ${index}: size ${size} notify_off ${this.driver.common(30, 2)} msix ${hex(this.driver.common(26, 2))}`;
    if (index === 0) this.queue = this.driver.queue(0, RINGS);
    return line;
  }

  private start(): string {
    return `status after DRIVER_OK ${this.driver.start()}`;
  }

  private set(value: number): undefined {
    this.setup.machine.findDevice('vm0')?.setProperty('requested-size', value);
  }

  private systemReset(): undefined {
    this.setup.machine.performReset();
    this.driver = this.newDriver();
  }

  private peek(): string {
    return this.setup.memory.read8(0x1_0000_0000).toString(16).padStart(16, '0');
  }
  private poke(digits: string): string {
    this.setup.memory.write8(0x1_0000_0000, BigInt(`0x${digits}`));
    return this.peek();
  }

  private word(offset: number): string {
    return this.driver.pci.read(offset, 4).toString(16).padStart(8, '0');
  }
  private barSize(index: number): string {
    // The upper half of BAR 4 is a register of its own.
    return this.driver.pci.sizeBar(index).toString(16).padStart(8, '0');
  }
  private identity(): string {
    this.driver.pci.write(4, 0, 2);
    const line = `pci id ${this.word(0)} class/rev ${this.word(8)} subsystem ${this.word(0x2c)} status/command ${this.word(4)}`;
    this.driver = this.newDriver();
    return line;
  }
  private capability(at: number): string {
    return `capability at ${at.toString(16)}: ${[0, 4, 8, 12, 16].map((offset) => this.word(at + offset)).join(' ')}`;
  }
}
