import type { FromSchema, JSONSchema } from 'json-schema-to-ts'

/**
 * The wrapped push envelope, as much of it as is read: cloud.google.com/pubsub/docs/push. Keys
 * unknown to us are ignored, because Google may add some. Both spellings stand beside each other
 * in production; either alone is taken.
 */
export const PUSH_ENVELOPE = {
  type: 'object',
  required: ['message'],
  properties: {
    message: {
      type: 'object',
      anyOf: [{ required: ['messageId'] }, { required: ['message_id'] }],
      properties: {
        messageId: { type: 'string', minLength: 1 },
        message_id: { type: 'string', minLength: 1 },
        data: { type: 'string' },
        attributes: { type: 'object', additionalProperties: { type: 'string' } },
        publishTime: { type: 'string' },
        publish_time: { type: 'string' },
        orderingKey: { type: 'string' },
      },
    },
    subscription: { type: 'string' },
    deliveryAttempt: { type: 'integer' },
  },
} as const satisfies JSONSchema

export type PushEnvelope = FromSchema<typeof PUSH_ENVELOPE>
