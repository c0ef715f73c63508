/** Character backends as nodes of the object tree: children of /chardevs, by id. */
import { type Chardev, Container, type Machine, type ObjectClass, QObject, type } from '@nandu/core';
import type { ChardevRegistry } from './registry.js';

@type({ name: 'chardev', abstract: true })
abstract class ChardevObject extends QObject {
  chardev!: Chardev;
}

@type({ name: 'chardev-fd', abstract: true })
abstract class FdObject extends ChardevObject {}
@type({ name: 'chardev-file' })
class FileObject extends FdObject {}
@type({ name: 'chardev-stdio' })
class StdioObject extends FdObject {}
@type({ name: 'chardev-mux' })
class MuxObject extends ChardevObject {}
@type({ name: 'chardev-null' })
class NullObject extends ChardevObject {}
@type({ name: 'chardev-ringbuf' })
class RingbufObject extends ChardevObject {}
@type({ name: 'chardev-socket' })
class SocketObject extends ChardevObject {
  constructor() {
    super();
    this.dynamicProperties.set('connected', { name: 'connected', type: 'bool', get: () => this.chardev.connected });
  }
}

const CLASSES: Readonly<Record<string, new () => ChardevObject>> = {
  file: FileObject,
  mux: MuxObject,
  null: NullObject,
  ringbuf: RingbufObject,
  socket: SocketObject,
  stdio: StdioObject,
};

export const chardevTypes: readonly ObjectClass[] = [ChardevObject, FdObject, ...Object.values(CLASSES)];

/** Keeps /chardevs as the registry is. */
export function showChardevs(machine: Machine, registry: ChardevRegistry): void {
  const folder = machine.root.addChild('chardevs', new Container());
  const show = (chardev: Chardev, kind: string): void => {
    const constructor_ = CLASSES[kind];
    if (!constructor_) return;
    const object = folder.addChild(chardev.id, new constructor_());
    object.chardev = chardev;
  };
  for (const chardev of registry.all()) show(chardev, registry.kindOf(chardev));
  registry.added$.subscribe((chardev) => show(chardev, registry.kindOf(chardev)));
  registry.removed$.subscribe(({ id }) => folder.children.get(id)?.unparent());
}
