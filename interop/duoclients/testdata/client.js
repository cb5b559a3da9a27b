'use strict'

// Duo's Node.js library, driven a line of JSON at a time: the first line of
// standard input says which client to make, each further one names a call and
// its parameters; each is answered with a line.

const fs = require('fs')
const https = require('https')
const readline = require('readline')
const constants = require('@duosecurity/duo_api/lib/constants')
const duo = require('@duosecurity/duo_api')

function make (spec) {
  // The package has no options for either; its own code stays as it is.
  constants.DUO_PINNED_CERT = fs.readFileSync(spec.ca_file)
  https.globalAgent.defaultPort = Number(spec.port)
  return new duo.Client(spec.ikey, spec.skey, spec.host, Number(spec.kind))
}

// The parts of a reply the tests look at.
function told (reply) {
  if (reply.stat !== 'OK') {
    return { error: [reply.stat, reply.code, reply.message].filter(Boolean).join(' ') }
  }
  const r = reply.response
  if (typeof r === 'string') {
    return { result: r }
  }
  return {
    result: r.time > 0 ? 'ok' : r.result,
    text: r.status_msg,
    txid: r.txid,
    link: r.enroll_portal_url || r.activation_url,
    user_id: r.user_id,
    activation_code: r.activation_code
  }
}

let client
const input = readline.createInterface({ input: process.stdin })
// The library never reads the body of a 429, and its connection would keep the
// process alive.
input.on('close', () => process.exit(0))
input.on('line', (line) => {
  const request = JSON.parse(line)
  if (!client) {
    client = make(request)
    return
  }
  const method = ['ping', 'check', 'auth_status'].includes(request.call) ? 'GET' : 'POST'
  client.jsonApiCall(method, '/auth/v2/' + request.call, request.params, (reply) => {
    console.log(JSON.stringify(told(reply)))
  })
})
