// cloud.google.com/pubsub/docs/reference/rest/v1/projects.topics#resource:-topic
const ID = /^(?!goog)[A-Za-z][\w.~+%-]{2,254}$/

/** A full name, `projects/P/topics/T` or `projects/P/subscriptions/S`, taken apart. */
export interface ResourceName {
  readonly project: string
  readonly collection: string
  readonly id: string
}

/** Parses a full name; `undefined` when it is none. */
export function parseResourceName(name: string): ResourceName | undefined {
  const [, project, collection, id] =
    /^projects\/([^/]+)\/(topics|subscriptions)\/([^/]+)$/.exec(name) ?? []
  if (project === undefined || collection === undefined || id === undefined) return undefined
  return { project, collection, id }
}

/** Whether a new resource may have this name. */
export function isNewName(name: string, collection: 'topics' | 'subscriptions'): boolean {
  const parsed = parseResourceName(name)
  return parsed?.collection === collection && ID.test(parsed.id)
}
