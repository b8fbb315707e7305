import type { Name } from './names.ts'
import type { Action, PathNode, PathTrees } from './path-tree.ts'

/** How far the paths have come at one place of an event. */
export interface Reach {
  /** The place in the tree of the fixed paths; absent where none of them leads. */
  readonly fixed?: PathNode
  /** The places in the tree of the paths that begin with `**`, without its root. */
  readonly anywhere: readonly PathNode[]
  /** Set outside the event, whose members are its name and its properties. */
  readonly isEvent?: true
}

/** The place of a member's value, and what is to be done there. */
export interface Arrival {
  readonly reach: Reach
  readonly actions: readonly Action[]
}

/** Follows the paths to the value of a member. */
export type Follow = (from: Reach, name: Name) => Arrival

/** A place to which no path leads on from outside. Paths with `**` may begin there. */
export const NOWHERE: Reach = Object.freeze({ anywhere: Object.freeze([]) })
/** The place of a whole event. */
export const EVENT: Reach = Object.freeze({ anywhere: Object.freeze([]), isEvent: true })

const NOTHING: Arrival = Object.freeze({ reach: NOWHERE, actions: Object.freeze([]) })

export function createFollow({ fixed: properties, anywhere: root }: PathTrees): Follow {
  const atProperties = { reach: { fixed: properties, anywhere: [] }, actions: [] }

  return function follow(from, name) {
    if (!from.isEvent) return followInside(from, name)
    const only = name.exact.length === 1 ? name.exact[0] : undefined
    if (only === 'properties') return atProperties
    // The name of the event stays, whatever the paths: without it, Mixpanel takes no event.
    return only === 'event' ? NOTHING : followInside(NOWHERE, name)
  }

  function followInside(from: Reach, { exact, folded }: Name): Arrival {
    let { fixed, anywhere } = from
    let { actions } = NOTHING
    for (let at = 0; at < exact.length; at += 1) {
      fixed = fixed?.children.get(exact[at] ?? '')
      anywhere = goOn(root, anywhere, folded[at] ?? '')
      // A path that ends inside a dotted name reaches all that lies below.
      if (fixed) actions = joined(actions, fixed.actions)
      for (const node of anywhere) actions = joined(actions, node.actions)
    }
    if (fixed === undefined && anywhere.length === 0 && actions.length === 0) return NOTHING
    return { reach: fixed ? { fixed, anywhere } : { anywhere }, actions }
  }
}

/** Returns the places behind the next name: those of paths that go on, and of paths that begin. */
function goOn(root: PathNode, nodes: readonly PathNode[], name: string): readonly PathNode[] {
  const first = root.children.get(name)
  if (nodes.length === 0 && first === undefined) return nodes
  const next = first ? [first] : []
  for (const node of nodes) {
    const child = node.children.get(name)
    if (child) next.push(child)
  }
  return next.length === 0 ? NOWHERE.anywhere : next
}

/**
 * Returns all actions in the order of their steps. A step changes a value once, even when several of
 * its paths lead there: the hash of a hash would be another one.
 */
function joined(some: readonly Action[], more: readonly Action[]): readonly Action[] {
  if (some.length === 0) return more
  const added = more.filter(({ step }) => some.every((one) => one.step !== step))
  if (added.length === 0) return some
  return [...some, ...added].sort((one, other) => one.step - other.step)
}
