/** Puts the processor and the accelerator together: what `-accel tcg` is made of. */
import {
  AddressSpaceIo,
  AddressSpaceMemory,
  CHUNK_SIZE,
  ConfigError,
  type CoreNote,
  definePlugin,
  MACHINE_CONFIG,
  Machine,
  type MachineCheck,
  type MachineCheckOutcome,
  type MachineConfig,
  MiB,
  type Plugin,
  parseSize,
  VirtualClock,
} from '@nandu/core';
import {
  type CpuModel,
  createX86Target,
  MMU_FETCH_USER,
  MODELS,
  mce,
  pagingCommands,
  parseCpuModel,
  setFirmwareMtrrs,
  UnsupportedFeatures,
  X86Cpu,
} from '@nandu/cpu-x86';
import { type ChunkPool, HostMemory } from '@nandu/memory';
import {
  CpuFactory,
  coreNotes,
  cpuClassOf,
  elfMachineOf,
  type Processor,
  type ProcessorRequest,
  type ProcessorState,
  type SegmentName,
  type SegmentValue,
} from '@nandu/pc';
import { Env } from '@nandu/tcg';
import { type AcceleratorOptions, TcgAccelerator } from '@nandu/tcg-wasm';
import { ThreadModuleMaker } from '@nandu/tcg-wasm/node';
import { inject, injectable } from 'tsyringe';

/**
 * Properties of `-accel tcg`: `tier=interpreter` runs tier 0 only, `threshold=` is the number of entries that make a block hot,
 * `eager=on` compiles user-mode code when it ran twice, and everything around it that ran at all, `eager=START-END` what lies between
 * two (hexadecimal) addresses, and `cold=START-END` never compiles that: for tests of the tiers;
 * `compiler=inline` has tier 1's modules compiled between the guest's slices instead of by a thread beside it;
 * `opcount=on` counts operations for `info opcount`.
 */
function acceleratorOptions(properties: Readonly<Record<string, string>>): AcceleratorOptions {
  const { tier = 'both', threshold, eager = 'off', cold, opcount = 'off', compiler = 'thread' } = properties;
  if (tier !== 'both' && tier !== 'interpreter') throw new ConfigError(`Parameter 'tier' expects 'both' or 'interpreter'`);
  if (compiler !== 'thread' && compiler !== 'inline') throw new ConfigError(`Parameter 'compiler' expects 'thread' or 'inline'`);
  if (opcount !== 'on' && opcount !== 'off') throw new ConfigError(`Parameter 'opcount' expects 'on' or 'off'`);
  if (threshold !== undefined && !/^[1-9]\d{0,8}$/.test(threshold)) throw new ConfigError(`Parameter 'threshold' expects a number from 1 to 999999999`);
  return {
    tier,
    opcount: opcount === 'on',
    ...(compiler === 'thread' ? { moduleMaker: (context) => new ThreadModuleMaker(context) } : {}),
    ...(eager === 'off' ? {} : { eager: eager === 'on' ? isUserCode : userCodeIn(eager, "Parameter 'eager' expects 'on', 'off' or a range START-END") }),
    ...(cold === undefined ? {} : { cold: userCodeIn(cold, "Parameter 'cold' expects a range START-END") }),
    ...(threshold === undefined ? {} : { threshold: Number(threshold) }),
  };
}

type BlockTest = NonNullable<AcceleratorOptions['eager']>;

const isUserCode: BlockTest = ({ fetchMmu }) => fetchMmu === MMU_FETCH_USER;

function userCodeIn(range: string, complaint: string): BlockTest {
  const [, start, end] = /^([0-9a-f]{1,12})-([0-9a-f]{1,12})$/.exec(range) ?? [];
  if (start === undefined || end === undefined) throw new ConfigError(complaint);
  const from = Number.parseInt(start, 16);
  const to = Number.parseInt(end, 16);
  return (block) => isUserCode(block) && from <= block.home + block.pc && block.home + block.pc < to;
}

const SMALLEST_RESIDENT = 16 * MiB;

/** `-accel tcg,resident=SIZE`: how much guest RAM is kept in linear memory at a time. Default: all that fits in. */
function residentLimit({ resident }: Readonly<Record<string, string>>): number | undefined {
  if (resident === undefined) return undefined;
  const bytes = parseSize(resident);
  if (bytes === undefined || bytes < SMALLEST_RESIDENT) throw new ConfigError(`Parameter 'resident' expects a size of at least ${SMALLEST_RESIDENT / MiB}M`);
  return bytes;
}

function modelOf(text: string, warn: (warning: string) => void): CpuModel {
  try {
    const model = parseCpuModel(text);
    model.warnings.forEach(warn);
    return model;
  } catch (error) {
    if (error instanceof UnsupportedFeatures) error.warnings.forEach(warn);
    throw error;
  }
}

@injectable()
export class TcgCpuFactory extends CpuFactory {
  readonly accelerator: TcgAccelerator;
  private readonly model: CpuModel;
  readonly physicalBits: number;

  constructor(
    @inject(Machine) private readonly machine: Machine,
    @inject(MACHINE_CONFIG) private readonly config: MachineConfig,
    @inject(HostMemory) private readonly host: HostMemory,
    @inject(AddressSpaceMemory) memory: AddressSpaceMemory,
    @inject(AddressSpaceIo) private readonly ports: AddressSpaceIo,
    @inject(VirtualClock as never) private readonly clock: VirtualClock,
  ) {
    super();
    this.model = modelOf(config.cpuModel, (warning) => machine.log.warning(warning));
    this.physicalBits = this.model.physicalBits;
    const { pool } = host;
    const residentBytes = residentLimit(config.acceleratorProperties);
    if (residentBytes !== undefined) pool.limit(residentBytes);
    pool.isPinned = (address) => this.accelerator.holdsCode(address, CHUNK_SIZE);
    pool.onLow = () => {
      for (const cpu of this.machine.board?.cpus ?? []) cpu.kick();
    };
    this.accelerator = new TcgAccelerator({
      memory: host.memory,
      physical: memory,
      target: createX86Target(this.model),
      options: { ...acceleratorOptions(config.acceleratorProperties), wholeBlocks: config.icount === undefined },
    });
  }

