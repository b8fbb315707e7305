import { UNREACHABLE_CAUSES, type UnreachableCause } from '../model/outcome.ts'

/** The families of error codes, by their beginning or a part. */
const FAMILIES: readonly (readonly [pattern: RegExp, cause: UnreachableCause])[] = [
  [/^HPE_/, 'NOT_HTTP'],
  [/^(Z_|ZSTD_|ERR_ZLIB|ERR_BROTLI|ERR_*ERROR_|ERR_PADDING)/, 'ANSWER_BADLY_COMPRESSED'],
  [/CERT|^ERR_(SSL|TLS)|^UNABLE_TO_|^EPROTO$/, 'TLS_FAILED'],
]

/** Returns the cause of an axios error when no answer came, or none that can be read. */
export function unreachableCauseOf(error: {
  readonly code?: string | undefined
  readonly message: string
}): UnreachableCause {
  const { code = '', message } = error
  // axios has one code for both.
  if (message.startsWith('maxContentLength')) return 'ANSWER_TOO_LONG'
  if (message === 'stream has been aborted') return 'ANSWER_CUT_OFF'
  const known = UNREACHABLE_CAUSES.find((cause) => cause === code)
  return known ?? FAMILIES.find(([pattern]) => pattern.test(code))?.[1] ?? 'OTHER'
}
