const FLAG = /^--max[-_]old[-_]space[-_]size(?<share>[-_]percentage)?=(?<size>[\d.]+)$/
const MIB = 1024 * 1024

/**
 * The size in bytes that Node's flags set for the old generation of the heap, which holds bodies
 * and texts; the last flag counts. `undefined` without a flag: V8 then derives it from the memory.
 */
export function findOldSpace(flags: readonly string[], memoryBytes: number): number | undefined {
  const { share, size } = flags.findLast((flag) => FLAG.test(flag))?.match(FLAG)?.groups ?? {}
  if (size === undefined) return undefined
  return share === undefined ? Number(size) * MIB : (memoryBytes * Number(size)) / 100
}
