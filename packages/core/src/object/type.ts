/**
 * Types of the object model (QEMU's QOM). A TypeScript class is the type: the decorator `@type` (or `@device`) gives it a name,
 * its parent is the nearest decorated class it extends, and `@property` fields are its properties. Nothing is registered
 * globally: a machine's `TypeRegistry` is filled from its plugins.
 */
import 'reflect-metadata';
import { injectable } from 'tsyringe';
import type { QObject } from './object.js';
import { boolType, integerType, type PropertyType, stringType, uint32Type } from './property-types.js';

// biome-ignore lint/suspicious/noExplicitAny: constructors take whatever injection gives them.
export type ObjectClass<T extends QObject = QObject> = abstract new (...args: any[]) => T;

export interface TypeOptions {
  /** QOM name: 'virtio-mem-pci'. */
  readonly name: string;
  readonly summary?: string;
  readonly abstract?: boolean;
  /** Interfaces it implements, by name: 'user-creatable', 'hotplug-handler'. */
  readonly interfaces?: readonly string[];
  /** For devices: the bus it sits on ('PCI', 'ISA', 'virtio-bus', 'System'; by default its parent's), and what `-device help` says. */
  readonly bus?: string;
  readonly category?: string;
  /** Whether `-device` may create it. */
  readonly userCreatable?: boolean;
  readonly hotpluggable?: boolean;
  /** Other names that create it ('virtio-mem' style aliases). */
  readonly aliases?: readonly string[];
  /** Children that objects of this type and of those below it are made with and whose properties they show as their own: name to class. */
  readonly parts?: Readonly<Record<string, ObjectClass>>;
}

export interface PropertyOptions<T = unknown> {
  /** QEMU's name; by default the field's, in kebab-case without a unit (`requestedSizeBytes` is `requested-size`). */
  readonly name?: string;
  /** By default from the field's TypeScript type: boolean, string, number (uint32). */
  readonly type?: PropertyType<T>;
  readonly help?: string;
  readonly min?: number;
  readonly max?: number;
  /** May be set after realize. */
  readonly runtime?: boolean;
  readonly readOnly?: boolean;
  /** object-add and -object refuse to go without it. */
  readonly required?: boolean;
  /** Shown by device-list-properties as `default-value`. Undefined: the field's initial value is not announced. */
  readonly default?: unknown;
  /** Called instead of plain assignment, with the parsed value; `this` is the object. Checks and acts; may throw ConfigError. */
  readonly set?: (this: never, value: T) => void;
  readonly get?: (this: never) => T;
}

export interface PropertyInfo extends PropertyOptions {
  readonly name: string;
  /** Name of the field. */
  readonly field: string;
  readonly type: PropertyType;
}

export interface TypeInfo extends TypeOptions {
  readonly constructor_: ObjectClass;
  readonly parent: TypeInfo | undefined;
  /** Own properties; `allProperties` has the inherited ones too. */
  readonly properties: readonly PropertyInfo[];
}

const TYPE = Symbol('type');
const PROPERTIES = Symbol('properties');

function ownMetadata<T>(target: object, key: symbol, make: () => T): T {
  if (!Object.hasOwn(target, key)) Object.defineProperty(target, key, { value: make(), configurable: true });
  return (target as Record<symbol, T>)[key] as T;
}

export function type(options: TypeOptions): ClassDecorator {
  return (target) => {
    const constructor_ = target as unknown as ObjectClass;
    const parent = typeOf(Object.getPrototypeOf(constructor_) as ObjectClass);
    const info: TypeInfo = {
      ...options,
      bus: options.bus ?? parent?.bus,
      ...((options.parts ?? parent?.parts) ? { parts: options.parts ?? parent?.parts } : {}),
      constructor_,
      parent,
      properties: ownMetadata<PropertyInfo[]>(constructor_.prototype as object, PROPERTIES, () => []),
    };
    Object.defineProperty(constructor_, TYPE, { value: info, configurable: true });
    if (!options.abstract) injectable()(constructor_ as never);
  };
}

