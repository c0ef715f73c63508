/** What the tests use of @defasm/core, which has no types of its own. */
declare module '@defasm/core' {
  export class AssemblyState {
    constructor(options?: { syntax?: { intel: boolean; prefix: boolean } });
    compile(source: string): void;
    readonly head: { dump(): Uint8Array };
    readonly errors: readonly { message: string }[];
  }
}
