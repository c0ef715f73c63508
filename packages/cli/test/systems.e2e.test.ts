/**
 * The quick part of `npm run systems`: a Debian program in a guest prints what the same binary prints on this computer. Only where
 * its userland was fetched before, since that is a hundred megabytes.
 */
import { systemIsCached } from '@nandu/guest-linux';

interface Results {
  readonly checks: readonly { readonly name: string; readonly verdict: string; readonly differences: readonly string[] }[];
  readonly finished: boolean;
}
const SCRIPT = '../../../../scripts/systems/run.mjs';
const cached = process.platform === 'linux' && (await systemIsCached('amd64'));

(cached ? it : it.skip)(
  'sqlite on files, joins, floats and text',
  async () => {
    const { runSystems } = (await import(SCRIPT)) as { runSystems(options: object): Promise<Results> };
    const { PROGRAM } = await import('./guest.js');
    const { checks, finished } = await runSystems({ names: ['sqlite'], kernel: 'default', emulator: PROGRAM });
    expect(checks).toEqual([expect.objectContaining({ name: 'sqlite', verdict: 'same', differences: [] })]);
    expect(finished).toBe(true);
  },
  600_000,
);
