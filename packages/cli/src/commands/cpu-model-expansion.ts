import { ConfigError, QmpError, qmpCommand } from '@nandu/core';
import { FEATURES, MODELS, type ModelDefinition, modelDefinitions, modelProperties, parseCpuModel, staticProperties } from '@nandu/cpu-x86';

interface Model {
  readonly name?: unknown;
  readonly props?: unknown;
}

/** What of a model's properties `-cpu` takes: features. */
function options(props: object): string {
  return Object.entries(props)
    .map(([name, value]) => {
      if (!FEATURES.has(name)) throw new ConfigError(`Property '${name}' of a CPU model cannot be set`);
      if (typeof value !== 'boolean') throw new QmpError('GenericError', `Invalid parameter type for '${name}', expected: boolean`);
      return `,${name}=${value ? 'on' : 'off'}`;
    })
    .join('');
}

/** query-cpu-model-expansion: what a model's CPUs have; `static`: as properties of `base`, which never changes. */
export const queryCpuModelExpansion = qmpCommand<{ type: 'static' | 'full'; model: Model }>({
  name: 'query-cpu-model-expansion',
  arguments: { type: { type: ['static', 'full'] }, model: { type: 'dict' } },
  run({ type, model: { name, props = {} } }) {
    if (typeof name !== 'string')
      throw new QmpError(
        'GenericError',
        name === undefined ? `Parameter 'model.name' is missing` : `Invalid parameter type for 'model.name', expected: string`,
      );
    if (typeof props !== 'object' || props === null) throw new QmpError('GenericError', `Invalid parameter type for 'model.props', expected: object`);
    if (!Object.hasOwn(MODELS, name)) throw new ConfigError(`CPU model '${name}' not found`);
    const model = parseCpuModel(`${name}${options(props)}`);
    return { model: type === 'static' ? { name: 'base', props: staticProperties(model) } : { name, props: modelProperties(model) } };
  },
});

let definitions: readonly ModelDefinition[] | undefined;

export const queryCpuDefinitions = qmpCommand({
  name: 'query-cpu-definitions',
  arguments: {},
  run: () => (definitions ??= modelDefinitions()),
});
