import assert from 'node:assert/strict'
import { test } from 'node:test'
import * as Y from 'yjs'
import { Rows, idOf } from '../../web/client/src/rows.ts'
import type { Row } from '../../web/client/src/rows.ts'

const COLUMNS = [{ name: 'goal', isText: true }, { name: 'due', isText: false }]
const WIRE = Symbol('wire')

interface Page {
  readonly doc: Y.Doc
  readonly rows: Rows
  readonly back: string[]
  using: string | null
}

function page(): Page {
  const doc = new Y.Doc()
  const back: string[] = []
  const events = { change: () => undefined, written: () => undefined, back: (id: string) => void back.push(id) }
  const made: Page = { doc, back, using: null, rows: new Rows(doc.getArray<Row>('plan'), events, () => true, (id) => made.using === id) }
  return made
}

/** Everything that one has and the other has not, both ways, until nothing moves. */
async function meet(one: Page, other: Page): Promise<void> {
  for (let round = 0; round < 3; round += 1) {
    for (const [from, to] of [[one, other], [other, one]] as const) {
      Y.applyUpdate(to.doc, Y.encodeStateAsUpdate(from.doc, Y.encodeStateVector(to.doc)), WIRE)
      await Promise.resolve()
    }
  }
}

function shown({ rows }: Page): string[] {
  return rows.shown().map(idOf)
}

async function pair(): Promise<[Page, Page]> {
  const [one, other] = [page(), page()]
  one.rows.add('r1', COLUMNS)
  one.rows.add('r2', COLUMNS)
  await meet(one, other)
  return [one, other]
}

test('a new row has one empty paragraph in each text column and nothing else', () => {
  const { rows } = page()
  rows.add('r1', COLUMNS)
  const row = rows.find('r1')
  assert.deepEqual([...(row?.keys() ?? [])].sort(), ['goal', 'id'])
  assert.equal(String(row?.get('goal')), '<paragraph></paragraph>')
})

test('a removed row is shown to nobody and stays in the document', async () => {
  const [one, other] = await pair()
  one.rows.remove('r1')
  await meet(one, other)
  assert.deepEqual([shown(one), shown(other)], [['r2'], ['r2']])
  assert.equal(other.rows.array.length, 2)
})

test('a removed row that somebody is writing in comes back for both, with a sentence to both', async () => {
  const [one, other] = await pair()
  other.using = 'r1'
  one.rows.remove('r1')
  await meet(one, other)
  assert.deepEqual([shown(one), shown(other)], [['r1', 'r2'], ['r1', 'r2']])
  assert.deepEqual([one.back, other.back], [['r1'], ['r1']])
})

test('while it comes back the row does not leave the page of whoever writes in it', async () => {
  const [one, other] = await pair()
  other.using = 'r1'
  one.rows.remove('r1')
  Y.applyUpdate(other.doc, Y.encodeStateAsUpdate(one.doc), WIRE)
  assert.deepEqual(shown(other), ['r1', 'r2'])
})

test('what is written in a row after it was removed brings it back', async () => {
  const [one, other] = await pair()
  one.rows.remove('r2')
  other.rows.find('r2')?.set('due', '2027-01-15')
  await meet(one, other)
  assert.deepEqual([shown(one), shown(other)], [['r1', 'r2'], ['r1', 'r2']])
  assert.equal(one.rows.find('r2')?.get('due'), '2027-01-15')
})

test("one's own click removes for good", async () => {
  const [one, other] = await pair()
  one.using = 'r1'
  one.rows.remove('r1')
  await meet(one, other)
  assert.deepEqual(shown(one), ['r2'])
})

test('rows that were removed before the page was opened stay away without a word', async () => {
  const [one] = await pair()
  one.rows.remove('r1')
  const late = page()
  await meet(one, late)
  assert.deepEqual([shown(late), late.back], [['r2'], []])
})
