import { type CommandContext, ConfigError, QmpError } from '@nandu/core';
import type { Json } from '../json/parser.js';
import { checkArguments, isObject } from './arguments.js';
import { parseRequest, type Request } from './request.js';

/** Runs the command of a request that is in order; the value of its reply, or a promise of it. */
export function runCommand({ command: name, arguments: given, outOfBand }: Request, context: CommandContext): unknown {
  const command = context.machine.qmpCommands.get(name);
  if (!command) throw new QmpError('CommandNotFound', `The command ${name} has not been found`);
  if (outOfBand) throw new QmpError('GenericError', `The command ${name} does not support OOB`);
  return command.run(checkArguments(command, given) as never, context);
}

/** The reply to a message: what `run` makes of its request, or the error. Never rejects. */
export async function replyTo(message: Json, oobEnabled: boolean, run: (request: Request) => unknown): Promise<object> {
  const id = isObject(message) && Object.hasOwn(message, 'id') ? { id: message['id'] } : undefined;
  try {
    return { return: (await run(parseRequest(message, oobEnabled))) ?? {}, ...id };
  } catch (error) {
    return errorReply(id, error);
  }
}

/** What a client is told of an error; our own faults are not hidden behind QEMU's words. */
export function errorReply(id: object | undefined, error: unknown): object {
  const known = error instanceof QmpError || error instanceof ConfigError;
  const desc = known ? error.message : `internal error: ${String((error as Error)?.message ?? error)}`;
  return { ...id, error: { class: error instanceof QmpError ? error.errorClass : 'GenericError', desc } };
}
