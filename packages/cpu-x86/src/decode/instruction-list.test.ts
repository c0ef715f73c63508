import { readFileSync } from 'node:fs';
import { TABLES } from '../translate/tables.js';
import { instructionList } from './instruction-list.js';

it('docs/instructions.md is what the tables say: else run node packages/cpu-x86/scripts/list-instructions.mjs', () => {
  const file = new URL('../../../../../docs/instructions.md', import.meta.url);
  expect(readFileSync(file, 'utf8').split('\n')).toEqual(instructionList(TABLES).split('\n'));
});
