import { Bus, type } from '@nandu/core';

/** The bus between a transport and its one device. */
@type({ name: 'virtio-bus', abstract: true })
export abstract class VirtioBus extends Bus {}

@type({ name: 'virtio-pci-bus' })
export class VirtioPciBus extends VirtioBus {}
