import type { ContestantName } from './contestant.ts'
import type { Shape } from './workload.ts'

/** One workload, and who is measured on it side by side. */
export interface Case extends Shape {
  readonly connections: number
  /** How long Mixpanel takes for its answer. */
  readonly mixpanelMs: number
  readonly contestants: readonly ContestantName[]
}

const FLOOR_AND_OURS: readonly ContestantName[] = ['bare Fastify', 'this service']
const AT_256 = { connections: 256, mixpanelMs: 0 }

/** The shapes that the numbers of the design are about. */
const SHAPES: readonly Shape[] = [
  { eventsAPush: 1, eventBytes: 300 },
  { eventsAPush: 10, eventBytes: 300 },
  { eventsAPush: 10, eventBytes: 1_100 },
  { eventsAPush: 100, eventBytes: 300 },
]

/** Nothing but the ratio to the floor. */
export const GUARDED_CASES: readonly Case[] = SHAPES.map((shape) => {
  return { ...shape, ...AT_256, contestants: FLOOR_AND_OURS }
})

/** Service against service in the first: what differs there is noise. */
export const CASES: readonly Case[] = [
  ...SHAPES.map((shape, index): Case => {
    return { ...shape, ...AT_256, contestants: index === 0 ? everybody() : FLOOR_AND_OURS }
  }),
  {
    eventsAPush: 1,
    eventBytes: 300,
    connections: 1_000,
    mixpanelMs: 50,
    contestants: ['recipe, Node', 'recipe, Python', 'this service'],
  },
]

/** Every workload there is, for the shape of things. */
export const SWEEP: readonly Case[] = [1, 10, 100].flatMap((eventsAPush) =>
  [300, 1_100].flatMap((eventBytes) =>
    [0, 50].flatMap((mixpanelMs) =>
      [64, 256, 1_000].map((connections): Case => {
        const shape = { eventsAPush, eventBytes }
        return { ...shape, connections, mixpanelMs, contestants: FLOOR_AND_OURS }
      }),
    ),
  ),
)

function everybody(): readonly ContestantName[] {
  const [floors, recipes] = [
    ['bare node:http', 'bare Fastify'],
    ['recipe, Node', 'recipe, Python'],
  ] as const
  return [...floors, ...recipes, 'this service', 'this service again']
}
