import { type FlagValue, gcloud } from './gcloud.ts'
import type { ServiceName } from './run-service.ts'

/** Returns the command line that changes settings of a service on Cloud Run. */
export function serviceUpdate(
  { name, region, project }: ServiceName,
  flags: Readonly<Record<string, FlagValue>>,
): string {
  return gcloud(['run', 'services', 'update', name], { region, project, ...flags })
}

/** Returns the command line that sets one variable of a service. The value must hold no comma. */
export function setVariable(service: ServiceName, name: string, value: string): string {
  return serviceUpdate(service, { 'update-env-vars': `${name}=${value}` })
}
