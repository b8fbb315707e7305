// The recipe that Mixpanel documents for Pub/Sub, in Node: one request to /import for each message.
// It sends the message's lines unchanged.
import { gzipSync } from 'node:zlib'
import axios from 'axios'
import Fastify from 'fastify'

const app = Fastify({ bodyLimit: 16 * 1024 * 1024 })
const url = `${process.env.MIXPANEL_URL}/import?strict=1`

app.post<{ Body: { message: { data: string } } }>('/push', async (request, reply) => {
  const data = Buffer.from(request.body.message.data, 'base64')
  const answer = await axios.post(url, gzipSync(data), {
    auth: { username: 'token', password: '' },
    headers: { 'content-type': 'application/x-ndjson', 'content-encoding': 'gzip' },
    validateStatus: () => true,
  })
  if (answer.status === 429 || answer.status >= 500) return reply.code(503).send()
  return reply.code(204).send()
})
await app.listen({ port: 0, host: '127.0.0.1' })
console.log(JSON.stringify(app.server.address()))
