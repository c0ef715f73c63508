import { device, property, type } from '@nandu/core';
import { DISABLE_LEGACY, DISABLE_MODERN, type OnOffAuto, VECTORS, VirtioPci } from '@nandu/virtio';
import { inject } from 'tsyringe';
import { LEGACY_PCI_ID, VirtioRng } from './virtio-rng.js';

@type({ name: 'virtio-rng-pci-base', abstract: true })
export abstract class VirtioRngPciBase extends VirtioPci {
  @property(VECTORS(2))
  override vectors = 2;

  constructor(rng: VirtioRng) {
    super(rng, { legacyId: LEGACY_PCI_ID });
  }
}

const SUMMARY = 'gives the guest random numbers';

@device({ type: 'virtio-rng-pci', summary: SUMMARY, category: 'Misc', aliases: ['virtio-rng'] })
export class VirtioRngPci extends VirtioRngPciBase {
  @property(DISABLE_LEGACY)
  override disableLegacy: OnOffAuto = 'auto';
  @property(DISABLE_MODERN)
  override disableModern = false;

  constructor(@inject(VirtioRng) rng: VirtioRng) {
    super(rng);
  }
}

@device({ type: 'virtio-rng-pci-transitional', summary: SUMMARY, category: 'Misc' })
export class VirtioRngPciTransitional extends VirtioRngPciBase {
  override disableLegacy: OnOffAuto = 'off';
  constructor(@inject(VirtioRng) rng: VirtioRng) {
    super(rng);
  }
}

@device({ type: 'virtio-rng-pci-non-transitional', summary: SUMMARY, category: 'Misc' })
export class VirtioRngPciNonTransitional extends VirtioRngPciBase {
  override disableLegacy: OnOffAuto = 'on';
  constructor(@inject(VirtioRng) rng: VirtioRng) {
    super(rng);
  }
}
