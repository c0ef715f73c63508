/** Integer instructions against what a real CPU left of the same instructions: every row of the tables (see vectors/integer.mjs). */
import { testRecorded } from '../testing/node/test-recorded.js';

testRecorded('integers', 'integer');
