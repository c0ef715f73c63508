import { JsonFloat, parseJson } from './parser.js';
import { printJson } from './print.js';

it.each([
  ['{"a": [1, -2, true, null], "b": {}}', '{"a": [1, -2, true, null], "b": {}}'],
  ["{'single': 'it\\'s'}", '{"single": "it\'s"}'],
  ['9223372036854775807', '9223372036854775807'],
  ['18446744073709551615', '18446744073709551615'],
  ['18446744073709551616', '1.8446744073709552e+19'],
  ['1e400', 'inf'],
  ['-0.5', '-0.5'],
  ['0.1', '0.10000000000000001'],
  ['1e-7', '9.9999999999999995e-08'],
  ['2.0', '2'],
  ['"\\u00e9 é 😀 \\ud83d\\ude00 \\u0007"', '"\\u00E9 \\u00E9 \\uD83D\\uDE00 \\uD83D\\uDE00 \\u0007"'],
])('prints what it read of %s', (text, printed) => {
  expect(printJson(parseJson(text))).toBe(printed);
});

it('keeps integers apart from numbers that are whole', () => {
  expect(parseJson('[5, 5.0, 9007199254740993]')).toEqual([5, new JsonFloat(5), 9007199254740993n]);
});

it('does not let a member reach the prototype', () => {
  const parsed = parseJson('{"__proto__": {"admin": true}}') as object;
  expect(Object.keys(parsed)).toEqual(['__proto__']);
  expect('admin' in {}).toBe(false);
  expect(printJson(parsed)).toBe('{"__proto__": {"admin": true}}');
});

it.each([
  ['', 'JSON parse error, expecting value'],
  ['{"a" 1}', 'JSON parse error, missing : in object pair'],
  ['{1: 2}', 'JSON parse error, key is not a string in object'],
  ['[1 2]', 'JSON parse error, expected separator in list'],
  ['{"a":', 'JSON parse error, premature EOI'],
  ['1 2', 'JSON parse error, expecting value'],
])('refuses %s', (text, message) => {
  expect(() => parseJson(text)).toThrow(message);
});

it('indents when it is to be pretty', () => {
  expect(printJson({ a: [1, {}], b: 'x' }, true)).toBe('{\n    "a": [\n        1,\n        {\n        }\n    ],\n    "b": "x"\n}');
});
