/**
 * Whether a name fits a pattern, in which `*` stands for any characters. It takes at most the
 * product of the two lengths.
 */
export function matchesGlob(name: string, pattern: string): boolean {
  let at = 0
  let patternAt = 0
  let starAt = -1
  let resumeAt = 0
  while (at < name.length) {
    if (pattern[patternAt] === '*') {
      starAt = patternAt++
      resumeAt = at
    } else if (pattern[patternAt] === name[at]) {
      at++
      patternAt++
    } else if (starAt === -1) return false
    else {
      patternAt = starAt + 1
      at = ++resumeAt
    }
  }
  while (pattern[patternAt] === '*') patternAt++
  return patternAt === pattern.length
}
