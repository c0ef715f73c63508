/**
 * `query-qmp-schema`: what commands take, generated from their declarations. As in QEMU, only built-in types have speaking names;
 * others are numbered. Replies are not declared yet, so that every command returns 'any' here.
 * QEMU, docs/devel/qapi-code-gen, "Client JSON Protocol introspection".
 */
import type { ArgumentInfo, ArgumentType, QmpCommand } from '@nandu/core';

const JSON_TYPES = { any: 'value', bool: 'boolean', int: 'int', null: 'null', number: 'number', str: 'string' } as const;
/** Named argument types; lists and dictionaries have no declared content. */
const BUILTINS: Readonly<Record<Extract<ArgumentType, string>, string>> = {
  str: 'str',
  int: 'int',
  size: 'int',
  number: 'number',
  bool: 'bool',
  any: 'any',
  list: '[any]',
  dict: 'any',
};

type SchemaInfo = Readonly<Record<string, unknown>>;

class SchemaBuilder {
  readonly entries: SchemaInfo[] = [];
  /** Numbers of types, by what they are. */
  private readonly numbers = new Map<string, string>();

  addCommand({ name, arguments: declared, open }: Pick<QmpCommand, 'name' | 'arguments' | 'open'>): void {
    const argumentType = this.typeOf({ 'meta-type': 'object', members: Object.entries(declared).map(([key, info]) => this.member(key, info)) });
    // Members that are not declared: what -device and -object take as JSON.
    const features = open ? { features: ['json-cli', 'json-cli-hotplug'] } : {};
    this.entries.push({ name, 'meta-type': 'command', 'arg-type': argumentType, 'ret-type': 'any', ...features });
  }

  addBuiltins(): void {
    for (const [name, json] of Object.entries(JSON_TYPES)) this.entries.push({ name, 'meta-type': 'builtin', 'json-type': json });
    this.entries.push({ name: '[any]', 'meta-type': 'array', 'element-type': 'any' });
  }

  private member(name: string, { type, optional }: ArgumentInfo): SchemaInfo {
    const typeName = typeof type === 'string' ? BUILTINS[type] : this.enumeration(type);
    return { name, type: typeName, ...(optional ? { default: null } : {}) };
  }

  private enumeration(values: readonly string[]): string {
    return this.typeOf({ 'meta-type': 'enum', members: values.map((name) => ({ name })), values });
  }

  /** The number of a type; equal ones share it. */
  private typeOf(type: SchemaInfo): string {
    const key = JSON.stringify(type);
    const known = this.numbers.get(key);
    if (known !== undefined) return known;
    const name = String(this.numbers.size);
    this.numbers.set(key, name);
    this.entries.push({ name, ...type });
    return name;
  }
}

/** SchemaInfo of commands and of the types that they refer to. */
export function schemaOf(commands: Iterable<Pick<QmpCommand, 'name' | 'arguments' | 'open'>>): SchemaInfo[] {
  const builder = new SchemaBuilder();
  for (const command of commands) builder.addCommand(command);
  builder.addBuiltins();
  return builder.entries;
}
