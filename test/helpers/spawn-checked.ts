import {
  type ServiceProcess,
  type SpawnOptions,
  spawnService,
} from '../../src/cli/spawn-service.ts'
import { checkLogLine } from './log-lines.ts'

/** Starts the service as `spawnService` does, and checks each line of its log. */
export async function spawnChecked(
  env: Readonly<Record<string, string>>,
  options: Omit<SpawnOptions, 'logged'> = {},
): Promise<ServiceProcess> {
  const logLines: string[] = []
  const service = await spawnService(env, { ...options, logged })
  return { ...service, logLines }

  function logged(line: string): void {
    logLines.push(line)
    // Standard error is for people.
    if (line.startsWith('{')) checkLogLine(line)
  }
}
