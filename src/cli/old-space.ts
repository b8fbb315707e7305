const FLAG = /^--max[-_]old[-_]space[-_]size(?<share>[-_]percentage)?=(?<size>[\d.]+)$/
const MIB = 1024 * 1024

/**
 * Bytes that Node's flags give the old generation of the heap, where bodies and texts lie; the last
 * flag counts. `undefined` without one: then V8 takes its share of the memory by itself.
 */
export function oldSpaceOf(flags: readonly string[], memoryBytes: number): number | undefined {
  const { share, size } = flags.findLast((flag) => FLAG.test(flag))?.match(FLAG)?.groups ?? {}
  if (size === undefined) return undefined
  return share === undefined ? Number(size) * MIB : (memoryBytes * Number(size)) / 100
}