/** A device type: `@type` with what `-device` wants to know. */
export function device(options: Omit<TypeOptions, 'name'> & { readonly type: string }): ClassDecorator {
  const { type: name, ...rest } = options;
  return type({ userCreatable: true, hotpluggable: true, ...rest, name });
}

/** The nearest decorated class at or above `constructor_`. */
export function typeOf(constructor_: ObjectClass | null): TypeInfo | undefined {
  return constructor_ ? (constructor_ as unknown as Record<symbol, TypeInfo | undefined>)[TYPE] : undefined;
}

export function property<T = unknown>(options: PropertyOptions<T> = {}): PropertyDecorator {
  return (target, key) => {
    const field = String(key);
    const list = ownMetadata<PropertyInfo[]>(target, PROPERTIES, () => []);
    const designed = Reflect.getMetadata('design:type', target, key) as unknown;
    list.push({
      ...(options as PropertyOptions),
      field,
      name: options.name ?? kebab(field),
      type: (options.type as PropertyType | undefined) ?? inferred(designed, field, options),
    });
  };
}

/** TypeScript records the type of a field that is annotated with one; a range says as much as an annotation. */
function inferred(designed: unknown, field: string, { min, max }: Pick<PropertyOptions, 'min' | 'max'>): PropertyType {
  if (min !== undefined || max !== undefined) return integerType('uint32', min ?? 0, max ?? 0xffff_ffff) as PropertyType;
  if (designed === Boolean) return boolType as PropertyType;
  if (designed === String) return stringType as PropertyType;
  if (designed === Number) return uint32Type as PropertyType;
  throw new Error(`property ${field} needs a type: annotate the field (boolean, number, string) or give one to @property`);
}

function kebab(field: string): string {
  return field.replace(/(Bytes|Ns|Us|Ms|Hz)$/, '').replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`);
}

/** Own and inherited, ancestors first. */
export function allProperties(info: TypeInfo): PropertyInfo[] {
  return [...(info.parent ? allProperties(info.parent) : []), ...info.properties];
}

/** A property as help and introspection tell of it. */
export interface PropertyDescription {
  readonly name: string;
  /** Name of its type. */
  readonly type: string;
  readonly help?: string | undefined;
  readonly default?: unknown;
}

/** Everything that an object of this type will show: its own properties, those of its parts, and the parts. */
export function describeProperties(info: TypeInfo): PropertyDescription[] {
  const rows = new Map<string, PropertyDescription>();
  const add = (row: PropertyDescription): void => void (rows.has(row.name) || rows.set(row.name, row));
  for (const {
    name,
    type: { name: type },
    help,
    default: preset,
  } of allProperties(info))
    add({ name, type, help, default: preset });
  for (const [child, constructor_] of Object.entries(info.abstract ? {} : (info.parts ?? {}))) {
    const part = typeOf(constructor_) as TypeInfo;
    for (const row of describeProperties(part)) add(row);
    add({ name: child, type: `child<${part.name}>` });
  }
  return [...rows.values()];
}

export function isSubtype(info: TypeInfo, name: string): boolean {
  for (let t: TypeInfo | undefined = info; t; t = t.parent) {
    if (t.name === name || t.interfaces?.includes(name)) return true;
  }
  return false;
}

/** The types of one machine. */
export class TypeRegistry {
  private readonly byName = new Map<string, TypeInfo>();
  private readonly byAlias = new Map<string, TypeInfo>();

  /** Adds a class and the decorated classes it extends. */
  add(constructor_: ObjectClass): void {
    for (let info = typeOf(constructor_); info; info = info.parent) {
      const present = this.byName.get(info.name);
      if (present && present.constructor_ !== info.constructor_) throw new Error(`type ${info.name} is registered twice`);
      this.byName.set(info.name, info);
      for (const alias of info.aliases ?? []) this.byAlias.set(alias, info);
    }
  }
  find(name: string): TypeInfo | undefined {
    return this.byName.get(name) ?? this.byAlias.get(name);
  }
  all(): TypeInfo[] {
    return [...this.byName.values()];
  }
}
