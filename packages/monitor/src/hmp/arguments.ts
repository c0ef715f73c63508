/**
 * Arguments of HMP commands, by QEMU's args_type strings: 'path:s,property:s,value:S'. A type is one letter, '?' after it makes
 * it optional, '-x' is a flag. See the comment at the top of QEMU's monitor documentation for the letters.
 */
import { isIdentifier, optionRecord, parseOptions, parseSize } from '@nandu/core';
import { ExpressionError, parseExpression, type Registers } from './expression.js';

/** What the user got wrong; printed as it is, followed by a hint at `help`. */
export class ArgumentError extends Error {}

export interface Format {
  readonly count: number;
  readonly format: string | undefined;
  readonly sizeBytes: number | undefined;
}

interface Declared {
  readonly name: string;
  readonly type: string;
}

export function declaredArguments(args: string): Declared[] {
  return args
    .split(',')
    .filter(Boolean)
    .map((part) => {
      const [name = '', type = ''] = part.split(':');
      return { name, type };
    });
}

/** The text that is left of a line, and where its reader is. */
export class Reader {
  constructor(
    readonly text: string,
    public at = 0,
  ) {}
  get here(): string {
    return this.text[this.at] ?? '';
  }
  get ended(): boolean {
    return this.at >= this.text.length;
  }
  skipSpace(): void {
    while (/\s/.test(this.here)) this.at++;
  }
  /** A word, or a string in double quotes with C's escapes. Undefined at the end or where a quote is not closed. */
  word(): string | undefined {
    this.skipSpace();
    if (this.ended) return undefined;
    if (this.here !== '"') {
      const [word = ''] = /^\S+/.exec(this.text.slice(this.at)) ?? [];
      this.at += word.length;
      return word;
    }
    const quoted = /^"((?:[^"\\]|\\.)*)"/s.exec(this.text.slice(this.at));
    if (!quoted) return undefined;
    this.at += quoted[0].length;
    return (quoted[1] as string).replace(/\\(.)/gs, (_, c: string) => ({ n: '\n', r: '\r' })[c] ?? c);
  }
}

type Parse = (reader: Reader, command: string, registers: Registers, declared: string) => unknown;

const expected =
  (what: string): Parse =>
  (reader, command) => {
    const word = reader.word();
    if (word === undefined) throw new ArgumentError(`${command}: ${what} expected`);
    return word;
  };

const integer: Parse = (reader, _, registers) => {
  const { value, end } = expression(reader, registers);
  reader.at = end;
  return Number(value);
};

/** Of 64 bits: a bigint where a number could not hold it exactly. */
const wideInteger: Parse = (reader, _, registers) => {
  const { value, end } = expression(reader, registers);
  reader.at = end;
  const number = Number(value);
  return Number.isSafeInteger(number) ? number : value;
};

function expression(reader: Reader, registers: Registers): { value: bigint; end: number } {
  try {
    return parseExpression(reader.text, reader.at, registers);
  } catch (error) {
    if (error instanceof ExpressionError) throw new ArgumentError(error.message);
    throw error;
  }
}

const PARSERS: Readonly<Record<string, Parse>> = {
  s: expected('string'),
  F: expected('filename'),
  B: expected('block device name'),
  S: (reader, command) => {
    reader.skipSpace();
    if (reader.ended) throw new ArgumentError(`${command}: string expected`);
    const rest = reader.text.slice(reader.at);
    reader.at = reader.text.length;
    return rest;
  },
  O: (reader) => {
    const word = reader.word() ?? '';
    const options = optionRecord(parseOptions(word, 'driver'));
    // QEMU says what is wrong on its stderr; the monitor only points at the help.
    if (options['id'] !== undefined && !isIdentifier(options['id'])) throw new ArgumentError('');
    return options;
  },
  '/': (reader) => parseFormat(reader),
  i: (reader, command, registers, declared) => {
    const value = integer(reader, command, registers, declared) as number;
    if (value < 0 || value >= 2 ** 32) throw new ArgumentError(`'${command}' has failed: integer is for 32-bit values`);
    return value;
  },
  l: wideInteger,
  /** A number of MiB, given in bytes to the command. */
  M: (reader, command, registers, declared) => {
    const value = integer(reader, command, registers, declared) as number;
    if (value < 0) throw new ArgumentError('enter a positive value');
    return value * 1024 * 1024;
  },
  o: (reader) => {
    const value = parseSize(reader.word() ?? '', 'M');
    if (value === undefined) throw new ArgumentError('invalid size');
    return value;
  },
  T: (reader) => {
    const [, digits, unit] = /^([0-9.]+)(ms|us|ns)?$/.exec(reader.word() ?? '') ?? [];
    if (digits === undefined) throw new ArgumentError('invalid time');
    return Number(digits) / ({ ms: 1e3, us: 1e6, ns: 1e9 }[unit ?? ''] ?? 1);
  },
  b: (reader) => {
    const word = reader.word();
    if (word !== 'on' && word !== 'off') throw new ArgumentError(`Expected 'on' or 'off'`);
    return word === 'on';
  },
};

const SIZES: Readonly<Record<string, number>> = { b: 1, h: 2, w: 4, g: 8, l: 8 };

function parseFormat(reader: Reader): Format {
  reader.skipSpace();
  let count = 1;
  let format: string | undefined;
  let sizeBytes: number | undefined;
  if (reader.here !== '/') return { count, format, sizeBytes };
  reader.at++;
  const [digits = ''] = /^[0-9]*/.exec(reader.text.slice(reader.at)) ?? [];
  if (digits) count = Number(digits);
  reader.at += digits.length;
  for (; !reader.ended; reader.at++) {
    const c = reader.here;
    if ('oduxic'.includes(c)) format = c;
    else if (c in SIZES) sizeBytes = SIZES[c];
    else break;
  }
  if (!reader.ended && !/\s/.test(reader.here)) throw new ArgumentError(`invalid char in format: '${reader.here}'`);
  return { count, format, sizeBytes };
}

/** Parses what follows a command's name. `command` is its full name ('cont|c'), as messages have it. */
export function parseArguments(args: string, command: string, reader: Reader, registers: Registers): Record<string, unknown> {
  const declared = declaredArguments(args);
  const result: Record<string, unknown> = {};
  const flags = declared.filter(({ type }) => type.startsWith('-')).map(({ type }) => type[1]);
  for (const { name, type } of declared) {
    const letter = type[0] as string;
    if (letter === '-') {
      const at = reader.at;
      reader.skipSpace();
      if (reader.here !== '-') continue;
      const flag = reader.text[reader.at + 1] ?? '';
      if (flag === type[1]) {
        reader.at += 2;
        result[name] = type[2] === 's' ? expected('string')(reader, command, registers, name) : true;
      } else if (flags.includes(flag)) {
        reader.at = at;
      } else {
        throw new ArgumentError(`${command}: unsupported option -${flag}`);
      }
      continue;
    }
    reader.skipSpace();
    if (type[1] === '?' && reader.ended) continue;
    if (type[1] === '.') {
      if (reader.here !== '.') continue;
      reader.at++;
    }
    const parse = PARSERS[letter];
    if (!parse) throw new Error(`args_type '${letter}' of ${command} is unknown`);
    result[name] = parse(reader, command, registers, name);
  }
  reader.skipSpace();
  if (!reader.ended) throw new ArgumentError(`${command}: extraneous characters at the end of line`);
  return result;
}
