import assert from 'node:assert/strict'
import { test } from 'node:test'
import * as Y from 'yjs'
import { mirror } from '../../web/client/src/mirror.ts'

interface Heading {
  textContent: string
  dataset: { without: string }
}

function mirrored(): { doc: Y.Doc; heading: Heading; text: Y.XmlText; stop: () => void } {
  const doc = new Y.Doc()
  const paragraph = new Y.XmlElement('paragraph')
  doc.getXmlFragment('title').push([paragraph])
  const text = new Y.XmlText()
  paragraph.push([text])
  const heading = { textContent: '', dataset: { without: 'Without a title' } }
  return { doc, heading, text, stop: mirror(heading as unknown as HTMLElement, doc, 'title') }
}

test('a heading follows the field that it is made of, whoever writes in it', () => {
  const { doc, heading, text } = mirrored()
  text.insert(0, 'Alarms')
  assert.equal(heading.textContent, 'Alarms')
  const other = new Y.Doc()
  Y.applyUpdate(other, Y.encodeStateAsUpdate(doc))
  const there = (other.getXmlFragment('title').get(0) as Y.XmlElement).get(0) as Y.XmlText
  there.insert(0, 'New ')
  Y.applyUpdate(doc, Y.encodeStateAsUpdate(other))
  assert.equal(heading.textContent, 'New Alarms')
})

test('while nothing is written there it says so', () => {
  const { heading, text } = mirrored()
  assert.equal(heading.textContent, 'Without a title')
  text.insert(0, ' x')
  assert.equal(heading.textContent, 'x')
  text.delete(0, 2)
  assert.equal(heading.textContent, 'Without a title')
})

test('afterwards it stays as it was', () => {
  const { heading, text, stop } = mirrored()
  text.insert(0, 'Alarms')
  stop()
  text.insert(0, 'New ')
  assert.equal(heading.textContent, 'Alarms')
})
