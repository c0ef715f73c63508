/** x87, MMX and SSE against what a real CPU left of the same instructions: every row of the tables (see vectors/generate.mjs). */
import { testRecorded } from '../testing/node/test-recorded.js';

testRecorded('floating point', 'floating-point');
