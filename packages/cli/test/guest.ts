/** For tests that boot Debian: its files, the program, and what to do without them. */
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { fetchGuest, type GuestFiles, type KernelChoice } from '@nandu/guest-linux';

/** What starts the emulator as a user would. */
export const PROGRAM: readonly string[] = [process.execPath, join(dirname(fileURLToPath(import.meta.url)), '../../bin/nandu-system-x86_64.mjs')];

/** The guest's files, or why Debian's packages cannot be had: tests are skipped then, but never on CI (NANDU_REQUIRE_GUEST). */
export async function guestOrReason(kernel: KernelChoice): Promise<GuestFiles | string> {
  try {
    return await fetchGuest(kernel);
  } catch (error) {
    if (process.env['NANDU_REQUIRE_GUEST']) throw error;
    return (error as Error).message;
  }
}
