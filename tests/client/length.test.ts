import assert from 'node:assert/strict'
import { test } from 'node:test'
import * as Y from 'yjs'
import { lengthOf } from '../../web/client/src/length.ts'

function paragraph(text: string): Y.XmlElement {
  const element = new Y.XmlElement('paragraph')
  element.push([new Y.XmlText(text)])
  return element
}

test('a text is as long as it has characters, whatever its lines and lists', () => {
  const text = new Y.Doc().getXmlFragment('a1')
  const item = new Y.XmlElement('listItem')
  const list = new Y.XmlElement('bulletList')
  item.push([paragraph('fyra')])
  list.push([item])
  text.push([paragraph('två'), paragraph(''), list])
  assert.equal(lengthOf(text), 7)
})

test('a character outside the basic plane is one, as on the server', () => {
  const text = new Y.Doc().getXmlFragment('a1')
  text.push([paragraph('a😀b')])
  assert.equal(lengthOf(text), 3)
})
