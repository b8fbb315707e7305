import type { IncomingMessage } from 'node:http'
import { json } from 'node:stream/consumers'
import type { Answer } from '../answer.ts'
import type { FaultPlan } from '../fault-plan.ts'
import type { Behaviour } from './behaviour.ts'
import {
  behaviourTexts,
  faultComplaint,
  isFault,
  isQuotaLimit,
  quotaComplaint,
} from './control-input.ts'
import { ODD_ANSWERS } from './odd-answers.ts'
import type { Quota, QuotaLimit } from './quota.ts'
import { isObject } from './record.ts'
import {
  areSwitchChanges,
  describeChoices,
  SWITCHES,
  type Switchboard,
  type Switches,
  switchComplaint,
} from './switches.ts'

/** The present settings of a stand-in. */
export interface StandInSettings {
  readonly switches: Switches
  readonly faults: ReturnType<FaultPlan<Behaviour>['plan']>
  readonly quota: QuotaLimit | 'unlimited'
}

export interface ControlDeps {
  readonly switches: Switchboard
  readonly faults: FaultPlan<Behaviour>
  readonly quota: Quota
  /** Called with the present settings whenever a request has changed them. */
  readonly controlled?: ((settings: StandInSettings) => void) | undefined
}

/** Answers a request to steer the stand-in; `undefined` for any other request. */
export type AnswerControl = (request: IncomingMessage, route: string) => Promise<Answer | undefined>

const USAGE = `A stand-in for Mixpanel. Only /import needs credentials.

POST   /import              as Mixpanel: ?strict=1, verbose, project_id, ip
POST   /engage, /groups     as Mixpanel: profiles of users and groups
GET    /rows                every accepted copy of every event; ?last=10 shows the last ten
GET    /events              de-duplicated, as queries see them
GET    /compacted           the rows after compaction: one copy a day
GET    /profiles, /groups   the profiles, with their updates applied
GET    /requests            the requests to /import
GET    /traffic             the sums of these requests
DELETE /rows                forgets rows, profiles, groups and requests
GET    /control             the present settings, and the possible ones
PATCH  /control/switches    {"idManagement":"original"}
DELETE /control/switches    sets all to their first choices
PUT    /control/faults      {"kind":"status","status":503,"times":20}; without times, until changed
DELETE /control/faults      ends the faults, and sends held answers
PUT    /control/quota       {"events":30000,"bytes":2000000000,"windowMs":60000}
DELETE /control/quota       lifts the quota

For instance: curl -X PUT http://127.0.0.1:8082/control/faults -d '{"kind":"hang","times":3}'
`

/** Creates the routes under `/control`, and `GET /`, which lists all routes. */
export function createControlRoute(deps: ControlDeps): AnswerControl {
  const { switches, faults, quota, controlled } = deps

  return async function answerControl(request, route) {
    switch (route) {
      case 'GET /':
        return { status: 200, body: USAGE }
      case 'GET /control':
        return ok({ set: settings(), choices: CHOICES })
      case 'PATCH /control/switches':
        return setSwitches(await readBody(request))
      case 'DELETE /control/switches':
        switches.reset()
        return changed()
      case 'PUT /control/faults':
        return setFault(await readBody(request))
      case 'DELETE /control/faults':
        faults.clear()
        return changed()
      case 'PUT /control/quota':
        return setQuota(await readBody(request))
      case 'DELETE /control/quota':
        quota.set(undefined)
        return changed()
      default:
        return undefined
    }
  }

  function setSwitches(changes: unknown): Answer {
    if (!isObject(changes)) return refused('an object of switches is wanted')
    if (!areSwitchChanges(changes)) return refused(switchComplaint(changes))
    switches.set(changes)
    return changed()
  }

  function setFault(fault: unknown): Answer {
    if (!isFault(fault)) return refused(faultComplaint(fault))
    const { times, ...behaviour } = fault
    faults.clear()
    if (times === undefined) faults.answerAlways(behaviour)
    else faults.answerNext(times, behaviour)
    return changed()
  }

  function setQuota(limit: unknown): Answer {
    if (!isQuotaLimit(limit)) return refused(quotaComplaint(limit))
    quota.set(limit)
    return changed()
  }

  function changed(): Answer {
    controlled?.(settings())
    return ok(settings())
  }

  function settings(): StandInSettings {
    return {
      switches: switches.values(),
      faults: faults.plan(),
      quota: quota.limit() ?? 'unlimited',
    }
  }
}

const CHOICES = {
  switches: Object.fromEntries(
    Object.entries(SWITCHES).map(([name, rule]) => {
      return [name, { choices: describeChoices(rule), about: rule.about }]
    }),
  ),
  faults: behaviourTexts(),
  oddAnswers: Object.keys(ODD_ANSWERS),
}

/** Parses the body; `undefined` when it is not JSON, which no route takes. */
async function readBody(request: IncomingMessage): Promise<unknown> {
  try {
    return await json(request)
  } catch {
    return undefined
  }
}

function ok(body: object): Answer {
  const headers = { 'content-type': 'application/json' }
  return { status: 200, body: `${JSON.stringify(body, null, 2)}\n`, headers }
}

function refused(complaint = ''): Answer {
  return { status: 400, body: `${complaint}\n` }
}
