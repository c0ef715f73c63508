import { buildConfig } from './build-config.js';
import { createMachine } from './create-machine.js';
import { parseCommandLine } from './options/parse.js';

async function configOf(...args: string[]) {
  const parsed = await parseCommandLine(args);
  if ('text' in parsed) throw new Error(parsed.text);
  return buildConfig(parsed.settings, createMachine().types);
}

const HOST = { base: 'utc', clock: 'host' };
const NEW_YEAR_2024 = { base: 1_704_067_200, clock: 'vm' };

it.each([
  { args: [], rtc: HOST },
  { args: ['-icount', 'shift=0'], rtc: NEW_YEAR_2024 },
  // Whoever says what the clock shall show gets that.
  { args: ['-icount', 'shift=0', '-rtc', 'base=utc'], rtc: HOST },
  { args: ['-rtc', 'base=2000-01-01,clock=vm'], rtc: { base: 946_684_800, clock: 'vm' } },
])('$args: the real-time clock is $rtc', async ({ args, rtc }) => {
  expect((await configOf('-M', 'none', ...args)).rtc).toEqual(rtc);
});
