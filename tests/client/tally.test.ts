import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Tally } from '../../web/client/src/tally.ts'

/** A tally after the provider's first handshake. */
function connected(carried = 0): Tally {
  const tally = new Tally(carried)
  tally.opened(0)
  tally.unsynced(1)
  tally.unsynced(0)
  return tally
}

test('each acknowledgement takes one change away, the oldest first', () => {
  const tally = connected()
  tally.unsynced(1)
  tally.changed(100)
  tally.unsynced(2)
  tally.changed(200)
  assert.equal(tally.waiting, 2)
  assert.equal(tally.oldest, 100)
  tally.unsynced(1)
  assert.equal(tally.waiting, 1)
  assert.equal(tally.oldest, 200)
})

test('the last acknowledgement is told once', () => {
  const tally = connected()
  tally.unsynced(1)
  tally.changed(100)
  assert.equal(tally.unsynced(0), true)
  assert.equal(tally.unsynced(0), false)
})

test('what was written without a socket waits until the handshake is acknowledged', () => {
  const tally = connected()
  for (const at of [1, 2, 3]) {
    tally.changed(at)
    tally.unsynced(at)
  }
  tally.opened(5000)
  tally.unsynced(1)
  assert.equal(tally.waiting, 3)
  assert.equal(tally.oldest, 5000)
  assert.equal(tally.unsynced(0), true)
  assert.equal(tally.waiting, 0)
})

test('a change made during the handshake is not mistaken for it', () => {
  const tally = new Tally(0)
  tally.changed(1)
  tally.opened(10)
  tally.unsynced(1)
  tally.changed(20)
  tally.unsynced(2)
  tally.unsynced(1)
  assert.equal(tally.waiting, 2)
  tally.unsynced(0)
  assert.equal(tally.waiting, 0)
})

test('changes of earlier visits wait until the server has everything', () => {
  const tally = new Tally(300)
  assert.equal(tally.waiting, 300)
  tally.changed(1)
  assert.equal(tally.waiting, 301)
  tally.opened(2)
  tally.unsynced(1)
  tally.unsynced(0)
  assert.equal(tally.waiting, 0)
})
