// The least that a process with Fastify and axios loads, to measure how long it takes to start.
import axios from 'axios'
import Fastify from 'fastify'

const mixpanel = axios.create({ baseURL: String(process.env.MIXPANEL_URL) })
const app = Fastify({ bodyLimit: 16 * 1024 * 1024 })
app.post<{ Body: { message: { data: string } } }>('/push', async (request, reply) => {
  await mixpanel.post('/import?strict=1', Buffer.from(request.body.message.data, 'base64'))
  return reply.code(204).send()
})
await app.listen({ port: 0, host: '127.0.0.1' })
console.log(JSON.stringify(app.server.address()))
