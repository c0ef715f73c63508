/** What joins local APICs, I/O APICs and devices' messages: everything that is delivered goes through here. */
import { MsiTarget } from '@nandu/core';
import { injectable } from 'tsyringe';
import type { LocalApic } from './local-apic.js';
import { type ApicMessage, DELIVERY, messageFromMsi } from './message.js';

/** Physical destinations that mean everybody, 8 and 32 bits wide. */
const EVERYBODY = 0xff;
const EVERYBODY_WIDE = 0xffff_ffff;

@injectable()
export class ApicBus extends MsiTarget {
  readonly apics: LocalApic[] = [];
  /** The APIC whose processor runs: accesses to the shared page are its. */
  current: LocalApic | undefined;
  private readonly eoiListeners: ((vector: number) => void)[] = [];
  private readonly moveListeners: (() => void)[] = [];

  add(apic: LocalApic): void {
    this.apics.push(apic);
  }

  send(address: number, data: number): void {
    this.deliver(messageFromMsi(address, data));
  }

  /** Delivers to all who are meant. `wide`: the destination has 32 bits (x2APIC). */
  deliver(message: ApicMessage, wide = false): void {
    const { destination, logical, mode } = message;
    if (mode === DELIVERY.lowestPriority) {
      this.leastBusy((apic) => (logical ? apic.matchesLogical(destination, wide) : isMeant(apic, destination, wide)))?.receive(
        DELIVERY.fixed,
        message.vector,
        message.level,
      );
      return;
    }
    for (const apic of this.apics) {
      if (logical ? apic.matchesLogical(destination, wide) : isMeant(apic, destination, wide)) apic.receive(mode, message.vector, message.level);
    }
  }

  private leastBusy(isCandidate: (apic: LocalApic) => boolean): LocalApic | undefined {
    let best: LocalApic | undefined;
    for (const apic of this.apics) {
      if (isCandidate(apic) && apic.softwareEnabled && (!best || apic.processorPriority < best.processorPriority)) best = apic;
    }
    return best;
  }

  /** A level-triggered vector was served: I/O APICs look whether their line is still up. */
  onEoi(listener: (vector: number) => void): void {
    this.eoiListeners.push(listener);
  }
  /** Some local APIC is at another address now. */
  onMove(listener: () => void): void {
    this.moveListeners.push(listener);
  }
  moved(): void {
    for (const listener of this.moveListeners) listener();
  }
  broadcastEoi(vector: number): void {
    for (const listener of this.eoiListeners) listener(vector);
  }
}

function isMeant(apic: LocalApic, destination: number, wide: boolean): boolean {
  return destination === apic.busId || destination === (wide ? EVERYBODY_WIDE : EVERYBODY);
}
