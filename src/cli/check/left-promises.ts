import type { Output } from '../frame/io.ts'
import { visibleText } from '../frame/visible-text.ts'

/**
 * Says once when the owner's transform leaves a promise that is rejected. Node would end the process
 * otherwise. The returned function stops it.
 */
export function tellOfLeftPromises({ print }: Pick<Output, 'print'>): () => void {
  let isTold = false
  process.on('unhandledRejection', tell)
  return () => void process.off('unhandledRejection', tell)

  function tell(error: unknown): void {
    if (isTold) return
    isTold = true
    const text = error instanceof Error ? `: ${visibleText(error.message)}` : ''
    print(
      `the transform left a promise that was rejected${text}; it must answer at once and await nothing`,
    )
  }
}
