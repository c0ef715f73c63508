/**
 * Tokens of QMP's JSON, a byte at a time: single quotes are allowed, a token that cannot be is reported once and skipped up to
 * the next structural or control character. Only lower-case keywords; no comments.
 */
export type TokenKind = '{' | '}' | '[' | ']' | ':' | ',' | 'integer' | 'float' | 'keyword' | 'string' | 'error';

export interface Token {
  readonly kind: TokenKind;
  readonly bytes: Uint8Array;
}

type State =
  | 'start'
  | 'recovery'
  | 'double'
  | 'doubleEscape'
  | 'single'
  | 'singleEscape'
  | 'keyword'
  | 'minus'
  | 'zero'
  | 'digits'
  | 'point'
  | 'fraction'
  | 'exponent'
  | 'exponentSign'
  | 'exponentDigits';

/** What a byte does in a state: go on in another, end a token with it, or (`before`) end the token that came before it. */
type Step = { readonly to: State } | { readonly end: TokenKind } | { readonly before: TokenKind } | { readonly restart: true };

const STRUCTURAL = '{}[]:,';
const ERROR: Step = { end: 'error' };
const isDigit = (c: string): boolean => c >= '0' && c <= '9';
const isText = (byte: number): boolean => byte >= 0x20 && byte <= 0xfd;

const number = (c: string, more: Partial<Record<string, State>>, end: TokenKind | undefined): Step => {
  const to = isDigit(c) ? more['digit'] : more[c];
  if (to !== undefined) return { to };
  return end === undefined || (isDigit(c) && more['digit'] === undefined) ? ERROR : { before: end };
};

const STATES: Readonly<Record<State, (byte: number, c: string) => Step>> = {
  start: (_, c) => {
    if (c !== '' && STRUCTURAL.includes(c)) return { end: c as TokenKind };
    if (' \t\r\n'.includes(c)) return { to: 'start' };
    if (c === '"') return { to: 'double' };
    if (c === "'") return { to: 'single' };
    if (c === '-') return { to: 'minus' };
    if (c === '0') return { to: 'zero' };
    if (isDigit(c)) return { to: 'digits' };
    return c >= 'a' && c <= 'z' ? { to: 'keyword' } : ERROR;
  },
  recovery: (byte, c) => (c === '\t' || (isText(byte) && !STRUCTURAL.includes(c)) ? { to: 'recovery' } : { restart: true }),
  double: (byte, c) => (c === '"' ? { end: 'string' } : c === '\\' ? { to: 'doubleEscape' } : isText(byte) ? { to: 'double' } : ERROR),
  doubleEscape: (byte) => (isText(byte) ? { to: 'double' } : ERROR),
  single: (byte, c) => (c === "'" ? { end: 'string' } : c === '\\' ? { to: 'singleEscape' } : isText(byte) ? { to: 'single' } : ERROR),
  singleEscape: (byte) => (isText(byte) ? { to: 'single' } : ERROR),
  keyword: (_, c) => (c >= 'a' && c <= 'z' ? { to: 'keyword' } : { before: 'keyword' }),
  minus: (_, c) => (c === '0' ? { to: 'zero' } : number(c, { digit: 'digits' }, undefined)),
  zero: (_, c) => number(c, { '.': 'point', e: 'exponent', E: 'exponent' }, 'integer'),
  digits: (_, c) => number(c, { digit: 'digits', '.': 'point', e: 'exponent', E: 'exponent' }, 'integer'),
  point: (_, c) => number(c, { digit: 'fraction' }, undefined),
  fraction: (_, c) => number(c, { digit: 'fraction', e: 'exponent', E: 'exponent' }, 'float'),
  exponent: (_, c) => number(c, { digit: 'exponentDigits', '+': 'exponentSign', '-': 'exponentSign' }, undefined),
  exponentSign: (_, c) => number(c, { digit: 'exponentDigits' }, undefined),
  exponentDigits: (_, c) => number(c, { digit: 'exponentDigits' }, 'float'),
};

/** Those of one character are all alike. */
const PUNCTUATION: ReadonlyMap<string, Token> = new Map([...STRUCTURAL].map((c) => [c, { kind: c as TokenKind, bytes: Uint8Array.of(c.charCodeAt(0)) }]));

/** Room for the bytes of most tokens. */
const TOKEN_BYTES = 256;

/** Feeds bytes, emits tokens. Whitespace is dropped. */
export class JsonLexer {
  private state: State = 'start';
  /** The token so far: the first `length` bytes. */
  private token = new Uint8Array(TOKEN_BYTES);
  private length = 0;

  constructor(private readonly emit: (token: Token) => void) {}

  feed(bytes: Uint8Array): void {
    for (const byte of bytes) this.feedByte(byte);
  }

  /** The input ends here: what is begun ends too. */
  finish(): void {
    if (this.state !== 'start') this.feedByte(0x0a);
  }

  /** Bytes of the token so far. */
  get pending(): number {
    return this.length;
  }

  /** Forgets a token that is begun. */
  reset(): void {
    this.state = 'start';
    this.length = 0;
    if (this.token.length > TOKEN_BYTES) this.token = new Uint8Array(TOKEN_BYTES);
  }

  private feedByte(byte: number): void {
    const c = String.fromCharCode(byte);
    for (let consumed = false; !consumed; ) {
      const step = STATES[this.state](byte, c);
      if ('restart' in step) {
        this.state = 'start';
        continue;
      }
      if ('before' in step) {
        this.end(step.before, 'start');
        continue;
      }
      consumed = true;
      if ('end' in step) {
        this.keep(byte);
        this.end(step.end, step.end === 'error' ? 'recovery' : 'start');
      } else {
        this.state = step.to;
        if (this.state !== 'start' && this.state !== 'recovery') this.keep(byte);
      }
    }
  }

  private keep(byte: number): void {
    if (this.length === this.token.length) {
      const wider = new Uint8Array(2 * this.length);
      wider.set(this.token);
      this.token = wider;
    }
    this.token[this.length++] = byte;
  }

  private end(kind: TokenKind, next: State): void {
    const token = PUNCTUATION.get(kind) ?? { kind, bytes: this.token.slice(0, this.length) };
    this.reset();
    this.state = next;
    this.emit(token);
  }
}
