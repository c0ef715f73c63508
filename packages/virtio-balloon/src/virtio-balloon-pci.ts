import { device, property, type } from '@nandu/core';
import { BACKEND, DISABLE_LEGACY, DISABLE_MODERN, type OnOffAuto, VirtioPci } from '@nandu/virtio';
import { inject } from 'tsyringe';
import { LEGACY_PCI_ID } from './protocol.js';
import { VirtioBalloon } from './virtio-balloon.js';

@type({ name: 'virtio-balloon-pci-base', abstract: true, parts: { [BACKEND]: VirtioBalloon } })
export abstract class VirtioBalloonPciBase extends VirtioPci {
  constructor(balloon: VirtioBalloon) {
    super(balloon, { legacyId: LEGACY_PCI_ID });
  }
}

const SUMMARY = 'takes memory from the guest and gives it back';

@device({ type: 'virtio-balloon-pci', summary: SUMMARY, category: 'Misc', aliases: ['virtio-balloon'] })
export class VirtioBalloonPci extends VirtioBalloonPciBase {
  @property(DISABLE_LEGACY)
  override disableLegacy: OnOffAuto = 'auto';
  @property(DISABLE_MODERN)
  override disableModern = false;

  constructor(@inject(VirtioBalloon) balloon: VirtioBalloon) {
    super(balloon);
  }
}

@device({ type: 'virtio-balloon-pci-transitional', summary: SUMMARY, category: 'Misc' })
export class VirtioBalloonPciTransitional extends VirtioBalloonPciBase {
  override disableLegacy: OnOffAuto = 'off';
  constructor(@inject(VirtioBalloon) balloon: VirtioBalloon) {
    super(balloon);
  }
}

@device({ type: 'virtio-balloon-pci-non-transitional', summary: SUMMARY, category: 'Misc' })
export class VirtioBalloonPciNonTransitional extends VirtioBalloonPciBase {
  override disableLegacy: OnOffAuto = 'on';
  constructor(@inject(VirtioBalloon) balloon: VirtioBalloon) {
    super(balloon);
  }
}
