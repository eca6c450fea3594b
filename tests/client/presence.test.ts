import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Me } from '../../web/client/src/page_data.ts'
import { LEFT_AFTER_MS, Sentences, WRITES_AGAIN_MS, picture } from '../../web/client/src/presence.ts'
import type { Picture } from '../../web/client/src/presence.ts'
import type { Presence } from '../../web/client/src/writers.ts'

const MAJA: Me = { id: 'maja', name: 'Maja Öberg', initials: 'MÖ', colour: 'emp' }
const JONAS: Me = { id: 'jonas', name: 'Jonas Bergman', initials: 'JB', colour: 'man' }
const NOBODY: Picture = { here: [], spots: [] }

function at(user: Me, place: string | null, writing = false): Presence {
  return { user, at: place, writing, cursor: null }
}

function jonas(place: string | null, writing = false): Picture {
  return picture('maja', [['joint', [at(JONAS, place, writing)]]])
}

function said(sentences: Sentences, now: number, seen: Picture): string[] {
  return sentences.next(now, seen).sentences.map((one) => one.key)
}

test("one's own other windows are nobody else", () => {
  assert.deepEqual(picture('maja', [['joint', [at(MAJA, 'a1')]]]), NOBODY)
})

test('somebody in two documents is here once', () => {
  const seen = picture('maja', [['joint', [at(JONAS, null)]], ['manager', [at(JONAS, 'a1')]]])
  assert.deepEqual(seen.here, [JONAS])
  assert.deepEqual(seen.spots.map((spot) => [spot.pane, spot.field]), [['manager', 'a1']])
})

test('a place in a table belongs to the table', () => {
  assert.deepEqual(jonas('a7/row-1/goal').spots.map((spot) => [spot.field, spot.at]), [['a7', 'a7/row-1/goal']])
})

test('whoever was here before is not announced, whoever comes later is, once', () => {
  const sentences = new Sentences()
  assert.deepEqual(said(sentences, 0, jonas(null)), [])
  const other = new Sentences()
  assert.deepEqual(said(other, 0, NOBODY), [])
  assert.deepEqual(said(other, 1, jonas(null)), ['present'])
  assert.deepEqual(said(other, 2, jonas('a1')), [])
})

test('a page that is loaded again is no going and coming', () => {
  const sentences = new Sentences()
  said(sentences, 0, jonas(null))
  assert.deepEqual(said(sentences, 100, NOBODY), [])
  assert.deepEqual(said(sentences, 100 + LEFT_AFTER_MS - 1, jonas(null)), [])
})

test('whoever stays away has left, and is asked about at the right time', () => {
  const sentences = new Sentences()
  said(sentences, 0, jonas(null))
  assert.equal(sentences.next(100, NOBODY).next, 100 + LEFT_AFTER_MS)
  assert.deepEqual(said(sentences, 100 + LEFT_AFTER_MS, NOBODY), ['left'])
  assert.deepEqual(said(sentences, 200 + LEFT_AFTER_MS, NOBODY), [])
})

test('starting to write is one sentence, never one a key', () => {
  const sentences = new Sentences()
  said(sentences, 0, jonas('a1'))
  assert.deepEqual(said(sentences, 1, jonas('a1', true)), ['writes'])
  for (let now = 2; now < 400; now += 1) assert.deepEqual(said(sentences, now, jonas('a1', now % 3 > 0)), [])
  assert.deepEqual(said(sentences, 500, jonas('a4', true)), ['writes'])
})

test('writing again after a long pause is said again', () => {
  const sentences = new Sentences()
  said(sentences, 0, jonas('a1', true))
  said(sentences, 10, jonas('a1'))
  assert.deepEqual(said(sentences, WRITES_AGAIN_MS, jonas('a1', true)), ['writes'])
})
