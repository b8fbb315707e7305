import { readFile, writeFile } from 'node:fs/promises'
import { basename } from 'node:path'
import type { EventSettings } from '../../config/settings.ts'
import type { Answer } from '../../local/answer.ts'
import { isMappingPath, loadModule, loadTransform } from '../../transform/load-transform.ts'
import { isInvalidMapping } from '../../transform/mapping/invalid-mapping.ts'
import { asPublished } from '../../transform/transform.ts'
import type { Io } from '../frame/io.ts'
import { type Explained, explainMessage, type Mapped } from './explain-message.ts'
import { textIn } from './input.ts'
import { viewMessage } from './message-view.ts'
import type { RecentMessage } from './recent-messages.ts'

/** The mapping of a world: the one in force, and drafts of it. */
export interface MappingDesk {
  /** Returns a message as the mapping in force makes its events; `undefined` when that is unknown. */
  explain(recent: RecentMessage): Promise<Explained | undefined>
  /** Takes the file again, which the service has loaded anew. */
  reload(): Promise<void>
  read(): Promise<Answer>
  /** Says what a draft would make of the last message. */
  try(input: unknown): Promise<Answer>
  save(input: unknown): Promise<Answer>
}

export interface MappingDeskDeps {
  readonly settings: EventSettings
  readonly io: Pick<Io, 'env'>
  readonly last: () => RecentMessage | undefined
}

const NO_FILE: Answer = {
  status: 409,
  body: { error: 'This world has no mapping: start it with TRANSFORM=mapping.yaml.' },
}
const NO_TRIAL: Answer = {
  status: 409,
  body: { error: 'A module is not tried here. Save it, and the service loads it.' },
}

/** Makes the desk, and loads the mapping in force. */
export async function createMappingDesk(deps: MappingDeskDeps): Promise<MappingDesk> {
  const { settings, io, last } = deps
  const { transformPath: path } = settings
  const isMapping = path !== undefined && isMappingPath(path)
  /** Node loads a module once, so a module that has changed is not known any more. */
  let inForce: Mapped | undefined = await loadFirst()

  return { explain, reload, read, try: tryDraft, save }

  async function loadFirst(): Promise<Mapped> {
    if (path === undefined) return { transform: asPublished }
    if (isMapping) return load(await readFile(path, 'utf8'), path)
    return { transform: await loadTransform(path, { env: io.env, keys: 'fixed' }) }
  }

  async function load(text: string, from: string): Promise<Mapped> {
    const { loadMapping } = await import('../../transform/mapping/load-mapping.ts')
    const options = { env: io.env, keys: 'fixed', loadModule } as const
    const { mapping } = await loadMapping(from, options, text)
    return { transform: mapping.transform, explain: mapping.explain }
  }

  async function reload(): Promise<void> {
    inForce = isMapping ? await loadFirst() : undefined
  }

  async function explain(recent: RecentMessage): Promise<Explained | undefined> {
    return inForce && explainMessage(recent.message, inForce, settings)
  }

  async function read(): Promise<Answer> {
    if (path === undefined) return { status: 200, body: { kind: 'none' } }
    const text = await readFile(path, 'utf8')
    const kind = isMapping ? 'mapping' : 'module'
    return { status: 200, body: { kind, file: basename(path), path, text } }
  }

  async function tryDraft(input: unknown): Promise<Answer> {
    if (path === undefined) return NO_FILE
    if (!isMapping) return NO_TRIAL
    try {
      const draft = await load(textIn(input, 'text'), path)
      return { status: 200, body: { mistakes: [], ...(await trialOf(draft)) } }
    } catch (error) {
      if (!isInvalidMapping(error)) throw error
      const mistakes = error.message.split('\n').map((line) => line.replace(`${path}:`, ''))
      return { status: 200, body: { mistakes } }
    }
  }

  async function trialOf(draft: Mapped): Promise<object> {
    const recent = last()
    if (recent === undefined) return {}
    const explained = await explainMessage(recent.message, draft, settings)
    // A trial tells what would be sent, and not what became of the message.
    const facts = { letter: () => undefined, copies: () => 0 }
    return { trial: viewMessage({ ...recent, deliveries: [] }, explained, facts) }
  }

  async function save(input: unknown): Promise<Answer> {
    if (path === undefined) return NO_FILE
    const text = textIn(input, 'text')
    if (text.trim() === '') return { status: 400, body: { error: 'The text is empty.' } }
    await writeFile(path, text)
    return { status: 200, body: { saved: path } }
  }
}
