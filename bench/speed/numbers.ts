import { type Case, UNIT_SHAPE } from './cases.ts'
import type { Comparison } from './compare.ts'
import { median, type Sample } from './measure.ts'
import type { CaseResult, Measurements } from './measurements.ts'
import type { Shape } from './workload.ts'

/** One of the numbers that the service must reach. */
export interface BenchNumber {
  readonly what: string
  readonly measured: number
  /** The highest number that passes, in the same unit. */
  readonly bar: number
  readonly unit: 'B' | '×' | 'ms' | 'MiB'
}

const CPU_BARS = [
  { eventsAPush: 1, eventBytes: 300, bar: 2.2 },
  { eventsAPush: 10, eventBytes: 300, bar: 0.48 },
  { eventsAPush: 10, eventBytes: 1_100, bar: 0.72 },
  { eventsAPush: 100, eventBytes: 300, bar: 0.26 },
]

/**
 * The numbers of the design, each with its bar. B is the CPU of a push of one 300 B event to a bare
 * Fastify that parses the same body and answers 204, in the same run.
 */
export function numbersOf(measured: Measurements): readonly BenchNumber[] {
  return [
    ...openLoopNumbers(measured),
    ...cpuNumbers(measured),
    ...recipeNumbers(measured),
    ...otherNumbers(measured),
  ]
}

export function isReached({ measured, bar }: BenchNumber): boolean {
  return measured <= bar
}

/** The median of a field over the rounds of a contestant. */
export function medianOf({ samples }: Comparison, field: keyof Sample): number {
  return median(samples.map((sample) => sample[field]))
}

/** The cost of a push to the service as a multiple of the floor's: the median over the rounds. */
export function ratioToFloor(
  { comparisons }: CaseResult,
  floorName: Comparison['name'] = 'bare Fastify',
): number {
  const [floor, ours] = [ofName(comparisons, floorName), ofName(comparisons, 'this service')]
  if (!floor || !ours) return Number.NaN
  const ratios = ours.samples.map(({ cpuUsAPush }, round) => {
    return cpuUsAPush / (floor.samples[round]?.cpuUsAPush ?? Number.NaN)
  })
  return median(ratios)
}

function cpuNumbers({ cases }: Measurements): BenchNumber[] {
  return CPU_BARS.flatMap(({ bar, ...shape }): BenchNumber[] => {
    const result = cases.find(({ case: one }) => isOfShape(one, shape) && one.mixpanelMs === 0)
    if (!result) return []
    const { eventsAPush, eventBytes } = shape
    const unit = isOfShape(shape, UNIT_SHAPE) ? 'bare Fastify' : 'bare Fastify, one event'
    const what = `CPU an event, ${eventsAPush} × ${eventBytes} B a push`
    return [{ what, measured: ratioToFloor(result, unit) / eventsAPush, bar, unit: 'B' }]
  })
}

function isOfShape(one: Shape, { eventsAPush, eventBytes }: Shape): boolean {
  return one.eventsAPush === eventsAPush && one.eventBytes === eventBytes
}

function recipeNumbers({ cases }: Measurements): BenchNumber[] {
  const result = cases.find(({ case: { mixpanelMs } }) => mixpanelMs > 0)
  const recipe = result && ofName(result.comparisons, 'recipe, Node')
  const ours = result && ofName(result.comparisons, 'this service')
  if (!recipe || !ours) return []
  const share = (field: keyof Sample) => medianOf(ours, field) / medianOf(recipe, field)
  return [
    {
      what: 'CPU, compared to the recipe in Node',
      measured: share('cpuUsAPush'),
      bar: 1 / 5,
      unit: '×',
    },
    {
      what: 'requests to Mixpanel, compared to the recipe in Node',
      measured: share('importsAPush'),
      bar: 1 / 100,
      unit: '×',
    },
  ]
}

/** The numbers at the rates of production, with Mixpanel at 50 ms. */
function openLoopNumbers({ openLoop }: Measurements): BenchNumber[] {
  const full = openLoop.find((result) => isAtRate(result.case, 800))
  const usual = openLoop.find((result) => isAtRate(result.case, 200))
  const seldom = openLoop.find((result) => isAtRate(result.case, 2))
  return [
    ...(full ? fullNumbers(full) : []),
    ...(seldom ? [addedMs(seldom, 'p50', 3)] : []),
    ...(usual ? [addedMs(usual, 'p50', 60), addedMs(usual, 'p99', 120)] : []),
  ]
}

function isAtRate({ pushing, eventsAPush, mixpanelMs }: Case, pushesASecond: number): boolean {
  if (pushing.kind !== 'open_loop' || eventsAPush !== 1 || mixpanelMs !== 50) return false
  return pushing.pushesASecond === pushesASecond
}

function fullNumbers(result: CaseResult): BenchNumber[] {
  const ours = ofName(result.comparisons, 'this service')
  const imports = ours ? medianOf(ours, 'importsAPush') : Number.NaN
  return [
    {
      what: 'CPU at 800 pushes/s, compared to a bare Fastify at that rate',
      measured: ratioToFloor(result),
      bar: 1.7,
      unit: '×',
    },
    { what: 'requests to Mixpanel an event, the same', measured: imports, bar: 1 / 40, unit: '×' },
  ]
}

/** The time that the service adds to Mixpanel's. */
function addedMs(result: CaseResult, quantile: 'p50' | 'p99', bar: number): BenchNumber {
  const { pushing, mixpanelMs } = result.case
  const ours = ofName(result.comparisons, 'this service')
  const took = ours ? medianOf(ours, quantile) : Number.NaN
  const at = pushing.kind === 'open_loop' ? pushing.pushesASecond : 0
  return { what: `added ${quantile}, ${at} pushes/s`, measured: took - mixpanelMs, bar, unit: 'ms' }
}

function otherNumbers({ peaks, startUp }: Measurements): BenchNumber[] {
  const [bare, ours] = [startUp.get('Fastify and axios'), startUp.get('this service')]
  return [
    ...peaks.map(({ what, peakMiB, atMostMiB }): BenchNumber => {
      return { what: `peak RSS, ${what}`, measured: peakMiB, bar: atMostMiB, unit: 'MiB' }
    }),
    ...(bare && ours
      ? [
          {
            what: 'start to first 204, compared to Fastify and axios',
            measured: ours / bare,
            bar: 1.1,
            unit: '×',
          } as const,
        ]
      : []),
  ]
}

function ofName(comparisons: readonly Comparison[], sought: Comparison['name']) {
  return comparisons.find(({ name }) => name === sought)
}
