import { boolType, device, property, type } from '@nandu/core';
import { BACKEND, DISABLE_LEGACY, DISABLE_MODERN, type OnOffAuto, UNSPECIFIED_VECTORS, VECTORS, VirtioPci } from '@nandu/virtio';
import { inject } from 'tsyringe';
import { LEGACY_PCI_ID, VirtioRng } from './virtio-rng.js';

@type({ name: 'virtio-rng-pci-base', abstract: true, parts: { [BACKEND]: VirtioRng } })
export abstract class VirtioRngPciBase extends VirtioPci {
  /** Shown, and without effect: nothing here runs beside the guest. */
  @property({ type: boolType, default: true, help: 'on/off' })
  ioeventfd = true;
  @property(VECTORS)
  override vectors = UNSPECIFIED_VECTORS;

  constructor(rng: VirtioRng) {
    super(rng, { legacyId: LEGACY_PCI_ID, vectors: 2 });
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
