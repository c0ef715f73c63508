/** A vCPU as the accelerator keeps it. */
import type { Helper, Target, TargetCpu } from '@nandu/tcg';
import { EnvHead, missing } from './modules.js';

type JsMethod = (env: number, ...args: never[]) => number | bigint | void;

export class Vcpu {
  readonly head: EnvHead;
  /** Somebody wants `run` to return. */
  exitRequested = false;
  #target: TargetCpu | undefined;
  /** What is behind its `js` helpers, by their numbers, as far as they were called. */
  readonly #methods: (JsMethod | undefined)[] = [];

  constructor(
    memory: WebAssembly.Memory,
    readonly env: number,
  ) {
    this.head = new EnvHead(memory, env);
  }

  /** From now on the helpers are this CPU's. */
  attach(target: TargetCpu): void {
    this.#target = target;
    this.#methods.length = 0;
  }

  /** What is behind the `js` helper with this number; undefined if its CPU has none of that name. */
  method(number: number, name: string): JsMethod | undefined {
    return (this.#methods[number] ??= this.#target?.jsHelpers[name] as JsMethod | undefined);
  }
}

/** What calls a `js` helper of the vCPU that is at `env`. */
export function jsHelper(target: Target, helper: Helper, vcpuOf: (env: number) => Vcpu): CallableFunction {
  const number = target.helpers.indexOf(helper);
  const none = missing(target, helper) as JsMethod;
  const methodOf = (env: number): JsMethod => vcpuOf(env).method(number, helper.name) ?? none;
  // Passing on a rest parameter makes an array: most have at most two arguments, and some are called very often.
  switch (helper.params.length) {
    case 0:
      return (env: number) => methodOf(env)(env);
    case 1:
      return (env: number, a: never) => methodOf(env)(env, a);
    case 2:
      return (env: number, a: never, b: never) => methodOf(env)(env, a, b);
    default:
      return (env: number, ...args: never[]) => methodOf(env)(env, ...args);
  }
}
