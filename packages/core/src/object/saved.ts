/**
 * State that reset, snapshot and migration work from. A device marks its fields `@saved()`; plain values (numbers, booleans,
 * strings, bigints, arrays and typed arrays of them) are copied, anything else must be `Saveable`.
 */
export interface Saveable {
  save(): unknown;
  load(state: never): void;
  /** Back to the power-on state. */
  reset(): void;
}

const SAVED = Symbol('saved');

export function saved(): PropertyDecorator {
  return (target, key) => {
    if (!Object.hasOwn(target, SAVED)) {
      const inherited = (target as Record<symbol, string[] | undefined>)[SAVED] ?? [];
      Object.defineProperty(target, SAVED, { value: [...inherited] });
    }
    (target as Record<symbol, string[]>)[SAVED]?.push(String(key));
  };
}

export function savedFields(object: object): readonly string[] {
  return (object as Record<symbol, string[] | undefined>)[SAVED] ?? [];
}

function isSaveable(value: unknown): value is Saveable {
  return typeof (value as Saveable | undefined)?.save === 'function' && typeof (value as Saveable).load === 'function';
}

/** A copy of every saved field, structured-clonable. */
export function saveFields(object: object): Record<string, unknown> {
  const fields = object as Record<string, unknown>;
  return Object.fromEntries(
    savedFields(object).map((name) => [name, isSaveable(fields[name]) ? (fields[name] as Saveable).save() : structuredClone(fields[name])]),
  );
}

export function loadFields(object: object, state: Readonly<Record<string, unknown>>): void {
  const fields = object as Record<string, unknown>;
  for (const name of savedFields(object)) {
    if (!(name in state)) continue;
    const present = fields[name];
    if (isSaveable(present)) present.load(state[name] as never);
    else if (ArrayBuffer.isView(present) && !(present instanceof DataView)) (present as Uint8Array).set(state[name] as Uint8Array);
    else fields[name] = structuredClone(state[name]);
  }
}

/** Puts fields back to what `initial` (made by `saveFields` at realize) holds; Saveables reset themselves. */
export function resetFields(object: object, initial: Readonly<Record<string, unknown>>): void {
  const fields = object as Record<string, unknown>;
  const plain: Record<string, unknown> = {};
  for (const name of savedFields(object)) {
    if (isSaveable(fields[name])) (fields[name] as Saveable).reset();
    else plain[name] = initial[name];
  }
  const saveables = new Set(savedFields(object).filter((name) => !(name in plain)));
  loadFields(object, Object.fromEntries(Object.entries(plain).filter(([name]) => !saveables.has(name))));
}
