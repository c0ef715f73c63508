import { ConfigError, QmpError } from '../errors.js';
import type { QObject } from '../object/object.js';
import { type TextForm } from '../object/property-types.js';
import { allProperties, isSubtype, type TypeInfo, type TypeRegistry } from '../object/type.js';
import type { Machine } from './machine.js';

/**
 * What an object that `-object` and object-add can make may have besides properties. Its type names the interface
 * 'user-creatable' and is not a device.
 */
export interface UserCreatable {
  /** All properties are set and the object is in the tree, at /objects/<id>: check, take resources. Throws ConfigError. */
  complete?(): void;
  /** False while something uses it: object-del is refused. */
  canBeDeleted?(): boolean;
  /** It is gone from the tree: give resources back. */
  destroy?(): void;
}

export interface ObjectOptions {
  readonly qomType: string;
  readonly id: string;
  readonly properties: Readonly<Record<string, unknown>>;
  /** Values are option text of that form; undefined: JSON values. */
  readonly text?: TextForm;
}

export const ID_HINT = `Identifiers consist of letters, digits, '-', '.', '_', starting with a letter.`;

/** QEMU's rule for ids (id_wellformed). */
export function isIdentifier(id: string): boolean {
  return /^[A-Za-z][A-Za-z0-9_.-]*$/.test(id);
}

/** Refuses what can be refused before anything is made: the type, unknown and missing properties, values that are none. */
export function checkObject(types: TypeRegistry, { qomType, id, properties, text }: ObjectOptions): TypeInfo {
  const info = types.find(qomType);
  if (!info || info.abstract || !isSubtype(info, 'user-creatable')) throw new ConfigError(`Parameter 'qom-type' does not accept value '${qomType}'`);
  const declared = new Map(allProperties(info).map((p) => [p.name, p]));
  for (const { name, type, required } of declared.values()) {
    const value = properties[name];
    if (value === undefined) {
      if (required) throw new ConfigError(`Parameter '${name}' is missing`);
    } else if (text) type.parse(String(value), name, text);
    else type.fromJson(value, name);
  }
  const unknown = Object.keys(properties).find((name) => !declared.has(name));
  if (unknown !== undefined) throw new ConfigError(text === 'object' ? `Invalid parameter '${unknown}'` : `Parameter '${unknown}' is unexpected`);
  if (!isIdentifier(id)) throw new ConfigError(`Parameter 'id' expects an identifier`, ID_HINT);
  return info;
}

/** Creates, configures and completes an object under /objects (QEMU's user_creatable_add_type). */
export function addObject(machine: Machine, options: ObjectOptions): QObject {
  const info = checkObject(machine.types, options);
  const object = machine.instantiateType(info);
  for (const [name, value] of Object.entries(options.properties)) {
    if (options.text) object.setPropertyText(name, String(value), options.text);
    else object.setProperty(name, value);
  }
  machine.objects.addChild(options.id, object);
  try {
    (object as UserCreatable).complete?.();
  } catch (error) {
    object.unparent();
    throw error;
  }
  return object;
}

/** object-del. */
export function removeObject(machine: Machine, id: string): void {
  const object = machine.objects.children.get(id) as (QObject & UserCreatable) | undefined;
  if (!object) throw new QmpError('GenericError', `object '${id}' not found`);
  if (object.canBeDeleted && !object.canBeDeleted()) throw new QmpError('GenericError', `object '${id}' is in use, can not be deleted`);
  object.unparent();
  object.destroy?.();
}
