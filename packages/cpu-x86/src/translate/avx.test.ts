/** AVX, AVX2, FMA and F16C against what a real CPU left of the same instructions: every row with a VEX prefix (see vectors/generate.mjs). */
import { testRecorded } from '../testing/node/test-recorded.js';

testRecorded('AVX', 'avx');
