import { DEFAULT_DEAD_LETTER } from '../../config/dead-letter-form.ts'
import { type Config, findMountedFolder, loadConfig } from '../../config/load-config.ts'
import { type Setting, settingsIn } from '../../config/settings.ts'
import { loadTransform } from '../../transform/load-transform.ts'
import { countText } from '../frame/count-text.ts'
import { columns } from '../frame/help.ts'
import type { Io } from '../frame/io.ts'
import { visibleText } from '../frame/visible-text.ts'
import { thisHost, waitForFolder } from '../host.ts'
import { withoutMappingKeys } from '../mapping-keys.ts'

export interface CheckedConfiguration {
  readonly settings: readonly Setting[]
  readonly warnings: readonly string[]
  /** The path of the module that was loaded; `none` when there is none. */
  readonly transform: string
}

/**
 * Loads the configuration and the transform as `serve` does. Rejects as they do: with
 * `InvalidConfigurationError`, `UnresponsiveFolderError`, or what `loadTransform` rejects with.
 */
export async function checkConfiguration({ env, clock }: Io): Promise<CheckedConfiguration> {
  const folder = findMountedFolder(env)
  if (folder !== undefined) await waitForFolder(folder, { clock })
  const config = loadConfig(await withoutMappingKeys(env), thisHost)
  if (config.transformPath !== undefined) {
    await loadTransform(config.transformPath, { env, keys: 'environment' })
  }
  return {
    settings: withDerived(settingsIn(env), config),
    warnings: config.warnings,
    transform: config.transformPath ?? 'none',
  }
}

/** Adds the defaults that depend on other variables, or on the machine. */
function withDerived(settings: readonly Setting[], config: Config): readonly Setting[] {
  const named = new Set(settings.map(({ name }) => name))
  const derived: readonly Setting[] = [
    { name: 'MIXPANEL_URL', value: config.mixpanel.baseUrl, from: 'default' },
    {
      name: 'PUSH_MAX_BUFFERED_BYTES',
      value: String(config.push.maxBufferedBytes),
      from: 'default',
    },
    { name: 'DEAD_LETTER', value: DEFAULT_DEAD_LETTER, from: 'default' },
  ]
  return [...settings, ...derived.filter(({ name }) => !named.has(name))]
}

/** Returns the text for people. */
export function configurationText({ settings, warnings, transform }: CheckedConfiguration): string {
  const rows = settings.map(({ name, value, from }) => {
    return [name, `${visibleText(value)}${from === 'default' ? '  (default)' : ''}`]
  })
  const loaded = transform === 'none' ? 'no transform' : `transform ${visibleText(transform)} loads`
  return [
    ...columns(rows),
    ...warnings.map((warning) => `warning  ${visibleText(warning)}`),
    `The configuration is complete · ${loaded} · ${countText(warnings.length, 'warning')}`,
  ].join('\n')
}
