'use strict'
// Stands in for the native module of aws-lambda-ric, which needs a compiler: `require('./rapid-client.node')` finds
// this file. Like the original it answers synchronously, as the client may end the process right after done() or
// error(), and keeps the process alive only while it waits for an event.

const fs = require('node:fs')
const net = require('node:net')

const API = '/2018-06-01/runtime/invocation/'
const [host, port] = process.env.AWS_LAMBDA_RUNTIME_API.split(':')
const HEAD_END = Buffer.from('\r\n\r\n')
const pause = new Int32Array(new SharedArrayBuffer(4))

let socket = null
let connected = null
let received = Buffer.alloc(0)
let waiting = null // of the event that was asked for: { resolve, reject }
const expected = [] // what each answer still to come is for: 'next' or 'sent', in order

function connect () {
  connected = new Promise((resolve, reject) => {
    socket = net.connect(Number(port), host)
    socket.setNoDelay(true)
    socket.once('connect', resolve)
    socket.on('data', (data) => {
      received = received.length ? Buffer.concat([received, data]) : data
      takeAnswers()
    })
    socket.on('error', (error) => { reject(error); lost(error) })
    socket.on('close', () => lost(new Error('The Runtime API closed the connection.')))
    socket.unref()
  })
  connected.catch(() => {}) // next() tells
}

function lost (error) {
  socket = null
  received = Buffer.alloc(0)
  expected.length = 0
  if (waiting !== null) waiting.reject(error)
  waiting = null
}

function takeAnswers () {
  let answer
  while ((answer = takeAnswer()) !== null) {
    if (expected.shift() !== 'next') continue
    const { resolve, reject } = waiting
    waiting = null
    socket.unref()
    if (answer.status === 200) resolve({ bodyJson: answer.body, headers: answer.headers })
    else reject(new Error(`The Runtime API answered ${answer.status}.`))
  }
}

function takeAnswer () {
  const headEnd = received.indexOf(HEAD_END)
  if (headEnd < 0) return null
  const [statusLine, ...lines] = received.toString('latin1', 0, headEnd).split('\r\n')
  const headers = {}
  for (const line of lines) {
    const colon = line.indexOf(':')
    headers[line.slice(0, colon).toLowerCase()] = line.slice(colon + 1).trim()
  }
  const start = headEnd + HEAD_END.length
  const body = headers['transfer-encoding'] === 'chunked' ? chunkedBody(start) : sizedBody(start, headers)
  if (body === null) return null
  received = received.subarray(body.end)
  return { status: Number(statusLine.split(' ')[1]), headers, body: body.content.toString('utf8') }
}

function sizedBody (start, headers) {
  const end = start + Number(headers['content-length'] || 0)
  return received.length < end ? null : { content: received.subarray(start, end), end }
}

function chunkedBody (position) {
  const pieces = []
  for (;;) {
    const lineEnd = received.indexOf('\r\n', position)
    if (lineEnd < 0) return null
    const size = parseInt(received.toString('latin1', position, lineEnd), 16)
    const start = lineEnd + 2
    position = start + size + 2
    if (received.length < position) return null
    if (size === 0) return { content: Buffer.concat(pieces), end: position }
    pieces.push(received.subarray(start, start + size))
  }
}

function sendNow (data) {
  const descriptor = socket._handle.fd
  let offset = 0
  while (offset < data.length) {
    try {
      offset += fs.writeSync(descriptor, data, offset)
    } catch (error) {
      if (error.code !== 'EAGAIN') throw error
      Atomics.wait(pause, 0, 0, 1)
    }
  }
}

function post (path, body, extra) {
  const content = Buffer.from(body, 'utf8')
  const head = `POST ${API}${path} HTTP/1.1\r\nHost: ${host}:${port}\r\nContent-Type: application/json\r\n` +
    `${extra}Content-Length: ${content.length}\r\n\r\n`
  expected.push('sent')
  sendNow(Buffer.concat([Buffer.from(head, 'latin1'), content]))
}

exports.initializeClient = () => {}

exports.next = async () => {
  if (socket === null) connect()
  socket.ref()
  await connected
  return new Promise((resolve, reject) => {
    waiting = { resolve, reject }
    expected.push('next')
    sendNow(Buffer.from(`GET ${API}next HTTP/1.1\r\nHost: ${host}:${port}\r\n\r\n`, 'latin1'))
  })
}

exports.done = (id, body) => post(`${id}/response`, body, '')

exports.error = (id, body, cause) => {
  const header = cause.replace(/[\r\n]/g, ' ').replace(/[^\x20-\x7e]/g, '?')
  post(`${id}/error`, body, header ? `Lambda-Runtime-Function-XRay-Error-Cause: ${header}\r\n` : '')
}

connect()
