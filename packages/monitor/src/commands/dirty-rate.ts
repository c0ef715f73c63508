/**
 * calc-dirty-rate: how much memory the guest writes. Some pages, picked at random, are looked at twice, as QEMU's page-sampling does it;
 * its other ways need KVM's or migration's record of writes.
 */
import {
  AddressSpaceMemory,
  type Alarm,
  type AnyCommand,
  ConfigError,
  GiB,
  hmpCommand,
  type Machine,
  MiB,
  qmpCommand,
  type RamBlock,
  RealtimeClock,
} from '@nandu/core';

const PAGE_BYTES = 4096;
const SMALLEST_RANGE = 128 * 1024;
const MODES = ['page-sampling', 'dirty-ring', 'dirty-bitmap'] as const;
const SECONDS = { min: 1, max: 60 } as const;
const SAMPLES_PER_GIB = { min: 128, max: 16384, usual: 512 } as const;
const SECOND_NS = 1e9;

interface Sample {
  readonly block: RamBlock;
  readonly offset: number;
  readonly hash: number;
}

/** FNV-1a, a word at a time. */
function hashOf(view: DataView, at: number): number {
  let hash = 0x811c_9dc5;
  for (let i = 0; i < PAGE_BYTES; i += 4) hash = Math.imul(hash ^ view.getInt32(at + i, true), 0x0100_0193);
  return hash;
}

const ZEROS = hashOf(new DataView(new ArrayBuffer(PAGE_BYTES)), 0);

function pageHash(block: RamBlock, offset: number): number {
  const host = block.hostAddressIfTouched(offset);
  return host === 0 ? ZEROS : hashOf(block.memory, host);
}

interface Given {
  readonly 'calc-time': number;
  readonly 'sample-pages'?: number;
  readonly mode?: (typeof MODES)[number];
}

/** One machine's measurement, the latest. */
class DirtyRate {
  private status: 'unstarted' | 'measuring' | 'measured' = 'unstarted';
  private startNs = 0;
  private seconds = 0;
  private samplesPerGiB = 0;
  private rate: number | undefined;
  private samples: readonly Sample[] = [];
  /** Of memory that samples are taken from. */
  private bytes = 0;
  private readonly clock: RealtimeClock;
  private readonly alarm: Alarm;

  constructor(private readonly machine: Machine) {
    this.clock = machine.container.resolve(RealtimeClock as never) as RealtimeClock;
    this.alarm = this.clock.createAlarm(() => this.finish());
  }

  start({ 'calc-time': seconds, 'sample-pages': samplesPerGiB, mode = 'page-sampling' }: Given): void {
    if (this.status === 'measuring') throw new ConfigError('the dirty rate is already being measured.');
    inRange('calc-time', seconds, SECONDS);
    if (samplesPerGiB !== undefined && mode === 'dirty-ring') throw new ConfigError('either sample-pages or dirty-ring can be specified.');
    if (samplesPerGiB !== undefined) inRange('sample-pages', samplesPerGiB, SAMPLES_PER_GIB);
    if (mode !== 'page-sampling') throw new ConfigError(`mode ${mode} is not enabled, use other method instead.`);
    this.seconds = seconds;
    this.samplesPerGiB = samplesPerGiB ?? SAMPLES_PER_GIB.usual;
    this.rate = undefined;
    this.status = 'measuring';
    this.startNs = this.clock.nowNs();
    this.pick();
    this.alarm.startAtNs(this.startNs + seconds * SECOND_NS);
  }

  private pick(): void {
    const { view } = this.machine.container.resolve(AddressSpaceMemory as never) as AddressSpaceMemory;
    this.bytes = 0;
    this.samples = view.flatMap(({ start, end, offset, region }) => {
      const block = region.parts.ram;
      const length = end - start;
      if (!block || length < SMALLEST_RANGE) return [];
      this.bytes += length;
      return Array.from({ length: Math.floor((length * this.samplesPerGiB) / GiB) }, () => {
        const page = offset + Math.floor((Math.random() * length) / PAGE_BYTES) * PAGE_BYTES;
        return { block, offset: page, hash: pageHash(block, page) };
      });
    });
  }

