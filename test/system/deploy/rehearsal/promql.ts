/** A metric over time. The samples of a counter are its totals. */
export interface Series {
  readonly name: string
  readonly labels: Labels
  readonly samples: readonly Sample[]
}

export type Labels = Readonly<Record<string, string>>

interface Sample {
  /** Epoch ms. */
  readonly at: number
  readonly value: number
}

/** One value of an instant, with the labels of its series. */
export interface Point {
  readonly labels: Labels
  readonly value: number
}

type Value = number | readonly Point[]

const TOKEN = /\s*("[^"]*"|\[\d+[smh]\]|\d+(?:\.\d+)?|[a-z_][\w:]*|!=|[{}(),=/><])/iy
/** The age up to which a sample still counts as the present value. */
const LOOK_BACK_MS = 300_000
const UNIT_MS: Readonly<Record<string, number>> = { s: 1_000, m: 60_000, h: 3_600_000 }

/**
 * Evaluates a query of PromQL at an instant. Knows the part of the language that our queries use, and
 * throws at anything else. The totals of a counter begin with 0, as Google's metrics do that count what
 * comes in each minute. So nothing is extrapolated.
 */
export function evaluateQuery(
  query: string,
  all: readonly Series[],
  now: number,
): readonly Point[] {
  const tokens = tokensOf(query)
  let place = 0
  const value = unless()
  if (place < tokens.length) throw new Error(`not understood: ${tokens[place]} in ${query}`)
  return pointsOf(value)

  function unless(): Value {
    let left = comparison()
    while (taken('unless')) {
      const on = taken('on') ? names() : undefined
      const others = pointsOf(comparison()).map(({ labels }) => keyOf(labels, on))
      left = pointsOf(left).filter(({ labels }) => !others.includes(keyOf(labels, on)))
    }
    return left
  }

  function comparison(): Value {
    const left = quotient()
    if (!taken('>')) return left
    const least = quotient()
    if (typeof least !== 'number') throw new Error(`a threshold is a number: ${query}`)
    return pointsOf(left).filter((point) => point.value > least)
  }

  function quotient(): Value {
    const left = operand()
    if (!taken('/')) return left
    const divisors = pointsOf(operand())
    return pointsOf(left).flatMap(({ labels, value }) => {
      const divisor = divisors.find((one) => keyOf(one.labels) === keyOf(labels))
      return divisor === undefined ? [] : [{ labels, value: value / divisor.value }]
    })
  }

  function operand(): Value {
    const token = next()
    if (/^\d/.test(token)) return Number(token)
    if (token === '(') return closed(unless())
    if (token === 'sum' || token === 'max') return aggregated(token)
    if (token === 'histogram_quantile') return quantiles()
    if (taken('(')) return closed(overTime(token, selected(next())))
    place -= 1
    return selected(next()).flatMap(({ labels, samples }) => {
      const last = samples.at(-1)
      const isFresh = last !== undefined && last.at > now - LOOK_BACK_MS
      return isFresh ? [{ labels, value: last.value }] : []
    })
  }

  function aggregated(by: 'sum' | 'max'): Value {
    const labels = taken('by') ? names() : []
    expect('(')
    const groups = Map.groupBy(pointsOf(closed(unless())), (point) => keyOf(point.labels, labels))
    return [...groups.values()].map((points) => {
      const values = points.map(({ value }) => value)
      const kept = Object.entries(points[0]?.labels ?? {}).filter(([name]) => labels.includes(name))
      const sum = values.reduce((total, one) => total + one, 0)
      return { labels: Object.fromEntries(kept), value: by === 'sum' ? sum : Math.max(...values) }
    })
  }

  function quantiles(): Value {
    expect('(')
    const share = Number(next())
    expect(',')
    const groups = Map.groupBy(pointsOf(closed(unless())), ({ labels: { le: _, ...others } }) =>
      keyOf(others),
    )
    return [...groups.values()].flatMap((buckets) => {
      const { le: _, ...labels } = buckets[0]?.labels ?? {}
      const value = quantileIn(buckets, share)
      return Number.isNaN(value) ? [] : [{ labels, value }]
    })
  }

  /** The series that a selector names, with their samples up to now. */
  function selected(name: string): readonly Series[] {
    const tests: ((labels: Labels) => boolean)[] = []
    if (taken('{')) {
      while (!taken('}')) {
        const label = next()
        const operator = next()
        const wanted = next().slice(1, -1)
        tests.push((labels) => ((labels[label] ?? '') === wanted) === (operator === '='))
        taken(',')
      }
    }
    return all
      .filter((series) => series.name === name && tests.every((test) => test(series.labels)))
      .map((series) => ({ ...series, samples: series.samples.filter(({ at }) => at <= now) }))
  }

  function overTime(name: string, series: readonly Series[]): Value {
    const [, count, unit = ''] = /^\[(\d+)([smh])\]$/.exec(next()) ?? []
    const rangeMs = Number(count) * (UNIT_MS[unit] ?? Number.NaN)
    return series.flatMap(({ labels, samples }) => {
      const within = samples.filter(({ at }) => at > now - rangeMs)
      const before = samples.findLast(({ at }) => at <= now - rangeMs)?.value ?? 0
      const last = within.at(-1)
      if (last === undefined) return []
      const values = within.map(({ value }) => value)
      if (name === 'min_over_time') return [{ labels, value: Math.min(...values) }]
      if (name === 'increase') return [{ labels, value: last.value - before }]
      if (name === 'rate') return [{ labels, value: (last.value - before) / (rangeMs / 1_000) }]
      throw new Error(`no function: ${name}`)
    })
  }

  function names(): readonly string[] {
    const found: string[] = []
    expect('(')
    while (!taken(')')) {
      found.push(next())
      taken(',')
    }
    return found
  }

  function closed<T>(value: T): T {
    expect(')')
    return value
  }

  function next(): string {
    place += 1
    return tokens[place - 1] ?? ''
  }

  function taken(token: string): boolean {
    if (tokens[place] !== token) return false
    place += 1
    return true
  }

  function expect(token: string): void {
    if (!taken(token)) throw new Error(`no ${token} before ${tokens[place]} in ${query}`)
  }
}

