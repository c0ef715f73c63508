import { definePlugin, MsiTarget } from '@nandu/core';
import { ApicBus } from './apic-bus.js';
import { infoLapic } from './info-lapic.js';
import { IoApic } from './ioapic.js';
import { LocalApic } from './local-apic.js';

export const apicPlugin = definePlugin({
  name: 'apic',
  types: [IoApic, LocalApic],
  commands: [infoLapic],
  bind(container) {
    container.registerSingleton(ApicBus);
    container.register(MsiTarget as never, { useFactory: (c) => c.resolve(ApicBus) });
  },
});
