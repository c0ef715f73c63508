/** What `-accel tcg` refuses. */
import { createMachine } from '../src/create-machine.js';

it.each([
  ['tier', 'both of them', "Parameter 'tier' expects 'both' or 'interpreter'"],
  ['threshold', '0', "Parameter 'threshold' expects a number from 1 to 999999999"],
  ['compiler', 'none', "Parameter 'compiler' expects 'thread' or 'inline'"],
  ['opcount', 'yes', "Parameter 'opcount' expects 'on' or 'off'"],
  ['eager', '1000', "Parameter 'eager' expects 'on', 'off' or a range START-END"],
  ['cold', 'on', "Parameter 'cold' expects a range START-END"],
  ['cold', '1000-xyz', "Parameter 'cold' expects a range START-END"],
])('%s=%s', (property, value, message) => {
  const machine = createMachine({ board: 'pc-i440fx-7.2-machine', acceleratorProperties: { [property]: value } });
  expect(() => machine.build()).toThrow(message);
});