/** Between the ends of the bucket that the quantile lies in, as Prometheus does; NaN without a count. */
function quantileIn(buckets: readonly Point[], share: number): number {
  const ordered = buckets
    .map(({ labels, value }) => ({ end: Number(labels.le?.replace('+Inf', 'Infinity')), value }))
    .sort((one, other) => one.end - other.end)
  const total = ordered.at(-1)?.value ?? 0
  if (total === 0) return Number.NaN
  const rank = share * total
  const at = ordered.findIndex(({ value }) => value >= rank)
  const { end, value } = ordered[at] ?? { end: Number.NaN, value: 0 }
  const before = ordered[at - 1] ?? { end: 0, value: 0 }
  if (end === Number.POSITIVE_INFINITY) return before.end
  return before.end + ((end - before.end) * (rank - before.value)) / (value - before.value)
}

function pointsOf(value: Value): readonly Point[] {
  return typeof value === 'number' ? [{ labels: {}, value }] : value
}

/** The labels as a text, those of the list only where there is one. */
function keyOf(labels: Labels, names: readonly string[] = Object.keys(labels)): string {
  return names
    .toSorted()
    .map((name) => `${name}=${labels[name] ?? ''}`)
    .join()
}

function tokensOf(query: string): readonly string[] {
  const tokens: string[] = []
  const pattern = new RegExp(TOKEN)
  while (query.slice(pattern.lastIndex).trim() !== '') {
    const at = pattern.lastIndex
    const [, token] = pattern.exec(query) ?? []
    if (token === undefined) throw new Error(`not understood: ${query.slice(at)}`)
    tokens.push(token)
  }
  return tokens
}