  override create({ index, interrupts, tripleFault }: ProcessorRequest): Processor {
    const { accelerator, machine } = this;
    const cpu = new X86Cpu(
      { index, env: accelerator.createCpu(index), memory: this.host.memory, exports: accelerator.targetExports as WebAssembly.Exports },
      {
        ...(this.config.icount ? { random: repeatable(index) } : {}),
        model: this.model,
        topology: this.config.smp,
        clock: this.clock,
        ports: this.ports,
        interrupts,
        tripleFault,
        wake: () => machine.wake(),
      },
    );
    accelerator.attach(cpu);
    return new TcgProcessor(accelerator, cpu, this.host.pool, machine);
  }
}

/** RDRAND's numbers under -icount, the same in every run: SplitMix64, seeded by the processor's index. */
function repeatable(index: number): () => bigint {
  let state = BigInt(index);
  return () => {
    state = BigInt.asUintN(64, state + 0x9e37_79b9_7f4a_7c15n);
    let z = state;
    z = BigInt.asUintN(64, (z ^ (z >> 30n)) * 0xbf58_476d_1ce4_e5b9n);
    z = BigInt.asUintN(64, (z ^ (z >> 27n)) * 0x94d0_49bb_1331_11ebn);
    return z ^ (z >> 31n);
  };
}

/** What the reasons to leave translated code mean to the run loop; others are a slice that ended. */
const OUTCOMES: Readonly<Record<number, 'halted' | 'yield'>> = { [Env.EXIT_HALTED]: 'halted', [Env.EXIT_YIELD]: 'yield' };

class TcgProcessor implements Processor {
  constructor(
    private readonly accelerator: TcgAccelerator,
    readonly cpu: X86Cpu,
    private readonly pool: ChunkPool,
    private readonly machine: Pick<Machine, 'singleStep'>,
  ) {}

  get index(): number {
    return this.cpu.index;
  }
  get tsc(): Processor['tsc'] {
    return this.cpu.tsc;
  }
  get runnable(): boolean {
    return this.cpu.runnable;
  }
  get retired(): number {
    return this.accelerator.instructionsExecuted(this.cpu);
  }
  run(maxInstructions: number, untilMs: number): 'running' | 'halted' | 'yield' {
    this.pool.makeRoom();
    this.pool.running = true;
    try {
      return this.machine.singleStep ? this.step(maxInstructions) : this.execute(maxInstructions, untilMs);
    } finally {
      this.pool.running = false;
    }
  }
  private execute(maxInstructions: number, untilMs?: number): 'running' | 'halted' | 'yield' {
    return OUTCOMES[this.accelerator.run(this.cpu, maxInstructions, untilMs)] ?? 'running';
  }
  /** One instruction after the other, until something else is to be done. */
  private step(maxInstructions: number): 'running' | 'halted' | 'yield' {
    const end = this.retired + maxInstructions;
    for (;;) {
      const before = this.retired;
      const outcome = this.execute(1);
      if (outcome !== 'running' || this.retired === before || this.retired >= end) return outcome;
    }
  }
  kick(): void {
    this.accelerator.requestExit(this.cpu);
  }
  reset(): void {
    this.cpu.reset();
  }
  readRegister(name: string): bigint | undefined {
    return this.cpu.readRegister(name);
  }
  translate(linear: number): number | undefined {
    return this.cpu.translate(BigInt(linear));
  }
  disassemble(bytes: Uint8Array, address: number): { text: string; length: number } {
    const { accelerator, cpu } = this;
    return accelerator.target.disassemble!({ u8: (offset) => bytes[offset] ?? 0 }, cpu.state.i32(Env.ENV_BLOCK_FLAGS), 0, address);
  }
  get elfMachine(): number {
    return elfMachineOf(this);
  }
  coreNotes(elfMachine: number): readonly CoreNote[] {
    return coreNotes(this, elfMachine);
  }
  readSegment(name: SegmentName): SegmentValue {
    return this.cpu.readSegment(name);
  }
  readTable(name: 'gdt' | 'idt'): { base: bigint; limit: number } {
    return this.cpu.readTable(name);
  }
  dumpRegisters(): string {
    return this.cpu.dumpRegisters();
  }
  setState(state: ProcessorState): void {
    this.cpu.setState(state);
  }
  setUpAsFirmware(uncachedStart: number): void {
    setFirmwareMtrrs(this.cpu, uncachedStart);
  }
  machineCheck(error: MachineCheck): MachineCheckOutcome {
    return this.cpu.machineCheck(error);
  }
  get broadcastsMachineChecks(): boolean {
    return this.cpu.broadcastsMachineChecks;
  }
  setInterruptPending(level: boolean): void {
    this.cpu.setInterruptPending(level);
  }
  nmi(): void {
    this.cpu.nmi();
  }
  init(): void {
    this.cpu.init();
  }
  startup(vector: number): void {
    this.cpu.startup(vector);
  }
}

export const tcgPlugin: Plugin = definePlugin({
  name: 'tcg',
  types: Object.keys(MODELS).map(cpuClassOf),
  commands: [...pagingCommands, mce],
  bind: (container) => {
    if (container.resolve<MachineConfig>(MACHINE_CONFIG).accelerator === 'tcg') container.registerSingleton(CpuFactory as never, TcgCpuFactory);
  },
});
