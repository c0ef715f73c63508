/** Values as QMP prints them: a space after ':' and ',', ASCII only; `pretty` indents by four. */
import { JsonFloat } from './parser.js';

const ESCAPES: Readonly<Record<string, string>> = { '\b': '\\b', '\f': '\\f', '\n': '\\n', '\r': '\\r', '\t': '\\t', '"': '\\"', '\\': '\\\\' };

function printString(text: string): string {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is escaped.
  const body = text.replace(/["\\\x00-\x1f\x7f-\uffff]/g, (c) => ESCAPES[c] ?? `\\u${c.charCodeAt(0).toString(16).toUpperCase().padStart(4, '0')}`);
  return `"${body}"`;
}

/** As C's %.17g: every double can be read back. */
function printFloat(value: number): string {
  if (!Number.isFinite(value)) return Number.isNaN(value) ? 'nan' : value > 0 ? 'inf' : '-inf';
  const [digits = '', exponent = '0'] = value.toExponential(16).split('e');
  const power = Number(exponent);
  if (power >= -4 && power < 17) return trimZeros(value.toFixed(Math.max(0, 16 - power)));
  return `${trimZeros(digits)}e${power < 0 ? '-' : '+'}${String(Math.abs(power)).padStart(2, '0')}`;
}

function trimZeros(decimal: string): string {
  return decimal.includes('.') ? decimal.replace(/\.?0+$/, '') : decimal;
}

export function printJson(value: unknown, pretty = false): string {
  return print(value, pretty ? '\n' : undefined);
}

/** `newline` is a line break with the present indentation, or undefined for one line. */
function print(value: unknown, newline: string | undefined): string {
  if (value === null || value === undefined) return 'null';
  if (typeof value === 'string') return printString(value);
  if (typeof value === 'number') return Number.isInteger(value) ? BigInt(value).toString() : printFloat(value);
  if (value instanceof JsonFloat) return printFloat(value.value);
  if (typeof value !== 'object') return String(value);
  const deeper = newline === undefined ? undefined : `${newline}    `;
  if (Array.isArray(value))
    return join(
      '[',
      ']',
      value.map((v) => print(v, deeper)),
      newline,
    );
  const members = Object.entries(value)
    .filter(([, v]) => v !== undefined)
    .map(([name, v]) => `${printString(name)}: ${print(v, deeper)}`);
  return join('{', '}', members, newline);
}

function join(open: string, close: string, items: readonly string[], newline: string | undefined): string {
  if (newline === undefined) return `${open}${items.join(', ')}${close}`;
  const inner = items.map((item) => `${newline}    ${item}`).join(',');
  return `${open}${inner}${newline}${close}`;
}
