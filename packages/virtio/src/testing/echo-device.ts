import { AddressSpaceMemory, device, Log, Machine, saved } from '@nandu/core';
import { inject } from 'tsyringe';
import { VirtioDevice } from '../virtio-device.js';
import { VirtioPci } from '../virtio-pci.js';

/** Writes back what it reads, in capitals. */
@device({ type: 'echo-device', bus: 'virtio-bus' })
export class EchoDevice extends VirtioDevice {
  override readonly deviceNumber = 63;
  @saved() served = 0;
  constructor(@inject(Machine) machine: Machine, @inject(AddressSpaceMemory) memory: AddressSpaceMemory, @inject(Log) log: Log) {
    super(machine, memory, log);
  }
  override realize(): void {
    super.realize();
    this.addQueue(8, (queue) => {
      for (let element = queue.pop(); element; element = queue.pop()) {
        const bytes = new Uint8Array(Math.min(64, element.readableLength));
        element.read(0, bytes);
        const written = element.write(
          0,
          bytes.map((byte) => (byte >= 0x61 ? byte - 0x20 : byte)),
        );
        this.served++;
        queue.push(element, written);
        this.interruptFor(queue);
      }
    });
  }
  protected override ownFeatures(): bigint {
    return 0n;
  }
  override configBytes(): Uint8Array {
    return Uint8Array.of(1, 2, 3, 4);
  }
}

@device({ type: 'echo-pci' })
export class EchoPci extends VirtioPci {
  constructor(@inject(EchoDevice) echo: EchoDevice) {
    super(echo, { legacyId: 0x1010 });
  }
}