  private finish(): void {
    const ms = (this.clock.nowNs() - this.startNs) / 1e6;
    const dirty = this.samples.filter(({ block, offset, hash }) => pageHash(block, offset) !== hash).length;
    this.rate = this.samples.length === 0 ? 0 : Math.floor((dirty * (this.bytes / MiB) * 1000) / (this.samples.length * ms));
    this.samples = [];
    this.status = 'measured';
  }

  describe() {
    const { status, samplesPerGiB, seconds, rate, startNs } = this;
    return {
      status,
      'start-time': Math.floor(startNs / SECOND_NS),
      'calc-time': seconds,
      'sample-pages': samplesPerGiB,
      mode: MODES[0],
      ...(rate === undefined ? {} : { 'dirty-rate': rate }),
    };
  }
}

function inRange(name: string, value: number, { min, max }: { readonly min: number; readonly max: number }): void {
  if (value < min || value > max) throw new ConfigError(`${name} is out of range[${min}, ${max}].`);
}

const RATES = new WeakMap<Machine, DirtyRate>();

function dirtyRateOf(machine: Machine): DirtyRate {
  const found = RATES.get(machine) ?? new DirtyRate(machine);
  RATES.set(machine, found);
  return found;
}

interface HmpGiven {
  readonly dirty_ring: boolean;
  readonly dirty_bitmap: boolean;
  readonly second: number | bigint;
  readonly sample_pages_per_GB?: number | bigint;
}

export const dirtyRateCommands: readonly AnyCommand[] = [
  qmpCommand<Given>({
    name: 'calc-dirty-rate',
    arguments: { 'calc-time': { type: 'int' }, 'sample-pages': { type: 'int', optional: true }, mode: { type: MODES, optional: true } },
    run(given, { machine }) {
      dirtyRateOf(machine).start(given);
    },
  }),
  qmpCommand({ name: 'query-dirty-rate', arguments: {}, run: (_, { machine }) => dirtyRateOf(machine).describe() }),
  hmpCommand<HmpGiven>({
    name: 'calc_dirty_rate',
    args: 'dirty_ring:-r,dirty_bitmap:-b,second:l,sample_pages_per_GB:l?',
    params: '[-r] [-b] second [sample_pages_per_GB]',
    help:
      'start a round of guest dirty rate measurement (using -r to\n\t\t\t specify dirty ring as the method of calculation and\n' +
      '\t\t\t -b to specify dirty bitmap as method of calculation)',
    run({ dirty_ring: ring, dirty_bitmap: bitmap, second, sample_pages_per_GB: samples }, { machine }) {
      const seconds = Number(second);
      if (seconds === 0) return 'Incorrect period length specified!\n';
      if (ring && bitmap) return 'Either dirty ring or dirty bitmap can be specified!\n';
      const mode = ring ? 'dirty-ring' : bitmap ? 'dirty-bitmap' : 'page-sampling';
      dirtyRateOf(machine).start({ 'calc-time': seconds, mode, ...(samples === undefined ? {} : { 'sample-pages': Number(samples) }) });
      return `Starting dirty rate measurement with period ${seconds} seconds\n[Please use 'info dirty_rate' to check results]\n`;
    },
  }),
  hmpCommand({
    name: 'info dirty_rate',
    args: '',
    params: '',
    help: 'show dirty rate information',
    run(_, { machine }) {
      const now = dirtyRateOf(machine).describe();
      return [
        `Status: ${now.status}\nStart Time: ${now['start-time']} (ms)\nSample Pages: ${now['sample-pages']} (per GB)\n`,
        `Period: ${now['calc-time']} (sec)\nMode: ${now.mode}\n`,
        `Dirty rate: ${now['dirty-rate'] === undefined ? '(not ready)' : `${now['dirty-rate']} (MB/s)`}\n`,
      ].join('');
    },
  }),
];
