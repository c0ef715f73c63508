/** An ISA bus for tests: devices on it, ports as the guest sees them, a clock that the test moves, interrupt requests that it reads. */
import {
  AddressSpaceIo,
  AddressSpaceMemory,
  type Chardev,
  type ChardevFrontend,
  Chardevs,
  type Device,
  HostClock,
  Input,
  Machine,
  type MachineRequest,
  ManualClock,
  type ObjectClass,
  RealtimeClock,
  RunState,
  VirtualClock,
} from '@nandu/core';
import { FakeClock, realize } from '@nandu/testkit';
import { NEVER } from 'rxjs';
import { IsaBus } from './isa-bus.js';

export class IsaBench {
  readonly clock = new FakeClock();
  readonly host = new ManualClock();
  readonly io = new AddressSpaceIo();
  readonly memory = new AddressSpaceMemory();
  readonly levels: boolean[] = new Array(16).fill(false);
  /** Rising edges of each request. */
  readonly edges: number[] = new Array(16).fill(0);
  readonly requests: MachineRequest[] = [];
  readonly events: { readonly name: string; readonly data: unknown; readonly rateLimitKey: string | undefined }[] = [];
  readonly chardev = new FakeChardev();
  readonly runState = new RunState();
  readonly input = new Input(this.clock, this.runState);
  private readonly bus = new IsaBus('isa.0', undefined, this.io.root, (irq) => (level) => {
    this.levels[irq] = level;
    if (level) (this.edges[irq] as number)++;
  });

  constructor(private readonly rtc: { base: 'utc' | number; clock: 'host' | 'rt' | 'vm' } = { base: 0, clock: 'vm' }) {}

  add<T extends Device>(constructor_: ObjectClass<T>, properties: Readonly<Record<string, unknown>> = {}, wire?: (device: T) => void): T {
    const machine = {
      config: { rtc: this.rtc },
      requestReset: (cause: 'guest-reset') => this.requests.push({ kind: 'reset', cause }),
      emit: (name: string, data: unknown, rateLimitKey?: string) => this.events.push({ name, data, rateLimitKey }),
      requestShutdown: (cause: 'none', exitCode: number) => this.requests.push({ kind: 'shutdown', cause, exitCode }),
    };
    return realize(constructor_, {
      services: [
        [VirtualClock, this.clock],
        [HostClock, this.host],
        [RealtimeClock, this.host],
        [AddressSpaceMemory, this.memory],
        [Machine, machine],
        [Input, this.input],
        [Chardevs, { get: (id: string) => (id === 'serial0' ? this.chardev : undefined) }],
      ],
      properties,
      prepare: (device) => {
        this.bus.plug(device);
        wire?.(device);
      },
    });
  }

  in(port: number, size = 1): number {
    return this.io.read(port, size);
  }
  out(port: number, ...values: number[]): void {
    for (const value of values) this.io.write(port, value, 1);
  }
}

/** The other end of a serial line: keeps what was sent, and sends as much as is taken. */
export class FakeChardev implements Chardev {
  readonly id = 'serial0';
  readonly filename = 'test';
  readonly connected = true;
  readonly connected$ = NEVER;
  readonly frontendOpen = true;
  sent = '';
  private readonly waiting: number[] = [];
  private frontend: ChardevFrontend | undefined;

  attach(frontend: ChardevFrontend) {
    this.frontend = frontend;
    return { write: (bytes: Uint8Array) => this.write(bytes), accept: () => this.deliver(), detach: () => undefined };
  }
  write(bytes: Uint8Array): void {
    this.sent += String.fromCharCode(...bytes);
  }
  sendBreak(): void {
    this.frontend?.event?.('break');
  }
  close(): void {}

  type(text: string): void {
    this.waiting.push(...new TextEncoder().encode(text));
    this.deliver();
  }
  private deliver(): void {
    const room = Math.min(this.frontend?.canReceive() ?? 0, this.waiting.length);
    if (room > 0) this.frontend?.receive(Uint8Array.from(this.waiting.splice(0, room)));
  }
}
