import { type Chardev, type ChardevPort, type Machine, type MachineEvent, QmpError } from '@nandu/core';
import { type Json, type JsonObject, JsonStream, type Message } from '../json/parser.js';
import { printJson } from '../json/print.js';
import { PACKAGE, QEMU_VERSION } from '../version.js';
import { checkArguments } from './arguments.js';
import type { EventThrottle } from './event-throttle.js';
import { errorReply, replyTo, runCommand } from './execute.js';
import type { Request } from './request.js';

/** Received bytes that a session takes at a time. */
const CHUNK = 4096;

/** One QMP monitor on a character backend. Each client that connects starts over with a greeting. */
export class QmpSession {
  private readonly port: ChardevPort;
  private stream = new JsonStream((message) => this.take(message));
  private negotiated = false;
  private oob = false;
  private readonly queue: Message[] = [];
  private busy = false;
  /** Counts clients: what one asked for is not told to the next. */
  private client = 0;
  private readonly context: { readonly machine: Machine; readonly monitor: { cpuIndex: number } };

  constructor(
    machine: Machine,
    chardev: Chardev,
    events: EventThrottle,
    private readonly pretty = false,
  ) {
    this.context = { machine, monitor: { cpuIndex: 0 } };
    events.events$.subscribe((event) => this.event(event));
    this.port = chardev.attach({
      canReceive: () => (this.queue.length < 8 ? CHUNK : 0),
      receive: (bytes) => this.stream.feed(bytes),
      event: (event) => {
        if (event === 'opened') this.greet();
        else if (event === 'closed') this.restart();
      },
    });
  }

  private restart(): void {
    this.client++;
    this.negotiated = false;
    this.oob = false;
    this.queue.length = 0;
    this.stream = new JsonStream((message) => this.take(message));
  }

  private greet(): void {
    this.restart();
    this.send({ QMP: { version: { qemu: QEMU_VERSION, package: PACKAGE }, capabilities: ['oob'] } });
  }

  private send(value: unknown): void {
    const text = `${printJson(value, this.pretty)}\n`.replaceAll('\n', '\r\n');
    this.port.write(new TextEncoder().encode(text));
  }

  private event({ name, data, timestampUs }: MachineEvent): void {
    if (!this.negotiated) return;
    const timestamp = { seconds: Math.floor(timestampUs / 1e6), microseconds: timestampUs % 1_000_000 };
    this.send({ timestamp, event: name, data });
  }

  private take(message: Message): void {
    this.queue.push(message);
    if (!this.busy) void this.work();
  }

  /** One request after the other, in order. */
  private async work(): Promise<void> {
    this.busy = true;
    for (let message = this.queue.shift(); message; message = this.queue.shift()) {
      const { client } = this;
      const reply =
        'error' in message
          ? errorReply(undefined, new QmpError('GenericError', message.error))
          : await replyTo(message.value, this.oob, (request) => this.execute(request));
      if (client === this.client) this.send(reply);
      this.port.accept();
    }
    this.busy = false;
  }

  private execute(request: Request): unknown {
    if (request.command === 'qmp_capabilities' || !this.negotiated) return this.negotiate(request.command, request.arguments);
    return runCommand(request, this.context);
  }

  private negotiate(command: string, given: JsonObject): unknown {
    if (command !== 'qmp_capabilities') throw new QmpError('CommandNotFound', `Expecting capabilities negotiation with 'qmp_capabilities'`);
    const { enable = [] } = checkArguments(NEGOTIATION, given) as { enable?: Json[] };
    if (this.negotiated) throw new QmpError('CommandNotFound', 'Capabilities negotiation is already complete, command ignored');
    for (const capability of enable) {
      // QEMU has no name for the element of a list, and says so.
      if (typeof capability !== 'string') throw new QmpError('GenericError', `Invalid parameter type for 'null', expected: string`);
      if (capability !== 'oob') throw new QmpError('GenericError', `Parameter 'null' does not accept value '${capability}'`);
    }
    this.oob = enable.includes('oob');
    this.negotiated = true;
    return {};
  }
}

const NEGOTIATION = { kind: 'qmp', name: 'qmp_capabilities', arguments: { enable: { type: 'list', optional: true } }, run: () => ({}) } as const;
