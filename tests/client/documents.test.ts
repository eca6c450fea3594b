import assert from 'node:assert/strict'
import { test } from 'node:test'
import * as Y from 'yjs'
import type { FieldName } from '../../web/client/src/device.ts'
import { seedParagraphs } from '../../web/client/src/first_letters.ts'
import { unsentTexts } from '../../web/client/src/kept.ts'
import { plainText } from '../../web/client/src/plain_text.ts'
import { touchedFields } from '../../web/client/src/touched.ts'

const NO_LONGER = { title: 'Samtal', path: '/conversations/c1' }

function paragraph(text: string): Y.XmlElement {
  const element = new Y.XmlElement('paragraph')
  element.push([new Y.XmlText(text)])
  return element
}

function list(kind: string, ...items: string[]): Y.XmlElement {
  const element = new Y.XmlElement(kind)
  for (const text of items) {
    const item = new Y.XmlElement('listItem')
    item.push([paragraph(text)])
    element.push([item])
  }
  return element
}

function touchedBy(doc: Y.Doc, change: () => void): string[] {
  let fields: string[] = []
  const note = (transaction: Y.Transaction): void => { fields = [...touchedFields(transaction)].sort() }
  doc.on('afterTransaction', note)
  doc.transact(change)
  doc.off('afterTransaction', note)
  return fields
}

test('a change in a text, however deep, touches its field', () => {
  const doc = new Y.Doc()
  const text = doc.getXmlFragment('a1')
  assert.deepEqual(touchedBy(doc, () => text.push([list('bulletList', 'ett')])), ['a1'])
  const inner = ((text.get(0) as Y.XmlElement).get(0) as Y.XmlElement).get(0) as Y.XmlElement
  assert.deepEqual(touchedBy(doc, () => (inner.get(0) as Y.XmlText).insert(0, 'x')), ['a1'])
})

test('a scalar touches its own field and not the others', () => {
  const doc = new Y.Doc()
  assert.deepEqual(touchedBy(doc, () => doc.getMap('values').set('a3', 4)), ['a3'])
})

test('a cell touches its table and its row', () => {
  const doc = new Y.Doc()
  const row = new Y.Map<unknown>([['id', 'r1']])
  doc.getArray('plan').push([row])
  assert.deepEqual(touchedBy(doc, () => row.set('due', '2027-01-15')), ['plan', 'plan/r1'])
})

test('a text is copied as it is read', () => {
  const doc = new Y.Doc()
  doc.getXmlFragment('a1').push([paragraph('Först'), list('bulletList', 'ett', 'två'), list('orderedList', 'tre')])
  assert.equal(plainText(doc, 'a1', { label: '', kind: 'text' }), 'Först\n• ett\n• två\n1. tre')
})

test('what was chosen is copied in the words of the page', () => {
  const doc = new Y.Doc()
  doc.getMap('values').set('c3', 'rute')
  doc.getMap('values').set('c8', true)
  doc.getMap('c4').set('tid', true)
  doc.getMap('c4').set('oppl', false)
  doc.getMap('c4').set('verktoy', true)
  const words = { verktoy: 'Verktyg', tid: 'Tid', oppl: 'Utbildning' }
  assert.equal(plainText(doc, 'c3', { label: '', kind: 'value', words: { rute: 'Enligt planen' } }), 'Enligt planen')
  assert.equal(plainText(doc, 'c8', { label: '', kind: 'value', words: { true: 'Ja' } }), 'Ja')
  assert.equal(plainText(doc, 'c4', { label: '', kind: 'choices', words }), 'Verktyg, Tid')
})

test('a row is copied in the order of its columns, each with its heading, and a value in its word', () => {
  const doc = new Y.Doc()
  const text = new Y.XmlFragment()
  const row = new Y.Map<unknown>([['id', 'r1'], ['ansvarlig', 'maja'], ['tiltak', text]])
  doc.getArray('c6').push([row])
  text.push([paragraph('Boka om')])
  const columns = { tiltak: { label: 'Åtgärd' }, ansvarlig: { label: 'Ansvarig', words: { maja: 'Maja Öberg' } }, frist: { label: 'Senast' } }
  assert.equal(plainText(doc, 'c6/r1', { label: '', kind: 'table', columns }), 'Åtgärd: Boka om · Ansvarig: Maja Öberg')
})

test('what was unsent is kept with its question; what has arrived after all is not', () => {
  const doc = new Y.Doc()
  doc.getXmlFragment('a1').push([paragraph('Min text')])
  doc.getXmlFragment('a4').push([paragraph('Framme')])
  doc.getMap('values').set('a3', 4)
  const fields: [string, FieldName][] = [
    ['a1', { label: 'Vad?', kind: 'text' }],
    ['a4', { label: 'Hur?', kind: 'text' }],
    ['a3', { label: 'Hur mycket?', kind: 'value' }],
    ['a9', { label: 'Tom', kind: 'text' }],
  ]
  const kept = unsentTexts({ doc, fields, ...NO_LONGER }, 7, (field) => field === 'a4')
  assert.deepEqual(kept, [
    { ...NO_LONGER, label: 'Vad?', text: 'Min text', at: 7 },
    { ...NO_LONGER, label: 'Hur mycket?', text: '4', at: 7 },
  ])
})

test('a new paragraph has its text from birth, so that two first letters meet in one text', () => {
  const [one, other] = [new Y.Doc(), new Y.Doc()]
  one.on('beforeObserverCalls', seedParagraphs)
  one.getXmlFragment('a1').push([new Y.XmlElement('paragraph')])
  Y.applyUpdate(other, Y.encodeStateAsUpdate(one))
  for (const [doc, letter] of [[one, 'a'], [other, 'E']] as const) {
    ((doc.getXmlFragment('a1').get(0) as Y.XmlElement).get(0) as Y.XmlText).insert(0, letter)
  }
  Y.applyUpdate(other, Y.encodeStateAsUpdate(one))
  Y.applyUpdate(one, Y.encodeStateAsUpdate(other))
  const paragraphOf = (doc: Y.Doc): Y.XmlElement => doc.getXmlFragment('a1').get(0) as Y.XmlElement
  assert.equal(paragraphOf(one).length, 1)
  assert.equal([...paragraphOf(one).toString().replace(/<[^>]*>/g, '')].sort().join(''), 'Ea')
  assert.equal(paragraphOf(one).toString(), paragraphOf(other).toString())
})

test("somebody else's new paragraph is left to them", () => {
  const doc = new Y.Doc()
  const from = new Y.Doc()
  from.getXmlFragment('a1').push([new Y.XmlElement('paragraph')])
  doc.on('beforeObserverCalls', seedParagraphs)
  Y.applyUpdate(doc, Y.encodeStateAsUpdate(from))
  assert.equal((doc.getXmlFragment('a1').get(0) as Y.XmlElement).length, 0)
})
