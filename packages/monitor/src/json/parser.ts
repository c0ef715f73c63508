/** From tokens to values, with the messages of QEMU's parser. */
import { ConfigError } from '@nandu/core';
import { JsonLexer, type Token } from './lexer.js';

/** A number written with a point or an exponent whose value is whole or not finite: not an integer to QAPI. */
export class JsonFloat {
  constructor(readonly value: number) {}
}

/** Integers are numbers where exact, else bigints; see `JsonFloat`. */
export type Json = null | boolean | number | bigint | string | JsonFloat | Json[] | JsonObject;
export interface JsonObject {
  [name: string]: Json;
}

const MAX_BYTES = 64 * 1024 * 1024;
const MAX_TOKENS = 2 * 1024 * 1024;
const MAX_NESTING = 1024;

export type Message = { readonly value: Json } | { readonly error: string };

/** Splits a stream of bytes into JSON values; each, or what is wrong with it, goes to `emit` as soon as it is complete. */
export class JsonStream {
  private readonly lexer = new JsonLexer((token) => this.take(token));
  private tokens: Token[] = [];
  private bytes = 0;
  private braces = 0;
  private brackets = 0;

  constructor(private readonly emit: (message: Message) => void) {}

  feed(bytes: Uint8Array): void {
    this.lexer.feed(bytes);
    if (this.bytes + this.lexer.pending <= MAX_BYTES) return;
    this.lexer.reset();
    this.done({ error: 'JSON token size limit exceeded' });
  }

  /** The end of the text: an incomplete value is an error. */
  finish(): void {
    this.lexer.finish();
    if (this.tokens.length > 0) this.done(parse(this.tokens));
  }

  private take(token: Token): void {
    if (token.kind === '{') this.braces++;
    else if (token.kind === '}') this.braces--;
    else if (token.kind === '[') this.brackets++;
    else if (token.kind === ']') this.brackets--;
    else if (token.kind === 'error') return this.done({ error: `JSON parse error, stray '${text(token.bytes)}'` });

    this.bytes += token.bytes.length;
    if (this.bytes > MAX_BYTES) return this.done({ error: 'JSON token size limit exceeded' });
    if (this.tokens.length + 1 > MAX_TOKENS) return this.done({ error: 'JSON token count limit exceeded' });
    if (this.braces + this.brackets > MAX_NESTING) return this.done({ error: 'JSON nesting depth limit exceeded' });
    this.tokens.push(token);
    const open = (this.braces > 0 || this.brackets > 0) && this.braces >= 0 && this.brackets >= 0;
    if (!open) this.done(parse(this.tokens));
  }

  private done(message: Message): void {
    this.tokens = [];
    this.bytes = 0;
    this.braces = 0;
    this.brackets = 0;
    this.emit(message);
  }
}

/** One value from a text (a `-device {…}` option). Throws ConfigError. */
export function parseJson(source: string): Json {
  const messages: Message[] = [];
  const stream = new JsonStream((message) => messages.push(message));
  stream.feed(new TextEncoder().encode(source));
  stream.finish();
  const bad = messages.find((m) => 'error' in m);
  if (bad && 'error' in bad) throw new ConfigError(bad.error);
  const [first] = messages;
  if (messages.length !== 1 || !first || !('value' in first)) throw new ConfigError('JSON parse error, expecting value');
  return first.value;
}

const LENIENT_UTF8 = new TextDecoder();

/** Up to the first NUL, as C prints it. */
function text(bytes: Uint8Array): string {
  const end = bytes.indexOf(0);
  return LENIENT_UTF8.decode(end < 0 ? bytes : bytes.subarray(0, end));
}

function parse(tokens: readonly Token[]): Message {
  try {
    return { value: new Parser(tokens).value() };
  } catch (error) {
    if (error instanceof JsonError) return { error: `JSON parse error, ${error.message}` };
    throw error;
  }
}

class JsonError extends Error {}

class Parser {
  private at = 0;
  constructor(private readonly tokens: readonly Token[]) {}

