import { type Profiler, Session } from 'node:inspector/promises'

/** A function that ran, by its file. */
export interface FunctionRun {
  /** The URL of its file. */
  readonly url: string
  /** The name that a stack would show; empty for a function without one, and for a module. */
  readonly name: string
  /** The place in the file, in characters; it tells functions of one name apart. */
  readonly offset: number
  readonly calls: number
}

/** V8's own count of the calls of each function (`Profiler.startPreciseCoverage`). */
export interface CallCounter {
  /** Resolves with the functions that ran since the last take, and counts from zero again. */
  take(): Promise<readonly FunctionRun[]>
  /** Ends the count. */
  close(): void
}

/** Starts to count calls in this process. Code that is loaded before is counted, too. */
export async function startCallCounter(): Promise<CallCounter> {
  const session = new Session()
  session.connect()
  await session.post('Profiler.enable')
  await session.post('Profiler.startPreciseCoverage', { callCount: true, detailed: false })
  return {
    async take() {
      const { result } = await session.post('Profiler.takePreciseCoverage')
      return result.flatMap(functionsRunIn)
    },
    close: () => session.disconnect(),
  }
}

function functionsRunIn({ url, functions }: Profiler.ScriptCoverage): FunctionRun[] {
  return functions.flatMap(({ functionName: name, ranges: [range] }) =>
    range && range.count > 0 ? [{ url, name, offset: range.startOffset, calls: range.count }] : [],
  )
}
