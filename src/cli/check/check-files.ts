import { stat } from 'node:fs/promises'
import type { EventSettings } from '../../config/settings.ts'
import type { Message } from '../../model/message.ts'
import { rejected } from '../../model/outcome.ts'
import type { CompiledMapping } from '../../transform/mapping/compiled-mapping.ts'
import type { Transform } from '../../transform/transform.ts'
import { type Io, UserMistake } from '../frame/io.ts'
import { type Progress, startProgress } from '../frame/progress.ts'
import { isAFolder, nameOf, readInput } from '../frame/read-input.ts'
import { createCheckLines } from './check-lines.ts'
import { type Checked, createCheckText } from './check-text.ts'
import { createEventRemarks } from './event-remarks.ts'
import { DamagedText, inflated } from './inflated.ts'
import { createJudge, type JudgeDeps } from './judge.ts'
import type { Printer } from './printer.ts'
import { createTally, type Totals } from './tally.ts'

export interface FilesOptions {
  /** The files, in order; `-` is stdin. */
  readonly files: readonly string[]
  readonly settings: EventSettings
  readonly style: JudgeDeps['style']
  /** The most findings of each kind that are printed. */
  readonly limit: number
  /** The message that each file is the data of. */
  readonly message: Message
}

export interface FilesDeps {
  readonly io: Io
  readonly transform: Transform
  /** Present when a mapping is to tell what its rules did. */
  readonly explain?: CompiledMapping['explain'] | undefined
  readonly printer: Printer
}

/**
 * Checks files one after the other, and prints what is found. Rejects with a `UserMistake`, or the
 * error of the file system, when one of them cannot be read.
 */
export async function checkFiles(options: FilesOptions, deps: FilesDeps): Promise<Totals> {
  const { files, limit } = options
  const { io, printer } = deps
  const startedAt = io.clock.monotonic()
  const total = await bytesOf(files)
  const read = { bytes: 0 }
  const progress = startProgress({
    stderr: io.stderr,
    clock: io.clock,
    work: () => workOf(read.bytes, total),
  })
  const tally = createTally(limit)
  const eventRemarks = createEventRemarks(io.clock.now())
  const shown = hiding(progress, printer)
  try {
    for (const file of files) {
      const judge = createJudge({
        ...options,
        file: nameOf(file),
        eventRemarks,
        tally,
        printer: shown,
      })
      await checkFile(file, { ...options, ...deps, judge, read })
    }
  } finally {
    progress.close()
  }
  const totals = tally.totals()
  printer.totals(totals, io.clock.monotonic() - startedAt)
  return totals
}

async function checkFile(
  file: string,
  deps: FilesOptions & FilesDeps & { judge: (checked: Checked) => void; read: { bytes: number } },
): Promise<void> {
  const { settings, message, transform, explain, judge, io, read } = deps
  const checkText = createCheckText(
    { maxBytes: settings.decode.maxBytes, maxFootprintBytes: settings.maxFootprintBytes },
    {
      message,
      checkLines: createCheckLines({ transform, explain, insertId: settings.insertId }),
      take: judge,
    },
  )
  try {
    await checkText(inflated(counted(readInput(file, io), read)))
  } catch (error) {
    if (!(error instanceof DamagedText)) throw error
    const detail = `${error.message}: the service rejects the whole message`
    judge({ kind: 'unread', outcome: rejected('unreadable_data', detail) })
  }
}

/** Counts the bytes as they pass. */
async function* counted(
  chunks: AsyncIterable<Uint8Array>,
  read: { bytes: number },
): AsyncGenerator<Buffer> {
  for await (const chunk of chunks) {
    read.bytes += chunk.length
    yield Buffer.from(chunk.buffer, chunk.byteOffset, chunk.byteLength)
  }
}

/** Returns the bytes of all files; `undefined` when one of them is a pipe. */
async function bytesOf(files: readonly string[]): Promise<number | undefined> {
  if (files.filter((file) => file === '-').length > 1) throw new UserMistake('stdin is named twice')
  let bytes = 0
  let areKnown = true
  for (const file of files) {
    const stats = file === '-' ? undefined : await stat(file)
    if (stats?.isDirectory()) throw isAFolder(file)
    areKnown &&= stats?.isFile() ?? false
    bytes += stats?.size ?? 0
  }
  return areKnown ? bytes : undefined
}

const MEGABYTE = 1_000_000

function workOf(bytes: number, total: number | undefined) {
  const done = { done: bytes / MEGABYTE, noun: 'MB' }
  return total === undefined ? done : { ...done, total: total / MEGABYTE }
}

/** Removes the line of the progress before a finding is printed. */
function hiding(progress: Progress, { finding, explained, totals }: Printer): Printer {
  return { finding: before(finding), explained: before(explained), totals }

  function before<T>(print: (found: T) => void): (found: T) => void {
    return (found) => {
      progress.hide()
      print(found)
    }
  }
}
