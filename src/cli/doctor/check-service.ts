import type { Config } from '../../config/load-config.ts'
import { type Finding, fail, ok, skip, warn } from './finding.ts'
import type { GoogleApi } from './google-api.ts'
import { accessFindings } from './invoker-rules.ts'
import type { FoundService, Mount, Service } from './run-service.ts'
import { serviceUpdate } from './service-update.ts'
import type { SettingsReader } from './settings.ts'
import { withSettings } from './with-settings.ts'

export interface ServiceDeps {
  readonly settings: SettingsReader
  readonly google: GoogleApi
  readonly found: FoundService
}

type Rule = (service: Service, config: Config) => readonly Finding[]

const MIB = 1_048_576
/** A trickle needs this much; the configuration does not load with less. */
const LEAST_MEMORY = 256 * MIB
const GOOD_MEMORY = 512 * MIB
/** The default of Cloud Run is 80. */
const GOOD_CONCURRENCY = 200

const RULES: readonly Rule[] = [timeout, concurrency, memory, volume]

/** Checks the settings of the service on Cloud Run against its configuration. */
export async function checkService(
  { settings, google, found }: ServiceDeps,
  signal: AbortSignal,
): Promise<readonly Finding[]> {
  if (found.kind === 'missing') return [fail(found.text)]
  if (found.kind === 'unread') return [skip(found.text)]
  return withSettings(settings, 'push', async (config) => {
    const faults = [
      ...RULES.flatMap((rule) => rule(found.service, config)),
      ...(await accessFindings(found.service, config, { google, signal })),
    ]
    return faults.length > 0 ? faults : [ok(goodText(found.service))]
  })
}

function goodText({ name, region, timeoutSeconds, concurrency, memoryBytes }: Service): string {
  const mib = Math.round(memoryBytes / MIB)
  return `${name} in ${region}: ${timeoutSeconds} s, concurrency ${concurrency}, ${mib} MiB`
}

function timeout(service: Service, { push }: Config): readonly Finding[] {
  const deadline = push.ackDeadlineMs / 1_000
  if (service.timeoutSeconds >= deadline) return []
  const text = `its request timeout is ${service.timeoutSeconds} s, PUSH_ACK_DEADLINE_SECONDS is ${deadline}`
  return [
    fail(
      `${text}: Cloud Run cuts off what is under way`,
      serviceUpdate(service, { timeout: deadline }),
    ),
  ]
}

function concurrency(service: Service): readonly Finding[] {
  if (service.concurrency >= GOOD_CONCURRENCY) return []
  const text = `its concurrency is ${service.concurrency}: more instances send emptier batches`
  return [warn(text, serviceUpdate(service, { concurrency: 500 }))]
}

function memory(service: Service): readonly Finding[] {
  const { memoryBytes } = service
  if (memoryBytes >= GOOD_MEMORY || Number.isNaN(memoryBytes)) return []
  const text = `it has ${Math.round(memoryBytes / MIB)} MiB of memory`
  const mend = serviceUpdate(service, { memory: '512Mi' })
  if (memoryBytes >= LEAST_MEMORY)
    return [warn(`${text}, which is enough for a trickle only`, mend)]
  return [fail(`${text}, and needs 256 MiB at least`, mend)]
}

/** Looks for the volume below the folder of the letters. */
function volume({ mounts }: Service, { deadLetter }: Config): readonly Finding[] {
  if (deadLetter.kind !== 'file') return []
  const { folder } = deadLetter
  const mount = mountOf(folder, mounts)
  if (mount === undefined || mount.kind === 'memory' || mount.kind === 'other') {
    return [
      fail(`file:${folder} lies on no mounted volume, so its letters are lost with the instance`),
    ]
  }
  if (mount.isReadOnly) return [fail(`file:${folder} lies on a volume that is mounted read-only`)]
  if (mount.kind === 'nfs' || mount.options.includes('enable-streaming-writes=false')) return []
  return [
    warn(
      `file:${folder} lies on a bucket with streaming writes: a letter may be lost after its ack. Mount it with enable-streaming-writes=false`,
    ),
  ]
}

/** Returns the innermost mount that holds a folder. */
function mountOf(folder: string, mounts: readonly Mount[]): Mount | undefined {
  const holding = mounts.filter(({ path }) => isWithin(folder, path.replace(/\/+$/, '')))
  return holding.toSorted((one, other) => other.path.length - one.path.length)[0]
}

function isWithin(folder: string, path: string): boolean {
  return folder === path || folder.startsWith(`${path}/`)
}
