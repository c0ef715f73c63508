/** npm test: installs, builds, checks style, runs every test. Arguments go to jest. */
import { existsSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { bootstrap, main, ROOT, run } from './bootstrap.mjs';

const COMMAND = { name: 'npm test', about: 'Installs, builds, checks style, runs every test.', rest: "Options and names of files are jest's." };

main(COMMAND, async ({ words }) => {
  await bootstrap();
  const results = join(ROOT, '.cache/test-results.json');
  rmSync(results, { force: true });
  const style = await run(join(ROOT, 'node_modules/.bin/biome'), ['check', '.'], { inherit: true }).then(
    () => true,
    () => false,
  );
  const tests = await run(
    process.execPath,
    ['--experimental-vm-modules', '--no-warnings', join(ROOT, 'node_modules/jest/bin/jest.js'), '--json', `--outputFile=${results}`, ...words],
    { inherit: true },
  ).then(
    () => true,
    () => false,
  );
  if (!existsSync(results)) throw new Error('jest ran no tests');
  const { numPassedTests, numFailedTests, numPendingTests, numFailedTestSuites } = JSON.parse(readFileSync(results, 'utf8'));
  // A suite that could not even start counts as a failure of its own.
  const failed = numFailedTests + (numFailedTests === 0 ? numFailedTestSuites : 0) + (style ? 0 : 1);
  process.stdout.write(`${numPassedTests} passed, ${failed} failed${numPendingTests ? `, ${numPendingTests} skipped` : ''}\n`);
  if (!tests || !style || failed > 0) process.exitCode = 1;
});
