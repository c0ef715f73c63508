import { definePlugin } from '@nandu/core';
import { balloon, hmpBalloon, infoBalloon, queryBalloon } from './commands/balloon.js';
import { VirtioBalloon } from './virtio-balloon.js';
import { VirtioBalloonPci, VirtioBalloonPciNonTransitional, VirtioBalloonPciTransitional } from './virtio-balloon-pci.js';

export const virtioBalloonPlugin = definePlugin({
  name: 'virtio-balloon',
  types: [VirtioBalloon, VirtioBalloonPci, VirtioBalloonPciTransitional, VirtioBalloonPciNonTransitional],
  commands: [balloon, hmpBalloon, queryBalloon, infoBalloon],
});
