import { at as attributeAt, entriesAt } from './tree.ts'

/** Gives the value of a reference, such as `var.topic`; null stands for an unset variable. */
export type Lookup = (reference: string) => unknown

const TOKEN =
  /\s*("(?:\\.|\$\{(?:[^{}"]|"[^"]*")*\}|[^"\\])*"|[a-z_][\w-]*(?:\.\w+|\[\d+\])*|\d+|\[\*\]\.\w+|[=!]=|!|[A-Z_]+|[(){}[\]?:=,])/y

/**
 * The value of a string of HCL as hcl2json gives it, with its `${…}` replaced. Knows the part of the
 * language that the module uses: references, conditions, texts, objects, lists and five functions.
 * Throws at anything else.
 */
export function evaluated(template: string, lookup: Lookup): unknown {
  const parts = partsOf(template)
  const values = parts.map(({ text, isCode }) => (isCode ? evaluate(text, lookup) : text))
  return values.length === 1 ? values[0] : values.join('')
}

function partsOf(template: string) {
  const parts: { text: string; isCode: boolean }[] = []
  let rest = template
  for (let start = rest.indexOf('${'); start !== -1; start = rest.indexOf('${')) {
    const end = endOfCode(rest, start + 2)
    if (start > 0) parts.push({ text: rest.slice(0, start), isCode: false })
    parts.push({ text: rest.slice(start + 2, end), isCode: true })
    rest = rest.slice(end + 1)
  }
  return rest === '' && parts.length > 0 ? parts : [...parts, { text: rest, isCode: false }]
}

/** The place of the brace that closes the code that begins at `start`. */
function endOfCode(text: string, start: number): number {
  let depth = 1
  for (let at = start; at < text.length; at += 1) {
    if (text[at] === '{') depth += 1
    if (text[at] === '}') depth -= 1
    if (depth === 0) return at
  }
  throw new Error(`no end: ${text}`)
}

function evaluate(code: string, lookup: Lookup): unknown {
  const tokens = tokensOf(code)
  let at = 0
  const value = expression()
  if (at < tokens.length) throw new Error(`not understood: ${tokens[at]} in ${code}`)
  return value

  function expression(): unknown {
    const value = comparison()
    if (!taken('?')) return value
    // Both sides are read, and one of them may hold a reference without a value.
    const yes = quietly(expression)
    expect(':')
    const no = quietly(expression)
    return (value === true ? yes : no)()
  }

  function comparison(): unknown {
    const left = primary()
    if (taken('==')) return left === primary()
    return taken('!=') ? left !== primary() : left
  }

  function primary(): unknown {
    const token = tokens[at] ?? ''
    at += 1
    if (token === '!') return primary() !== true
    if (token === '{') return indexed(object())
    if (token === '[') return list(']')
    if (token.startsWith('"')) return evaluated(JSON.parse(unescaped(token)), lookup)
    if (/^\d+$/.test(token)) return Number(token)
    if (token === 'null') return null
    if (token === 'true' || token === 'false') return token === 'true'
    if (taken('(')) return splat(call(token, list(')')))
    return lookup(token)
  }

  /** The attribute of each member, where `[*].NAME` follows a list. */
  function splat(value: unknown): unknown {
    const [, name] = /^\[\*\]\.(\w+)$/.exec(tokens[at] ?? '') ?? []
    if (name === undefined || !Array.isArray(value)) return value
    at += 1
    return value.map((one) => attributeAt(one, name))
  }

  function object(): Record<string, unknown> {
    const entries: [string, unknown][] = []
    while (!taken('}')) {
      const key = tokens[at] ?? ''
      at += 1
      expect('=')
      entries.push([key, expression()])
      taken(',')
    }
    return Object.fromEntries(entries)
  }

  function indexed(value: Record<string, unknown>): unknown {
    if (!taken('[')) return value
    const key = expression()
    expect(']')
    return value[String(key)]
  }

  function list(end: string): readonly unknown[] {
    const values: unknown[] = []
    while (!taken(end)) {
      values.push(expression())
      taken(',')
    }
    return values
  }

  function taken(token: string): boolean {
    if (tokens[at] !== token) return false
    at += 1
    return true
  }

  function expect(token: string): void {
    if (!taken(token)) throw new Error(`no ${token} before ${tokens[at]} in ${code}`)
  }
}

function quietly(read: () => unknown): () => unknown {
  try {
    const value = read()
    return () => value
  } catch (error) {
    return () => {
      throw error
    }
  }
}

function call(name: string, values: readonly unknown[]): unknown {
  if (name === 'coalesce') return values.find((value) => value !== null && value !== '')
  if (name === 'merge') return Object.assign({}, ...values)
  // The value itself stands for its text.
  if (name === 'yamlencode') return values[0]
  if (name === 'values') return entriesAt(values[0]).map(([, value]) => value)
  if (name === 'toset') return [...new Set([values[0]].flat())]
  throw new Error(`no function: ${name}`)
}

function tokensOf(code: string): readonly string[] {
  const tokens: string[] = []
  const pattern = new RegExp(TOKEN)
  while (code.slice(pattern.lastIndex).trim() !== '') {
    const at = pattern.lastIndex
    const [, token] = pattern.exec(code) ?? []
    if (token === undefined) throw new Error(`not understood: ${code.slice(at)}`)
    tokens.push(token)
  }
  return tokens
}

/** A text with the quotes inside of its `${…}` escaped, as JSON has them. */
function unescaped(token: string): string {
  return token.replaceAll(/\$\{[^}]*\}/g, (code) => code.replaceAll('"', '\\"'))
}
