/** Writes docs/instructions.md from the decoder's tables. Needs the compiled package. */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { instructionList } from '../dist/src/decode/instruction-list.js';
import { TABLES } from '../dist/src/translate/tables.js';

writeFileSync(join(import.meta.dirname, '../../../docs/instructions.md'), instructionList(TABLES));
