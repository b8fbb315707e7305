import type { Config } from '../../config/load-config.ts'
import { type Finding, skip } from './finding.ts'
import type { KnownOrigin, Part, SettingsReader } from './settings.ts'

type Examine = (config: Config, origin: KnownOrigin) => Promise<readonly Finding[]>

/** Examines a part of the configuration; skips the check when that part does not load. */
export async function withSettings(
  settings: Pick<SettingsReader, 'part'>,
  part: Part,
  examine: Examine,
): Promise<readonly Finding[]> {
  const read = await settings.part(part)
  switch (read.kind) {
    case 'loaded':
      return examine(read.config, read.origin)
    case 'broken':
      return [skip('its variables do not load: see configuration')]
    case 'unknown':
      return [skip(read.text)]
  }
}
