import type { ContestantName } from './contestant.ts'
import type { Shape } from './workload.ts'

/** When the next push comes. */
export type Pushing =
  /** As soon as the last one on the connection is answered. */
  | Readonly<{ kind: 'closed_loop'; connections: number }>
  /** At a fixed rate, independent of the answers. */
  | Readonly<{ kind: 'open_loop'; pushesASecond: number }>

/** One workload, and the contestants that are measured on it side by side. */
export interface Case extends Shape {
  readonly pushing: Pushing
  /** The time that Mixpanel takes for its answer. */
  readonly mixpanelMs: number
  readonly contestants: readonly ContestantName[]
  /** The number of rounds, when it is another than that of the run. */
  readonly rounds?: number
}

const FLOOR_AND_OURS: readonly ContestantName[] = ['bare Fastify', 'this service']
const AT_256 = { pushing: closedLoop(256), mixpanelMs: 0 }

/** The shapes for which the design sets numbers. */
const SHAPES: readonly Shape[] = [
  { eventsAPush: 1, eventBytes: 300 },
  { eventsAPush: 10, eventBytes: 300 },
  { eventsAPush: 10, eventBytes: 1_100 },
  { eventsAPush: 100, eventBytes: 300 },
]

/** The push whose cost to a bare Fastify is the unit of the design's numbers. */
export const UNIT_SHAPE: Shape = { eventsAPush: 1, eventBytes: 300 }
/** Beside the others in a case of another shape, this one still gets pushes of the unit's shape. */
const FLOOR_UNIT_AND_OURS = ['bare Fastify', 'bare Fastify, one event', 'this service'] as const

/** The cases for the ratio to the floor only. */
export const GUARDED_CASES: readonly Case[] = SHAPES.map((shape) => {
  return { ...shape, ...AT_256, contestants: FLOOR_AND_OURS }
})

/** The cases of a whole run. In the first, the service runs twice: the difference is noise. */
export const CASES: readonly Case[] = [
  ...SHAPES.map((shape, index): Case => {
    return { ...shape, ...AT_256, contestants: index === 0 ? everybody() : FLOOR_UNIT_AND_OURS }
  }),
  {
    eventsAPush: 1,
    eventBytes: 300,
    pushing: closedLoop(1_000),
    mixpanelMs: 50,
    contestants: ['recipe, Node', 'recipe, Python', 'this service'],
  },
]

/** The two protocols side by side. A hundred streams share a connection of HTTP/2. */
export const PROTOCOLS: readonly Case[] = [closedLoop(300), atRate(800), atRate(2_000)].map(
  (pushing): Case => {
    const contestants = ['bare Fastify', 'this service', 'this service, HTTP/2'] as const
    return { eventsAPush: 1, eventBytes: 300, pushing, mixpanelMs: 50, contestants }
  },
)

/** Every combination of events a push, event size, Mixpanel's delay and connections. */
export const SWEEP: readonly Case[] = [1, 10, 100].flatMap((eventsAPush) =>
  [300, 1_100].flatMap((eventBytes) =>
    [0, 50].flatMap((mixpanelMs) =>
      [64, 256, 1_000].map((connections): Case => {
        const shape = { eventsAPush, eventBytes }
        return {
          ...shape,
          pushing: closedLoop(connections),
          mixpanelMs,
          contestants: FLOOR_AND_OURS,
        }
      }),
    ),
  ),
)

/**
 * The rates at which pushes come in production. Cloud Run passes at most 800 HTTP/1 requests a
 * second to an instance.
 */
export const OPEN_LOOP: readonly Case[] = [
  { pushesASecond: 2, eventsAPush: 1 },
  { pushesASecond: 10, eventsAPush: 1 },
  { pushesASecond: 200, eventsAPush: 1 },
  { pushesASecond: 800, eventsAPush: 1 },
  { pushesASecond: 80, eventsAPush: 10 },
].flatMap(({ pushesASecond, eventsAPush }) =>
  [0, 50, 100].map((mixpanelMs): Case => {
    const shape = { eventsAPush, eventBytes: 300, pushing: atRate(pushesASecond) }
    // The design sets a number for this one. In three rounds it moves with the load of the machine.
    const isForNumber = pushesASecond === 800 && mixpanelMs === 50
    return { ...shape, mixpanelMs, contestants: FLOOR_AND_OURS, ...(isForNumber && { rounds: 10 }) }
  }),
)

function closedLoop(connections: number): Pushing {
  return { kind: 'closed_loop', connections }
}

function atRate(pushesASecond: number): Pushing {
  return { kind: 'open_loop', pushesASecond }
}

function everybody(): readonly ContestantName[] {
  const [floors, recipes] = [
    ['bare node:http', 'bare Fastify'],
    ['recipe, Node', 'recipe, Python'],
  ] as const
  return [...floors, ...recipes, 'this service', 'this service again']
}
