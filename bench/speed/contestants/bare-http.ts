// The floor: Node's own server, which parses the body and answers 204.
import { createServer } from 'node:http'

const server = createServer((request, response) => {
  const chunks: Buffer[] = []
  request.on('data', (chunk: Buffer) => chunks.push(chunk))
  request.on('end', () => {
    JSON.parse(Buffer.concat(chunks).toString('utf8'))
    response.writeHead(204)
    response.end()
  })
})
server.listen(0, '127.0.0.1', () => console.log(JSON.stringify(server.address())))
