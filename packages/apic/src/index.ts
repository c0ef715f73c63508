export { ApicBus } from './apic-bus.js';
export { APIC_PAGE_ADDRESS, ApicPages } from './apic-page.js';
export { IOAPIC_ADDRESS, IOAPIC_PINS, IoApic } from './ioapic.js';
export { type ExternalInterrupts, LocalApic } from './local-apic.js';
export { type ApicMessage, DELIVERY, messageFromMsi } from './message.js';
export { apicPlugin } from './plugin.js';
