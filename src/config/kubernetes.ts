/** The variables that Kubernetes injects for each Service of the namespace, whatever its name. */
const INJECTED = /_SERVICE_HOST$|_SERVICE_PORT|_PORT_\d+_(TCP|UDP|SCTP)/
/** The form of the value that Kubernetes gives `NAME_PORT`. */
const ADDRESS = /^(tcp|udp|sctp):\/\//

/**
 * Whether Kubernetes has set a variable to the address of a Service
 * (https://kubernetes.io/docs/concepts/services-networking/service/#environment-variables).
 */
export function isInjected(name: string, value: string): boolean {
  return INJECTED.test(name) || (name.endsWith('_PORT') && ADDRESS.test(value))
}
