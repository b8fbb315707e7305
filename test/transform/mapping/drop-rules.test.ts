import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { compiled, mapText } from './map.ts'

/** Conditions that leave only what is named, over events that lack it or have another type there. */
const CONDITIONS = [
  '!(attributes.tenant in ["acme"])',
  '!("acme" in attributes.tenants)',
  'data.consent != true',
  '!data.consent',
  '!(data.consent == true)',
  '!(data.consent && true)',
  'data.consent == false || !data.consent',
  '!(data.user.age >= 18)',
  'data.user.type != "customer"',
  '!has(data.user.id) || data.user.id == ""',
  'data.user.id == null || data.user.id == ""',
  '!data.user.email.endsWith("@example.com")',
  '!data.user.name.matches("^[a-z]+$")',
  '!data.user.name.contains("a")',
  '!("admin" in data.roles)',
  '!data.roles.exists(role, role == "admin")',
  '!(data.roles[0] == "admin")',
  '!(int(data.level) > 5)',
  '!(data.count + 1 > 5)',
  '!(size(data.roles) > 5)',
  '!(data.level > 5 && data.consent == true)',
  'data.consent ? false : true',
  '!(timestamp(data.at) > timestamp("2020-01-01T00:00:00Z"))',
]
const INPUTS = [
  '{}',
  'null',
  '"text"',
  '[]',
  '{"consent":null,"user":null,"roles":null,"level":null,"count":null,"at":null}',
  '{"consent":"yes","user":"x","roles":"x","level":"high","count":"one","at":"soon"}',
  '{"consent":{},"user":{"age":"x","id":"","name":7,"email":7},"roles":{},"level":{},"count":{}}',
  '{"consent":1,"user":[1],"roles":[[1]],"level":[],"count":[],"at":[]}',
  '{"user":{"constructor":1},"__proto__":{"consent":true}}',
]

describe('a rule that drops', () => {
  for (const when of CONDITIONS) {
    it(`lets no event pass that it cannot judge: ${when}`, async () => {
      const { transform } = await compiled({ rules: [{ name: 'drops', when, drop: true }] })

      for (const text of INPUTS) {
        const { end, counts } = mapText({ transform }, text)

        const isRejected = /^m\.yaml rules\[0\]\.when: /.test(end ?? '')
        assert.ok(end === 'dropped by drops' || isRejected, `${text}: ${end ?? 'it passed'}`)
        assert.deepEqual(
          counts,
          isRejected ? ['drops: error'] : ['drops: matched', 'drops: dropped'],
        )
      }
    })
  }
})
