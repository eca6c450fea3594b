import assert from 'node:assert/strict'
import { test } from 'node:test'
import { SILENCE_MS, STORING_MS, isOffline, saveState } from '../../web/client/src/status.ts'
import type { Facts, PaneFacts } from '../../web/client/src/status.ts'

const NOW = 1_000_000
const CLEAN: PaneFacts = { waiting: 0, oldest: null, stored: 0, storingSince: null }

function facts(change: Partial<Facts> = {}): Facts {
  return { now: NOW, windowOnline: true, lastFrame: NOW - 4000, lastSaved: NOW - 7000, panes: [CLEAN, CLEAN], ...change }
}

function waiting(count: number, change: Partial<PaneFacts> = {}): PaneFacts {
  return { waiting: count, oldest: NOW - 20, stored: count, storingSince: null, ...change }
}

test('everything acknowledged is saved, at the time of the acknowledgement', () => {
  assert.deepEqual(saveState(facts()), { state: 'saved', at: NOW - 7000 })
})

test('a change that is under way is being saved, never saved', () => {
  assert.deepEqual(saveState(facts({ panes: [CLEAN, waiting(1)] })), { state: 'saving' })
})

test('ten seconds without a frame is offline, whatever the socket says', () => {
  assert.equal(isOffline(facts({ lastFrame: NOW - SILENCE_MS + 1 })), false)
  assert.equal(isOffline(facts({ lastFrame: NOW - SILENCE_MS })), true)
})

test('ten seconds without an acknowledgement is offline, however lively the socket is', () => {
  const panes = [waiting(1, { oldest: NOW - SILENCE_MS })]
  assert.equal(isOffline(facts({ lastFrame: NOW, panes })), true)
  assert.deepEqual(saveState(facts({ lastFrame: NOW, panes })), { state: 'device', waiting: 1 })
})

test('a window that says offline is believed at once', () => {
  assert.deepEqual(saveState(facts({ windowOnline: false, panes: [waiting(3)] })), { state: 'device', waiting: 3 })
})

test('offline with nothing unsent is still saved', () => {
  assert.equal(saveState(facts({ windowOnline: false })).state, 'saved')
})

test('changes of all panes are counted together', () => {
  assert.deepEqual(saveState(facts({ windowOnline: false, panes: [waiting(3), waiting(4)] })), { state: 'device', waiting: 7 })
})

test('a change that the device does not hold is not saved', () => {
  const panes = [waiting(3), waiting(2, { stored: 1 })]
  assert.deepEqual(saveState(facts({ windowOnline: false, panes })), { state: 'unsaved' })
})

test('while the newest change is on its way to the device, the line speaks of those before it', () => {
  const panes = [waiting(3, { stored: 2, storingSince: NOW - 5 })]
  assert.deepEqual(saveState(facts({ windowOnline: false, panes })), { state: 'device', waiting: 2 })
})

test('a first change on its way to the device is being saved', () => {
  const panes = [waiting(1, { stored: 0, storingSince: NOW - 5 })]
  assert.deepEqual(saveState(facts({ windowOnline: false, panes })), { state: 'saving' })
})

test('a device that does not answer is not trusted', () => {
  const panes = [waiting(3, { stored: 2, storingSince: NOW - STORING_MS })]
  assert.deepEqual(saveState(facts({ windowOnline: false, panes })), { state: 'unsaved' })
})