  value(): Json {
    const token = this.next();
    switch (token.kind) {
      case '{':
        return this.object();
      case '[':
        return this.array();
      case 'string':
        return string(token.bytes);
      case 'integer':
        return integer(text(token.bytes));
      case 'float':
        return float(Number(text(token.bytes)));
      case 'keyword':
        return keyword(text(token.bytes));
      default:
        throw new JsonError('expecting value');
    }
  }

  private next(): Token {
    const token = this.tokens[this.at++];
    if (!token) throw new JsonError('premature EOI');
    return token;
  }
  private peek(): Token {
    const token = this.next();
    this.at--;
    return token;
  }

  private object(): Json {
    const result: JsonObject = {};
    if (this.peek().kind === '}') {
      this.at++;
      return result;
    }
    for (;;) {
      const key = this.value();
      if (typeof key !== 'string') throw new JsonError('key is not a string in object');
      if (this.next().kind !== ':') throw new JsonError('missing : in object pair');
      const value = this.value();
      if (Object.hasOwn(result, key)) throw new JsonError('duplicate key');
      Object.defineProperty(result, key, { value, enumerable: true, writable: true, configurable: true });
      const { kind } = this.next();
      if (kind === '}') return result;
      if (kind !== ',') throw new JsonError('expected separator in dict');
    }
  }

  private array(): Json[] {
    const result: Json[] = [];
    if (this.peek().kind === ']') {
      this.at++;
      return result;
    }
    for (;;) {
      result.push(this.value());
      const { kind } = this.next();
      if (kind === ']') return result;
      if (kind !== ',') throw new JsonError('expected separator in list');
    }
  }
}

const KEYWORDS: Readonly<Record<string, Json>> = { true: true, false: false, null: null };

function keyword(word: string): Json {
  if (!Object.hasOwn(KEYWORDS, word)) throw new JsonError(`invalid keyword '${word}'`);
  return KEYWORDS[word] as Json;
}

/** Characters of the longest integers that are kept exactly: 2^64 - 1, and -2^63 with its sign. */
const EXACT_DIGITS = 20;

function integer(digits: string): Json {
  // Reading millions of digits exactly would take its time.
  if (digits.length > EXACT_DIGITS) return float(Number(digits));
  const value = BigInt(digits);
  if (value < -(2n ** 63n) || value >= 2n ** 64n) return float(Number(digits));
  const number = Number(value);
  return Number.isSafeInteger(number) ? number : value;
}

function float(value: number): Json {
  return Number.isInteger(value) || !Number.isFinite(value) ? new JsonFloat(value) : value;
}

const ESCAPES: Readonly<Record<string, string>> = { b: '\b', f: '\f', n: '\n', r: '\r', t: '\t', '"': '"', "'": "'", '\\': '\\', '/': '/' };

/** Made once: that takes longer than most strings. */
const STRICT_UTF8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

function string(bytes: Uint8Array): string {
  let source: string;
  try {
    source = STRICT_UTF8.decode(bytes.subarray(1, -1));
  } catch {
    throw new JsonError('invalid UTF-8 sequence in string');
  }
  return source.replace(/\\(?:u[dD][89abAB][0-9a-fA-F]{2}\\u[0-9a-fA-F]{4}|u[0-9a-fA-F]{4}|.)/gsu, (escape) => {
    const kind = escape[1] as string;
    if (kind !== 'u') {
      const plain = ESCAPES[kind];
      if (plain === undefined) throw new JsonError('invalid escape sequence in string');
      return plain;
    }
    if (escape.length === 2) throw new JsonError('invalid escape sequence in string');
    const units = escape
      .split('\\u')
      .slice(1)
      .map((hex) => Number.parseInt(hex, 16));
    const decoded = String.fromCharCode(...units);
    const point = decoded.codePointAt(0) as number;
    const isCharacter = !/[\ud800-\udfff]/u.test(decoded);
    if (!isCharacter || (point & 0xfffe) === 0xfffe || (point >= 0xfdd0 && point <= 0xfdef)) throw new JsonError(`${escape} is not a valid Unicode character`);
    return decoded;
  });
}
