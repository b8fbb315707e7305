// B: a Fastify that parses the body and answers 204. No service built on Fastify can do less.
import Fastify from 'fastify'

const app = Fastify({ bodyLimit: 16 * 1024 * 1024 })
app.post('/push', async (_request, reply) => reply.code(204).send())
await app.listen({ port: 0, host: '127.0.0.1' })
console.log(JSON.stringify(app.server.address()))
