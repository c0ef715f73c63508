import { ConfigError } from '../errors.js';
import type { PropertyType, TextForm } from './property-types.js';
import { allProperties, type ObjectClass, type PropertyInfo, type TypeInfo, type, typeOf } from './type.js';

/** A property that one object has beyond its type's: children, links, aliases of a part's properties. */
export interface DynamicProperty {
  readonly name: string;
  readonly type: string;
  readonly help?: string;
  get?(): unknown;
  set?(value: unknown): void;
}

/** An object of the tree: has a type, a place in the tree (its path), children and properties. */
@type({ name: 'object', abstract: true })
export abstract class QObject {
  parent: QObject | undefined;
  /** Name among the parent's children. */
  childName = '';
  readonly children = new Map<string, QObject>();
  readonly dynamicProperties = new Map<string, DynamicProperty>();
  /** Properties of a part that this object shows as its own (QOM's aliases): name to part. */
  readonly aliases = new Map<string, QObject>();

  get typeInfo(): TypeInfo {
    return typeOf(this.constructor as ObjectClass) as TypeInfo;
  }

  /** Canonical path: '/machine/peripheral/vm0'. */
  get path(): string {
    if (!this.parent) return '/';
    const above = this.parent.path;
    return `${above === '/' ? '' : above}/${this.childName}`;
  }

  /** Adds a child; a name ending in '[*]' takes the first free index. */
  addChild<T extends QObject>(name: string, child: T): T {
    if (name.endsWith('[*]')) {
      let index = 0;
      while (this.children.has(`${name.slice(0, -3)}[${index}]`)) index++;
      name = `${name.slice(0, -3)}[${index}]`;
    } else if (this.children.has(name)) {
      throw new ConfigError(`attempt to add duplicate property '${name}' to object (type '${this.typeInfo.name}')`);
    }
    this.children.set(name, child);
    child.parent = this;
    child.childName = name;
    return child;
  }

  unparent(): void {
    this.parent?.children.delete(this.childName);
    this.parent = undefined;
  }

  findProperty(name: string): PropertyInfo | undefined {
    return allProperties(this.typeInfo).findLast((p) => p.name === name) ?? this.aliases.get(name)?.findProperty(name);
  }

  /** Shows all properties of `part` that its type has and this object has not. */
  addAliases(part: QObject): void {
    for (const { name } of allProperties(part.typeInfo)) if (!this.findProperty(name)) this.aliases.set(name, part);
    for (const name of part.dynamicProperties.keys()) if (!this.dynamicProperties.has(name)) this.aliases.set(name, part);
  }

  /** The value of a property as JSON (QMP's qom-get). */
  getProperty(name: string): unknown {
    const part = this.aliases.get(name);
    if (part) return part.getProperty(name);
    const info = this.findProperty(name);
    if (info) return info.type.toJson(this.readField(info));
    const dynamic = this.dynamicProperties.get(name);
    if (dynamic?.get) return dynamic.get();
    const child = this.children.get(name);
    if (child) return child.path;
    if (name === 'type') return this.typeInfo.name;
    throw new ConfigError(`Property '${this.typeInfo.name}.${name}' not found`);
  }

  /** Sets from JSON (QMP) or from text (options, HMP). */
  setProperty(name: string, value: unknown): void {
    this.set(name, (property) => property.fromJson(value, name), value);
  }
  setPropertyText(name: string, text: string, form: TextForm = 'monitor'): void {
    this.set(name, (property) => property.parse(text, name, form), text);
  }

  /** Hook: throws where a property may not be changed now. */
  protected checkSettable(_property: PropertyInfo): void {}

  private set(name: string, convert: (type: PropertyType) => unknown, raw: unknown): void {
    const part = this.aliases.get(name);
    if (part) return part.set(name, convert, raw);
    const info = this.findProperty(name);
    if (!info) {
      const dynamic = this.dynamicProperties.get(name);
      const present = dynamic ?? this.children.get(name) ?? (name === 'type' || undefined);
      if (!present) throw new ConfigError(`Property '${this.typeInfo.name}.${name}' not found`);
      if (!dynamic?.set) throw new ConfigError(`Property '${this.typeInfo.name}.${name}' is not writable`);
      dynamic.set(raw);
      return;
    }
    if (info.readOnly) throw new ConfigError(`Property '${this.typeInfo.name}.${name}' is not writable`);
    this.checkSettable(info);
    const value = convert(info.type);
    const { min = -Infinity, max = Infinity } = info;
    if (typeof value === 'number' && (value < min || value > max)) {
      throw new ConfigError(`Property ${this.typeInfo.name}.${name} doesn't take value ${value} (minimum: ${min}, maximum: ${max})`);
    }
    this.writeField(info, value);
  }

  private readField(info: PropertyInfo): unknown {
    return info.get ? (info.get as (this: QObject) => unknown).call(this) : (this as Record<string, unknown>)[info.field];
  }

  private writeField(info: PropertyInfo, value: unknown): void {
    if (info.set) (info.set as (this: QObject, v: unknown) => void).call(this, value);
    else (this as Record<string, unknown>)[info.field] = value;
  }

  /** The object at a path: absolute, or partial if that is unambiguous. */
  resolve(path: string): QObject | undefined {
    if (!path.startsWith('/')) return this.resolvePartial(path);
    let at: QObject | undefined = this;
    while (at.parent) at = at.parent;
    for (const part of path.split('/').filter(Boolean)) {
      at = at.children.get(part);
      if (!at) return undefined;
    }
    return at;
  }

  private resolvePartial(path: string): QObject | undefined {
    const parts = path.split('/');
    const matches: QObject[] = [];
    const visit = (object: QObject): void => {
      let at: QObject | undefined = object;
      for (const part of parts) at = at?.children.get(part);
      if (at) matches.push(at);
      for (const child of object.children.values()) visit(child);
    };
    visit(this);
    return matches.length === 1 ? matches[0] : undefined;
  }
}

/** A node that only holds others: '/objects', '/machine/peripheral'. */
@type({ name: 'container' })
export class Container extends QObject {}
