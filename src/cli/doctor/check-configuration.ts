import { VARIABLE_NAMES } from '../../config/schema.ts'
import { loadTransform } from '../../transform/load-transform.ts'
import { type Finding, fail, ok, warn } from './finding.ts'
import type { KnownOrigin, Settings, SettingsReader } from './settings.ts'

/** Checks that the configuration loads as it would for the service, with the transform. */
export async function checkConfiguration(
  settings: Pick<SettingsReader, 'whole'>,
): Promise<readonly Finding[]> {
  const read = await settings.whole()
  switch (read.kind) {
    case 'loaded':
      return findingsOn(read)
    case 'broken':
      return read.problems.map((problem) => fail(problem))
    case 'unknown':
      return [fail(read.text)]
  }
}

type Loaded = Extract<Settings, { kind: 'loaded' }>

async function findingsOn({ config, origin }: Loaded): Promise<readonly Finding[]> {
  const { transformPath, warnings } = config
  // The file of a service on Cloud Run is not here.
  const isHere = origin.from === 'shell' && transformPath !== undefined
  const broken = isHere ? await transformFault(transformPath, origin.variables) : undefined
  const faults = [
    ...(broken === undefined ? [] : [fail(broken)]),
    ...warnings.map((text) => warn(text)),
  ]
  if (faults.length > 0) return faults
  const { length } = setIn(origin)
  return [ok(`${length} variables; transform ${transformPath ?? 'none'}${hiddenIn(origin)}`)]
}

async function transformFault(
  path: string,
  env: KnownOrigin['variables'],
): Promise<string | undefined> {
  try {
    await loadTransform(path, { env, keys: 'environment' })
    return undefined
  } catch (error) {
    if (!(error instanceof Error)) return `TRANSFORM ${path} cannot be loaded`
    // A finding is one line, and a mapping may have many mistakes.
    return error.message.replaceAll(/\n\s*/g, '; ')
  }
}

function setIn({ variables }: KnownOrigin): readonly string[] {
  return VARIABLE_NAMES.filter((name) => variables[name]?.trim())
}

function hiddenIn({ hidden }: KnownOrigin): string {
  return hidden.length === 0 ? '' : `; not read, because a secret holds it: ${hidden.join(', ')}`
}
