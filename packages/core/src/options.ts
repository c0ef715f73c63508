/**
 * QEMU's option strings: 'virtio-mem-pci,id=vm0,memdev=mem0'. Pairs are separated by commas, ',,' is a comma in a value, the
 * first may be a bare value of an implied key, and a bare name later on is short for on (or, after 'no', for off).
 */
export interface OptionPair {
  readonly name: string;
  readonly value: string;
  /** Given without '=', which QEMU warns about. */
  readonly shortForm?: string;
}

/** Splits an option string into its pairs, in order. */
export function parseOptions(text: string, impliedKey?: string): OptionPair[] {
  const pairs: OptionPair[] = [];
  let rest = text;
  for (let first = true; rest !== ''; first = false) {
    const name = /^[^=,]*/.exec(rest)?.[0] ?? '';
    if (rest[name.length] === '=') {
      const { value, length } = takeValue(rest.slice(name.length + 1));
      pairs.push({ name, value });
      rest = rest.slice(name.length + 1 + length + 1);
    } else if (first && impliedKey !== undefined) {
      const { value, length } = takeValue(rest);
      pairs.push({ name: impliedKey, value });
      rest = rest.slice(length + 1);
    } else {
      pairs.push(name.startsWith('no') ? { name: name.slice(2), value: 'off', shortForm: name } : { name, value: 'on', shortForm: name });
      rest = rest.slice(name.length + 1);
    }
  }
  return pairs;
}

function takeValue(text: string): { value: string; length: number } {
  let value = '';
  let at = 0;
  while (at < text.length) {
    if (text[at] === ',') {
      if (text[at + 1] !== ',') break;
      at++;
    }
    value += text[at++];
  }
  return { value, length: at };
}

/** Pairs as a record; of a repeated name the last counts. */
export function optionRecord(pairs: readonly OptionPair[]): Record<string, string> {
  return Object.fromEntries(pairs.map(({ name, value }) => [name, value]));
}

/** What QEMU says of names without '='. */
export function shortFormWarning({ shortForm, name, value }: OptionPair): string | undefined {
  return shortForm === undefined ? undefined : `short-form boolean option '${shortForm}' deprecated\nPlease use ${name}=${value} instead`;
}
