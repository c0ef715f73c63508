/** What a JSON value that a client sent asks for. Messages and their order are QEMU's (qmp_dispatch). */
import { QmpError } from '@nandu/core';
import type { Json, JsonObject } from '../json/parser.js';
import { isObject } from './arguments.js';

export interface Request {
  readonly command: string;
  readonly arguments: JsonObject;
  readonly outOfBand: boolean;
}

const EXECUTE = new Set(['execute', 'exec-oob']);

export function parseRequest(message: Json, oobEnabled: boolean): Request {
  const refuse = (text: string): never => {
    throw new QmpError('GenericError', text);
  };
  if (!isObject(message)) return refuse('QMP input must be a JSON object');
  let key: string | undefined;
  for (const [name, value] of Object.entries(message)) {
    if (EXECUTE.has(name) && (name === 'execute' || oobEnabled)) {
      if (key !== undefined) refuse(`QMP input member '${name}' clashes with '${key}'`);
      key = name;
    } else if (name === 'arguments') {
      if (!isObject(value)) refuse(`QMP input member 'arguments' must be an object`);
    } else if (name !== 'id') {
      refuse(`QMP input member '${name}' is unexpected`);
    }
  }
  if (key === undefined) return refuse(`QMP input lacks member 'execute'`);
  const command = message[key];
  if (typeof command !== 'string') return refuse(`QMP input member '${key}' must be a string`);
  return { command, arguments: (message['arguments'] as JsonObject | undefined) ?? {}, outOfBand: key === 'exec-oob' };
}
